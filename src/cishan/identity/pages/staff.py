"""Signing in and out as staff."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.actions import accounts as actions
from cishan.identity.actions import passkeys
from cishan.identity.forms import StaffSignIn
from cishan.identity.guards import NO_STORE, PUBLIC, STAFF_SIGN_IN
from cishan.identity.pages.door import address_of, device_of, let_in, let_out, site_of
from cishan.identity.queries import people
from cishan.identity.rules.accounts import DEMO_PASSWORD
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms
from cishan.plumbing.web import safe_path

AFTER = "/staff"


@get("/staff/sign-in")
async def sign_in_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Ask for name and password, or for a passkey."""
    return await _page(request, forms.empty(next=safe_path(next, AFTER)), HTTP_200_OK)


async def _page(request: Request[Any, Any, Any], form: forms.Form[Any], status: int) -> Template:
    site = site_of(request)
    options = passkeys.sign_in_options(site) if site is not None else ""
    return Template(
        template_name="identity/sign_in_staff.html",
        context={
            "form": form,
            "options": options,
            "roles": ROLE_NAMES,
            "demo_accounts": await people.demo_accounts(),
            "demo_password": DEMO_PASSWORD,
        },
        status_code=status,
        headers=NO_STORE,
    )


@post("/staff/sign-in", status_code=HTTP_303_SEE_OTHER)
async def sign_in(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a session, and go where the person wanted to go."""
    form = forms.read(StaffSignIn, await request.form())
    if form.value is None:
        return await _page(request, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        token = await actions.sign_in(
            login=form.value.username,
            password=form.value.password,
            address=address_of(request),
            device=device_of(request),
        )
    except Invalid as error:
        return await _page(request, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    return await let_in(request, token, safe_path(form.value.next, AFTER))


@post("/staff/sign-out", status_code=HTTP_303_SEE_OTHER)
async def sign_out(request: Request[Any, Any, Any]) -> Redirect:
    """End the session."""
    return await let_out(request, STAFF_SIGN_IN)


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[sign_in_page, sign_in, sign_out], opt=PUBLIC)
]
