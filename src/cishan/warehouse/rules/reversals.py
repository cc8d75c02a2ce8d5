"""A booking that was wrong is reversed (冲销入库): what was wrong, what stands in the way, who may agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Conflict, Forbidden
from cishan.kernel.text import N_
from cishan.warehouse.rules.offers import Step

REASON_LIMIT = 300


class State(StrEnum):
    """Where a proposal to reverse a booking stands."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STATES: dict[str, str] = {
    State.PROPOSED: N_("Waits for a second person"),
    State.AGREED: N_("Booking reversed"),
    State.REFUSED: N_("Not agreed to"),
    State.WITHDRAWN: N_("Withdrawn"),
}
TONES: dict[str, str] = {
    State.PROPOSED: "warn",
    State.AGREED: "good",
    State.REFUSED: "bad",
    State.WITHDRAWN: "plain",
}


class Wrong(StrEnum):
    """What was wrong with a booking; it decides from where the offer goes on."""

    FUND = "fund"
    VALUE = "value"
    COUNT = "count"


WRONGS: dict[str, str] = {
    Wrong.FUND: N_("The fund"),
    Wrong.VALUE: N_("The value"),
    Wrong.COUNT: N_("The count or the grade"),
}
STEPS: Mapping[Wrong, Step] = {
    Wrong.FUND: Step.REVERSE_FUND,
    Wrong.VALUE: Step.REVERSE_VALUE,
    Wrong.COUNT: Step.REVERSE_COUNT,
}
NEXT: dict[str, str] = {
    Wrong.FUND: N_("Values and counts stay; the goods are booked once more, into the other fund."),
    Wrong.VALUE: N_("Counts and grades stay; the goods are valued anew, and booked once more."),
    Wrong.COUNT: N_("Two people count anew; then the goods are inspected, valued and booked once more."),
}


class Obstacle(StrEnum):
    """Why a booking cannot be reversed now."""

    GONE = "gone"
    UNDER_WAY = "under_way"
    RESERVED = "reserved"
    COUNTED = "counted"
    WRITE_OFF = "write_off"


OBSTACLES: dict[str, str] = {
    Obstacle.GONE: N_("{item}, lot {lot}: {pieces} have left the warehouse or became kits."),
    Obstacle.UNDER_WAY: N_("{item}, lot {lot}: {pieces} are on their way to another site ({place})."),
    Obstacle.RESERVED: N_("{item}, lot {lot}: {pieces} are reserved in {place}. Release them first."),
    Obstacle.COUNTED: N_("{item}, lot {lot}: bin {place} is being counted. Wait for the stocktake."),
    Obstacle.WRITE_OFF: N_("{item}, lot {lot}: {pieces} are proposed to be written off ({place})."),
}


@dataclass(frozen=True, slots=True)
class Hurdle:
    """A lot that stands in the way of a reversal; `place` is a bin, or the number of a paper."""

    obstacle: Obstacle
    lot: str
    item: str
    pieces: int
    place: str

    @property
    def values(self) -> dict[str, object]:
        """What its words name."""
        return {"lot": self.lot, "item": self.item, "pieces": f"{self.pieces:,}", "place": self.place}


def require_free_way(hurdles: Sequence[Hurdle]) -> None:
    """Refuse a reversal as long as a lot of the booking is not wholly here and free."""
    if hurdles:
        raise Conflict(OBSTACLES[hurdles[0].obstacle], **hurdles[0].values)


MAKER = N_("You proposed this reversal. Somebody else must agree.")


def require_second(proposed_by: UUID, person_id: UUID) -> None:
    """Refuse whoever decides on their own proposal."""
    if proposed_by == person_id:
        raise Forbidden(MAKER)


@dataclass(frozen=True, slots=True)
class Undone:
    """A lot that a reversal took out again."""

    id: UUID
    number: str
    item: str
    unit: str
    quantity: int
    cost_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """A proposal to reverse a booking and what became of it."""

    id: UUID
    state: State
    wrong: Wrong
    fund: str
    """Into which it is to be booked instead, if the fund was wrong."""
    reason: str
    proposed_by: UUID
    proposer: str
    proposed_at: datetime
    decider: str
    decided_at: datetime | None
    words: str
    lots: tuple[Undone, ...]

    @property
    def cost_fen(self) -> int:
        """What the lots were booked for, all together."""
        return sum(lot.cost_fen for lot in self.lots)
