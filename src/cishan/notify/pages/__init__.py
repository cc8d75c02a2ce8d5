"""The outbox of a demonstration."""

from litestar.types import ControllerRouterHandler

from cishan.notify.pages import outbox

routes: list[ControllerRouterHandler] = [*outbox.routes]
