"""Goods that came: who counted what, where they lie, what they are worth, and whom they reached."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown


@dataclass(frozen=True, slots=True)
class CountView:
    """One person's count."""

    round: int
    position: int
    person: UUID
    quantities: dict[UUID, int]


async def counts_of(offer_id: UUID) -> list[CountView]:
    """Return the counts of an offer in order. A counter's page never asks for this before both are done."""
    rows = await fetch(
        """SELECT c.round, c.position, c.person, l.line, l.quantity
             FROM goods_count AS c JOIN goods_count_line AS l ON l.count = c.id
            WHERE c.offer = {} ORDER BY c.round, c.position""",
        offer_id,
    )
    found: dict[tuple[int, int, UUID], dict[UUID, int]] = defaultdict(dict)
    for row in rows:
        found[row["round"], row["position"], row["person"]][row["line"]] = row["quantity"]
    return [CountView(*key, quantities) for key, quantities in found.items()]


@dataclass(frozen=True, slots=True)
class Counting:
    """What somebody who is about to count may know: never a number."""

    round: int
    counted: int
    """How many people have counted in this round: 0 or 1."""
    i_counted: bool
    differed: bool
    """In the round before the two did not agree."""


async def counting(offer_id: UUID, person_id: UUID) -> Counting:
    """Return where the counting stands for one person."""
    rows = await fetch(
        """SELECT c.round, count(DISTINCT c.person) AS people, bool_or(c.person = {}) AS mine,
                  count(DISTINCT (l.line, l.quantity)) > count(DISTINCT l.line) AS differed
             FROM goods_count AS c JOIN goods_count_line AS l ON l.count = c.id WHERE c.offer = {}
            GROUP BY c.round ORDER BY c.round DESC LIMIT 2""",
        person_id,
        offer_id,
    )
    whole = [row for row in rows if row["people"] == 2]
    differed = bool(whole) and whole[0]["differed"]
    if rows and rows[0]["people"] == 1:
        return Counting(rows[0]["round"], 1, i_counted=rows[0]["mine"], differed=differed)
    return Counting(rows[0]["round"] + 1 if rows else 1, 0, i_counted=False, differed=differed)


@dataclass(frozen=True, slots=True)
class Lying:
    """Pieces of an offer's lot that lie in a bin."""

    lot: UUID
    lot_number: str
    bin: UUID
    bin_code: str
    purpose: str
    on_hand: int
    free: int
    name: str
    unit: str
    is_fresh: bool
    suggested: str
    """A bin where the same goods lie already, else the first shelf; empty for what is never shelved."""


