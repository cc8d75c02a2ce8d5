"""Offers of goods: as their giver follows them, as staff work on them, and for whom entrusted goods are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
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
           o.appointed_on, o.appointed_from, o.appointed_until, b.at AS booked_at, b.person AS booked_by,
           b.round AS booked_round
      FROM goods_offer AS o JOIN stock_site AS s ON s.id = o.site
      LEFT JOIN goods_booking AS b ON b.offer = o.id AND NOT EXISTS (
                SELECT FROM goods_reversal AS r WHERE r.booking = b.id AND r.state = 'agreed')"""
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
     WHERE l.offer = {} AND g.undone IS NULL ORDER BY l.position, g.grade"""


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


async def numbers_of(offer_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of offers."""
    rows = await fetch("SELECT id, number FROM goods_offer WHERE id = ANY({}::uuid[])", list(offer_ids))
    return {row["id"]: row["number"] for row in rows}


async def names_another(offer_id: UUID, receiver: str) -> bool:
    """Tell whether the giver of an offer named somebody else than this receiver."""
    rows = await fetch("SELECT receiver_index FROM goods_offer WHERE id = {}", offer_id)
    known = crypto.blind_indexes(gate.folded(receiver), purpose="goods receiver")
    return bool(rows) and rows[0]["receiver_index"] not in known


async def may_read_files(visitor: Visitor | None, offer_id: UUID) -> bool:
    """Tell whether somebody may read what was sent with an offer: staff of its site, and who reads books."""
    staff = await posts.staff(visitor) if visitor else None
    found = await offer_by_id(offer_id)
    return any(
        decide(staff, action, now=clock.now(), organisation=found.organisation, region=found.region).allowed
        for action in (Action.GOODS_JUDGE, Action.GOODS_VALUE, Action.GOODS_BOOK, Action.BOOKS_READ)
    )
