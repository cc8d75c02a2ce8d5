"""Showing a second factor: after the password, and again before what weighs much."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Request, Router, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.actions import factors, passkeys
from cishan.identity.forms import ShowCode, ShowPasskey, UseRecoveryCode
from cishan.identity.guards import CHECK, NO_STORE, PUBLIC, cookie_name, lead_to
from cishan.identity.pages import security
from cishan.identity.pages.door import device_of, set_cookie, site_of
from cishan.identity.queries.factors import Standing, factors_of, recovery_codes_left, standing_of
from cishan.identity.rules.factors import Kind
from cishan.kernel.errors import Invalid, SignInNeeded
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.web import safe_path

AFTER = "/account"
S = TypeVar("S", ShowCode, UseRecoveryCode, ShowPasskey)


async def _standing(request: Request[Any, Any, Any]) -> Standing:
    standing = await standing_of(request.cookies.get(cookie_name(request), ""))
    if standing is None:
        raise SignInNeeded(N_("Please sign in to see this page."))
    return standing


@get("/")
async def check_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Redirect | Template:
    """Ask for a second factor; whoever has none is led to where one is added."""
    wanted = safe_path(next, AFTER)
    return await _check_page(request, await _standing(request), forms.empty(next=wanted), HTTP_200_OK)


async def _check_page(
    request: Request[Any, Any, Any], standing: Standing, form: forms.Form[Any], status: int
) -> Redirect | Template:
    kinds = {factor.kind for factor in await factors_of(standing.account_id)}
    wanted = safe_path(form.typed("next"), AFTER)
    if not kinds:
        target = f"{security.HOME}?{urlencode({'next': wanted})}"
        return lead_to(target)
    site = site_of(request)
    context = {
        "form": form,
        "due": standing.due,
        "wanted": wanted,
        "app": Kind.APP in kinds,
        "passkey": Kind.PASSKEY in kinds,
        "options": await passkeys.second_factor_options(standing, site) if site is not None else "",
        "codes_left": await recovery_codes_left(standing.account_id),
    }
    return Template(
        template_name="identity/second_factor.html", context=context, status_code=status, headers=NO_STORE
    )


async def _show(
    request: Request[Any, Any, Any], struct: type[S], show: Callable[[Standing, S], Awaitable[str]]
) -> Redirect | Template:
    standing = await _standing(request)
    form = forms.read(struct, await request.form())
    try:
        if form.value is not None:
            token = await show(standing, form.value)
            wanted = safe_path(form.value.next, AFTER)
            response = lead_to(wanted)
            set_cookie(request, response, token)
            return response
    except Invalid as error:
        form = form.refused(error)
    return await _check_page(request, standing, form, HTTP_422_UNPROCESSABLE_ENTITY)


@post("/", status_code=HTTP_303_SEE_OTHER)
async def show_code(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take the code of an authenticator app."""
    return await _show(request, ShowCode, lambda standing, form: factors.show_code(standing, form.code))


@post("/recovery", status_code=HTTP_303_SEE_OTHER)
async def use_recovery_code(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take a recovery code."""

    async def use(standing: Standing, form: UseRecoveryCode) -> str:
        return await factors.use_recovery_code(standing, form.recovery, device=device_of(request))

    return await _show(request, UseRecoveryCode, use)


@post("/passkey", status_code=HTTP_303_SEE_OTHER)
async def show_passkey(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take the answer of a passkey."""

    async def show(standing: Standing, form: ShowPasskey) -> str:
        site = site_of(request)
        if site is None:
            raise Invalid(passkeys.REFUSED)
        return await passkeys.show_passkey(standing, site, form.answer)

    return await _show(request, ShowPasskey, show)


routes: list[ControllerRouterHandler] = [
    Router(
        path=CHECK,
        route_handlers=[check_page, show_code, use_recovery_code, show_passkey],
        opt=PUBLIC,  # also of who has shown the password alone: `_standing` opens it
    )
]
