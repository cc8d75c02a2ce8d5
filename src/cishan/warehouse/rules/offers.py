"""The way of an offer of goods: its states, who may take which step, and what a count and a grading say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.warehouse.rules.intake import Condition, Judged, Sort, Verdict
from cishan.warehouse.rules.stock import Basis

SUBJECT = "goods_offer"
"""Of histories, clocks, files and stock."""
MAX_LINES = 20
ANSWER, APPOINTMENT = "goods.answer_offer", "goods.appointment"
"""The clocks of an offer."""


class State(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    COUNTED = "counted"
    """Two people counted the same."""
    GRADED = "graded"
    VALUED = "valued"
    BOOKED = "booked"
    CLOSED = "closed"
    """Nothing of it was fit to be taken in."""


STATES: dict[str, str] = {
    State.OFFERED: N_("Waits for an answer"),
    State.ACCEPTED: N_("Offer accepted, goods expected"),
    State.DECLINED: N_("Offer declined"),
    State.WITHDRAWN: N_("Offer withdrawn"),
    State.COUNTED: N_("Goods received and counted"),
    State.GRADED: N_("Goods inspected"),
    State.VALUED: N_("Value determined"),
    State.BOOKED: N_("Goods taken into stock"),
    State.CLOSED: N_("Nothing could be taken in"),
}
TONES: dict[str, str] = {
    State.OFFERED: "warn",
    State.ACCEPTED: "calm",
    State.DECLINED: "bad",
    State.WITHDRAWN: "plain",
    State.COUNTED: "calm",
    State.GRADED: "calm",
    State.VALUED: "calm",
    State.BOOKED: "good",
    State.CLOSED: "plain",
}


class Step(StrEnum):
    """What is done with an offer."""

    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    APPOINT = "appoint"
    COUNT = "count"
    GRADE = "grade"
    VALUE = "value"
    BOOK = "book"
    CLOSE = "close"
    ASK_REVERSAL = "ask_reversal"
    KEEP_BOOKING = "keep_booking"
    REVERSE_FUND = "reverse_fund"
    REVERSE_VALUE = "reverse_value"
    REVERSE_COUNT = "reverse_count"


EVENTS: dict[str, str] = {
    Step.OFFER: N_("Goods offered"),
    Step.ACCEPT: N_("Offer accepted"),
    Step.DECLINE: N_("Offer declined"),
    Step.WITHDRAW: N_("Offer withdrawn"),
    Step.APPOINT: N_("Appointment made"),
    Step.COUNT: N_("Counted by two people"),
    Step.GRADE: N_("Inspected and graded"),
    Step.VALUE: N_("Valued"),
    Step.BOOK: N_("Taken into stock"),
    Step.CLOSE: N_("Closed without goods"),
    Step.ASK_REVERSAL: N_("Reversal of the booking proposed"),
    Step.KEEP_BOOKING: N_("The booking stays"),
    Step.REVERSE_FUND: N_("Booking reversed, to be booked into another fund"),
    Step.REVERSE_VALUE: N_("Booking reversed, to be valued anew"),
    Step.REVERSE_COUNT: N_("Booking reversed, to be counted anew"),
}
_CORRECTED = N_("Our entry of your goods was wrong and was taken back")
TOLD_TO_GIVER: dict[str, str] = {
    **{step: words for step, words in EVENTS.items() if step not in {Step.ASK_REVERSAL, Step.KEEP_BOOKING}},
    Step.REVERSE_FUND: _CORRECTED,
    Step.REVERSE_VALUE: _CORRECTED,
    Step.REVERSE_COUNT: _CORRECTED,
}
"""What a giver reads of the history: what staff only think about is not for them."""
MOVES: Mapping[tuple[State, Step], State] = {
    (State.OFFERED, Step.ACCEPT): State.ACCEPTED,
    (State.OFFERED, Step.DECLINE): State.DECLINED,
    (State.OFFERED, Step.WITHDRAW): State.WITHDRAWN,
    (State.ACCEPTED, Step.WITHDRAW): State.WITHDRAWN,
    (State.ACCEPTED, Step.APPOINT): State.ACCEPTED,
    (State.ACCEPTED, Step.COUNT): State.COUNTED,
    (State.COUNTED, Step.GRADE): State.GRADED,
    (State.COUNTED, Step.CLOSE): State.CLOSED,
    (State.GRADED, Step.VALUE): State.VALUED,
    (State.VALUED, Step.VALUE): State.VALUED,
    (State.VALUED, Step.BOOK): State.BOOKED,
    (State.BOOKED, Step.ASK_REVERSAL): State.BOOKED,
    (State.BOOKED, Step.KEEP_BOOKING): State.BOOKED,
    (State.BOOKED, Step.REVERSE_FUND): State.VALUED,
    (State.BOOKED, Step.REVERSE_VALUE): State.GRADED,
    (State.BOOKED, Step.REVERSE_COUNT): State.ACCEPTED,
}


def after(state: State, step: Step) -> State:
    """Return where an offer stands after a step; raise Conflict if the step is not due."""
    found = MOVES.get((state, step))
    if found is None:
        raise Conflict(N_("This step is not due: the offer has moved on meanwhile. Look at its page again."))
    return found


class Reason(StrEnum):
    """Why a line is declined."""

    SHELF_LIFE = "shelf_life"
    NOT_NEEDED = "not_needed"
    NO_ROOM = "no_room"
    NOT_ALLOWED = "not_allowed"
    NO_LIST = "no_list"
    OTHER = "other"


REASONS: dict[str, str] = {
    Reason.SHELF_LIFE: N_("It keeps too short"),
    Reason.NOT_NEEDED: N_("Nobody needs it at the moment"),
    Reason.NO_ROOM: N_("We have no room for it"),
    Reason.NOT_ALLOWED: N_("We may not hand it out"),
    Reason.NO_LIST: N_("No distribution of this week takes fresh goods"),
    Reason.OTHER: N_("Another reason"),
}


class Grade(StrEnum):
    """What an inspection finds; X is not taken in."""

    A = "A"
    B = "B"
    C = "C"
    X = "X"


GRADES: dict[str, str] = {
    Grade.A: N_("A: new"),
    Grade.B: N_("B: good"),
    Grade.C: N_("C: used and clean"),
    Grade.X: N_("X: not fit to hand out"),
}


class Fate(StrEnum):
    """What became of pieces that were not taken in."""

    RETURNED = "returned"
    SCRAPPED = "scrapped"


FATES: dict[str, str] = {
    Fate.RETURNED: N_("Given back to the giver"),
    Fate.SCRAPPED: N_("Thrown away there and then"),
}
PARTS: dict[str, str] = {"am": N_("In the morning"), "pm": N_("In the afternoon"), "": N_("At any time")}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """One kind of goods as somebody offers it. `words` are theirs where the catalogue has no such item."""

    item: UUID | None
    words: str
    sort: Sort
    quantity: int
    per_pack: int
    made_on: date | None
    life_days: int | None
    expires_on: date | None
    condition: Condition
    opened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """What somebody offers, and how we reach them. Texts of people, numbers and addresses are kept sealed."""

    lines: tuple[NewLine, ...]
    giver: str
    company: str = ""
    uscc: str = ""
    phone: str = ""
    email: str = ""
    fund: str = ""
    restrictions: tuple[str, ...] = ()
    receiver: str = ""
    """The one person or unit for whom it is: then we pass it on, and it is never ours."""
    site: UUID
    wanted_on: date | None = None
    wanted_part: str = ""
    note: str = ""
    wants_receipt: bool = False
    language: str = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one line: taken (as an item of the catalogue) or declined with a reason."""

    line: UUID
    item: UUID | None = None
    reason: Reason | None = None
    words: str = ""
    fresh_list: str = ""
    """For whom fresh goods are, by the number of the list, and `hand_out_by` when."""
    hand_out_by: date | None = None

    @property
    def taken(self) -> bool:
        """Tell whether the line is accepted."""
        return self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """Pieces of one line of one grade; of X why, and what became of them."""

    line: UUID
    grade: Grade
    quantity: int
    reason: str = ""
    fate: Fate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """What the pieces of one grade of a line are worth together, in 分, and by what."""

    graded: UUID
    basis: Basis
    value_fen: int
    source: str = ""


