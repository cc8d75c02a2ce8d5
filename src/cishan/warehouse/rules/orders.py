"""What an order is, and how it goes its way from a request to a receiver who says that it came."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.warehouse.rules.stock import Lot, LotState

ORDER = "goods_order"
"""The kind of thing of an order's history, clocks, files and causes."""
LIST = "goods_list"
"""The kind of thing of an allocation list's clocks and causes."""
LIST_LIMIT = 10_000
"""Lines of one allocation list."""
LINES_LIMIT = 60
"""Kinds of goods of one order."""
PICK_CLOCK, RELEASE_CLOCK, CONFIRM_CLOCK = "goods.pick", "goods.release", "goods.confirm"
NUMBER = re.compile(r"CK[0-9]{6}-[0-9]{4,6}")
"""CK (出库), the day, and a number of the day."""


class Kind(StrEnum):
    """What brought an order about."""

    REQUEST = "request"
    LIST = "list"
    """A line of an allocation list."""
    DRIVE = "drive"


KINDS: dict[str, str] = {
    Kind.REQUEST: N_("Single request"),
    Kind.LIST: N_("Allocation list"),
    Kind.DRIVE: N_("Drive"),
}


class ReceiverKind(StrEnum):
    """Who receives."""

    PERSON = "person"
    ORGANISATION = "organisation"


RECEIVER_KINDS: dict[str, str] = {
    ReceiverKind.PERSON: N_("A person or a household"),
    ReceiverKind.ORGANISATION: N_("An organisation"),
}


class State(StrEnum):
    """How far an order has come."""

    REQUESTED = "requested"
    RESERVED = "reserved"
    PICKING = "picking"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


STATES: dict[str, str] = {
    State.REQUESTED: N_("Requested"),
    State.RESERVED: N_("Goods reserved"),
    State.PICKING: N_("Being picked"),
    State.PACKED: N_("Packed"),
    State.HANDED_OVER: N_("Handed over"),
    State.CONFIRMED: N_("Receipt confirmed"),
    State.CANCELLED: N_("Cancelled"),
}
TONES: dict[str, str] = {
    State.REQUESTED: "warn",
    State.RESERVED: "calm",
    State.PICKING: "calm",
    State.PACKED: "calm",
    State.HANDED_OVER: "accent",
    State.CONFIRMED: "good",
    State.CANCELLED: "plain",
}


class Event(StrEnum):
    """What happens to an order."""

    RESERVE = "reserve"
    RELEASE = "release"
    PICK = "pick"
    PACK = "pack"
    HAND_OVER = "hand_over"
    HAND_OUT = "hand_out"
    """Requested, issued and signed for in one step, on a distribution day."""
    CONFIRM = "confirm"
    CANCEL = "cancel"
    TAKE_BACK = "take_back"
    """Packed goods were called back, expired or are gone: others are looked for."""


EDGES: dict[tuple[State, Event], State] = {
    (State.REQUESTED, Event.RESERVE): State.RESERVED,
    (State.RESERVED, Event.RESERVE): State.RESERVED,
    (State.PICKING, Event.RESERVE): State.PICKING,
    (State.RESERVED, Event.RELEASE): State.REQUESTED,
    (State.RESERVED, Event.PICK): State.PICKING,
    (State.PICKING, Event.PICK): State.PICKING,
    (State.PICKING, Event.PACK): State.PACKED,
    (State.PACKED, Event.HAND_OVER): State.HANDED_OVER,
    (State.REQUESTED, Event.HAND_OUT): State.HANDED_OVER,
    (State.HANDED_OVER, Event.CONFIRM): State.CONFIRMED,
    (State.REQUESTED, Event.CANCEL): State.CANCELLED,
    (State.RESERVED, Event.CANCEL): State.CANCELLED,
    (State.PICKING, Event.CANCEL): State.CANCELLED,
    (State.PACKED, Event.CANCEL): State.CANCELLED,
    (State.PACKED, Event.TAKE_BACK): State.PICKING,
}
"""Where what leads. Who may do it stands in the table of permissions; clocks are started by the action."""
OPEN = frozenset({State.REQUESTED, State.RESERVED, State.PICKING, State.PACKED})
ENDED = frozenset({State.CONFIRMED, State.CANCELLED})

