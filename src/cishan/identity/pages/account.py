"""One's own account: its contacts, the password, one's children."""

from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity import guards
from cishan.identity.actions import accounts, people
from cishan.identity.forms import ChangePassword, Child, One
from cishan.identity.guards import NO_STORE, OWN, lead_to
from cishan.identity.queries import accounts as queries
from cishan.identity.queries.factors import has_factor
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.errors import Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms

HOME = "/account"


def _back(path: str = HOME) -> Redirect:
    return lead_to(path)


@get("/")
async def account_page(request: Request[Any, Any, Any]) -> Template:
    """Show contacts, how the account is kept safe, and children."""
    visitor = await guards.signed_in(request)
    context = {
        "visitor": visitor,
        "card": await queries.account_card(visitor.account_id),
        "has_factor": await has_factor(visitor.account_id),
        "children": await queries.minors_of(visitor.person_id) if visitor.person_id else [],
    }
    return Template(template_name="identity/account.html", context=context, headers=NO_STORE)


async def _chosen(request: Request[Any, Any, Any]) -> UUID:
    form = forms.read(One, await request.form())
    if form.value is None:
        raise NotFound(N_("There is no such thing in your account."))
    return form.value.id


@get("/password")
async def password_page(request: Request[Any, Any, Any]) -> Template:
    """Ask for the old password and a new one."""
    return await _password_page(await guards.signed_in(request), forms.empty(), HTTP_200_OK)


async def _password_page(visitor: Visitor, form: forms.Form[Any], status: int) -> Template:
    card = await queries.account_card(visitor.account_id)
    return Template(
        template_name="identity/password.html",
        context={"visitor": visitor, "card": card, "form": form},
        status_code=status,
        headers=NO_STORE,
    )


@post("/password")
async def change_password(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Set the new password and sign out everywhere else."""
    visitor = await guards.signed_in(request)
    form = forms.read(ChangePassword, await request.form())
    try:
        if form.value is not None:
            await accounts.change_password(visitor, current=form.value.current, password=form.value.password)
            return _back()
    except Invalid as error:
        form = form.refused(error)
    return await _password_page(visitor, form, HTTP_422_UNPROCESSABLE_ENTITY)


def _guardian(visitor: Visitor) -> UUID:
    if visitor.person_id is None:
        raise Forbidden(N_("An office has no children. Use an account of your own."))
    return visitor.person_id


@get("/children")
async def child_page(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Ask for a child's name and birthday; an office is led back."""
    if (await guards.signed_in(request)).person_id is None:
        return _back()
    return _child_page(forms.empty(), HTTP_200_OK)


def _child_page(form: forms.Form[Any], status: int) -> Template:
    return Template(
        template_name="identity/child.html", context={"form": form}, status_code=status, headers=NO_STORE
    )


@post("/children")
async def add_child(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Make a child known, with consent."""
    guardian = _guardian(await guards.signed_in(request))
    form = forms.read(Child, await request.form())
    try:
        if form.value is not None:
            await people.add_minor(guardian, name=form.value.name, born_on=form.value.born_on)
            return _back()
    except Invalid as error:
        form = form.refused(error)
    return _child_page(form, HTTP_422_UNPROCESSABLE_ENTITY)


@post("/children/withdraw")
async def withdraw_consent(request: Request[Any, Any, Any]) -> Redirect:
    """Withdraw consent and have a child forgotten."""
    guardian = _guardian(await guards.signed_in(request))
    await people.withdraw_consent(guardian, await _chosen(request))
    return _back()


routes: list[ControllerRouterHandler] = [
    Router(
        path=HOME,
        route_handlers=[
            account_page,
            password_page,
            change_password,
            child_page,
            add_child,
            withdraw_consent,
        ],
        opt=OWN,
    )
]
