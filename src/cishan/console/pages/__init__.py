"""The pages of the desk."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from cishan.console.pages import lists
from cishan.identity.guards import to_sign_in
from cishan.kernel.errors import SignInNeeded

routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[*lists.routes], exception_handlers={SignInNeeded: to_sign_in})
]
