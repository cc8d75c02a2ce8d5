"""Stocktakes: what is counted, by whom, and what came out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.approvals import queries as approvals
from cishan.approvals.rules import OPEN as APPROVAL_OPEN
from cishan.approvals.rules import State as ApprovalState
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.stocktakes import STOCKTAKE, Line, Settlement, State, loss_values, settle

NO_STOCKTAKE = N_("There is no such stocktake.")


@dataclass(frozen=True, slots=True)
class CountedBin:
    """A bin of a stocktake."""

    id: UUID
    code: str
    walk_order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StocktakeView:
    """A stocktake and its bins in walking order."""

    id: UUID
    number: str
    site: UUID
    site_code: str
    site_name: str
    organisation: UUID
    region: str
    state: State
    round: int
    note: str
    amount_fen: int
    opened_at: datetime
    opened_by: UUID
    closed_at: datetime | None
    bins: tuple[CountedBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountView:
    """One person's count of one bin. Nothing in it says what is expected."""

    id: UUID
    stocktake: UUID
    round: int
    bin: UUID
    bin_code: str
    position: int
    person: UUID
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """What a counter found of a lot, their own entries together."""

    lot: UUID
    number: str
    item: str
    unit: str
    expires_on: date | None
    quantity: int
    entries: int


_SELECT = """
    SELECT t.id, t.number, t.site, s.code AS site_code, s.name AS site_name, s.organisation, s.region,
           t.state, t.round, t.note, t.amount_fen, t.opened_at, t.opened_by, t.closed_at
      FROM stocktake AS t JOIN stock_site AS s ON s.id = t.site"""


async def stocktake_by_id(stocktake_id: UUID) -> StocktakeView:
    """Return a stocktake; raise NotFound."""
    rows = await fetch(f"{_SELECT} WHERE t.id = {{}}", stocktake_id)
    if not rows:
        raise NotFound(NO_STOCKTAKE)
    return (await _views(rows))[0]


async def open_ones(regions: Sequence[str]) -> list[StocktakeView]:
    """Return the open stocktakes at sites of the regions (`Reach.regions`), the oldest first."""
    rows = await fetch(
        f"""{_SELECT} WHERE t.state IN ('counting', 'review', 'proposed') AND s.region LIKE ANY({{}}::text[])
             ORDER BY t.opened_at LIMIT 100""",
        list(regions),
    )
    return await _views(rows)


async def _views(rows: list[dict[str, Any]]) -> list[StocktakeView]:
    bins = await fetch(
        """SELECT k.stocktake, b.id, b.code, b.walk_order
             FROM stocktake_bin AS k JOIN stock_bin AS b ON b.id = k.bin
            WHERE k.stocktake = ANY({}::uuid[]) ORDER BY b.walk_order, b.code""",
        [row["id"] for row in rows],
    )
    held: dict[UUID, list[CountedBin]] = {}
    for one in bins:
        held.setdefault(one["stocktake"], []).append(CountedBin(one["id"], one["code"], one["walk_order"]))
    return [
        StocktakeView(**{**row, "state": State(row["state"]), "bins": tuple(held.get(row["id"], ()))})
        for row in rows
    ]


