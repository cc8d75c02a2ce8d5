"""The pages of the desk."""

from litestar.types import ControllerRouterHandler

from cishan.console.pages import (
    approvals,
    calendar,
    desk,
    history,
    lists,
    outgoing,
    people,
    retrying,
    search,
    things,
)

routes: list[ControllerRouterHandler] = [
    *desk.routes,
    *search.routes,
    *lists.routes,
    *retrying.routes,
    *calendar.routes,
    *outgoing.routes,
    *things.routes,
    *people.routes,
    *approvals.routes,
    *history.routes,
]