NOT_YOUR_REGION = N_("Your post does not reach where this receiver lives.")
EVENTS: dict[str, str] = {
    "request": N_("Goods requested"),
    Event.RESERVE: N_("Goods set aside"),
    Event.RELEASE: N_("Goods let go again"),
    Event.PICK: N_("Picking began"),
    Event.PACK: N_("Goods packed"),
    Event.HAND_OVER: N_("Goods handed over"),
    Event.HAND_OUT: N_("Goods handed out on the spot"),
    Event.CONFIRM: N_("Receipt confirmed"),
    Event.CANCEL: N_("Order cancelled"),
    "not_found": N_("Not all found at picking"),
    "take_instead": N_("Another lot than the one that expires first"),
}
"""What the history calls the steps."""

_NOT_NOW: dict[Event, str] = {
    Event.RESERVE: N_("Nothing more can be reserved: the order is {state}."),
    Event.RELEASE: N_("There is nothing to release: the order is {state}."),
    Event.PICK: N_("There is nothing to pick: the order is {state}."),
    Event.PACK: N_("It cannot be packed: the order is {state}."),
    Event.HAND_OVER: N_("It cannot be handed over: the order is {state}."),
    Event.HAND_OUT: N_("It cannot be handed over: the order is {state}."),
    Event.CONFIRM: N_("There is nothing to confirm: the order is {state}."),
    Event.CANCEL: N_("It cannot be cancelled any more: the order is {state}."),
    Event.TAKE_BACK: N_("Nothing is packed: the order is {state}."),
}
STATE_PHRASES: dict[str, str] = {
    State.REQUESTED: N_("only requested"),
    State.RESERVED: N_("reserved and not picked"),
    State.PICKING: N_("being picked"),
    State.PACKED: N_("packed already"),
    State.HANDED_OVER: N_("handed over already"),
    State.CONFIRMED: N_("confirmed already"),
    State.CANCELLED: N_("cancelled"),
}


def why_not(state: State, event: Event) -> str:
    """Return the msgid, with a place for {state}, that says why something cannot happen; empty: it can."""
    return "" if (state, event) in EDGES else _NOT_NOW[event]


def step(state: State, event: Event, *, said: str) -> State:
    """Return where an event leads; raise Conflict, with the state in words (`said`), if it cannot happen."""
    target = EDGES.get((state, event))
    if target is None:
        raise Conflict(_NOT_NOW[event], state=said)
    return target


class PickState(StrEnum):
    """What became of goods that were set aside for a line."""

    RESERVED = "reserved"
    PICKED = "picked"
    ISSUED = "issued"
    RELEASED = "released"
    MISSING = "missing"
    """Promised by the books and not found in the bin: nobody else gets them until that is cleared."""


PICK_STATES: dict[str, str] = {
    PickState.RESERVED: N_("To pick"),
    PickState.PICKED: N_("Picked"),
    PickState.ISSUED: N_("Handed over"),
    PickState.RELEASED: N_("Released"),
    PickState.MISSING: N_("Not found"),
}
PICK_TONES: dict[str, str] = {
    PickState.RESERVED: "warn",
    PickState.PICKED: "calm",
    PickState.ISSUED: "good",
    PickState.RELEASED: "plain",
    PickState.MISSING: "bad",
}


class Signed(StrEnum):
    """How a hand-over was signed for."""

    SCREEN = "screen"
    PAPER = "paper"


SIGNED: dict[str, str] = {
    Signed.SCREEN: N_("Signed on the screen"),
    Signed.PAPER: N_("Signed on paper"),
}


