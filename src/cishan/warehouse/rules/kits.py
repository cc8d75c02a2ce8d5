"""Kits: what is in them, which lots they are put together from, and what they and their parts are worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.warehouse.rules import restrictions
from cishan.warehouse.rules.catalogue import QUANTITY_LIMIT
from cishan.warehouse.rules.stock import Candidate, value_out

KIT = "kit"
"""The kind of thing of a version's history."""
PART_LIMIT = 40
"""Different goods in one kit."""
PIECES_LIMIT = 1_000
"""Pieces of one kind in one kit."""
KITS_AT_ONCE = 10_000


class KitState(StrEnum):
    """Whether a version may still be written."""

    DRAFT = "draft"
    FROZEN = "frozen"


KIT_STATES: dict[str, str] = {KitState.DRAFT: N_("Draft"), KitState.FROZEN: N_("In force")}
KIT_TONES: dict[str, str] = {KitState.DRAFT: "plain", KitState.FROZEN: "good"}


EVENTS: dict[str, str] = {"freeze": N_("Came into force")}


class Doing(StrEnum):
    """What was done with kits."""

    ASSEMBLE = "assemble"
    DISASSEMBLE = "disassemble"


DOINGS: dict[str, str] = {
    Doing.ASSEMBLE: N_("Put together"),
    Doing.DISASSEMBLE: N_("Taken apart"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """So many pieces of one kind of goods in each kit."""

    item: UUID
    quantity: int


def require_parts(parts: Sequence[Part], *, kit_item: UUID, field: str = "parts") -> None:
    """Refuse a kit without parts, with the same goods twice, with itself inside, or too large."""
    if not parts:
        raise Invalid(N_("A kit has one part at least."), field=field)
    if len(parts) > PART_LIMIT:
        raise Invalid(N_("A kit has {limit} different parts at most."), field=field, limit=PART_LIMIT)
    if len({part.item for part in parts}) < len(parts):
        raise Invalid(N_("The same goods stand there twice; name them once with their number."), field=field)
    if any(part.item == kit_item for part in parts):
        raise Invalid(N_("A kit cannot be a part of itself."), field=field)
    if any(not 1 <= part.quantity <= PIECES_LIMIT for part in parts):
        raise Invalid(
            N_("A kit holds 1 to {limit} pieces of one kind."), field=field, limit=f"{PIECES_LIMIT:,}"
        )


@dataclass(frozen=True, slots=True)
class Pick:
    """Pieces of a lot in a bin that go into kits."""

    item: UUID
    quantity: int
    of: Candidate


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of which there is too little."""

    item: UUID
    needed: int
    available: int

    @property
    def short(self) -> int:
        """How many pieces are missing."""
        return self.needed - self.available


@dataclass(frozen=True, slots=True)
class Plan:
    """What putting kits together takes, and what is missing for it."""

    kits: int
    fund: str
    picks: tuple[Pick, ...]
    missing: tuple[Missing, ...]
    most: int
    """How many kits there are parts for."""

    @property
    def can_be_done(self) -> bool:
        """Whether every part is there."""
        return not self.missing

    @property
    def restrictions(self) -> tuple[str, ...]:
        """The restrictions of the kits: those of all of their parts."""
        return restrictions.union(pick.of.restrictions for pick in self.picks)

    @property
    def expires_on(self) -> date | None:
        """The last day of use of the kits: the earliest of their parts."""
        return earliest(pick.of.expires_on for pick in self.picks)

    @property
    def value_fen(self) -> int:
        """What the kits will be worth: the sum of what leaves the lots."""
        return sum(values_out(self.picks).values())


def joins(candidate: Candidate, fund: str) -> bool:
    """Tell whether goods may go into a kit of a fund: value never crosses funds (domain rule I6).

    What is only noted, without a value, may join any; entrusted goods belong to their receiver alone.
    """
    return not candidate.entrusted and (candidate.value_fen == 0 or candidate.fund == fund)


def plan(parts: Sequence[Part], kits: int, offers: Mapping[UUID, Sequence[Candidate]], *, fund: str) -> Plan:
    """Choose the lots for so many kits: what expires first goes first, as `offers` are ordered by item."""
    picks: list[Pick] = []
    missing: list[Missing] = []
    most = QUANTITY_LIMIT
    for part in parts:
        usable = [one for one in offers.get(part.item, ()) if joins(one, fund) and one.available > 0]
        there, needed = sum(one.available for one in usable), part.quantity * kits
        most = min(most, there // part.quantity)
        if there < needed:
            missing.append(Missing(part.item, needed, there))
            continue
        for one in usable:
            if needed == 0:
                break
            taken = min(needed, one.available)
            picks.append(Pick(part.item, taken, one))
            needed -= taken
    return Plan(kits, fund, tuple(picks), tuple(missing), most)


def quantities(picks: Iterable[Pick]) -> dict[UUID, int]:
    """Return how many pieces leave each lot, whichever bins they lie in."""
    found: dict[UUID, int] = {}
    for pick in picks:
        found[pick.of.lot] = found.get(pick.of.lot, 0) + pick.quantity
    return found


def values_out(picks: Sequence[Pick]) -> dict[UUID, int]:
    """Return what leaves each lot, in 分."""
    lots = {pick.of.lot: pick.of for pick in picks}
    return {
        lot: value_out(lots[lot].value_fen, lots[lot].on_hand, quantity)
        for lot, quantity in quantities(picks).items()
    }


def require_worth(value_fen: int, pieces: int) -> None:
    """Refuse goods that would be worth something, but less than 1 分 a piece: no lot may hold that."""
    if 0 < value_fen < pieces:
        raise Conflict(
            N_("Together this would be worth less than 1 分 apiece. Do fewer at once, or take other lots.")
        )


def earliest(days: Iterable[date | None]) -> date | None:
    """Return the first of some last days of use; None if none of them ends."""
    return min((day for day in days if day is not None), default=None)


GRADES = "ABC"


def worst(grades: Iterable[str]) -> str:
    """Return the lowest of some grades."""
    return max(grades, key=GRADES.index)


def shared(value_fen: int, weights: Sequence[int], pieces: Sequence[int]) -> list[int]:
    """Share a value by weights so that it sums exactly and each share is 0 or at least 1 分 a piece.

    What is worth too little for its pieces counts as nothing, and the others share it. Raise Conflict if none
    is left. The greatest remainders get the odd 分; equal ones in their order.
    """
    assert len(weights) == len(pieces)
    if value_fen == 0:
        return [0] * len(weights)
    taking = [n for n, weight in enumerate(weights) if weight > 0]
    while taking:
        shares = _by_weight(value_fen, [weights[n] for n in taking])
        poor = [n for n, share in zip(taking, shares, strict=True) if share < pieces[n]]
        if not poor:
            found = [0] * len(weights)
            for n, share in zip(taking, shares, strict=True):
                found[n] = share
            return found
        taking.remove(max(poor, key=lambda n: (pieces[n], -n)))
    raise Conflict(
        N_("Together this would be worth less than 1 分 apiece. Do fewer at once, or take other lots.")
    )


def _by_weight(value_fen: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    shares = [value_fen * weight // whole for weight in weights]
    rest = value_fen - sum(shares)
    order = sorted(range(len(weights)), key=lambda n: (-(value_fen * weights[n] % whole), n))
    for n in order[:rest]:
        shares[n] += 1
    return shares
