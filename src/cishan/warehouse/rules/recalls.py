"""Calling goods back: where the wish comes from, and how far each receiver was reached."""

from datetime import date
from enum import StrEnum

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

RECALL = "recall"
"""Of histories, clocks and causes."""
LOTS_LIMIT = 500
"""Lots of one recall."""


class State(StrEnum):
    """How far a recall has come."""

    OPEN = "open"
    CLOSED = "closed"
    LIFTED = "lifted"
    """A false alarm."""


STATES: dict[str, str] = {
    State.OPEN: N_("Goods are called back"),
    State.CLOSED: N_("Recall closed"),
    State.LIFTED: N_("Lifted: a false alarm"),
}
TONES: dict[str, str] = {State.OPEN: "bad", State.CLOSED: "good", State.LIFTED: "plain"}
EVENTS: dict[str, str] = {
    "open": N_("Recall begun"),
    "close": N_("Recall closed"),
    "lift": N_("Recall lifted"),
    "tell": N_("Notices sent to the receivers"),
}


class Origin(StrEnum):
    """Who wants the goods back."""

    MANUFACTURER = "manufacturer"
    AUTHORITY = "authority"
    OWN = "own"


ORIGINS: dict[str, str] = {
    Origin.MANUFACTURER: N_("The manufacturer or seller calls them back"),
    Origin.AUTHORITY: N_("An authority warns of them"),
    Origin.OWN: N_("We found a fault ourselves"),
}


class Reached(StrEnum):
    """How far a receiver was reached, and what became of their goods."""

    WAITING = "waiting"
    REACHED = "reached"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    USED = "used"
    UNREACHABLE = "unreachable"


REACHED: dict[str, str] = {
    Reached.WAITING: N_("Not reached yet"),
    Reached.REACHED: N_("Knows of it"),
    Reached.RETURNED: N_("Brought back"),
    Reached.DESTROYED: N_("Destroyed there"),
    Reached.USED: N_("Used up before"),
    Reached.UNREACHABLE: N_("Cannot be reached"),
}
REACHED_TONES: dict[str, str] = {
    Reached.WAITING: "bad",
    Reached.REACHED: "warn",
    Reached.RETURNED: "good",
    Reached.DESTROYED: "good",
    Reached.USED: "plain",
    Reached.UNREACHABLE: "warn",
}
SETTLED = frozenset({Reached.RETURNED, Reached.DESTROYED, Reached.USED, Reached.UNREACHABLE})
"""Nothing more is to be done with this receiver; the recall may be closed when all are so."""

SAME = N_("Whoever began a recall does not lift it: somebody else looks at it again.")
STILL_WAITING = N_(
    "{count} receivers are not settled yet. Reach each, or write down that they cannot be reached."
)


def require_settled(states: list[Reached]) -> None:
    """Refuse to close a recall while somebody may still use the goods."""
    waiting = sum(1 for state in states if state not in SETTLED)
    if waiting:
        raise Invalid(STILL_WAITING, field="closing", count=waiting)


def require_days(made_from: date | None, made_to: date | None) -> tuple[date, date]:
    """Return the days of production that are called back; one day alone stands for both."""
    first, last = made_from or made_to, made_to or made_from
    if first is None or last is None:
        raise Invalid(N_("Give the days on which the goods were made."), field="made_from")
    if last < first:
        raise Invalid(N_("The last day is before the first."), field="made_to")
    return first, last
