"""Drives: goods for many people in one season, each of them once."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_

DRIVE = "drive"
ENTITLEMENT = "entitlement"
"""The kinds of things of histories."""
CLOSE = "drive.close"
"""The clock of accounting for a drive after its season."""
TARGET_LIMIT = 1_000_000
PER_PERSON_LIMIT = 100
LIST_LIMIT = 20_000
"""People on the list of one drive."""
SEASON_DAYS = 366


class DriveState(StrEnum):
    """Where a drive stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


DRIVE_STATES: dict[str, str] = {
    DriveState.PLANNED: N_("Planned"),
    DriveState.OPEN: N_("Handing out"),
    DriveState.CLOSED: N_("Closed"),
}
DRIVE_TONES: dict[str, str] = {
    DriveState.PLANNED: "plain",
    DriveState.OPEN: "good",
    DriveState.CLOSED: "calm",
}
EVENTS: dict[str, str] = {
    "plan": N_("Drive planned"),
    "open": N_("Drive opened"),
    "close": N_("Drive closed"),
    "reopen": N_("Drive opened again"),
}
STEPS: dict[tuple[DriveState, str], DriveState] = {
    (DriveState.PLANNED, "open"): DriveState.OPEN,
    (DriveState.OPEN, "close"): DriveState.CLOSED,
    (DriveState.CLOSED, "reopen"): DriveState.OPEN,
}
"""From where which event leads where."""


def step(state: DriveState, event: str) -> DriveState:
    """Return where an event leads; raise Conflict if it cannot happen now."""
    target = STEPS.get((state, event))
    if target is None:
        raise Conflict(N_("This drive has moved on meanwhile; look at it again."))
    return target


def require_open(state: DriveState) -> None:
    """Refuse to hand out in a drive that is not open."""
    if state is not DriveState.OPEN:
        raise Conflict(N_("Nothing is handed out: the drive is not open."))


def require_listing(state: DriveState) -> None:
    """Refuse to change the list of a drive that is over."""
    if state is DriveState.CLOSED:
        raise Conflict(N_("The drive is closed; its list stays as it is."))


def require_season(starts_on: date, ends_on: date) -> None:
    """Refuse a season that ends before it begins, or is longer than a year."""
    if ends_on < starts_on:
        raise Invalid(N_("The last day is before the first."), field="ends_on")
    if (ends_on - starts_on).days > SEASON_DAYS:
        raise Invalid(N_("A season is one year long at most."), field="ends_on")


class EntitlementState(StrEnum):
    """What became of one person's turn."""

    LISTED = "listed"
    ABSENT = "absent"
    """Did not come; may come on a later day."""
    GIVEN = "given"
    STRUCK = "struck"


ENTITLEMENT_STATES: dict[str, str] = {
    EntitlementState.LISTED: N_("Not yet come"),
    EntitlementState.ABSENT: N_("Was absent"),
    EntitlementState.GIVEN: N_("Has received"),
    EntitlementState.STRUCK: N_("Struck off"),
}
ENTITLEMENT_TONES: dict[str, str] = {
    EntitlementState.LISTED: "plain",
    EntitlementState.ABSENT: "warn",
    EntitlementState.GIVEN: "good",
    EntitlementState.STRUCK: "bad",
}


TURN_EVENTS: dict[str, str] = {
    "give": N_("Goods handed out"),
    "absent": N_("Noted as absent"),
    "strike": N_("Struck off the list"),
}


def require_turn(state: EntitlementState, *, given_at: str = "", given_where: str = "") -> None:
    """Refuse to hand out to somebody who has received already, saying when and where, or was struck off."""
    if state is EntitlementState.GIVEN:
        raise Conflict(
            N_("This person has received already: on {when}, at {where}."), when=given_at, where=given_where
        )
    if state is EntitlementState.STRUCK:
        raise Conflict(N_("This person was struck off the list."))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the handing-out is, in people."""

    given: int
    absent: int
    waiting: int
    """On the list, neither come nor noted as absent."""

    @property
    def listed(self) -> int:
        """Everybody on the list who was not struck off."""
        return self.given + self.absent + self.waiting

    @property
    def percent(self) -> int:
        """How many of a hundred have received."""
        return self.given * 100 // self.listed if self.listed else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where every piece of the lots of a drive is. All counts are pieces and not negative."""

    came: int
    """Put together or taken in."""
    handed_out: int
    returned: int
    """Brought back by receivers of this drive; they lie in stock again."""
    elsewhere: int
    """Handed out to others, what was brought back taken off."""
    taken_apart: int
    damaged: int
    """Scrapped, lost under way, or missing at a stocktake."""
    left: int
    """In stock now, by the balances."""

    @property
    def accounted(self) -> int:
        """What is known of what came."""
        gone = self.handed_out - self.returned + self.elsewhere + self.taken_apart + self.damaged
        return gone + self.left

    @property
    def is_whole(self) -> bool:
        """Whether every piece is accounted for."""
        return self.came == self.accounted


def number_of(year: int, count: int) -> str:
    """Return the number of a drive: D26-003."""
    return f"D{year % 100:02}-{count:03}"


def slip_number(drive_number: str, count: int) -> str:
    """Return the number of somebody's slip: D26-003-00042."""
    return f"{drive_number}-{count:05}"


def later_day(day: date | None, *, today: date, ends_on: date) -> date | None:
    """Return the day on which an absent person shall come instead; refuse one that is over."""
    if day is not None and not today <= day <= max(ends_on, today):
        raise Invalid(N_("Choose a day from today until the end of the season."), field="come_on")
    return day
