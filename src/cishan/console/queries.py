"""Every list of the staff, by the last part of its address."""

from cishan.campaigns.queries.lists import CAMPAIGNS
from cishan.donations.queries.lists import GIFTS, MESSAGES, PLANS, RECEIPTS, REFUNDS
from cishan.identity.queries.lists import ORGANISATIONS, REGIONS
from cishan.ledger.queries.lists import POSTINGS, VOUCHERS
from cishan.plumbing.lists import List

LISTS: tuple[List, ...] = (
    GIFTS,
    PLANS,
    REFUNDS,
    RECEIPTS,
    MESSAGES,
    CAMPAIGNS,
    VOUCHERS,
    POSTINGS,
    ORGANISATIONS,
    REGIONS,
)
