"""The pages of the warehouse."""

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import (
    counting,
    figures,
    handing,
    home,
    labels,
    orders,
    picking,
    scanning,
    scraps,
    stocktakes,
)

routes: list[ControllerRouterHandler] = [
    *figures.routes,
    *handing.routes,
    *home.routes,
    *labels.routes,
    *orders.routes,
    *picking.routes,
    *scanning.routes,
    *stocktakes.routes,
    *counting.routes,
    *scraps.routes,
]
