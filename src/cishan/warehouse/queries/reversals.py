"""Reversals of bookings: what could be reversed, what stands in the way, and what was reversed."""

from dataclasses import dataclass
from uuid import UUID

from cishan.identity.queries.names import names_of
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.reversals import Hurdle, Obstacle, Reversal, State, Undone, Wrong

_HURDLES = """
    WITH mine AS (SELECT DISTINCT m.lot FROM stock_move AS m WHERE m.cause = {}),
         lies AS (
             SELECT s.lot, s.on_hand, s.reserved, b.code, b.purpose, b.frozen_by
               FROM mine JOIN stock_balance AS s ON s.lot = mine.lot JOIN stock_bin AS b ON b.id = s.bin
              WHERE s.on_hand > 0),
         found AS (
             SELECT 1 AS rank, 'gone' AS obstacle, l.id AS lot, l.quantity - l.on_hand AS pieces, '' AS place
               FROM mine JOIN stock_lot AS l ON l.id = mine.lot WHERE l.on_hand < l.quantity
             UNION ALL SELECT 2, 'under_way', lot, on_hand, code FROM lies WHERE purpose = 'transit'
             UNION ALL SELECT 3, 'reserved', lot, reserved, code FROM lies WHERE reserved > 0
             UNION ALL SELECT 4, 'counted', lot, on_hand, code FROM lies WHERE frozen_by IS NOT NULL
             UNION ALL SELECT 5, 'write_off', p.lot, p.quantity, p.number
               FROM goods_scrap AS p JOIN mine ON mine.lot = p.lot WHERE p.state = 'proposed')
    SELECT f.obstacle, l.number AS lot, i.name_zh, i.name_en, f.pieces, f.place
      FROM found AS f JOIN stock_lot AS l ON l.id = f.lot JOIN goods_item AS i ON i.id = l.item
     ORDER BY f.rank, l.number, f.place"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A booking that holds, and the cause by which its goods came."""

    booking: UUID
    received: UUID


async def standing(offer_id: UUID) -> Standing | None:
    """Return the booking of an offer that was not reversed."""
    rows = await fetch(
        """SELECT b.id AS booking, c.id AS received
             FROM goods_booking AS b JOIN stock_cause AS c ON c.subject_id = b.offer
            WHERE b.offer = {} AND c.subject_kind = 'goods_offer' AND c.kind = 'receive'
              AND NOT EXISTS (SELECT FROM goods_reversal AS r WHERE r.booking = b.id AND r.state = 'agreed')
              AND NOT EXISTS (SELECT FROM stock_cause AS u
                               WHERE u.reverses = c.id AND u.kind = 'unreceive')""",
        offer_id,
    )
    return Standing(**rows[0]) if rows else None


async def hurdles(received: UUID) -> list[Hurdle]:
    """Return what stands in the way of taking all that a receipt brought back out."""
    return [
        Hurdle(
            Obstacle(row["obstacle"]),
            row["lot"],
            shown(row["name_zh"], row["name_en"]),
            row["pieces"],
            row["place"],
        )
        for row in await fetch(_HURDLES, received)
    ]


async def of_offer(offer_id: UUID) -> list[Reversal]:
    """Return all reversals of an offer's bookings that were proposed, the newest first."""
    rows = await fetch(
        """SELECT id, state, wrong, fund_code AS fund, reason, proposed_by, proposed_at, decided_by,
                  decided_at, words
             FROM goods_reversal WHERE offer = {} ORDER BY proposed_at DESC, id DESC""",
        offer_id,
    )
    people = {row[name] for row in rows for name in ("proposed_by", "decided_by") if row[name]}
    names = await names_of(people)
    lots = await _lots([row["id"] for row in rows])
    return [
        Reversal(
            decider=names.get(row.pop("decided_by"), ""),
            proposer=names.get(row["proposed_by"], ""),
            **{**row, "state": State(row["state"]), "wrong": Wrong(row["wrong"])},
            lots=tuple(lots.get(row["id"], ())),
        )
        for row in rows
    ]


async def _lots(reversals: list[UUID]) -> dict[UUID, list[Undone]]:
    found: dict[UUID, list[Undone]] = {}
    for row in await fetch(
        """SELECT g.undone, l.id, l.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.quantity, l.cost_fen
             FROM goods_grade AS g JOIN stock_lot AS l ON l.id = g.lot JOIN goods_item AS i ON i.id = l.item
            WHERE g.undone = ANY({}::uuid[]) ORDER BY l.number""",
        reversals,
    ):
        undone = Undone(
            row["id"],
            row["number"],
            shown(row["name_zh"], row["name_en"]),
            shown(row["unit_zh"], row["unit_en"]),
            row["quantity"],
            row["cost_fen"],
        )
        found.setdefault(row["undone"], []).append(undone)
    return found
