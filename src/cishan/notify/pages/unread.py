"""The number beside the bell that stands on every page of somebody who is signed in."""

from contextlib import suppress
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from cishan.identity import guards
from cishan.kernel.errors import SignInNeeded
from cishan.notify.queries import inbox
from cishan.plumbing import web


def count_unread(app: ASGIApp) -> ASGIApp:
    """Let pages know how many messages their reader has not opened; whoever has no session costs nothing."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            request: Request[Any, Any, Any] = Request(scope)
            if guards.cookie_name(request) in request.cookies and _is_page(request):
                with suppress(SignInNeeded):
                    reader = (await guards.signed_in(request)).person_id
                    if reader is not None:
                        web.tell_unread(await inbox.unread(reader))
        await app(scope, receive, send)

    return serve


def _is_page(request: Request[Any, Any, Any]) -> bool:
    headers = request.headers
    return "text/html" in headers.get("accept", "") and "hx-request" not in headers
