"""The lists: shown by their query string, and taken away as a spreadsheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.response import Redirect, Stream, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console import actions
from cishan.console.forms import ExportForm
from cishan.console.pages.dressing import DRESSES, PLAIN
from cishan.console.queries import LISTS, Shown
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Row, Wish
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of

WHAT_FOR = N_("Say what the file is for: it names people, and the log of reads keeps the reason.")


@dataclass(frozen=True, slots=True)
class Retry:
    """The one button of a list's rows: of all, or of those in one state."""

    path: str
    label: str
    """A msgid."""
    state: str = ""

    def fits(self, row: Row) -> bool:
        """Tell whether a row has the button."""
        return not self.state or row["state"] == self.state


RETRIES = {
    "payment-messages": Retry("/staff/payment-messages/replay", N_("Work it off again"), "parked"),
    "jobs": Retry("/staff/jobs/retry", N_("Try again")),
    "letters": Retry("/staff/letters/retry", N_("Try again"), "failed"),
}


def query_of(request: Request[Any, Any, Any]) -> dict[str, Sequence[str]]:
    """Return the query string with every value of each name."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return dict(found)


async def _wish(shown: Shown, staff: Staff, request: Request[Any, Any, Any]) -> Wish:
    return await read(shown.of, query_of(request), regions=scope_of(staff, shown.action).regions)


async def _page(shown: Shown, staff: Staff, wish: Wish, form: forms.Form[Any], status: int) -> Template:
    page = await page_of(shown.of, wish, *await shown.scope(staff, shown.action))
    retry = RETRIES.get(shown.of.code)
    dress = DRESSES.get(shown.of.code, PLAIN)
    context = {
        "staff": staff,
        "page": page,
        "export_form": form,
        "where": shown.path,
        "retry": retry,
        "doors": shown.doors,
        "export": shown.export,
        **await dress.more(staff),
    }
    return Template(template_name=dress.template, context=context, status_code=status, headers=NO_STORE)


def _list_page(shown: Shown) -> ControllerRouterHandler:
    @get(shown.path, name=f"list {shown.of.code}", opt=rule(shown.action))
    async def list_page(request: Request[Any, Any, Any]) -> Template:
        """Show one page of the list."""
        staff = await allowed(request, shown.action)
        wish = await _wish(shown, staff, request)
        return await _page(shown, staff, wish, forms.empty(), HTTP_200_OK)

    return list_page


def _export(shown: Shown) -> ControllerRouterHandler:
    @post(
        f"{shown.path}/export",
        name=f"export {shown.of.code}",
        status_code=HTTP_200_OK,
        opt=rule(shown.export),
    )
    async def export(request: Request[Any, Any, Any]) -> Stream | Template:
        """Give all rows as a spreadsheet, and note who took them and what for."""
        await allowed(request, shown.action, secret=True)
        staff = await allowed(request, shown.export)
        wish = await _wish(shown, staff, request)
        form = forms.read(ExportForm, await request.form())
        try:
            if form.value is not None and not wish.form.errors:
                return _file(await _taken(shown, staff, wish, form.value))
        except Invalid as error:
            form = form.refused(error)
        return await _page(shown, staff, wish, form, HTTP_422_UNPROCESSABLE_ENTITY)

    return export


async def _taken(shown: Shown, staff: Staff, wish: Wish, wanted: ExportForm) -> actions.Taken:
    if shown.of.personal and not wanted.purpose:
        raise Invalid(WHAT_FOR, field="purpose")
    return await actions.export(
        shown.of,
        wish,
        *await shown.scope(staff, shown.action),
        form=wanted.format,
        by=staff,
        purpose=wanted.purpose or gettext(shown.of.title),
    )


def _file(taken: actions.Taken) -> Stream:
    disposition = f"attachment; filename*=UTF-8''{quote(taken.name, safe='')}"
    headers = {**NO_STORE, "content-disposition": disposition}
    return Stream(taken.pieces(), media_type=taken.media_type, headers=headers)


@get("/staff/refunds/open", opt=rule(Action.GIFTS_READ))
async def open_refunds() -> Redirect:
    """Lead to the requests that nobody has decided, which had a page of their own."""
    return _moved("/staff/refunds?status=requested&kind=request&sort=due_on")


@get("/staff/words", opt=rule(Action.MESSAGES_READ))
async def words() -> Redirect:
    """Lead to the messages of givers, whose list was called so."""
    return _moved("/staff/messages")


def _moved(path: str) -> Redirect:
    return lead_to(path)


routes: list[ControllerRouterHandler] = [
    open_refunds,
    words,
    *(handler for shown in LISTS for handler in (_list_page(shown), _export(shown))),
]
