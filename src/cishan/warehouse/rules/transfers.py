"""Goods under way from one site to another: what is sent, what arrives, and what became of the difference."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.warehouse.rules import codes

TRANSFER = "transfer"
"""Of numbers, histories and causes."""
codes.register(TRANSFER, r"T[0-9]{6}-[0-9A-Z]{5}")
LINE_LIMIT = 200
EXPLANATION_LIMIT = 300


class State(StrEnum):
    """Where a transfer stands."""

    DRAFT = "draft"
    SENT = "sent"
    INCOMPLETE = "incomplete"
    """Received, and some of it is still missing."""
    RECEIVED = "received"
    CANCELLED = "cancelled"


STATES: dict[str, str] = {
    State.DRAFT: N_("Being prepared"),
    State.SENT: N_("Under way"),
    State.INCOMPLETE: N_("Taken over, goods missing"),
    State.RECEIVED: N_("Taken over"),
    State.CANCELLED: N_("Cancelled"),
}
TONES: dict[str, str] = {
    State.DRAFT: "plain",
    State.SENT: "accent",
    State.INCOMPLETE: "bad",
    State.RECEIVED: "good",
    State.CANCELLED: "calm",
}
EVENTS: dict[str, str] = {
    "draft": N_("Prepared"),
    "send": N_("Sent off"),
    "receive": N_("Counted at the receiving site"),
    "find": N_("Missing goods turned up"),
    "write_off": N_("Missing goods written off"),
    "cancel": N_("Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What the receiving site found of one line."""

    arrived: int
    """In good order."""
    damaged: int
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many pieces of a lot. The last six are empty until the goods are received."""

    id: UUID
    lot: UUID
    lot_number: str
    item: str
    item_code: str
    unit: str
    bin: UUID
    bin_code: str
    quantity: int
    arrived: int | None
    damaged: int | None
    found: int
    """Pieces that were missing and turned up."""
    lost: int
    """Pieces that were missing and were written off."""
    explanation: str
    proposed: int = 0
    """Of those that are missing, how many are proposed to be written off."""

    @property
    def missing(self) -> int:
        """Return how many pieces nobody has seen since they were sent."""
        if self.arrived is None or self.damaged is None:
            return 0
        return self.quantity - self.arrived - self.damaged - self.found - self.lost

    @property
    def unsettled(self) -> int:
        """Return how many pieces are missing and not proposed to be written off."""
        return self.missing - self.proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer."""

    id: UUID
    number: str
    source: UUID
    source_code: str
    source_name: str
    source_region: str
    source_organisation: UUID
    target: UUID
    target_code: str
    target_name: str
    target_region: str
    target_organisation: UUID
    state: State
    note: str
    created_by: UUID
    created_at: datetime
    sent_by: UUID | None
    sent_at: datetime | None
    received_by: UUID | None
    received_at: datetime | None
    lines: tuple[Line, ...] = ()

    @property
    def pieces(self) -> int:
        """Return how many pieces are on it."""
        return sum(line.quantity for line in self.lines)

    @property
    def missing(self) -> int:
        """Return how many pieces are missing."""
        return sum(line.missing for line in self.lines)


def require_counted(line_quantity: int, counted: Counted, *, field: str) -> Counted:
    """Return a count that can be; raise Invalid at `field` or at its explanation."""
    if counted.arrived < 0 or counted.damaged < 0:
        raise Invalid(N_("Enter a whole number, 0 or more."), field=field)
    if counted.arrived + counted.damaged > line_quantity:
        raise Invalid(
            N_("{count} pieces were counted, but only {sent} were sent. Count again."),
            field=field,
            count=counted.arrived + counted.damaged,
            sent=line_quantity,
        )
    if counted.arrived < line_quantity and not counted.explanation.strip():
        raise Invalid(N_("Explain the difference."), field=field.replace("arrived", "explanation"))
    return counted
