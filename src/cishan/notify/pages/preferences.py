"""What one wishes to be told, and by which ways; ending mails of one kind without signing in."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity import guards
from cishan.identity.guards import NO_STORE, OWN, SECRET_LINK, lead_to
from cishan.identity.queries.reach import contacts_of_person
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.notify.actions import wishes
from cishan.notify.forms import Choices, WayOf
from cishan.notify.queries.wishes import Preferences, preferences, read_unsubscribe
from cishan.notify.rules.events import EVENTS, GROUP_TITLES, Event, Group, is_wanted, may_choose
from cishan.plumbing import forms, i18n

HOME = "/account/messages"


@dataclass(frozen=True, slots=True)
class Cell:
    """One way of one event on the page."""

    way: Channel
    reachable: bool
    may_choose: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One event on the page."""

    event: Event
    cells: list[Cell]


@get(HOME)
async def preferences_page(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Show every event with its ways; an office is led back."""
    visitor = await guards.signed_in(request)
    if visitor.person_id is None:
        return lead_to("/account")
    return await _page(visitor, forms.empty(), HTTP_200_OK, saved="saved" in request.query_params)


async def _page(visitor: Visitor, form: forms.Form[Choices], status: int, *, saved: bool = False) -> Template:
    assert visitor.person_id is not None
    contacts = await contacts_of_person(visitor.person_id)
    wished = await preferences(visitor.person_id)
    groups = [
        (
            GROUP_TITLES[group],
            [_row(event, wished, contacts) for event in EVENTS.values() if event.group is group],
        )
        for group in Group
        if group is not Group.WORK or visitor.is_staff
    ]
    context = {
        "groups": groups,
        "form": form,
        "saved": saved,
        "language": wished.language or i18n.language(),
        "contacts": {way: Contact(way, value).masked for way, value in contacts.items()},
    }
    return Template(
        template_name="notify/preferences.html", context=context, status_code=status, headers=NO_STORE
    )


def _row(event: Event, wished: Preferences, contacts: dict[Channel, str]) -> Row:
    return Row(
        event,
        [
            Cell(way, way in contacts, may_choose(event, way), is_wanted(event, way, wished.wishes))
            for way in Channel
        ],
    )


@post(HOME, status_code=HTTP_303_SEE_OTHER)
async def choose(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Keep what was chosen."""
    visitor = await guards.signed_in(request)
    if visitor.person_id is None:
        raise Forbidden(N_("An office has no messages of its own. Use an account of your own."))
    form = forms.read(Choices, await request.form())
    try:
        if form.value is not None:
            offered: set[WayOf] = set(form.value.offered)
            await wishes.choose(
                visitor.person_id,
                offered=offered,
                wanted=offered.intersection(form.value.want),
                language=form.value.language,
            )
            return lead_to(f"{HOME}?saved=1")
    except Invalid as error:
        form = form.refused(error)
    return await _page(visitor, form, HTTP_422_UNPROCESSABLE_ENTITY)


@get("/unsubscribe/{token:str}")
async def unsubscribe_page(token: FromPath[str]) -> Template:
    """Ask once more: programs open links of mails too."""
    _, event = read_unsubscribe(token)
    return _unsubscribing(event, token, done=False)


@post("/unsubscribe/{token:str}", status_code=HTTP_200_OK)
async def unsubscribe(token: FromPath[str]) -> Template:
    """End mails of one kind; mail programs send this by themselves (RFC 8058)."""
    person_id, event = read_unsubscribe(token)
    await wishes.stop_mails(person_id, event)
    return _unsubscribing(event, token, done=True)


def _unsubscribing(event: Event, token: str, *, done: bool) -> Template:
    context = {"event": event, "token": token, "done": done}
    return Template(template_name="notify/unsubscribe.html", context=context, headers=NO_STORE)


routes: list[ControllerRouterHandler] = [
    Router(path="/", route_handlers=[preferences_page, choose], opt=OWN),
    Router(path="/", route_handlers=[unsubscribe_page, unsubscribe], opt=SECRET_LINK),
]
