"""The pages of the warehouse."""

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import (
    counting,
    figures,
    giving_goods,
    handing,
    home,
    labels,
    orders,
    picking,
    receiving,
    scanning,
    scraps,
    stocktakes,
)

routes: list[ControllerRouterHandler] = [
    *figures.routes,
    *handing.routes,
    *home.routes,
    *giving_goods.routes,
    *receiving.routes,
    *labels.routes,
    *orders.routes,
    *picking.routes,
    *scanning.routes,
    *stocktakes.routes,
    *counting.routes,
    *scraps.routes,
]