class Confirmed(StrEnum):
    """How the receiver said that it came."""

    LINK = "link"
    PHONE = "phone"
    VISIT = "visit"


CONFIRMED: dict[str, str] = {
    Confirmed.LINK: N_("By the receiver, with the link on the slip"),
    Confirmed.PHONE: N_("By telephone"),
    Confirmed.VISIT: N_("At a visit"),
}


class Condition(StrEnum):
    """In what condition goods came back."""

    GOOD = "good"
    DAMAGED = "damaged"


CONDITIONS: dict[str, str] = {
    Condition.GOOD: N_("Unopened and whole"),
    Condition.DAMAGED: N_("Opened or damaged"),
}


GRADES_OF_SHELVES = ("A", "B", "C")
"""Of goods that may be handed out, the best first."""


def require_fit_for_shelf(
    condition: Condition, grade: str, lot: Lot, *, today: date, cold_chain: bool
) -> None:
    """Refuse a shelf to goods that came back unless they are as good as their lot says, and usable."""
    if cold_chain:
        raise Invalid(
            N_("Goods that must be kept cold never go back to a shelf: leave the bin empty."), field="bin"
        )
    if condition is not Condition.GOOD:
        raise Invalid(
            N_("Only unopened and whole goods go back to a shelf: leave the bin empty."), field="condition"
        )
    if grade not in GRADES_OF_SHELVES:
        raise Invalid(N_("State the grade of the goods."), field="grade")
    if grade > lot.grade:
        raise Invalid(
            N_("They are worse than their lot, whose grade is {grade}: leave the bin empty."),
            field="grade",
            grade=lot.grade,
        )
    if lot.state is not LotState.OPEN or (lot.expires_on is not None and lot.expires_on < today):
        raise Invalid(
            N_("Lot {lot} may not be handed out: leave the bin empty."), field="bin", lot=lot.number
        )


@dataclass(frozen=True, slots=True)
class WantedLine:
    """An item and how many of it."""

    item: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Whom goods are for, in the clear: only on the way into the sealed columns."""

    kind: ReceiverKind
    name: str
    phone: str = ""
    """With its country code; empty: none is known."""
    address: str = ""
    region: str
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order before it has a number."""

    site: UUID
    kind: Kind
    receiver: Receiver
    lines: tuple[WantedLine, ...]
    purpose: str = ""
    batch: UUID | None = None
    """The allocation list that it stands in."""
    drive: UUID | None = None
    entrusted_to: UUID | None = None
    """The offer of entrusted goods whose receiver this is."""


@dataclass(frozen=True, slots=True)
class Second:
    """The second person of a hand-over: a member of the staff, or a volunteer by name."""

    person: UUID | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """What a hand-out did. The same request again answers the same and does nothing."""

    order_id: UUID
    number: str
    handover_id: UUID
    value_fen: int
    is_new: bool


def require_lines(lines: tuple[WantedLine, ...]) -> tuple[WantedLine, ...]:
    """Return the lines with each item once; refuse none, and too many."""
    wanted: dict[UUID, int] = {}
    for line in lines:
        wanted[line.item] = wanted.get(line.item, 0) + line.quantity
    if not wanted:
        raise Invalid(N_("Say what is wanted: at least one kind of goods."), field="lines")
    if len(wanted) > LINES_LIMIT:
        raise Invalid(N_("An order has {limit} kinds of goods at most."), field="lines", limit=LINES_LIMIT)
    return tuple(WantedLine(item, quantity) for item, quantity in wanted.items())


def order_number(day: date, count: int) -> str:
    """Return the number of the count-th order of a day."""
    return f"CK{day:%y%m%d}-{count:04}"


def require_second(second: Second, by: UUID) -> Second:
    """Refuse a hand-over without a second person, or with the same person twice."""
    if second.person is None and not second.name.strip():
        raise Invalid(N_("Name the second person who was there."), field="second")
    if second.person == by:
        raise Invalid(N_("The second person is somebody else, not you."), field="second")
    return second