async def lying(offer_id: UUID) -> list[Lying]:
    """Return where the goods of an offer lie now, and for those in receiving where they might go."""
    rows = await fetch(
        """SELECT lot.id AS lot, lot.number AS lot_number, b.id AS bin, b.code AS bin_code, b.purpose,
                  s.on_hand, s.on_hand - s.reserved AS free, i.name_zh, i.name_en, i.unit_zh, i.unit_en,
                  coalesce(i.shelf_life_days < 90, false) OR l.fresh_list <> '' AS is_fresh,
                  coalesce((SELECT b2.code FROM stock_balance AS s2 JOIN stock_lot AS l2 ON l2.id = s2.lot
                              JOIN stock_bin AS b2 ON b2.id = s2.bin
                             WHERE l2.item = lot.item AND s2.on_hand > 0 AND b2.site = b.site AND b2.active
                               AND b2.frozen_by IS NULL
                               AND b2.purpose = CASE WHEN i.cold_chain THEN 'cold' ELSE 'shelf' END
                             ORDER BY s2.on_hand DESC, b2.walk_order LIMIT 1),
                           (SELECT b3.code FROM stock_bin AS b3 WHERE b3.site = b.site AND b3.active
                               AND b3.frozen_by IS NULL
                               AND b3.purpose = CASE WHEN i.cold_chain THEN 'cold' ELSE 'shelf' END
                             ORDER BY b3.walk_order, b3.code LIMIT 1), '') AS suggested
             FROM goods_offer_line AS l JOIN goods_grade AS g ON g.line = l.id
             JOIN stock_lot AS lot ON lot.id = g.lot JOIN goods_item AS i ON i.id = lot.item
             JOIN stock_balance AS s ON s.lot = lot.id AND s.on_hand > 0
             JOIN stock_bin AS b ON b.id = s.bin
            WHERE l.offer = {} ORDER BY l.position, lot.number, b.walk_order""",
        offer_id,
    )
    return [
        Lying(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **{**row, "suggested": "" if row["is_fresh"] else row["suggested"]},
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """What of a line's goods reached people: pieces and how many hand-overs, nobody's name."""

    line: UUID
    pieces: int
    receivers: int
    left: int


async def given_out(offer_id: UUID) -> dict[UUID, Given]:
    """Return by line how many pieces were handed out, singly or in kits, to how many receivers."""
    rows = await fetch(
        """WITH mine AS (
               SELECT l.id AS line, g.lot FROM goods_offer_line AS l JOIN goods_grade AS g ON g.line = l.id
                WHERE l.offer = {} AND g.lot IS NOT NULL AND g.undone IS NULL),
           packed AS (
               SELECT mine.line, -sum(m.on_hand) AS pieces, c.id AS cause
                 FROM mine JOIN stock_move AS m ON m.lot = mine.lot JOIN stock_cause AS c ON c.id = m.cause
                WHERE c.kind = 'assemble' AND m.on_hand < 0 GROUP BY mine.line, c.id),
           kits AS (
               SELECT p.line, p.pieces, kit.id AS lot, kit.quantity
                 FROM packed AS p JOIN stock_move AS m ON m.cause = p.cause AND m.on_hand > 0
                 JOIN stock_lot AS kit ON kit.id = m.lot),
           gone AS (
               SELECT mine.line, -m.on_hand::numeric AS pieces, coalesce(c.reverses, c.id) AS cause
                 FROM mine JOIN stock_move AS m ON m.lot = mine.lot JOIN stock_cause AS c ON c.id = m.cause
                WHERE c.kind IN ('issue', 'return')
               UNION ALL
               SELECT k.line, -m.on_hand * k.pieces::numeric / k.quantity, coalesce(c.reverses, c.id)
                 FROM kits AS k JOIN stock_move AS m ON m.lot = k.lot JOIN stock_cause AS c ON c.id = m.cause
                WHERE c.kind IN ('issue', 'return')),
           net AS (
               SELECT g.line, g.cause, sum(g.pieces) AS pieces FROM gone AS g GROUP BY g.line, g.cause
               HAVING sum(g.pieces) > 0),
           told AS (
               SELECT n.line, floor(sum(n.pieces))::int AS pieces,
                      count(DISTINCT c.subject_id)::int AS receivers
                 FROM net AS n JOIN stock_cause AS c ON c.id = n.cause GROUP BY n.line)
           SELECT mine.line, coalesce(max(t.pieces), 0) AS pieces, coalesce(max(t.receivers), 0) AS receivers,
                  sum(lot.on_hand)::int AS left
             FROM mine JOIN stock_lot AS lot ON lot.id = mine.lot LEFT JOIN told AS t ON t.line = mine.line
            GROUP BY mine.line""",
        offer_id,
    )
    return {row["line"]: Given(**row) for row in rows}


async def booked_with_value(*, before: datetime) -> list[tuple[UUID, str, datetime]]:
    """Return the offers booked before a moment whose goods are ours and have a value, oldest first."""
    rows = await fetch(
        """SELECT o.id, o.number, b.at FROM goods_booking AS b JOIN goods_offer AS o ON o.id = b.offer
            WHERE b.at < {} AND o.receiver_enc IS NULL
              AND NOT EXISTS (SELECT FROM goods_reversal AS r WHERE r.booking = b.id AND r.state = 'agreed')
              AND EXISTS (SELECT FROM goods_grade AS g JOIN goods_offer_line AS l ON l.id = g.line
                            JOIN stock_lot AS lot ON lot.id = g.lot
                           WHERE l.offer = o.id AND g.undone IS NULL AND lot.cost_fen > 0)
            ORDER BY b.at""",
        before,
    )
    return [(row["id"], row["number"], row["at"]) for row in rows]


async def values_of(offer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return in 分 for what the goods of offers were taken into the books; entrusted ones are not ours."""
    rows = await fetch(
        """SELECT lot.source_id AS offer, sum(v.value_fen)::bigint AS value_fen
             FROM stock_lot AS lot JOIN stock_value AS v ON v.lot = lot.id
             JOIN stock_cause AS c ON c.id = v.cause
            WHERE lot.source = 'offer' AND lot.source_id = ANY({}::uuid[]) AND NOT lot.entrusted
              AND c.kind IN ('receive', 'unreceive')
            GROUP BY lot.source_id""",
        list(offer_ids),
    )
    return {row["offer"]: row["value_fen"] for row in rows}


async def booked_or_reversed_since(offer_ids: Sequence[UUID], moment: datetime) -> frozenset[UUID]:
    """Return those offers that were booked, or whose booking was reversed, at or after a moment."""
    rows = await fetch(
        """SELECT offer FROM goods_booking WHERE offer = ANY({}::uuid[]) AND at >= {}
           UNION SELECT offer FROM goods_reversal
                  WHERE offer = ANY({}::uuid[]) AND state = 'agreed' AND decided_at >= {}""",
        list(offer_ids),
        moment,
        list(offer_ids),
        moment,
    )
    return frozenset(row["offer"] for row in rows)
