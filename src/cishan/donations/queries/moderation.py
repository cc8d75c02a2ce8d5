"""Messages that wait for a person to read them."""

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


async def held_messages(limit: int = 100) -> list[HeldMessage]:
    """Return what waits, oldest first; messages of gifts that were never paid do not."""
    rows = await fetch(
        """SELECT id AS donation_id, number, message, display_name, amount_fen, paid_at
             FROM donation WHERE message_state = 'pending' AND paid_at IS NOT NULL
            ORDER BY paid_at, id LIMIT {}""",
        limit,
    )
    return [HeldMessage(**row) for row in rows]
