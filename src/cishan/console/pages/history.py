"""Every step that was ever taken: searched, and taken away as a spreadsheet."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.response import Stream, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console import actions
from cishan.console.forms import ExportForm
from cishan.identity.guards import NO_STORE, allowed, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.lists import Wish
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of
from cishan.supervision.pages.proof import reader_of_all
from cishan.supervision.queries.telling import HISTORY

WHERE = "/staff/history"


def _query(request: Request[Any, Any, Any]) -> dict[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return dict(found)


async def _shown(wish: Wish, form: forms.Form[Any], status: int, staff: Staff) -> Template:
    page = await page_of(HISTORY, wish)
    context = {"page": page, "export_form": form, "where": WHERE, "staff": staff}
    return Template(
        template_name="console/history.html", context=context, status_code=status, headers=NO_STORE
    )


@get(WHERE, opt=rule(Action.HISTORY_READ))
async def history(request: Request[Any, Any, Any]) -> Template:
    """Show one page of the steps that fit the filters."""
    staff = await reader_of_all(request)
    return await _shown(await read(HISTORY, _query(request)), forms.empty(), HTTP_200_OK, staff)


@post(f"{WHERE}/export", opt=rule(Action.EXPORT), status_code=HTTP_200_OK)
async def export(request: Request[Any, Any, Any]) -> Stream | Template:
    """Give all steps that fit as a spreadsheet, and note who took them and what for."""
    await allowed(request, Action.HISTORY_READ, secret=True)
    await allowed(request, Action.EXPORT)
    staff = await reader_of_all(request)
    wish = await read(HISTORY, _query(request))
    form = forms.read(ExportForm, await request.form())
    try:
        if form.value is not None and not wish.form.errors:
            if not form.value.purpose:
                raise Invalid(N_("Say what the file is for."), field="purpose")
            taken = await actions.export(
                HISTORY,
                wish,
                form=form.value.format,
                by=staff,
                purpose=form.value.purpose,
            )
            name = quote(taken.name, safe="")
            headers = {**NO_STORE, "content-disposition": f"attachment; filename*=UTF-8''{name}"}
            return Stream(taken.pieces(), media_type=taken.media_type, headers=headers)
    except Invalid as error:
        form = form.refused(error)
    return await _shown(wish, form, HTTP_422_UNPROCESSABLE_ENTITY, staff)


routes: list[ControllerRouterHandler] = [history, export]
