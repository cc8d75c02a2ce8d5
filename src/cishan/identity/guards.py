"""Who stands at the door of a page that is not everybody's."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.actions.sessions import touch
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules import factors
from cishan.identity.rules.accounts import Staff, Visitor
from cishan.kernel import clock
from cishan.kernel.errors import SecondFactorNeeded, SignInNeeded
from cishan.kernel.text import N_
from cishan.plumbing.web import safe_path

STAFF_SIGN_IN = "/staff/sign-in"
SIGN_IN = "/sign-in"
CHECK = "/account/second-factor/check"
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


def step_up(visitor: Visitor, *, within: timedelta = factors.FRESH) -> None:
    """Raise SecondFactorNeeded unless this session showed a second factor within that time."""
    if not factors.stands(visitor.second_factor_at, clock.now(), within):
        raise SecondFactorNeeded(N_("Please confirm with your second factor."))


def to_sign_in(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Lead to the sign-in page or to the second factor, and back afterwards: handler of guarded routes."""
    path = request.url.path
    if isinstance(error, SecondFactorNeeded):
        door = CHECK
    else:
        door = STAFF_SIGN_IN if path == "/staff" or path.startswith("/staff/") else SIGN_IN
    wanted = path if request.method == "GET" else ""
    if not wanted and door == CHECK:
        wanted = safe_path(urlsplit(request.headers.get("referer", "")).path, "")
    target = f"{door}?{urlencode({'next': wanted})}" if wanted else door
    if request.headers.get("HX-Request") == "true":
        return Response("", headers={**NO_STORE, "HX-Redirect": target})
    return Redirect(target, status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)
