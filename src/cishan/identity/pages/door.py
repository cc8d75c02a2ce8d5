"""What all ways in have in common: the cookie, the address, the kind of browser."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.actions import sessions
from cishan.identity.actions.passkeys import Site
from cishan.identity.guards import CHECK, NO_STORE, cookie_name, lead_to
from cishan.identity.queries.factors import standing_of
from cishan.identity.rules.accounts import device


def address_of(request: Request[Any, Any, Any]) -> str:
    """Return the address from which a request comes."""
    return request.client.host if request.client else ""


def device_of(request: Request[Any, Any, Any]) -> str:
    """Return the kind of browser in rough words."""
    return device(request.headers.get("user-agent", "")[:500])


def site_of(request: Request[Any, Any, Any]) -> Site | None:
    """Return for which site passkeys work here; None: browsers make none for a bare number or without TLS."""
    settings = request.app.state.settings
    host = request.headers.get("host", "").lower()
    name, public = urlsplit(f"//{host}").hostname or "", urlsplit(settings.public_url).hostname or ""
    if name != "localhost" and not settings.secure_cookies:
        return None
    scheme = "https" if settings.secure_cookies else "http"
    bound_to = public if name.endswith(f".{public}") else name
    return Site(settings.organisation.short_name, bound_to, f"{scheme}://{host}")


def set_cookie(
    request: Request[Any, Any, Any], response: Redirect, token: str, kind: str = "session"
) -> None:
    """Give the browser a secret that its scripts cannot read."""
    secure = request.app.state.settings.secure_cookies
    response.set_cookie(
        cookie_name(request, kind), token, path="/", httponly=True, samesite="lax", secure=secure
    )


async def let_in(request: Request[Any, Any, Any], token: str, to: str) -> Redirect:
    """Lead on with a new session, by way of the second factor if it is due; the one before ends."""
    await sessions.sign_out(request.cookies.get(cookie_name(request), ""))
    standing = await standing_of(token)
    if standing is not None and standing.due:
        to = f"{CHECK}?{urlencode({'next': to})}"
    response = lead_to(to)
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
