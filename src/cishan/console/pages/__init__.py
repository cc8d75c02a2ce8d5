"""The pages of the desk."""

from litestar.types import ControllerRouterHandler

from cishan.console.pages import approvals, desk, history, lists, people, retrying, search, things

routes: list[ControllerRouterHandler] = [
    *desk.routes,
    *search.routes,
    *lists.routes,
    *retrying.routes,
    *things.routes,
    *people.routes,
    *approvals.routes,
    *history.routes,
]
