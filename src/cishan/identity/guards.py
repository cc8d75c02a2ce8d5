"""Who stands at the door of a staff page."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.queries.accounts import staff_of
from cishan.identity.rules.accounts import Staff
from cishan.kernel.errors import SignInNeeded
from cishan.kernel.text import N_

SIGN_IN = "/staff/sign-in"
NO_STORE = {"cache-control": "no-store"}
"""Staff pages are for one person and one moment."""


def cookie_name(request: Request[Any, Any, Any]) -> str:
    """Return the session cookie's name; over TLS its prefix keeps other hosts from setting it."""
    return "__Host-staff" if request.app.state.settings.secure_cookies else "staff"


async def signed_in_staff(request: Request[Any, Any, Any]) -> Staff:
    """Return who is signed in, or raise SignInNeeded."""
    staff = await staff_of(request.cookies.get(cookie_name(request), ""))
    if staff is None:
        raise SignInNeeded(N_("Please sign in to see this page."))
    return staff


def to_sign_in(request: Request[Any, Any, Any], _: SignInNeeded) -> Response[Any]:
    """Lead to the sign-in page, and back afterwards: the exception handler of staff routes."""
    back = urlencode({"next": request.url.path}) if request.method == "GET" else ""
    return Redirect(f"{SIGN_IN}?{back}".rstrip("?"), status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)
