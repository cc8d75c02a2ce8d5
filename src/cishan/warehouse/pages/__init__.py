"""The pages of the warehouse."""

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import figures, home, labels, scanning

routes: list[ControllerRouterHandler] = [
    *figures.routes,
    *home.routes,
    *labels.routes,
    *scanning.routes,
]
