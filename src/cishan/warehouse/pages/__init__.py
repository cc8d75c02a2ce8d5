"""The pages of the warehouse."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from cishan.warehouse.pages import figures

routes: Sequence[ControllerRouterHandler] = [*figures.routes]
