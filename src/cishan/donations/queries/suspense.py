"""Money in suspense, and whose it is said to be."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cishan.donations.rules.suspense import Claim, Held, Owner
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch, fetch_value

NO_MOVEMENT = N_("There is no such movement.")
_HELD = "SELECT id, txn_id, kind, amount_fen, at, problem, donation IS NULL AS is_held FROM donation_movement"


async def movement(txn_id: str, *, lock: bool = False) -> Held:
    """Return a movement, under lock if asked for."""
    rows = await fetch(_HELD + " WHERE txn_id = {}" + (" FOR NO KEY UPDATE" if lock else ""), txn_id)
    if not rows:
        raise NotFound(NO_MOVEMENT)
    return Held(**rows[0])


async def claim_of(approval_id: UUID) -> Claim:
    """Return whose an approval says the money is."""
    (row,) = await fetch(
        "SELECT owner, fund_code, gift AS gift_id FROM suspense_claim WHERE approval = {}", approval_id
    )
    return Claim(Owner(row["owner"]), row["fund_code"], row["gift_id"])


async def gift_numbered(number: str) -> UUID | None:
    """Return the gift of a number."""
    found: UUID | None = await fetch_value("SELECT id FROM donation WHERE number = {}", number)
    return found


async def giver_of(gift_id: UUID) -> dict[str, Any]:
    """Return what a second gift of the same giver takes over from the first."""
    (row,) = await fetch(
        """SELECT id, number, channel, anonymity, display_name, donor_kind, company_name, company_uscc,
                  wants_receipt, receipt_title, contact_email_enc, contact_phone_enc, language
             FROM donation WHERE id = {}""",
        gift_id,
    )
    return row


async def lines_of(gift_id: UUID) -> Sequence[dict[str, Any]]:
    """Return fund, campaign and amount of a gift's lines."""
    return await fetch(
        "SELECT campaign, fund_code, amount_fen FROM donation_line WHERE donation = {} ORDER BY line_no",
        gift_id,
    )
