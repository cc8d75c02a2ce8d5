"""Goods that a stocktake finds without the label of a lot."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.queries.stocktakes import StocktakeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """What a counter found of a kind of goods without a label, their own entries together."""

    item: UUID
    name: str
    unit: str
    quantity: int
    use_until: date | None


async def entries_of(count_id: UUID) -> list[Loose]:
    """Return what one counter entered without a lot, the latest kind first."""
    rows = await fetch(
        """SELECT e.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en, sum(e.quantity)::int AS quantity,
                  min(e.use_until) AS use_until
             FROM stocktake_unlabelled_entry AS e JOIN goods_item AS i ON i.id = e.item
            WHERE e.count = {} GROUP BY e.item, i.id ORDER BY max(e.at) DESC, i.code""",
        count_id,
    )
    return [
        Loose(
            item=row["item"],
            name=shown(row["name_zh"], row["name_en"]),
            unit=shown(row["unit_zh"], row["unit_en"]),
            quantity=row["quantity"],
            use_until=row["use_until"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """What the counters of a bin found of one kind of goods, by the place of the count."""

    pieces: dict[int, int]
    use_until: date | None
    """The earliest day that any of them read."""
    reasons: str


async def found_in(stocktake_id: UUID, round_: int, bin_id: UUID) -> dict[UUID, Found]:
    """Return what the ended counts of a bin found without a label."""
    rows = await fetch(
        """SELECT e.item, c.position, sum(e.quantity)::int AS quantity, min(e.use_until) AS use_until,
                  array_agg(DISTINCT e.reason) AS reasons
             FROM stocktake_count AS c JOIN stocktake_unlabelled_entry AS e ON e.count = c.id
            WHERE c.stocktake = {} AND c.round = {} AND c.bin = {} AND c.ended_at IS NOT NULL
            GROUP BY e.item, c.position ORDER BY e.item, c.position""",
        stocktake_id,
        round_,
        bin_id,
    )
    found: dict[UUID, Found] = {}
    for item in dict.fromkeys(row["item"] for row in rows):
        mine = [row for row in rows if row["item"] == item]
        days = [row["use_until"] for row in mine if row["use_until"] is not None]
        words = dict.fromkeys(word for row in mine for word in row["reasons"])
        found[item] = Found(
            {row["position"]: row["quantity"] for row in mine},
            min(days, default=None),
            "；".join(words)[:300],
        )
    return found


async def disputed(stocktake_id: UUID, round_: int, bin_id: UUID) -> list[UUID]:
    """Return the kinds of goods of a bin on which its two counters disagree."""
    rows = await fetch(
        """SELECT u.item FROM stocktake_unlabelled AS u JOIN goods_item AS i ON i.id = u.item
            WHERE u.stocktake = {} AND u.round = {} AND u.bin = {} AND u.counted IS NULL ORDER BY i.code""",
        stocktake_id,
        round_,
        bin_id,
    )
    return [row["item"] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlabelled:
    """Pieces in a bin that the counters agree on and that no lot of the books accounts for."""

    id: UUID
    bin: UUID
    bin_code: str
    item: UUID
    name: str
    unit: str
    counted: int
    use_until: date | None
    spoils: bool
    """Goods of this kind have a shelf life."""
    explanation: str
    lot: UUID | None
    lot_number: str | None


async def unlabelled(found: StocktakeView) -> list[Unlabelled]:
    """Return what was found without a label in the round, in walking order."""
    rows = await fetch(
        """SELECT u.id, u.bin, b.code AS bin_code, u.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en,
                  u.counted, u.use_until, i.shelf_life_days IS NOT NULL AS spoils, u.explanation, u.lot,
                  l.number AS lot_number
             FROM stocktake_unlabelled AS u JOIN stock_bin AS b ON b.id = u.bin
             JOIN goods_item AS i ON i.id = u.item LEFT JOIN stock_lot AS l ON l.id = u.lot
            WHERE u.stocktake = {} AND u.round = {} AND u.counted > 0
            ORDER BY b.walk_order, b.code, i.code""",
        found.id,
        found.round,
    )
    return [
        Unlabelled(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]


async def is_of_unknown_age(lot: UUID) -> bool:
    """Tell whether a lot was found without a label and nobody can say until when its goods are good."""
    return bool(
        await fetch_value(
            """SELECT true FROM stocktake_unlabelled AS u JOIN stock_lot AS l ON l.id = u.lot
                 JOIN goods_item AS i ON i.id = l.item
                WHERE l.id = {} AND l.expires_on IS NULL AND i.shelf_life_days IS NOT NULL""",
            lot,
        )
    )
