"""One's inbox and what one wishes to be told; the outbox of a demonstration."""

from litestar.types import ControllerRouterHandler

from cishan.notify.pages import inboxes, outbox, preferences

routes: list[ControllerRouterHandler] = [*outbox.routes, *inboxes.routes, *preferences.routes]