async def numbers_of(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the numbers of stocktakes."""
    rows = await fetch("SELECT id, number FROM stocktake WHERE id = ANY({}::uuid[])", list(ids))
    return {row["id"]: row["number"] for row in rows}


_COUNT = """
    SELECT c.id, c.stocktake, c.round, c.bin, b.code AS bin_code, c.position, c.person, c.began_at, c.ended_at
      FROM stocktake_count AS c JOIN stock_bin AS b ON b.id = c.bin"""


async def counts_of(stocktake_id: UUID, round_: int) -> list[CountView]:
    """Return who counts and counted what in a round."""
    rows = await fetch(
        f"{_COUNT} WHERE c.stocktake = {{}} AND c.round = {{}} ORDER BY b.walk_order, b.code, c.position",
        stocktake_id,
        round_,
    )
    return [CountView(**row) for row in rows]


async def count_by_id(count_id: UUID) -> CountView:
    """Return one count; raise NotFound."""
    rows = await fetch(f"{_COUNT} WHERE c.id = {{}}", count_id)
    if not rows:
        raise NotFound(N_("There is no such count."))
    return CountView(**rows[0])


async def entries_of(count_id: UUID) -> list[EntryView]:
    """Return what one counter found, the latest lot first."""
    rows = await fetch(
        """SELECT e.lot, l.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.expires_on,
                  sum(e.quantity)::int AS quantity, count(*)::int AS entries
             FROM stocktake_entry AS e JOIN stock_lot AS l ON l.id = e.lot
             JOIN goods_item AS i ON i.id = l.item
            WHERE e.count = {} GROUP BY e.lot, l.id, i.id ORDER BY max(e.at) DESC, l.number""",
        count_id,
    )
    return [
        EntryView(
            item=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]


async def entries_of_bin(stocktake_id: UUID, round_: int, bin_id: UUID) -> dict[int, dict[UUID, int]]:
    """Return what each ended count of a bin found: position, lot, pieces."""
    rows = await fetch(
        """SELECT c.position, e.lot, coalesce(sum(e.quantity), 0)::int AS quantity
             FROM stocktake_count AS c LEFT JOIN stocktake_entry AS e ON e.count = c.id
            WHERE c.stocktake = {} AND c.round = {} AND c.bin = {} AND c.ended_at IS NOT NULL
            GROUP BY c.position, e.lot""",
        stocktake_id,
        round_,
        bin_id,
    )
    found: dict[int, dict[UUID, int]] = {}
    for row in rows:
        one = found.setdefault(row["position"], {})
        if row["lot"] is not None:
            one[row["lot"]] = row["quantity"]
    return found


async def expected_in(stocktake_id: UUID, round_: int, bin_id: UUID) -> dict[UUID, int]:
    """Return what the books said of a bin when it was frozen. Not for a counter's eyes."""
    rows = await fetch(
        "SELECT lot, expected FROM stocktake_line WHERE stocktake = {} AND round = {} AND bin = {}",
        stocktake_id,
        round_,
        bin_id,
    )
    return {row["lot"]: row["expected"] for row in rows}


async def disputed(stocktake_id: UUID, round_: int, bin_id: UUID) -> list[UUID]:
    """Return the lots of a bin on which its two counters disagree, while nobody counted them a third time."""
    rows = await fetch(
        """SELECT l.lot FROM stocktake_line AS l JOIN stock_lot AS k ON k.id = l.lot
            WHERE l.stocktake = {} AND l.round = {} AND l.bin = {} AND l.counted IS NULL
              AND 2 = (SELECT count(*) FROM stocktake_count AS c
                        WHERE c.stocktake = l.stocktake AND c.round = l.round AND c.bin = l.bin
                          AND c.position < 3 AND c.ended_at IS NOT NULL)
            ORDER BY k.number""",
        stocktake_id,
        round_,
        bin_id,
    )
    return [row["lot"] for row in rows]


async def is_counted(stocktake_id: UUID, round_: int) -> bool:
    """Tell whether every bin was counted twice, and a third time where that was needed."""
    left = await fetch_value(
        """SELECT count(*) FROM stocktake_bin AS k
            WHERE k.stocktake = {} AND (
                  2 > (SELECT count(*) FROM stocktake_count AS c
                        WHERE c.stocktake = k.stocktake AND c.round = {} AND c.bin = k.bin AND c.position < 3
                          AND c.ended_at IS NOT NULL)
                  OR EXISTS (SELECT FROM stocktake_line AS l
                              WHERE l.stocktake = k.stocktake AND l.round = {} AND l.bin = k.bin
                                AND l.counted IS NULL)
                  OR EXISTS (SELECT FROM stocktake_unlabelled AS u
                              WHERE u.stocktake = k.stocktake AND u.round = {} AND u.bin = k.bin
                                AND u.counted IS NULL))""",
        stocktake_id,
        round_,
        round_,
        round_,
    )
    return bool(left == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance:
    """A lot in a bin after the count."""

    id: UUID
    bin: UUID
    bin_code: str
    lot: UUID
    number: str
    item: str
    unit: str
    expires_on: date | None
    expected: int
    reserved: int
    counted: int
    explanation: str
    lot_value_fen: int
    lot_on_hand: int
    elsewhere: int
    """Pieces of the lot in bins that are not counted here, by the books."""

    @property
    def difference(self) -> int:
        """Pieces too many, or too few (below nought)."""
        return self.counted - self.expected


async def variances(found: StocktakeView) -> list[Variance]:
    """Return every line of the round that is counted, in walking order."""
    rows = await fetch(
        """SELECT l.id, l.bin, b.code AS bin_code, l.lot, k.number, i.name_zh, i.name_en, i.unit_zh,
                  i.unit_en, k.expires_on, l.expected, l.reserved, l.counted, l.explanation,
                  k.value_fen AS lot_value_fen, k.on_hand AS lot_on_hand,
                  coalesce((SELECT sum(s.on_hand) FROM stock_balance AS s
                             WHERE s.lot = l.lot AND s.bin <> ALL({}::uuid[])), 0)::int AS elsewhere
             FROM stocktake_line AS l JOIN stock_bin AS b ON b.id = l.bin JOIN stock_lot AS k ON k.id = l.lot
             JOIN goods_item AS i ON i.id = k.item
            WHERE l.stocktake = {} AND l.round = {} AND l.counted IS NOT NULL
            ORDER BY b.walk_order, b.code, k.number""",
        [one.id for one in found.bins],
        found.id,
        found.round,
    )
    return [
        Variance(
            item=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a count leads to, and what is missing is worth."""

    settlement: Settlement
    values: tuple[int, ...]
    """分 of each loss."""

    @property
    def amount_fen(self) -> int:
        """Return the value of all that is missing."""
        return sum(self.values)

    def value_of(self, bin_id: UUID, lot: UUID) -> int:
        """Return what is missing of a lot in a bin is worth."""
        pairs = zip(self.settlement.losses, self.values, strict=True)
        return sum(value for loss, value in pairs if (loss.bin, loss.lot) == (bin_id, lot))

    def shifted(self, bin_id: UUID, lot: UUID) -> int:
        """Return the pieces of a lot that came into a bin from another one, or went (below nought)."""
        came = sum(s.quantity for s in self.settlement.shifts if (s.target, s.lot) == (bin_id, lot))
        return came - sum(s.quantity for s in self.settlement.shifts if (s.source, s.lot) == (bin_id, lot))


def outcome_of(lines: Sequence[Variance]) -> Outcome:
    """Return what follows from the lines of a round."""
    settlement = settle(
        [
            Line(lot=one.lot, bin=one.bin, expected=one.expected, reserved=one.reserved, counted=one.counted)
            for one in lines
        ]
    )
    worth = {one.lot: (one.lot_value_fen, one.lot_on_hand) for one in lines}
    return Outcome(settlement, tuple(loss_values(settlement.losses, worth)))


async def changed_since(found: StocktakeView) -> list[str]:
    """Return the codes of bins in which the books no longer say what they said when they were frozen."""
    rows = await fetch(
        """SELECT DISTINCT b.code
             FROM (SELECT s.bin, s.lot, s.on_hand FROM stock_balance AS s
                    WHERE s.on_hand > 0 AND s.bin = ANY({}::uuid[])) AS s
             FULL JOIN (SELECT k.bin, k.lot, k.expected FROM stocktake_line AS k
                         WHERE k.stocktake = {} AND k.round = {}) AS l ON l.bin = s.bin AND l.lot = s.lot
             JOIN stock_bin AS b ON b.id = coalesce(s.bin, l.bin)
            WHERE coalesce(s.on_hand, 0) <> coalesce(l.expected, 0) ORDER BY b.code""",
        [one.id for one in found.bins],
        found.id,
        found.round,
    )
    return [row["code"] for row in rows]


async def require_reviewable(found: StocktakeView) -> None:
    """Refuse unless everything is counted and nobody is deciding about it."""
    if found.state is State.REVIEW:
        return
    if found.state is State.PROPOSED:
        last = await approvals.latest_of(STOCKTAKE, STOCKTAKE, found.id)
        if last is None or last.state not in {*APPROVAL_OPEN, ApprovalState.DONE}:
            return
        raise Conflict(N_("The differences are before the approvers. Withdraw them there first."))
    if found.state is State.COUNTING:
        raise Conflict(N_("Not everything is counted yet."))
    raise Conflict(N_("This stocktake has ended."))
