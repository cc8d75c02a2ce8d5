"""Lots, what moves them, and what they are worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from cishan.kernel.text import N_


class Cause(StrEnum):
    """Why goods moved; the same names stand in a CHECK of `stock_cause`."""

    RECEIVE = "receive"
    MOVE = "move"
    SEND = "send"
    ARRIVE = "arrive"
    RESERVE = "reserve"
    RELEASE = "release"
    PICK = "pick"
    ISSUE = "issue"
    RETURN = "return"
    SCRAP = "scrap"
    LOSE = "lose"
    ADJUST = "adjust"
    ASSEMBLE = "assemble"
    DISASSEMBLE = "disassemble"
    UNRECEIVE = "unreceive"
    """A receipt that was wrong goes back out wholly (冲销入库); names the RECEIVE that it reverses."""


CAUSES: dict[str, str] = {
    Cause.RECEIVE: N_("Taken into stock"),
    Cause.MOVE: N_("Moved to another bin"),
    Cause.SEND: N_("Sent to another site"),
    Cause.ARRIVE: N_("Arrived at the site"),
    Cause.RESERVE: N_("Reserved"),
    Cause.RELEASE: N_("Reservation released"),
    Cause.PICK: N_("Picked"),
    Cause.ISSUE: N_("Handed out"),
    Cause.RETURN: N_("Brought back"),
    Cause.SCRAP: N_("Scrapped"),
    Cause.LOSE: N_("Lost under way"),
    Cause.ADJUST: N_("Adjusted after a stocktake"),
    Cause.ASSEMBLE: N_("Put together as kits"),
    Cause.DISASSEMBLE: N_("Kits taken apart"),
    Cause.UNRECEIVE: N_("Booking reversed"),
}


WAYS: dict[tuple[str, bool], str] = {
    (Cause.RECEIVE, True): N_("Taken into stock"),
    (Cause.ASSEMBLE, True): N_("Made by putting kits together"),
    (Cause.DISASSEMBLE, True): N_("Came out of kits taken apart"),
    (Cause.RETURN, True): N_("Brought back"),
    (Cause.ISSUE, False): N_("Handed out"),
    (Cause.ASSEMBLE, False): N_("Went into kits"),
    (Cause.DISASSEMBLE, False): N_("Kits taken apart"),
    (Cause.SCRAP, False): N_("Scrapped"),
    (Cause.LOSE, False): N_("Lost under way"),
    (Cause.ADJUST, False): N_("Missing at a stocktake"),
    (Cause.UNRECEIVE, False): N_("Booking reversed"),
}
"""How a lot grows (True) and shrinks, in the order of its life; other causes leave it as large as it was."""


class LotState(StrEnum):
    """Whether a lot may be handed out."""

    OPEN = "open"
    QUARANTINED = "quarantined"
    RECALLED = "recalled"
    EXPIRED = "expired"


LOT_STATES: dict[str, str] = {
    LotState.OPEN: N_("Usable"),
    LotState.QUARANTINED: N_("In quarantine"),
    LotState.RECALLED: N_("Recalled"),
    LotState.EXPIRED: N_("Expired"),
}
LOT_TONES: dict[str, str] = {
    LotState.OPEN: "good",
    LotState.QUARANTINED: "warn",
    LotState.RECALLED: "bad",
    LotState.EXPIRED: "bad",
}
LOT = "lot"
"""The kind of thing of a lot's history."""


class Basis(StrEnum):
    """Where a lot's value comes from (民间非营利组织会计制度): voucher, fair value, or none."""

    VOUCHER = "voucher"
    FAIR = "fair"
    MEMO = "memo"
    """No reliable value: neither income nor receipt, only a note."""
    PARTS = "parts"


BASES: dict[str, str] = {
    Basis.VOUCHER: N_("By voucher"),
    Basis.FAIR: N_("At fair value"),
    Basis.MEMO: N_("Not valued"),
    Basis.PARTS: N_("Value of its parts"),
}


class Source(StrEnum):
    """Where a lot came from; `source_id` names the row."""

    OFFER = "offer"
    KIT = "kit"
    SPLIT = "split"
    COUNT = "count"
    OPENING = "opening"


@dataclass(frozen=True, slots=True)
class Delta:
    """A change in one bin: pieces that are there and pieces that are promised, + or -."""

    lot: UUID
    bin: UUID
    on_hand: int = 0
    reserved: int = 0


class Value(NamedTuple):
    """By how much 分 a lot's value changed."""

    lot: UUID
    value_fen: int


@dataclass(frozen=True, slots=True)
class Posted:
    """A cause in the stock's history and whether this call put it there."""

    cause_id: UUID
    is_new: bool
    values: tuple[Value, ...]

    @property
    def value_fen(self) -> int:
        """The change of value of all lots together."""
        return sum(value.value_fen for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLot:
    """What a lot will be for good. `cost_fen` is for all of it: nothing, or at least 1 分 a piece."""

    item: UUID
    quantity: int
    cost_fen: int
    basis: Basis
    fund: str
    source: Source
    source_id: UUID
    made_on: date | None = None
    expires_on: date | None = None
    """The last day of use; None: it does not expire."""
    grade: str = "A"
    restrictions: tuple[str, ...] = ()
    entrusted: bool = False
    """The giver named the receiver: it is passed on, and never ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Goods of one kind that came together, of one age, value and fund."""

    id: UUID
    number: str
    item: UUID
    item_name: str
    unit: str
    made_on: date | None
    expires_on: date | None
    fund: str
    entrusted: bool
    grade: str
    quantity: int
    cost_fen: int
    basis: Basis
    restrictions: tuple[str, ...]
    source: Source
    source_id: UUID
    state: LotState
    on_hand: int
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What lies of a lot in a bin."""

    lot: UUID
    bin: UUID
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """Pieces that are there and promised to nobody."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Pieces of a lot in a bin that could be given to a receiver."""

    lot: UUID
    lot_number: str
    bin: UUID
    bin_code: str
    available: int
    expires_on: date | None
    walk_order: int
    restrictions: tuple[str, ...]
    fund: str
    value_fen: int
    """Of the whole lot, for `on_hand` pieces of it."""
    on_hand: int
    entrusted: bool


def value_out(value_fen: int, on_hand: int, quantity: int) -> int:
    """Return what pieces of a lot are worth when they leave it; the last ones take all that is left."""
    assert 0 < quantity <= on_hand
    return value_fen if quantity == on_hand else value_fen * quantity // on_hand


def shares(value_fen: int, pieces: Sequence[int]) -> list[int]:
    """Divide what a lot's value changed by among the moves that did it, by their pieces, to the last 分."""
    net, so_far, given, found = sum(pieces), 0, 0, []
    for count in pieces:
        so_far += count
        upto = value_fen * so_far // net
        found.append(upto - given)
        given = upto
    return found


def last_day_left(expires_on: date | None, day: date) -> int | None:
    """Return the days until the last day of use, negative after it; None if there is none."""
    return None if expires_on is None else (expires_on - day).days


def net_by_lot(deltas: Sequence[Delta]) -> dict[UUID, int]:
    """Return by how many pieces each lot grows or shrinks."""
    nets: dict[UUID, int] = {}
    for delta in deltas:
        nets[delta.lot] = nets.get(delta.lot, 0) + delta.on_hand
    return nets
