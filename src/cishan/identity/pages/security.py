"""How one's account is kept safe: second factors, recovery codes, where one is signed in."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity import guards
from cishan.identity.actions import factors, passkeys, sessions
from cishan.identity.forms import AddApp, AddPasskey, One
from cishan.identity.guards import NO_STORE, OWN, lead_to
from cishan.identity.pages.door import site_of
from cishan.identity.queries import accounts as queries
from cishan.identity.queries.factors import factors_of, recovery_codes_left
from cishan.identity.rules import factors as rules
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms, qr
from cishan.plumbing.web import safe_path

HOME = "/account/security"


def _page(name: str, status: int, **context: Any) -> Template:
    return Template(
        template_name=f"identity/{name}.html", context=context, status_code=status, headers=NO_STORE
    )


def _home() -> Redirect:
    return lead_to(HOME)


@get("/")
async def security_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Show second factors, recovery codes and sessions; `next` is what waits for a second factor."""
    visitor = await guards.signed_in(request)
    return _page(
        "security",
        HTTP_200_OK,
        visitor=visitor,
        factors=await factors_of(visitor.account_id),
        codes_left=await recovery_codes_left(visitor.account_id),
        sessions=await queries.sessions(visitor.account_id),
        next=safe_path(next, ""),
        passkeys=site_of(request) is not None,
    )


@get("/app")
async def app_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Show a square code for an authenticator app."""
    visitor = await guards.changing_factors(request)
    return await _app_page(request, visitor, forms.empty(next=safe_path(next, "")), HTTP_200_OK)


async def _app_page(
    request: Request[Any, Any, Any], visitor: Visitor, form: forms.Form[Any], status: int
) -> Template:
    try:
        sealed = form.typed("offer")
        secret = factors.offered(visitor, sealed)
    except Invalid:
        secret, sealed = factors.offer(visitor)
    address = rules.address(
        secret,
        account=await _account_name(visitor),
        issuer=request.app.state.settings.organisation.short_name,
    )
    return _page("factor_app", status, form=form, qr=qr.inline(address), secret=secret, offer=sealed)


async def _account_name(visitor: Visitor) -> str:
    """Return by what its owner tells this account from others in an app: never the whole contact."""
    card = await queries.account_card(visitor.account_id)
    return visitor.username or next(iter(card.contacts), visitor.name)


@post("/app", status_code=HTTP_200_OK)
async def add_app(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take the app by its first code; show the recovery codes if it is the first factor."""
    visitor = await guards.changing_factors(request)
    form = forms.read(AddApp, await request.form())
    try:
        if form.value is not None:
            secret = factors.offered(visitor, form.value.offer)
            codes = await factors.add_app(
                visitor, secret=secret, code=form.value.code, label=form.value.label
            )
            return _added(codes, form.value.next)
    except Invalid as error:
        form = form.refused(error)
    return await _app_page(request, visitor, form, HTTP_422_UNPROCESSABLE_ENTITY)


def _added(codes: list[str], next: str) -> Redirect | Template:
    wanted = safe_path(next, HOME)
    if codes:
        return _page("recovery_codes", HTTP_200_OK, codes=codes, next=wanted)
    return lead_to(wanted)


@get("/passkey")
async def passkey_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Offer to make a passkey."""
    visitor = await guards.changing_factors(request)
    return await _passkey_page(request, visitor, forms.empty(next=safe_path(next, "")), HTTP_200_OK)


async def _passkey_page(
    request: Request[Any, Any, Any], visitor: Visitor, form: forms.Form[Any], status: int
) -> Template:
    site, options = site_of(request), ""
    if site is not None:
        name = await _account_name(visitor)
        options = await passkeys.registration_options(visitor, site, account_name=name)
    return _page("factor_passkey", status, form=form, options=options)


@post("/passkey", status_code=HTTP_200_OK)
async def add_passkey(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take the passkey that the browser made; show the recovery codes if it is the first factor."""
    visitor = await guards.changing_factors(request)
    form, site = forms.read(AddPasskey, await request.form()), site_of(request)
    try:
        if form.value is not None:
            if site is None:
                raise Invalid(passkeys.REFUSED)
            codes = await passkeys.add_passkey(
                visitor, site, answer=form.value.answer, label=form.value.label
            )
            return _added(codes, form.value.next)
    except Invalid as error:
        form = form.refused(error)
    return await _passkey_page(request, visitor, form, HTTP_422_UNPROCESSABLE_ENTITY)


@post("/remove")
async def remove_factor(request: Request[Any, Any, Any]) -> Redirect:
    """Forget one factor."""
    visitor = await guards.changing_factors(request)
    form = forms.read(One, await request.form())
    if form.value is None:
        raise NotFound(N_("There is no such thing in your account."))
    await factors.remove(visitor, form.value.id)
    return _home()


@post("/recovery-codes", status_code=HTTP_200_OK)
async def renew_codes(request: Request[Any, Any, Any]) -> Template:
    """Make ten new recovery codes and show them, once."""
    visitor = await guards.changing_factors(request)
    return _page("recovery_codes", HTTP_200_OK, codes=await factors.renew_codes(visitor), next=HOME)


@post("/sessions/end")
async def end_session(request: Request[Any, Any, Any]) -> Redirect:
    """Sign out one browser."""
    visitor = await guards.signed_in(request)
    form = forms.read(One, await request.form())
    if form.value is None:
        raise NotFound(N_("There is no such thing in your account."))
    await sessions.end_session(visitor.account_id, form.value.id)
    return _home()


@post("/sessions/end-others")
async def end_other_sessions(request: Request[Any, Any, Any]) -> Redirect:
    """Sign out everywhere else."""
    visitor = await guards.signed_in(request)
    await sessions.end_other_sessions(visitor.account_id, but=visitor.session_id)
    return _home()


routes: list[ControllerRouterHandler] = [
    Router(
        path=HOME,
        route_handlers=[
            security_page,
            app_page,
            add_app,
            passkey_page,
            add_passkey,
            remove_factor,
            renew_codes,
            end_session,
            end_other_sessions,
        ],
        opt=OWN,
    )
]
