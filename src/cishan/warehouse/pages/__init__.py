"""The pages of the warehouse."""

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import counting, figures, home, labels, scanning, stocktakes

routes: list[ControllerRouterHandler] = [
    *figures.routes,
    *home.routes,
    *labels.routes,
    *scanning.routes,
    *stocktakes.routes,
    *counting.routes,
]
