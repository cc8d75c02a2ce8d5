"""The pages of the desk."""

from litestar.types import ControllerRouterHandler

from cishan.console.pages import lists

routes: list[ControllerRouterHandler] = [*lists.routes]
