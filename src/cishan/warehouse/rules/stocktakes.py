"""What a stocktake finds, and what follows from it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Invalid
from cishan.kernel.ids import letters_of
from cishan.kernel.text import N_
from cishan.warehouse.rules.stock import value_out

STOCKTAKE = "stocktake"
"""Of histories, causes and approvals; also the kind of approval."""
BINS_LIMIT = 200
EXPLANATION_LIMIT = 300
"""Bins of one stocktake."""
LOT_NUMBER = re.compile(r"L[0-9]{6}-[0-9A-Z]{5}")


class State(StrEnum):
    """How far a stocktake has come."""

    COUNTING = "counting"
    REVIEW = "review"
    """Everything is counted; differences are explained."""
    PROPOSED = "proposed"
    DONE = "done"
    ABANDONED = "abandoned"


STATES: dict[str, str] = {
    State.COUNTING: N_("Being counted"),
    State.REVIEW: N_("Counted, to be explained"),
    State.PROPOSED: N_("Waits for approval of the differences"),
    State.DONE: N_("Counted and adjusted"),
    State.ABANDONED: N_("Abandoned"),
}
TONES: dict[str, str] = {
    State.COUNTING: "warn",
    State.REVIEW: "warn",
    State.PROPOSED: "plain",
    State.DONE: "good",
    State.ABANDONED: "plain",
}
OPEN = frozenset({State.COUNTING, State.REVIEW, State.PROPOSED})
EVENTS: dict[str, str] = {
    "open": N_("Bins frozen for counting"),
    "counted": N_("Everything counted"),
    "propose": N_("Differences laid before the approvers"),
    "again": N_("To be counted again"),
    "refuse": N_("Differences not approved"),
    "adjust": N_("Differences approved and booked"),
    "finish": N_("Ended without a difference"),
    "abandon": N_("Abandoned, nothing changed"),
}

TWICE = N_("You counted this bin before. The other count is for somebody else.")
COUNTED = N_("This bin is counted already.")
NOT_COUNTING = N_("This stocktake is not being counted any more.")
TAKEN = N_("Somebody else is counting this bin now. Take another one, or wait.")
NO_LOT = N_("There is no lot with this number. Scan the label of the lot, or type its number: L261122-7KQ2M.")
NOT_ASKED = N_("This count is only of the lots below.")
UNEXPLAINED = N_("Say how this difference came about.")


def number_of(prefix: str, chance: UUID, day: date) -> str:
    """Return a document's number: what it is, the day, and five letters and digits of chance."""
    return f"{prefix}{day:%y%m%d}-{letters_of(chance, 5)}"


def lot_number_in(scanned: str) -> str:
    """Return the lot number that a label or an address holds; raise Invalid if there is none."""
    found = LOT_NUMBER.search(scanned.strip().upper())
    if found is None:
        raise Invalid(NO_LOT, field="scan")
    return found[0]


def agreed(
    expected: Mapping[UUID, int], first: Mapping[UUID, int], second: Mapping[UUID, int]
) -> dict[UUID, int | None]:
    """Return for each lot of a bin what both counted, None where they disagree; nobody's lot is nought."""
    return {
        lot: first.get(lot, 0) if first.get(lot, 0) == second.get(lot, 0) else None
        for lot in sorted({*expected, *first, *second})
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A lot in a bin after the count."""

    lot: UUID
    bin: UUID
    expected: int
    reserved: int
    counted: int

    @property
    def difference(self) -> int:
        """Pieces too many, or too few (below nought)."""
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Shift:
    """Pieces of a lot that lie in another of the counted bins than the books say."""

    lot: UUID
    source: UUID
    target: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """So many pieces of a lot in a bin."""

    lot: UUID
    bin: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows from a count, in the order in which it is booked."""

    releases: tuple[Pieces, ...]
    """Promised goods that are not there."""
    shifts: tuple[Shift, ...]
    losses: tuple[Pieces, ...]
    surpluses: tuple[Pieces, ...]


def settle(lines: Sequence[Line]) -> Settlement:
    """Match what lies in the wrong bin first; the rest of each lot is lost or found.

    Lines stand in walking order, and the nearer bins are matched first.
    """
    releases = [
        Pieces(one.lot, one.bin, one.reserved - one.counted) for one in lines if one.counted < one.reserved
    ]
    shifts: list[Shift] = []
    losses: list[Pieces] = []
    surpluses: list[Pieces] = []
    for lot in dict.fromkeys(one.lot for one in lines):
        over = {one.bin: one.difference for one in lines if one.lot == lot and one.difference > 0}
        for one in lines:
            missing = -one.difference if one.lot == lot else 0
            for place, left in over.items():
                taken = max(0, min(missing, left))
                if taken:
                    shifts.append(Shift(lot, one.bin, place, taken))
                    missing -= taken
                    over[place] -= taken
            if missing > 0:
                losses.append(Pieces(lot, one.bin, missing))
        surpluses.extend(Pieces(lot, bin_id, left) for bin_id, left in over.items() if left)
    return Settlement(tuple(releases), tuple(shifts), tuple(losses), tuple(surpluses))


def loss_values(losses: Iterable[Pieces], worth: Mapping[UUID, tuple[int, int]]) -> list[int]:
    """Return the 分 that leave with each loss; `worth` is value and pieces of each lot before.

    The losses of one lot are booked at once and rounded once; each takes its share of that.
    """
    gone: dict[UUID, int] = {}
    values = []
    for loss in losses:
        value_fen, on_hand = worth[loss.lot]
        before = gone.get(loss.lot, 0)
        gone[loss.lot] = before + loss.quantity
        told = value_out(value_fen, on_hand, before) if before else 0
        values.append(value_out(value_fen, on_hand, before + loss.quantity) - told)
    return values
