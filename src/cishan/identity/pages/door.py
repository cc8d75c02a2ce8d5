"""What all ways in have in common: the cookie, the address, the kind of browser."""

from typing import Any

from litestar import Request
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.actions import sessions
from cishan.identity.guards import NO_STORE, cookie_name
from cishan.identity.rules.accounts import device


def address_of(request: Request[Any, Any, Any]) -> str:
    """Return the address from which a request comes."""
    return request.client.host if request.client else ""


def device_of(request: Request[Any, Any, Any]) -> str:
    """Return the kind of browser in rough words."""
    return device(request.headers.get("user-agent", "")[:500])


def set_cookie(
    request: Request[Any, Any, Any], response: Redirect, token: str, kind: str = "session"
) -> None:
    """Give the browser a secret that its scripts cannot read."""
    secure = request.app.state.settings.secure_cookies
    response.set_cookie(
        cookie_name(request, kind), token, path="/", httponly=True, samesite="lax", secure=secure
    )


async def let_in(request: Request[Any, Any, Any], token: str, to: str) -> Redirect:
    """Lead on with a new session; the one that this browser had before ends."""
    await sessions.sign_out(request.cookies.get(cookie_name(request), ""))
    response = Redirect(to, status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)
    set_cookie(request, response, token)
    return response


async def let_out(request: Request[Any, Any, Any], to: str) -> Redirect:
    """End the session and lead to a page that needs none."""
    name = cookie_name(request)
    await sessions.sign_out(request.cookies.get(name, ""))
    headers = {**NO_STORE, "clear-site-data": '"cache"'}
    response = Redirect(to, status_code=HTTP_303_SEE_OTHER, headers=headers)
    response.delete_cookie(name, path="/")
    return response
