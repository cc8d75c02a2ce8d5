"""One's own inbox."""

from typing import Any, Literal
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from cishan.identity import guards
from cishan.identity.guards import NO_STORE, OWN, lead_to
from cishan.kernel.errors import NotFound
from cishan.notify.actions import wishes
from cishan.notify.queries import inbox as queries
from cishan.plumbing import web

HOME = "/inbox"


async def _reader(request: Request[Any, Any, Any]) -> UUID:
    """Return whose inbox it is; an office has none."""
    visitor = await guards.signed_in(request)
    if visitor.person_id is None:
        raise NotFound(queries.NO_INBOX)
    return visitor.person_id


@get("/")
async def inbox_page(
    request: Request[Any, Any, Any],
    page: FromQuery[int] = 1,
    show: FromQuery[Literal["all", "unread"]] = "all",
) -> Template:
    """List one's messages, unread first."""
    box = await queries.inbox(await _reader(request), page=page, unread_only=show == "unread")
    return Template(template_name="notify/inbox.html", context={"box": box, "show": show}, headers=NO_STORE)


@get("/{message_id:uuid}")
async def message_page(request: Request[Any, Any, Any], message_id: FromPath[UUID]) -> Template:
    """Show one message; whoever sees it has read it."""
    reader = await _reader(request)
    message = await queries.message(reader, message_id)
    if "prefetch" not in request.headers.get("sec-purpose", ""):
        await wishes.mark_read(reader, message_id)
        web.tell_unread(await queries.unread(reader))
    return Template(template_name="notify/message.html", context={"message": message}, headers=NO_STORE)


@post("/read-all")
async def read_all(request: Request[Any, Any, Any]) -> Redirect:
    """Mark all of one's messages as read."""
    await wishes.mark_all_read(await _reader(request))
    return lead_to(HOME)


routes: list[ControllerRouterHandler] = [
    Router(path=HOME, route_handlers=[inbox_page, message_page, read_all], opt=OWN)
]
