"""Who stands at the door of a page that is not everybody's."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.actions.sessions import touch
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules.accounts import Staff, Visitor
from cishan.kernel.errors import SignInNeeded
from cishan.kernel.text import N_

STAFF_SIGN_IN = "/staff/sign-in"
SIGN_IN = "/sign-in"
NO_STORE = {"cache-control": "no-store"}
"""Such pages are for one person and one moment."""


def cookie_name(request: Request[Any, Any, Any], kind: str = "session") -> str:
    """Return a cookie's name; over TLS its prefix keeps other hosts from setting it."""
    return f"__Host-{kind}" if request.app.state.settings.secure_cookies else kind


async def signed_in(request: Request[Any, Any, Any]) -> Visitor:
    """Return who is signed in, or raise SignInNeeded."""
    visitor = await visitor_of(request.cookies.get(cookie_name(request), ""))
    if visitor is None:
        raise SignInNeeded(N_("Please sign in to see this page."))
    await touch(visitor)
    return visitor


async def signed_in_staff(request: Request[Any, Any, Any]) -> Staff:
    """Return which member of the staff is signed in, or raise SignInNeeded."""
    visitor = await signed_in(request)
    if not visitor.is_staff:
        raise SignInNeeded(N_("Please sign in to see this page."))
    return Staff(visitor.account_id, visitor.username, visitor.name)


def to_sign_in(request: Request[Any, Any, Any], _: SignInNeeded) -> Response[Any]:
    """Lead to the sign-in page, and back afterwards: the exception handler of guarded routes."""
    path = request.url.path
    door = STAFF_SIGN_IN if path == "/staff" or path.startswith("/staff/") else SIGN_IN
    back = urlencode({"next": path}) if request.method == "GET" else ""
    return Redirect(f"{door}?{back}".rstrip("?"), status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)
