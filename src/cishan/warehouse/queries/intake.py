"""Offers of goods: as their giver follows them, as staff work on them, and for whom entrusted goods are."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.identity.queries import posts
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.permissions import Action, decide
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules.catalogue import Item
from cishan.warehouse.rules.intake import Condition, Judged, Policy, Sort
from cishan.warehouse.rules.offers import REASONS, GradeView, LineView, NewLine, OfferView, State
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.tables import intake as tables

NONE_SUCH = N_("There is no such offer of goods.")
PIECES = N_("pieces")
_OFFER = """
    SELECT o.id, o.number, o.state, o.created_at, o.company, o.uscc, o.fund_code AS fund, o.restrictions,
           o.receiver_enc IS NOT NULL AS has_receiver, o.site, s.name AS site_name, s.address AS site_address,
           s.organisation, s.region, o.wanted_on, o.wanted_part, o.note, o.wants_receipt, o.language,
           o.appointed_on, o.appointed_from, o.appointed_until, b.at AS booked_at, b.person AS booked_by
      FROM goods_offer AS o JOIN stock_site AS s ON s.id = o.site
      LEFT JOIN goods_booking AS b ON b.offer = o.id"""
_LINES = """
    SELECT l.*, i.name_zh, i.name_en, i.unit_zh, i.unit_en, i.category, i.cold_chain, i.shelf_life_days
      FROM goods_offer_line AS l LEFT JOIN goods_item AS i ON i.id = l.item
     WHERE l.offer = {} ORDER BY l.position"""
_GRADES = """
    SELECT g.id, g.line, g.grade, g.quantity, g.reason, g.fate, v.basis, v.value_fen, v.source, g.lot,
           lot.number AS lot_number
      FROM goods_grade AS g JOIN goods_offer_line AS l ON l.id = g.line
      LEFT JOIN LATERAL (SELECT * FROM goods_value AS v WHERE v.graded = g.id ORDER BY v.round DESC LIMIT 1)
             AS v ON true
      LEFT JOIN stock_lot AS lot ON lot.id = g.lot
     WHERE l.offer = {} ORDER BY l.position, g.grade"""


async def policy_on(day: date) -> Policy:
    """Return the numbers of the gate that hold on a day."""
    rows = await fetch(
        """SELECT effective_from, source, least_days, least_days_short, short_life_days, food_percent,
                  fresh_days, list_days
             FROM goods_policy WHERE effective_from <= {} ORDER BY effective_from DESC LIMIT 1""",
        day,
    )
    assert rows, "the first policy holds from the beginning"
    return Policy(**rows[0])


async def cold_sites() -> frozenset[UUID]:
    """Return the sites that have a cold store."""
    rows = await fetch(
        "SELECT DISTINCT site FROM stock_bin WHERE purpose = {} AND active", Purpose.COLD.value
    )
    return frozenset(row["site"] for row in rows)


def judge(
    line: NewLine, item: Item | None, *, policy: Policy, today: date, site_is_cold: bool | None
) -> Judged:
    """Return what the gate says of a line as it is offered."""
    name = f"{item.name_zh} {item.name_en}" if item else line.words
    usual = item.shelf_life_days if item else None
    return gate.judge(
        sort=gate.sort_of(name, is_food=item is not None and item.is_food, said=line.sort),
        condition=line.condition,
        opened=line.opened,
        cold_chain=item is not None and item.cold_chain,
        shelf=gate.shelf(
            made_on=line.made_on, life_days=line.life_days, expires_on=line.expires_on, usual_days=usual
        ),
        policy=policy,
        today=today,
        site_is_cold=site_is_cold,
    )


async def offer_by_token(token: str) -> OfferView:
    """Return an offer by its secret link; raise NotFound."""
    found = await fetch_value("SELECT id FROM goods_offer WHERE token_hash = {}", ids.token_hash(token))
    if found is None:
        raise NotFound(NONE_SUCH)
    return await offer_by_id(found)


async def offer_by_number(number: str) -> OfferView:
    """Return an offer by its number; raise NotFound."""
    found = await fetch_value("SELECT id FROM goods_offer WHERE number = {}", number.strip().upper())
    if found is None:
        raise NotFound(NONE_SUCH)
    return await offer_by_id(found)


async def offer_by_id(offer_id: UUID) -> OfferView:
    """Return an offer with its lines and grades, nothing of it sealed; raise NotFound."""
    rows = await fetch(_OFFER + " WHERE o.id = {}", offer_id)
    if not rows:
        raise NotFound(NONE_SUCH)
    row = rows[0]
    is_open = row["state"] in {State.OFFERED, State.ACCEPTED}
    day = clock.today() if is_open else clock.china_day(row["created_at"])
    policy, cold = await policy_on(day), await cold_sites()
    lines = [
        _line(line, policy=policy, day=day, site_is_cold=row["site"] in cold)
        for line in await fetch(_LINES, offer_id)
    ]
    return OfferView(
        **{**row, "state": State(row["state"]), "restrictions": tuple(row["restrictions"])},
        lines=tuple(lines),
        grades=tuple(_grade(one) for one in await fetch(_GRADES, offer_id)),
    )


def _line(row: dict[str, Any], *, policy: Policy, day: date, site_is_cold: bool) -> LineView:
    known = row["item"] is not None
    dates = gate.shelf(
        made_on=row["made_on"],
        life_days=row["life_days"],
        expires_on=row["expires_on"],
        usual_days=row["shelf_life_days"],
    )
    judged = gate.judge(
        sort=Sort(row["sort"]),
        condition=Condition(row["condition"]),
        opened=row["opened"],
        cold_chain=bool(row["cold_chain"]),
        shelf=dates,
        policy=policy,
        today=day,
        site_is_cold=site_is_cold,
    )
    reason = row["reason"]
    why = gettext(REASONS[reason]) if reason else ""
    return LineView(
        id=row["id"],
        number=row["position"],
        item=row["item"],
        name=shown(row["name_zh"], row["name_en"]) if known else row["words"],
        unit=shown(row["unit_zh"], row["unit_en"]) if known else gettext(PIECES),
        category=row["category"] or "",
        quantity=row["quantity"],
        per_pack=row["per_pack"],
        made_on=dates.made_on,
        life_days=dates.life_days,
        expires_on=dates.expires_on,
        condition=Condition(row["condition"]),
        opened=row["opened"],
        sort=Sort(row["sort"]),
        judged=judged,
        decision=row["decision"],
        reason=": ".join(part for part in (why, row["reason_words"]) if part),
        fresh_list=row["fresh_list"],
        hand_out_by=row["hand_out_by"],
        counted=row["counted"],
        short_reason=row["short_reason"],
    )


def _grade(row: dict[str, Any]) -> GradeView:
    return GradeView(
        **{
            **row,
            "basis": row["basis"] or "",
            "value_fen": row["value_fen"] or 0,
            "source": row["source"] or "",
            "lot_number": row["lot_number"] or "",
        }
    )


def offer_path(offer_id: UUID) -> str:
    """Return the path of an offer's secret page."""
    return f"/goods/{crypto.secret_link(offer_id, purpose='goods offer')}"


