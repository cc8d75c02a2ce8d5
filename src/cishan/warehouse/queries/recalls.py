"""Recalls: the lots, who received some of them, and how far each was reached."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.queries import within
from cishan.warehouse.queries.orders import order_by_id
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.recalls import Origin, Reached, State
from cishan.warehouse.rules.stock import LotState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallView:
    """A recall."""

    id: UUID
    number: str
    origin: Origin
    reason: str
    advice: str
    state: State
    opened_at: datetime
    opened_by: UUID
    closed_at: datetime | None
    closed_by: UUID | None
    closing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledLot:
    """A lot that was called back, and where its pieces are now."""

    lot: UUID
    number: str
    item: str
    unit: str
    made_on: date | None
    expires_on: date | None
    state: LotState
    was: LotState
    in_kit: bool
    at_start: int
    """Pieces in the house when it was locked."""
    quarantined: int
    elsewhere: int
    """Pieces in the house outside quarantine: to be put there."""
    issued: int
    """Pieces that went out, kits counted as one."""
    returned: int
    scrapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLine:
    """Somebody who received some; masked unless the seals were opened."""

    id: UUID
    order: UUID
    order_number: str
    name: str
    phone: str
    has_phone: bool
    region: str
    region_name: str
    quantity: int
    state: Reached
    note: str
    told_at: datetime | None
    changed_at: datetime | None


_SELECT = """SELECT r.id, r.number, r.origin, r.reason, r.advice, r.state, r.opened_at, r.opened_by,
                    r.closed_at, r.closed_by, r.closing FROM goods_recall AS r"""


NO_RECALL = N_("There is no such recall.")


async def recall_by_id(recall_id: UUID) -> RecallView:
    """Return a recall; raise NotFound."""
    rows = await fetch(f"{_SELECT} WHERE r.id = {{}}", recall_id)
    if not rows:
        raise NotFound(NO_RECALL)
    row = rows[0]
    return RecallView(**{**row, "origin": Origin(row["origin"]), "state": State(row["state"])})


async def numbers_of(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the numbers of recalls."""
    rows = await fetch("SELECT id, number FROM goods_recall WHERE id = ANY({}::uuid[])", list(ids))
    return {row["id"]: row["number"] for row in rows}


async def lots_of(recall_id: UUID) -> list[CalledLot]:
    """Return the lots of a recall and where their pieces are now."""
    rows = await fetch(
        """SELECT c.lot, l.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.made_on, l.expires_on,
                  l.state, c.was, c.in_kit, c.on_hand AS at_start,
                  coalesce((SELECT sum(s.on_hand) FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
                             WHERE s.lot = c.lot AND b.purpose = 'quarantine'), 0)::int AS quarantined,
                  coalesce((SELECT sum(s.on_hand) FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
                             WHERE s.lot = c.lot AND b.purpose <> 'quarantine'), 0)::int AS elsewhere,
                  m.issued, m.returned, m.scrapped
             FROM goods_recall_lot AS c JOIN stock_lot AS l ON l.id = c.lot
             JOIN goods_item AS i ON i.id = l.item
             JOIN LATERAL (
                  SELECT coalesce(-sum(v.on_hand) FILTER (WHERE k.kind = 'issue'), 0)::int AS issued,
                         coalesce(sum(v.on_hand) FILTER (WHERE k.kind = 'return'), 0)::int AS returned,
                         coalesce(-sum(v.on_hand) FILTER (WHERE k.kind = 'scrap'), 0)::int AS scrapped
                    FROM stock_move AS v JOIN stock_cause AS k ON k.id = v.cause
                   WHERE v.lot = c.lot) AS m ON true
            WHERE c.recall = {} ORDER BY c.in_kit, l.number""",
        recall_id,
    )
    return [
        CalledLot(
            item=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            state=LotState(row.pop("state")),
            was=LotState(row.pop("was")),
            **row,
        )
        for row in rows
    ]


_MINE = "o.region LIKE ANY({}::text[])"


async def receivers(
    recall_id: UUID, regions: Sequence[str], *, clear: bool = False, limit: int = 2000
) -> list[ReceiverLine]:
    """Return who received some in the regions (`Reach.regions`), those not settled first.

    `clear` opens the seals: only after the look is written down.
    """
    rows = await fetch(
        f"""SELECT r.id, r.goods_order, r.quantity, r.state, r.note, r.told_at, r.changed_at
              FROM goods_recall_receiver AS r JOIN goods_order AS o ON o.id = r.goods_order
             WHERE r.recall = {{}} AND {_MINE}
             ORDER BY array_position(ARRAY['waiting', 'unreachable', 'reached'], r.state::text) NULLS LAST,
                      o.number LIMIT {{}}""",
        recall_id,
        list(regions),
        limit,
    )
    return [await _receiver(row, clear=clear) for row in rows]


async def _receiver(row: dict[str, Any], *, clear: bool) -> ReceiverLine:
    order = await order_by_id(row.pop("goods_order"), clear=clear)
    return ReceiverLine(
        order=order.id,
        order_number=order.number,
        name=order.name,
        phone=order.phone,
        has_phone=order.has_phone,
        region=order.region,
        region_name=order.region_name,
        state=Reached(row.pop("state")),
        **row,
    )


async def states_of(recall_id: UUID) -> list[Reached]:
    """Return how far each receiver was reached, wherever they live."""
    rows = await fetch("SELECT state FROM goods_recall_receiver WHERE recall = {}", recall_id)
    return [Reached(row["state"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A lot that a search for goods to call back found."""

    id: UUID
    number: str
    item: str
    unit: str
    made_on: date | None
    expires_on: date | None
    quantity: int
    on_hand: int
    state: LotState


async def lots_made(
    item: UUID, first: date, last: date, regions: Sequence[str], *, limit: int
) -> list[Match]:
    """Return the lots of an item in the regions made from one day to another, without those of no day."""
    return await _matches("l.item = {} AND l.made_on BETWEEN {} AND {}", [item, first, last], regions, limit)


async def lots_numbered(numbers: Sequence[str], regions: Sequence[str], *, limit: int) -> list[Match]:
    """Return lots in the regions by their numbers."""
    return await _matches("l.number = ANY({}::varchar[])", [list(numbers)], regions, limit)


async def _matches(where: str, values: list[object], regions: Sequence[str], limit: int) -> list[Match]:
    rows = await fetch(
        f"""SELECT l.id, l.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.made_on, l.expires_on,
                   l.quantity, l.on_hand, l.state
              FROM stock_lot AS l JOIN goods_item AS i ON i.id = l.item
             WHERE {where} AND {within.LOT} ORDER BY l.made_on, l.number LIMIT {{}}""",
        *values,
        list(regions),
        limit,
    )
    return [
        Match(
            item=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            state=LotState(row.pop("state")),
            **row,
        )
        for row in rows
    ]
