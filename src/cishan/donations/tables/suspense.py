"""Whose money in suspense is said to be; each saying is one approval's and never changes."""

from piccolo.columns import UUID, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.approvals.tables import Approval
from cishan.donations.tables.gifts import Donation, DonationMovement


class SuspenseClaim(Table, tablename="suspense_claim"):
    """What was laid before the checkers about one movement."""

    id = UUID(primary_key=True, default=None)
    movement = ForeignKey(DonationMovement, on_delete=OnDelete.restrict, null=False, index=True)
    approval = ForeignKey(Approval, on_delete=OnDelete.restrict, null=False, unique=True)
    owner = Varchar(length=10, default=None)
    fund_code = Varchar(length=64, default="")
    gift = ForeignKey(Donation, on_delete=OnDelete.restrict, null=True, index=True)
    created_at = Timestamptz(default=None)

    suspense_claim_owner = Check(
        "(owner = 'fund' AND fund_code <> '' AND gift IS NULL)"
        " OR (owner = 'gift' AND fund_code = '' AND gift IS NOT NULL)"
        " OR (owner = 'unclaimed' AND fund_code = '' AND gift IS NULL)"
    )
