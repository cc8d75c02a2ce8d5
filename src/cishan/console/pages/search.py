"""The one search of the staff. What is looked for comes in a form and never stands in an address."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console import actions
from cishan.console.forms import SearchForm
from cishan.console.queries.finding import Hit, Wanted, find, understand
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.plumbing import forms
from cishan.plumbing.db import atomic


def _page(
    staff: Staff,
    form: forms.Form[Any],
    *,
    hits: list[Hit] | None = None,
    personal: bool = False,
    status: int = HTTP_200_OK,
) -> Template:
    return Template(
        template_name="console/search.html",
        context={"staff": staff, "search": form, "hits": hits, "personal": personal},
        status_code=status,
        headers=NO_STORE,
    )


@get("/staff/search", opt=rule(Action.SEARCH))
async def search_page(request: Request[Any, Any, Any]) -> Template:
    """Ask for a number or an address."""
    return _page(await allowed(request, Action.SEARCH), forms.empty())


@post("/staff/search", opt=rule(Action.SEARCH), status_code=HTTP_200_OK)
async def search(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Lead to the one thing found, or show all; who looks for a person says what for first."""
    staff = await allowed(request, Action.SEARCH)
    form = forms.read(SearchForm, await request.form())
    if form.value is None:
        return _page(staff, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    wanted = understand(form.value.q)
    if wanted.is_personal and not form.value.purpose:
        return _page(staff, form, personal=True)
    hits = await _found(wanted, staff, form.value.purpose)
    if len(hits) == 1:
        return lead_to(hits[0].path)
    return _page(staff, form, hits=hits, personal=wanted.is_personal)


async def _found(wanted: Wanted, staff: Staff, purpose: str) -> list[Hit]:
    if not wanted.is_personal:
        return await find(wanted, staff)
    async with atomic():
        await actions.look(
            staff, kind="search", subject_id=wanted.trace, fields=(wanted.field,), purpose=purpose
        )
        return await find(wanted, staff)


routes: list[ControllerRouterHandler] = [search_page, search]
