"""By what one is reached: adding a mobile number to an address, or changing either."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity import guards
from cishan.identity.actions import codes, contacts
from cishan.identity.forms import EnterCode, NewContact
from cishan.identity.guards import NO_STORE, OWN, cookie_name, lead_to
from cishan.identity.pages.door import address_of, set_cookie
from cishan.identity.queries.accounts import account_card, code_contact
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.contacts import Contact
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms, i18n

HOME = "/account/contacts"
CHECK = f"{HOME}/check"


def _page(name: str, status: int, **context: Any) -> Template:
    return Template(
        template_name=f"identity/{name}.html", context=context, status_code=status, headers=NO_STORE
    )


def _secret(request: Request[Any, Any, Any]) -> str:
    return request.cookies.get(cookie_name(request, "code"), "")


@get("/")
async def contacts_page(request: Request[Any, Any, Any]) -> Template:
    """Show the contacts and ask for another."""
    visitor = await guards.changing_factors(request)
    return await _contacts_page(visitor, forms.empty(), HTTP_200_OK)


async def _contacts_page(visitor: Visitor, form: forms.Form[Any], status: int) -> Template:
    return _page("contacts", status, card=await account_card(visitor.account_id), form=form)


@post("/", status_code=HTTP_303_SEE_OTHER)
async def ask_code(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Send a code to the new contact."""
    visitor = await guards.changing_factors(request)
    form = forms.read(NewContact, await request.form())
    if form.value is None:
        return await _contacts_page(visitor, form, HTTP_422_UNPROCESSABLE_ENTITY)
    token = await codes.ask_code(form.value.contact, address=address_of(request), language=i18n.language())
    response = lead_to(CHECK)
    set_cookie(request, response, token, "code")
    return response


@get("/check")
async def code_page(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Ask for the code that was sent to the new contact."""
    await guards.changing_factors(request)
    sent_to = await code_contact(_secret(request), proved=False)
    return lead_to(HOME) if sent_to is None else _code_page(sent_to, forms.empty(), HTTP_200_OK)


def _code_page(sent_to: Contact, form: forms.Form[Any], status: int) -> Template:
    return _page("contact_code", status, sent_to=sent_to, form=form)


@post("/check", status_code=HTTP_303_SEE_OTHER)
async def change_contact(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take the code, and the contact with it."""
    visitor = await guards.changing_factors(request)
    sent_to = await code_contact(_secret(request), proved=False)
    form = forms.read(EnterCode, await request.form())
    if sent_to is None:
        return lead_to(HOME)
    try:
        if form.value is not None:
            await codes.prove_contact(_secret(request), form.value.code)
            await contacts.change_contact(visitor, _secret(request), language=i18n.language())
            return lead_to("/account")
    except Invalid as error:
        form = form.refused(error)
    return _code_page(sent_to, form, HTTP_422_UNPROCESSABLE_ENTITY)


routes: list[ControllerRouterHandler] = [
    Router(
        path=HOME,
        route_handlers=[contacts_page, ask_code, code_page, change_contact],
        opt=OWN,
    )
]
