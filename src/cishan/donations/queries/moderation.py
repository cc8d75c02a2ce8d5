"""Messages that wait for a person to read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.plumbing.db import fetch


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message of a paid gift that a word rule held back, oldest first."""

    donation_id: UUID
    number: str
    message: str
    display_name: str
    amount_fen: int
    paid_at: datetime


_WITHIN = """({}::uuid[] IS NULL OR NOT EXISTS (
       SELECT FROM donation_line AS line
        WHERE line.donation = donation.id AND (line.campaign = ANY ({}::uuid[])) IS NOT TRUE))"""
"""Whether every part of a gift goes to one of the campaigns, which fill both places; None is any gift."""


async def held_messages(campaigns: Sequence[UUID] | None, limit: int = 100) -> list[HeldMessage]:
    """Return what waits, oldest first, of gifts to the campaigns alone, or of all gifts.

    Messages of gifts that were never paid do not wait.
    """
    mine = None if campaigns is None else list(campaigns)
    rows = await fetch(
        f"""SELECT id AS donation_id, number, message, display_name, amount_fen, paid_at
              FROM donation WHERE message_state = 'pending' AND paid_at IS NOT NULL AND {_WITHIN}
             ORDER BY paid_at, id LIMIT {{}}""",
        mine,
        mine,
        limit,
    )
    return [HeldMessage(**row) for row in rows]


async def is_within(donation_id: UUID, campaigns: Sequence[UUID] | None) -> bool:
    """Tell whether there is such a gift and all of it goes to the campaigns."""
    mine = None if campaigns is None else list(campaigns)
    rows = await fetch(f"SELECT id FROM donation WHERE id = {{}} AND {_WITHIN}", donation_id, mine, mine)
    return bool(rows)
