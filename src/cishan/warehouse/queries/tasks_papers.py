"""How many offers and orders wait at which site; other nouns count their own."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cishan.identity.rules.permissions import Action
from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.tasks import Count, Line, register

OFFERS = """
    SELECT t.site, count(*) AS number FROM goods_offer AS t JOIN stock_site AS w ON w.id = t.site
     WHERE t.state = {} AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""
ORDERS = """
    SELECT t.site, count(*) AS number FROM goods_order AS t JOIN stock_site AS w ON w.id = t.site
     WHERE t.state = {} AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""
REVERSALS = """
    SELECT t.site, count(*) AS number FROM goods_reversal AS r JOIN goods_offer AS t ON t.id = r.offer
      JOIN stock_site AS w ON w.id = t.site
     WHERE r.state = {} AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""
APPOINTMENTS = """
    SELECT t.site, count(*) AS number FROM goods_offer AS t JOIN stock_site AS w ON w.id = t.site
     WHERE t.state = 'accepted' AND t.appointed_on <= {} AND w.active
       AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""


def _in_state(sql: str, state: str) -> Count:
    """Return how papers of a state are counted by a query with places for the state and the regions."""

    async def count(regions: Sequence[str]) -> Mapping[UUID | None, int]:
        return {row["site"]: row["number"] for row in await fetch(sql, state, list(regions))}

    return count


async def _appointed(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    """Count what was to come today or before, and was not counted yet."""
    rows = await fetch(APPOINTMENTS, clock.today(), list(regions))
    return {row["site"]: row["number"] for row in rows}


_OFFERS = "/staff/goods-offers?site={name}&state="
_ORDERS = "/staff/warehouse/orders?site={site}&state="
for _line in (
    Line(N_("Offers to answer"), _OFFERS + "offered", _in_state(OFFERS, "offered"), Action.GOODS_JUDGE, 10),
    Line(
        N_("Goods expected today"),
        _OFFERS + "accepted&appointed_until={today}",
        _appointed,
        Action.STOCK_WORK,
        12,
        is_urgent=True,
    ),
    Line(N_("Goods to grade"), _OFFERS + "counted", _in_state(OFFERS, "counted"), Action.STOCK_WORK, 14),
    Line(N_("Goods to value"), _OFFERS + "graded", _in_state(OFFERS, "graded"), Action.GOODS_VALUE, 16),
    Line(N_("Goods to book"), _OFFERS + "valued", _in_state(OFFERS, "valued"), Action.GOODS_BOOK, 18),
    Line(
        N_("Bookings to reverse"),
        "/staff/goods-offers?site={name}&reversal=1",
        _in_state(REVERSALS, "proposed"),
        Action.GOODS_BOOK,
        19,
    ),
    Line(
        N_("Orders to set goods aside for"),
        _ORDERS + "requested",
        _in_state(ORDERS, "requested"),
        Action.STOCK_WORK,
        40,
    ),
    Line(N_("Orders to pick"), _ORDERS + "reserved", _in_state(ORDERS, "reserved"), Action.STOCK_WORK, 42),
    Line(N_("Orders being picked"), _ORDERS + "picking", _in_state(ORDERS, "picking"), Action.STOCK_WORK, 44),
    Line(N_("Parcels to hand over"), _ORDERS + "packed", _in_state(ORDERS, "packed"), Action.STOCK_WORK, 46),
):
    register(_line)