@dataclass(frozen=True, slots=True)
class Giver:
    """Who offers, in the clear."""

    name: str
    phone: str
    email: str
    receiver: str


async def giver_of(offer_id: UUID) -> Giver:
    """Return who offers and for whom: for letters, receipts, and a look that was written down."""
    (row,) = await fetch(
        "SELECT giver_enc, phone_enc, email_enc, receiver_enc FROM goods_offer WHERE id = {}", offer_id
    )

    def opened(column: str, place: str) -> str:
        sealed = row[column]
        return crypto.unseal(sealed, place=place, row=offer_id) if sealed else ""

    return Giver(
        opened("giver_enc", tables.GIVER),
        opened("phone_enc", tables.PHONE),
        opened("email_enc", tables.EMAIL),
        opened("receiver_enc", tables.RECEIVER),
    )


async def booked_with_value(*, before: datetime) -> list[tuple[UUID, str, datetime]]:
    """Return the offers booked before a moment whose goods are ours and have a value, oldest first."""
    rows = await fetch(
        """SELECT o.id, o.number, b.at FROM goods_booking AS b JOIN goods_offer AS o ON o.id = b.offer
            WHERE b.at < {} AND o.receiver_enc IS NULL
              AND EXISTS (SELECT FROM stock_lot AS lot WHERE lot.source = 'offer' AND lot.source_id = o.id
                             AND lot.cost_fen > 0)
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


async def numbers_of(offer_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of offers."""
    rows = await fetch("SELECT id, number FROM goods_offer WHERE id = ANY({}::uuid[])", list(offer_ids))
    return {row["id"]: row["number"] for row in rows}


async def lots_for(receiver: str) -> frozenset[UUID]:
    """Return the entrusted lots whose giver named this receiver: `available(entrusted_for=…)` takes them."""
    rows = await fetch(
        """SELECT g.lot FROM goods_offer AS o JOIN goods_offer_line AS l ON l.offer = o.id
             JOIN goods_grade AS g ON g.line = l.id
            WHERE o.receiver_index = ANY({}::bytea[]) AND g.lot IS NOT NULL""",
        crypto.blind_indexes(gate.folded(receiver), purpose="goods receiver"),
    )
    return frozenset(row["lot"] for row in rows)


async def not_meant_for(lots: Collection[UUID], receiver: str) -> list[str]:
    """Return the numbers of those entrusted lots that belong to somebody else than this receiver."""
    allowed = await lots_for(receiver)
    rows = await fetch(
        "SELECT number FROM stock_lot WHERE entrusted AND id = ANY({}::uuid[]) AND id <> ALL({}::uuid[])"
        " ORDER BY number",
        list(lots),
        list(allowed),
    )
    return [row["number"] for row in rows]


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
    """The round before did not agree."""


async def counting(offer_id: UUID, person_id: UUID) -> Counting:
    """Return where the counting stands for one person."""
    rows = await fetch(
        "SELECT round, count(*) AS people, bool_or(person = {}) AS mine FROM goods_count WHERE offer = {}"
        " GROUP BY round ORDER BY round DESC LIMIT 1",
        person_id,
        offer_id,
    )
    if not rows:
        return Counting(1, 0, i_counted=False, differed=False)
    last = rows[0]
    if last["people"] == 2:
        return Counting(last["round"] + 1, 0, i_counted=False, differed=True)
    return Counting(last["round"], 1, i_counted=last["mine"], differed=last["round"] > 1)


async def valuers_of(offer_id: UUID) -> frozenset[UUID]:
    """Return who valued anything of an offer: none of them may book it."""
    rows = await fetch(
        """SELECT DISTINCT v.person FROM goods_value AS v JOIN goods_grade AS g ON g.id = v.graded
             JOIN goods_offer_line AS l ON l.id = g.line WHERE l.offer = {}""",
        offer_id,
    )
    return frozenset(row["person"] for row in rows)


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
                WHERE l.offer = {} AND g.lot IS NOT NULL),
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


async def may_read_files(visitor: Visitor | None, offer_id: UUID) -> bool:
    """Tell whether somebody may read what was sent with an offer: staff of its site, and who reads books."""
    staff = await posts.staff(visitor) if visitor else None
    found = await offer_by_id(offer_id)
    return any(
        decide(staff, action, now=clock.now(), organisation=found.organisation, region=found.region).allowed
        for action in (Action.GOODS_JUDGE, Action.GOODS_VALUE, Action.GOODS_BOOK, Action.BOOKS_READ)
    )
