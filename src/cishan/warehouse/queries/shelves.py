"""What may be set aside for orders, and what becomes of what is short."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.fefo import Shelved, Want


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The goods of an item that could come next: on their way in, or at another site."""

    lot_number: str
    place: str
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """What an order lacks of an item."""

    order_number: str
    item_name: str
    unit: str
    wanted: int
    available: int
    """For this receiver at this site, by now."""
    next: Next | None


async def wants_of(order_ids: Sequence[UUID]) -> list[Want]:
    """Return what orders still lack, line by line, in the order of their numbers."""
    rows = await fetch(
        """SELECT line.id, line.item, o.tokens, o.entrusted_to,
                  line.quantity - coalesce((SELECT sum(p.quantity) FROM goods_pick AS p
                       WHERE p.line = line.id AND p.state IN ('reserved', 'picked', 'issued')), 0) AS quantity
             FROM goods_order_line AS line JOIN goods_order AS o ON o.id = line.goods_order
            WHERE o.id = ANY({}::uuid[]) ORDER BY length(o.number), o.number, line.position""",
        list(order_ids),
    )
    return [
        Want(
            line=row["id"],
            item=row["item"],
            quantity=int(row["quantity"]),
            tokens=frozenset(row["tokens"]),
            entrusted_to=row["entrusted_to"],
        )
        for row in rows
        if row["quantity"] > 0
    ]


async def shelved_for(
    site: UUID, wants: Sequence[Want], day: date, *, but: tuple[UUID, UUID] | None = None
) -> list[Shelved]:
    """Return what could be set aside for some lines: of each kind of restriction as much as all lines want.

    `but` leaves out one lot in one bin: what was not found there.
    """
    demand: dict[UUID, int] = {}
    for want in wants:
        demand[want.item] = demand.get(want.item, 0) + want.quantity
    receivers = sorted({want.entrusted_to for want in wants if want.entrusted_to})
    rows = await fetch(
        """WITH wanted AS (SELECT * FROM unnest({}::uuid[], {}::bigint[]) AS w (item, pieces)),
           free AS (
               SELECT l.id AS lot, s.bin, l.item, s.on_hand - s.reserved AS available, l.number, l.made_on,
                      l.expires_on, b.walk_order, l.restrictions,
                      CASE WHEN l.entrusted THEN l.source_id END AS entrusted_to, w.pieces
                 FROM wanted AS w JOIN stock_lot AS l ON l.item = w.item JOIN goods_item AS i ON i.id = l.item
                 JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
                WHERE l.on_hand > 0 AND b.site = {} AND b.active AND b.frozen_by IS NULL
                  AND s.on_hand > s.reserved AND l.state = 'open'
                  AND (l.expires_on IS NULL OR l.expires_on >= {})
                  AND (b.purpose IN ('shelf', 'cold') OR (b.purpose = 'receiving' AND i.shelf_life_days < 90))
                  AND (NOT l.entrusted OR l.source_id = ANY({}::uuid[]))
                  AND (s.lot, s.bin) IS DISTINCT FROM ({}::uuid, {}::uuid)),
           turned AS (
               SELECT free.*, sum(available) OVER (
                          PARTITION BY item, restrictions, entrusted_to
                          ORDER BY expires_on NULLS LAST, made_on NULLS LAST, number COLLATE "C", walk_order,
                                   bin ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                 FROM free)
           SELECT lot, bin, item, available, number, made_on, expires_on, walk_order, restrictions,
                  entrusted_to FROM turned WHERE coalesce(before, 0) < pieces""",
        list(demand),
        list(demand.values()),
        site,
        day,
        receivers,
        *(but or (None, None)),
    )
    kinds: dict[tuple[str, ...], frozenset[str]] = {}
    return [
        Shelved(
            lot=row["lot"],
            bin=row["bin"],
            item=row["item"],
            available=row["available"],
            number=row["number"],
            made_on=row["made_on"],
            expires_on=row["expires_on"],
            walk_order=row["walk_order"],
            restrictions=kinds.setdefault(tuple(row["restrictions"]), frozenset(row["restrictions"])),
            entrusted_to=row["entrusted_to"],
        )
        for row in rows
    ]


async def shortages(order_ids: Sequence[UUID], day: date, *, limit: int = 200) -> list[Shortage]:
    """Return what orders lack, with what could be had here for each receiver, and what could come next."""
    rows = await fetch(
        """SELECT o.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, lack.pieces::int AS wanted,
                  coalesce(here.pieces, 0)::int AS available, later.number AS lot_number, later.place,
                  later.pieces AS coming
             FROM goods_order AS o JOIN goods_order_line AS line ON line.goods_order = o.id
             JOIN goods_item AS i ON i.id = line.item
             CROSS JOIN LATERAL (
                SELECT line.quantity - coalesce(sum(p.quantity), 0) AS pieces FROM goods_pick AS p
                 WHERE p.line = line.id AND p.state IN ('reserved', 'picked', 'issued')) AS lack
             CROSS JOIN LATERAL (
                SELECT sum(s.on_hand - s.reserved) AS pieces FROM stock_lot AS l
                  JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
                 WHERE l.item = line.item AND l.on_hand > 0 AND l.state = 'open' AND b.site = o.site
                   AND b.active AND b.frozen_by IS NULL AND (l.expires_on IS NULL OR l.expires_on >= {})
                   AND (b.purpose IN ('shelf', 'cold')
                        OR (b.purpose = 'receiving' AND i.shelf_life_days < 90))
                   AND l.restrictions <@ o.tokens
                   AND (NOT l.entrusted OR l.source_id = o.entrusted_to)) AS here
             LEFT JOIN LATERAL (
                SELECT l.number, t.name || ' ' || b.code AS place, (s.on_hand - s.reserved) AS pieces
                  FROM stock_lot AS l JOIN stock_balance AS s ON s.lot = l.id
                  JOIN stock_bin AS b ON b.id = s.bin JOIN stock_site AS t ON t.id = b.site
                 WHERE l.item = line.item AND l.on_hand > 0 AND s.on_hand > s.reserved
                   AND l.state IN ('open', 'quarantined') AND NOT l.entrusted AND l.restrictions <@ o.tokens
                   AND (l.expires_on IS NULL OR l.expires_on >= {})
                   AND (b.site <> o.site AND l.state = 'open' AND b.purpose IN ('shelf', 'cold')
                        OR b.site = o.site AND b.purpose IN ('receiving', 'transit', 'quarantine')
                           AND NOT (b.purpose = 'receiving' AND coalesce(i.shelf_life_days < 90, false)))
                 ORDER BY b.site <> o.site, b.purpose = 'quarantine', l.expires_on NULLS LAST, l.number
                 LIMIT 1) AS later ON true
            WHERE o.id = ANY({}::uuid[]) AND lack.pieces > 0
            ORDER BY length(o.number), o.number, line.position LIMIT {}""",
        day,
        day,
        list(order_ids),
        limit,
    )
    return [
        Shortage(
            order_number=row["number"],
            item_name=shown(row["name_zh"], row["name_en"]),
            unit=shown(row["unit_zh"], row["unit_en"]),
            wanted=row["wanted"],
            available=row["available"],
            next=Next(lot_number=row["lot_number"], place=row["place"], pieces=row["coming"])
            if row["lot_number"]
            else None,
        )
        for row in rows
    ]
