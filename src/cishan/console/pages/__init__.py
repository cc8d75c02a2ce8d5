"""The pages of the desk."""

from litestar.types import ControllerRouterHandler

from cishan.console.pages import (
    approvals,
    calendar,
    desk,
    history,
    lists,
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
    *things.routes,
    *people.routes,
    *approvals.routes,
    *history.routes,
]
