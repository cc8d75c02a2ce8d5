"""The lists: shown by their query string, and taken away as a spreadsheet."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.response import Stream, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console import actions
from cishan.console.forms import ExportForm
from cishan.console.queries import LISTS
from cishan.identity.guards import NO_STORE, allowed, rule
from cishan.identity.rules.permissions import Action
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import List, Wish
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of

_WHAT_FOR = N_("Say what the file is for: it names people, and the log of reads keeps the reason.")


def _query(request: Request[Any, Any, Any]) -> dict[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return dict(found)


async def _shown(of: List, wish: Wish, form: forms.Form[Any], status: int, **more: Any) -> Template:
    context = {"page": await page_of(of, wish), "export_form": form, "where": f"/staff/{of.code}", **more}
    return Template(template_name="console/list.html", context=context, status_code=status, headers=NO_STORE)


def _list_page(of: List) -> ControllerRouterHandler:
    @get(f"/staff/{of.code}", name=f"list {of.code}", opt=rule(Action.DESK))
    async def list_page(request: Request[Any, Any, Any]) -> Template:
        """Show one page of the list."""
        staff = await allowed(request, Action.DESK)
        wish = await read(of, _query(request))
        return await _shown(of, wish, forms.empty(), HTTP_200_OK, staff=staff)

    return list_page


def _export(of: List) -> ControllerRouterHandler:
    @post(
        f"/staff/{of.code}/export",
        name=f"export {of.code}",
        status_code=HTTP_200_OK,
        opt=rule(Action.EXPORT),
    )
    async def export(request: Request[Any, Any, Any]) -> Stream | Template:
        """Give all rows as a spreadsheet, and note who took them and what for."""
        staff = await allowed(request, Action.EXPORT)
        wish = await read(of, _query(request))
        form = forms.read(ExportForm, await request.form())
        try:
            if form.value is not None and not wish.form.errors:
                purpose = form.value.purpose
                if of.personal and not purpose:
                    raise Invalid(_WHAT_FOR, field="purpose")
                taken = await actions.export(
                    of,
                    wish,
                    form=form.value.format,
                    reader=str(staff.person_id),
                    acting_role=staff.acting.role if staff.acting else "",
                    purpose=purpose or gettext(of.title),
                )
                return _file(taken)
        except Invalid as error:
            form = form.refused(error)
        return await _shown(of, wish, form, HTTP_422_UNPROCESSABLE_ENTITY, staff=staff)

    return export


def _file(taken: actions.Taken) -> Stream:
    disposition = f"attachment; filename*=UTF-8''{quote(taken.name, safe='')}"
    return Stream(
        taken.pieces(),
        media_type=taken.media_type,
        headers={**NO_STORE, "content-disposition": disposition},
    )


routes: list[ControllerRouterHandler] = [handler for of in LISTS for handler in (_list_page(of), _export(of))]
