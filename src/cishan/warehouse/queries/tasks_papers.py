"""How many papers wait at which site: offers, orders, transfers, stocktakes."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cishan.identity.rules.permissions import Action
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.tasks import Count, Line, register

ORDERS = """
    SELECT t.site, count(*) AS number FROM goods_order AS t JOIN stock_site AS w ON w.id = t.site
     WHERE t.state = {} AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""
STOCKTAKES = """
    SELECT t.site, count(*) AS number FROM stocktake AS t JOIN stock_site AS w ON w.id = t.site
     WHERE t.state = {} AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY t.site"""


def _in_state(sql: str, state: str) -> Count:
    """Return how papers of a state are counted by a query with places for the state and the regions."""

    async def count(regions: Sequence[str]) -> Mapping[UUID | None, int]:
        return {row["site"]: row["number"] for row in await fetch(sql, state, list(regions))}

    return count


_ORDERS = "/staff/warehouse/orders?site={site}&state="
for _line in (
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
    Line(
        N_("Stocktakes to count"),
        "/staff/stocktakes?site={name}&state=counting",
        _in_state(STOCKTAKES, "counting"),
        Action.STOCK_WORK,
        62,
    ),
    Line(
        N_("Stocktakes to judge"),
        "/staff/stocktakes?site={name}&state=review",
        _in_state(STOCKTAKES, "review"),
        Action.STOCK_READ,
        64,
    ),
):
    register(_line)
