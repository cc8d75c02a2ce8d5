"""Every form of the warehouse with what makes it valid: walls are tried with all of them.

`VALID` names each POST route; a route without a case fails `test_every_form`.
"""

from collections.abc import Iterator

from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.warehouse.forms import counts, drives, goods, offers, orders, transfers
from tests.warehouse.forms.world import Case

STARTS = (
    "/staff/warehouse",
    "/staff/goods-offers",
    "/staff/drives",
    "/staff/kits",
    "/staff/scan",
    "/staff/stocktakes",
    "/goods",
    "/o/",
)
NOT_HERE = ("/export", "/goods/{token:str}/receipts")
"""Exports of lists, which change nothing; and receipts for goods, which are of the slice of gifts."""

VALID: dict[str, Case] = {
    **orders.VALID,
    **transfers.VALID,
    **goods.VALID,
    **offers.VALID,
    **drives.VALID,
    **counts.VALID,
}
"""Each POST route of the warehouse with a form that does what it says; behind a # stands one more form."""
ROUTES = {name.partition("#")[0] for name in VALID}


def routes(app: Litestar, method: str) -> Iterator[str]:
    """Give the paths of the warehouse's routes."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(STARTS):
            for handler in route.route_handlers:
                if method in handler.http_methods and not route.path.endswith(NOT_HERE):
                    yield route.path
