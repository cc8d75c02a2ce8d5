"""The pages of the warehouse."""

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import (
    counting,
    distribution,
    drives,
    figures,
    giving_goods,
    goods,
    handing,
    home,
    kits,
    labels,
    lots,
    orders,
    picking,
    recalls,
    receiving,
    scanning,
    scraps,
    sites,
    stocktakes,
    transfers,
)

routes: list[ControllerRouterHandler] = [
    *distribution.routes,
    *drives.routes,
    *figures.routes,
    *handing.routes,
    *home.routes,
    *giving_goods.routes,
    *receiving.routes,
    *kits.routes,
    *labels.routes,
    *orders.routes,
    *picking.routes,
    *scanning.routes,
    *stocktakes.routes,
    *counting.routes,
    *scraps.routes,
    *recalls.routes,
    *goods.routes,
    *lots.routes,
    *sites.routes,
    *transfers.routes,
]
