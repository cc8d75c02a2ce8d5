"""What stands in the inbox, and what the last reconciliation found."""

from dataclasses import dataclass
from datetime import datetime

from cishan.kernel import clock
from cishan.payments.rules import Difference, DifferenceKind
from cishan.plumbing.db import fetch, fetch_value


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that has not been worked off."""

    id: str
    type: str
    subject: str
    at: datetime
    tries: int
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison of the payment service with the books."""

    at: datetime
    since: datetime
    until: datetime
    movements: int
    channel_fen: int
    books_fen: int
    differences: int


async def due(limit: int) -> list[Waiting]:
    """Return the messages whose time has come, oldest first."""
    rows = await fetch(
        """SELECT id, type, subject, at, tries FROM intake.stripe_event
            WHERE state = 'new' AND not_before <= {} ORDER BY not_before LIMIT {}""",
        clock.now(),
        limit,
    )
    return [Waiting(**row) for row in rows]


async def parked(limit: int = 100) -> list[Waiting]:
    """Return the messages that nobody could handle, newest first."""
    rows = await fetch(
        """SELECT id, type, subject, at, tries, last_error FROM intake.stripe_event
            WHERE state = 'parked' ORDER BY received_at DESC LIMIT {}""",
        limit,
    )
    return [Waiting(**row) for row in rows]


async def count_waiting() -> int:
    """Return how many messages have not been worked off."""
    number: int = await fetch_value("SELECT count(*) FROM intake.stripe_event WHERE state = 'new'")
    return number


async def open_differences(limit: int = 1000) -> list[Difference]:
    """Return the differences that the last reconciliation still found."""
    rows = await fetch(
        """SELECT kind, key, channel_fen, books_fen, note FROM intake.difference
            WHERE gone_at IS NULL ORDER BY kind, key LIMIT {}""",
        limit,
    )
    return [Difference(**{**row, "kind": DifferenceKind(row["kind"])}) for row in rows]


async def last_reconciliation() -> Reconciliation | None:
    """Return when the payment service and the books were last compared, and how that ended."""
    rows = await fetch(
        """SELECT at, since, until, movements, channel_fen, books_fen, differences
             FROM intake.reconciliation ORDER BY id DESC LIMIT 1"""
    )
    return Reconciliation(**rows[0]) if rows else None


async def read_until() -> datetime | None:
    """Return up to when the poller has read the payment service's movements."""
    moment: datetime | None = await fetch_value("SELECT read_until FROM intake.stripe_poll")
    return moment
