"""Signing in by password or by code, and registering."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Router, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.actions import accounts, codes, passkeys, people
from cishan.identity.forms import AskCode, EnterCode, Register, ShowPasskey, SignIn
from cishan.identity.guards import NO_STORE, PUBLIC, SIGN_IN, cookie_name, lead_to
from cishan.identity.pages.door import address_of, device_of, let_in, let_out, set_cookie, site_of
from cishan.identity.queries.accounts import code_contact
from cishan.kernel.contacts import Contact
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms, i18n
from cishan.plumbing.web import safe_path

AFTER = "/account"
CODE, REGISTER = "/sign-in/code", "/register"


def _page(name: str, status: int, **context: Any) -> Template:
    return Template(
        template_name=f"identity/{name}.html", context=context, status_code=status, headers=NO_STORE
    )


def _to(path: str, next: str) -> Redirect:
    wanted = safe_path(next, AFTER)
    query = "" if wanted == AFTER else f"?{urlencode({'next': wanted})}"
    return lead_to(path + query)


def _secret(request: Request[Any, Any, Any]) -> str:
    return request.cookies.get(cookie_name(request, "code"), "")


@get("/sign-in")
async def sign_in_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Ask for a password, for a passkey, or where a code shall go."""
    wanted = forms.empty(next=safe_path(next, AFTER))
    return _sign_in_page(request, HTTP_200_OK, form=wanted, code_form=wanted)


def _sign_in_page(
    request: Request[Any, Any, Any], status: int, *, form: forms.Form[Any], code_form: forms.Form[Any]
) -> Template:
    site = site_of(request)
    options = passkeys.sign_in_options(site) if site is not None else ""
    return _page("sign_in", status, form=form, code_form=code_form, options=options)


@post("/sign-in", status_code=HTTP_303_SEE_OTHER)
async def sign_in(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a session by password, and go where the person wanted to go."""
    form = forms.read(SignIn, await request.form())
    try:
        if form.value is not None:
            token = await accounts.sign_in(
                login=form.value.login,
                password=form.value.password,
                address=address_of(request),
                device=device_of(request),
            )
            return await let_in(request, token, safe_path(form.value.next, AFTER))
    except Invalid as error:
        form = form.refused(error)
    wanted = forms.empty(next=form.typed("next"))
    return _sign_in_page(request, HTTP_422_UNPROCESSABLE_ENTITY, form=form, code_form=wanted)


@post("/sign-in/passkey", status_code=HTTP_303_SEE_OTHER)
async def enter_by_passkey(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a session by a passkey alone, and go where the person wanted to go."""
    form, site = forms.read(ShowPasskey, await request.form()), site_of(request)
    wanted = forms.empty(next=safe_path(form.typed("next"), AFTER))
    try:
        if form.value is None or site is None:
            raise Invalid(passkeys.REFUSED)
        token = await passkeys.enter(
            site, answer=form.value.answer, address=address_of(request), device=device_of(request)
        )
        return await let_in(request, token, safe_path(form.value.next, AFTER))
    except Invalid as error:
        return _sign_in_page(
            request, HTTP_422_UNPROCESSABLE_ENTITY, form=wanted.refused(error), code_form=wanted
        )


@post(CODE, status_code=HTTP_303_SEE_OTHER)
async def ask_code(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Send a code; the answer is the same whether there is an account or not."""
    form = forms.read(AskCode, await request.form())
    if form.value is None:
        wanted = forms.empty(next=form.typed("next"))
        return _sign_in_page(request, HTTP_422_UNPROCESSABLE_ENTITY, form=wanted, code_form=form)
    token = await codes.ask_code(form.value.contact, address=address_of(request), language=i18n.language())
    response = _to(CODE, form.value.next)
    set_cookie(request, response, token, "code")
    return response


@get(CODE)
async def code_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Redirect | Template:
    """Ask for the code."""
    sent_to = await code_contact(_secret(request), proved=False)
    if sent_to is None:
        return _to(SIGN_IN, next)
    return _code_page(sent_to, forms.empty(next=safe_path(next, AFTER)), HTTP_200_OK)


def _code_page(sent_to: Contact, form: forms.Form[Any], status: int) -> Template:
    return _page("code", status, form=form, sent_to=sent_to)


@post("/sign-in/code/check", status_code=HTTP_303_SEE_OTHER)
async def check_code(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a session by code, or lead on to registration."""
    sent_to = await code_contact(_secret(request), proved=False)
    form = forms.read(EnterCode, await request.form())
    if sent_to is None:
        return _to(SIGN_IN, form.typed("next"))
    try:
        if form.value is not None:
            token = await codes.prove(_secret(request), form.value.code, device=device_of(request))
            if token is None:
                return _to(REGISTER, form.value.next)
            return await let_in(request, token, safe_path(form.value.next, AFTER))
    except Invalid as error:
        form = form.refused(error)
    return _code_page(sent_to, form, HTTP_422_UNPROCESSABLE_ENTITY)


@get(REGISTER)
async def register_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Redirect | Template:
    """Ask for a name and consent, after the code."""
    contact = await code_contact(_secret(request), proved=True)
    if contact is None:
        return _to(SIGN_IN, next)
    return _page("register", HTTP_200_OK, form=forms.empty(next=safe_path(next, AFTER)), contact=contact)


@post(REGISTER, status_code=HTTP_303_SEE_OTHER)
async def register(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Make the account and open a session."""
    contact = await code_contact(_secret(request), proved=True)
    form = forms.read(Register, await request.form())
    if contact is None:
        return _to(SIGN_IN, form.typed("next"))
    try:
        if form.value is not None:
            token = await people.register(
                _secret(request),
                name=form.value.name,
                password=form.value.password,
                device=device_of(request),
            )
            return await let_in(request, token, safe_path(form.value.next, AFTER))
    except Invalid as error:
        form = form.refused(error)
    return _page("register", HTTP_422_UNPROCESSABLE_ENTITY, form=form, contact=contact)


@post("/sign-out", status_code=HTTP_303_SEE_OTHER)
async def sign_out(request: Request[Any, Any, Any]) -> Redirect:
    """End the session."""
    return await let_out(request, "/")


routes: list[ControllerRouterHandler] = [
    Router(
        "/",
        route_handlers=[
            sign_in_page,
            sign_in,
            enter_by_passkey,
            ask_code,
            code_page,
            check_code,
            register_page,
            register,
            sign_out,
        ],
        opt=PUBLIC,
    )
]
