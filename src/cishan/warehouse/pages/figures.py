"""What managers look at, and what everybody may see."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, PUBLIC, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import figures as actions
from cishan.warehouse.forms.figures import LevelForm
from cishan.warehouse.queries import catalogue, drives, places
from cishan.warehouse.queries import figures as queries
from cishan.warehouse.rules.catalogue import CATEGORIES


@get("/staff/warehouse/figures", opt=rule(Action.STOCK_READ))
async def figures(request: Request[Any, Any, Any]) -> Template:
    """Show value, cover, what expires, turnover, and what came and went, for the sites in reach."""
    staff = await allowed(request, Action.STOCK_READ)
    view = await queries.overview(scope_of(staff, Action.STOCK_READ).regions)
    context = {
        "staff": staff,
        "view": view,
        "expiring": [
            (gettext(one.band.label).format(first=one.band.first, last=one.band.last), one)
            for one in view.expiring
        ],
        "categories": CATEGORIES,
        "funds": {fund.code: fund.name for fund in await ledger.funds()},
    }
    return Template("warehouse/figures.html", context=context, headers=NO_STORE)


@get("/staff/warehouse/levels", opt=rule(Action.STOCK_READ))
async def levels(request: Request[Any, Any, Any]) -> Template:
    """Show how much of what should always be there."""
    return await _levels(await allowed(request, Action.STOCK_READ), forms.empty(), HTTP_200_OK)


async def _levels(staff: Staff, form: Form[Any], status: int) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "levels": await queries.levels(scope_of(staff, Action.STOCK_READ).regions),
        "sites": [
            (str(s.id), s.name)
            for s in await places.sites(regions=scope_of(staff, Action.STOCK_SET_UP).regions)
        ],
        "items": [(str(i.id), f"{i.code} {catalogue.name_of(i)}") for i in await catalogue.items()],
    }
    return Template("warehouse/levels.html", context=context, status_code=status, headers=NO_STORE)


@post("/staff/warehouse/levels", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def set_level(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Say how many pieces of something a site should always have."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    form = forms.read(LevelForm, await request.form())
    if form.value is None:
        return await _levels(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        site = await places.site_by_id(said.site)
        await catalogue.item_by_id(said.item)
    except NotFound:
        refused = form.refused(Invalid(N_("Choose one of the options."), field="item"))
        return await _levels(staff, refused, HTTP_422_UNPROCESSABLE_ENTITY)
    staff = await allowed(
        request, Action.STOCK_SET_UP, organisation=site.organisation, region=site.region, secret=True
    )
    by = acting(staff)
    await actions.set_level(said.site, said.item, said.minimum, by=by)
    return lead_to("/staff/warehouse/levels")


@get("/warehouse", opt=PUBLIC)
async def public() -> Template:
    """Show what the warehouses need and what they gave out: counts, and nobody's name."""
    view = await queries.public()
    context = {
        "view": view,
        "by_category": [(gettext(name), pieces) for name, pieces in view.by_category],
        "drives": await drives.public_progress(),
    }
    return Template("warehouse/public.html", context=context)


routes: list[ControllerRouterHandler] = [figures, levels, set_level, public]
