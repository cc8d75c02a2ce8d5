"""What stands in the inbox, and what the last reconciliation found."""

from dataclasses import dataclass
from datetime import datetime

from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.payments.rules import Difference, DifferenceKind
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.lists import Choice, Column, Days, Flag, Kind, List, Text, View


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


async def state_of(event_id: str) -> str | None:
    """Return how a message stands, or None."""
    state: str | None = await fetch_value("SELECT state FROM intake.stripe_event WHERE id = {}", event_id)
    return state


async def trouble() -> tuple[int, int]:
    """Count the open differences, and the messages that nobody could handle."""
    rows = await fetch(
        """SELECT (SELECT count(*) FROM intake.difference WHERE gone_at IS NULL) AS differences,
                  (SELECT count(*) FROM intake.stripe_event WHERE state = 'parked') AS parked"""
    )
    return rows[0]["differences"], rows[0]["parked"]


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


STATE_WORDS = {"new": N_("Waits"), "done": N_("Done"), "parked": N_("Parked")}

EVENTS = List(
    code="payment-messages",
    title=N_("Messages of the payment service"),
    source="intake.stripe_event AS event",
    key="event.id",
    order="-received_at",
    views=(View(N_("Parked"), "state=parked"), View(N_("Waits"), "state=new")),
    columns=(
        Column(code="id", title=N_("Payment message"), sql="event.id"),
        Column(code="type", title=N_("Kind"), sql="event.type"),
        Column(code="subject", title=N_("About"), sql="event.subject"),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="event.state",
            words=STATE_WORDS,
            tones={"new": "calm", "done": "good", "parked": "bad"},
        ),
        Column(
            code="received_at", title=N_("Received at"), kind=Kind.MOMENT, sql="event.received_at", sorts=True
        ),
        Column(code="tries", title=N_("Tries"), kind=Kind.NUMBER, sql="event.tries", sorts=True),
        Column(code="last_error", title=N_("What went wrong"), wide=True, sql="event.last_error"),
    ),
    filters=(
        Choice(code="state", title=N_("State"), sql="event.state = {}", words=STATE_WORDS),
        Text(code="type", title=N_("Kind"), sql="event.type LIKE {}", begins=True),
        Text(code="subject", title=N_("About"), sql="event.subject LIKE {}", begins=True),
        Days(code="received", title=N_("Received at"), sql="event.received_at", moments=True),
    ),
)

DIFFERENCE_WORDS: dict[str, str] = {
    DifferenceKind.MISSING_IN_BOOKS: N_("Missing in the books"),
    DifferenceKind.MISSING_AT_CHANNEL: N_("Missing at the payment service"),
    DifferenceKind.AMOUNT: N_("Another amount"),
    DifferenceKind.PAYOUT: N_("Transfer to the bank"),
    DifferenceKind.BALANCE: N_("Balance"),
    DifferenceKind.SUSPENSE: N_("Money without a gift"),
    DifferenceKind.UNBOOKED: N_("Not booked"),
    DifferenceKind.PARKED_EVENT: N_("Parked message"),
}

DIFFERENCES = List(
    code="differences",
    title=N_("Differences between the payment service and the books"),
    source="intake.difference AS difference",
    key="difference.id",
    order="-first_seen_at",
    views=(View(N_("Not cleared up"), "open=1"),),
    columns=(
        Column(code="key", title=N_("About"), sql="difference.key"),
        Column(
            code="kind",
            title=N_("Kind"),
            kind=Kind.CHOICE,
            sql="difference.kind",
            words=DIFFERENCE_WORDS,
        ),
        Column(
            code="channel_fen", title=N_("Payment service"), kind=Kind.MONEY, sql="difference.channel_fen"
        ),
        Column(code="books_fen", title=N_("Books"), kind=Kind.MONEY, sql="difference.books_fen"),
        Column(code="note", title=N_("Note"), wide=True, sql="difference.note"),
        Column(
            code="first_seen_at",
            title=N_("First seen"),
            kind=Kind.MOMENT,
            sql="difference.first_seen_at",
            sorts=True,
        ),
        Column(
            code="gone_at",
            title=N_("Cleared up"),
            kind=Kind.MOMENT,
            sql="difference.gone_at",
            sorts=True,
            nulls=True,
        ),
    ),
    filters=(
        Choice(code="kind", title=N_("Kind"), sql="difference.kind = {}", words=DIFFERENCE_WORDS),
        Flag(code="open", title=N_("Not cleared up"), sql="difference.gone_at IS NULL"),
        Days(code="seen", title=N_("First seen"), sql="difference.first_seen_at", moments=True),
    ),
    empty=N_("The payment service and the books agree."),
)