def same_counts(first: Mapping[UUID, int], second: Mapping[UUID, int]) -> bool:
    """Tell whether two people counted the same."""
    return dict(first) == dict(second)


def require_whole(counted: Mapping[UUID, int], gradings: Sequence[Graded]) -> None:
    """Refuse a grading that does not say of every counted piece what it is."""
    for line, quantity in counted.items():
        told = sum(g.quantity for g in gradings if g.line == line)
        if told != quantity:
            raise Invalid(
                N_("{counted} were counted, and the grades sum to {told}."),
                field=f"grade-{line}",
                counted=quantity,
                told=told,
            )
    for one in gradings:
        if one.grade is Grade.X and (not one.reason.strip() or one.fate is None):
            raise Invalid(
                N_("Say why these pieces are not fit, and whether they went back or were thrown away."),
                field=f"reason-{one.line}",
            )


def require_value(valued: Valued, quantity: int, *, has_voucher: bool) -> None:
    """Refuse a value that its basis does not bear."""
    where = f"value-{valued.graded}"
    if valued.basis is Basis.MEMO:
        if valued.value_fen:
            raise Invalid(N_("Goods without a value are noted without an amount."), field=where)
        return
    if valued.value_fen < quantity:
        raise Invalid(N_("Enter what all pieces are worth together, at least 0.01 yuan each."), field=where)
    if valued.basis is Basis.VOUCHER and not has_voucher:
        raise Invalid(
            N_("A value by voucher needs the voucher: attach the invoice or the agreement."), field="proof"
        )
    if not valued.source.strip():
        raise Invalid(
            N_("Say where the value comes from: the number of the voucher, or the shop and the day."),
            field=f"source-{valued.graded}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line as pages show it."""

    id: UUID
    number: int
    item: UUID | None
    name: str
    unit: str
    category: str
    quantity: int
    per_pack: int
    made_on: date | None
    life_days: int | None
    expires_on: date | None
    condition: Condition
    opened: bool
    sort: Sort
    judged: Judged
    decision: str
    """pending, accepted or declined."""
    reason: str
    """Why it was declined, in the words of the page's language."""
    fresh_list: str
    hand_out_by: date | None
    counted: int | None
    short_reason: str

    @property
    def is_fresh(self) -> bool:
        """Whether it goes the fresh lane."""
        return self.judged.verdict is Verdict.FRESH or bool(self.fresh_list)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeView:
    """Pieces of one grade, what they are worth, and the lot that they became."""

    id: UUID
    line: UUID
    grade: Grade
    quantity: int
    reason: str
    fate: str
    basis: str
    value_fen: int
    source: str
    lot: UUID | None
    lot_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer as its pages show it: nothing sealed."""

    id: UUID
    number: str
    state: State
    created_at: datetime
    company: str
    uscc: str
    fund: str
    restrictions: tuple[str, ...]
    has_receiver: bool
    site: UUID
    site_name: str
    site_address: str
    organisation: UUID
    region: str
    wanted_on: date | None
    wanted_part: str
    note: str
    wants_receipt: bool
    language: str
    appointed_on: date | None
    appointed_from: str
    appointed_until: str
    booked_at: datetime | None
    booked_by: UUID | None
    booked_round: int | None
    """1, and one more after each reversal."""
    lines: tuple[LineView, ...]
    grades: tuple[GradeView, ...]

    @property
    def accepted(self) -> tuple[LineView, ...]:
        """The lines that were accepted."""
        return tuple(line for line in self.lines if line.decision == "accepted")

    @property
    def value_fen(self) -> int:
        """What all that is taken in is worth."""
        return sum(grade.value_fen for grade in self.grades)
