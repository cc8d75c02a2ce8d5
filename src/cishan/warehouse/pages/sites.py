"""Sites, their zones and bins."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.queries import regions
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import places as actions
from cishan.warehouse.forms.places import (
    ActiveForm,
    BinForm,
    BinsForm,
    SiteChangeForm,
    SiteForm,
    ZoneForm,
)
from cishan.warehouse.pages.answers import HERE, REFUSALS, move
from cishan.warehouse.queries import sites as queries
from cishan.warehouse.queries import trail
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.lying import LIMIT, lying
from cishan.warehouse.queries.places import bin_by_id, site_by_id
from cishan.warehouse.rules import bin_patterns
from cishan.warehouse.rules.places import PURPOSES, Bin, Purpose, Site
from cishan.warehouse.rules.stock import CAUSES
from cishan.warehouse.rules.wording import SUBJECTS

SITES, BINS = f"{HERE}/sites", f"{HERE}/bins"


async def _site(request: Request[Any, Any, Any], site_id: UUID, action: Action) -> tuple[Staff, Site]:
    """Return a site and who may do something there; one out of reach is not there."""
    site = await site_by_id(site_id)
    where = {"organisation": site.organisation, "region": site.region}
    await allowed(request, Action.STOCK_READ, **where, secret=True)  # type: ignore[arg-type]
    return await allowed(request, action, **where), site  # type: ignore[arg-type]


@get(f"{SITES}/new", opt=rule(Action.STOCK_SET_UP))
async def new_site(request: Request[Any, Any, Any]) -> Template:
    """Ask for a new site."""
    return await _new_site(await allowed(request, Action.STOCK_SET_UP), forms.empty())


async def _new_site(staff: Staff, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    organisations, places = await queries.places_to_open(scope_of(staff, Action.STOCK_SET_UP).regions)
    context = {"staff": staff, "form": form, "organisations": organisations, "regions": places}
    return Template("warehouse/site_new.html", context=context, status_code=status, headers=NO_STORE)


@post(f"{SITES}/new", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def open_site(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a site with its first zones."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    form = forms.read(SiteForm, await request.form())
    if form.value is None:
        return await _new_site(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        organisations, places = await queries.places_to_open(scope_of(staff, Action.STOCK_SET_UP).regions)
        for name, value, choices in (
            ("organisation", str(said.organisation), organisations),
            ("region", said.region, places),
        ):
            if value not in {choice for choice, _ in choices}:
                raise Invalid(N_("Choose one of the options."), field=name)
        staff = await allowed(
            request, Action.STOCK_SET_UP, organisation=said.organisation, region=said.region
        )
        site_id = await actions.open_site(
            code=said.code,
            name=said.name,
            organisation_id=said.organisation,
            region=said.region,
            address=said.address,
        )
        made = await site_by_id(site_id)
        if (made.name, made.organisation, made.region) != (said.name, said.organisation, said.region):
            raise Invalid(N_("There is a site with this code already."), field="code")
    except REFUSALS as error:
        return await _new_site(staff, form.refused(error), error.status)
    return lead_to(f"{SITES}/{site_id}")


@get(f"{SITES}/{{site_id:uuid}}", opt=rule(Action.STOCK_READ))
async def site_page(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Template:
    """Show what lies where at a site."""
    staff, site = await _site(request, site_id, Action.STOCK_READ)
    return await _site_page(staff, site, forms.empty())


async def _site_page(staff: Staff, site: Site, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    lines = await lying(site=site.id)
    closed = "" if site.active else N_("This site is closed.")
    context = {
        "staff": staff,
        "form": form,
        "site": site,
        "organisation": await queries.organisation_name(site.organisation),
        "region": (await regions.names([site.region])).get(site.region, site.region),
        "zones": await queries.zones_of(site.id),
        "purposes": {code: gettext(word) for code, word in PURPOSES.items()},
        "lines": lines,
        "is_cut": len(lines) == LIMIT,
        "steps": await history_of(actions.SITE, site.id),
        "moves": [
            move(staff, Action.STOCK_WORK, N_("Put goods away"), f"{HERE}/move", at=site, unless=closed),
            move(
                staff,
                Action.STOCK_WORK,
                N_("Send goods to another site"),
                f"{HERE}/transfers/new?source={site.id}",
                at=site,
                unless=closed,
            ),
            move(
                staff,
                Action.STOCK_SET_UP,
                N_("Zones and bins"),
                f"{SITES}/{site.id}/bins",
                at=site,
                unless=closed,
            ),
            move(staff, Action.STOCK_SET_UP, N_("Change the site"), f"{SITES}/{site.id}/edit", at=site),
        ],
    }
    return Template("warehouse/site.html", context=context, status_code=status, headers=NO_STORE)


@get(f"{SITES}/{{site_id:uuid}}/edit", opt=rule(Action.STOCK_SET_UP))
async def edit_site(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Template:
    """Show the form with a site in it."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    return _edit_site(staff, site, forms.empty(name=site.name, address=site.address))


def _edit_site(staff: Staff, site: Site, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    context = {"staff": staff, "form": form, "site": site}
    return Template("warehouse/site_edit.html", context=context, status_code=status, headers=NO_STORE)


@post(f"{SITES}/{{site_id:uuid}}/edit", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def change_site(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Redirect | Template:
    """Rename a site or say where it is."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    form = forms.read(SiteChangeForm, await request.form())
    if form.value is None:
        return _edit_site(staff, site, form, HTTP_422_UNPROCESSABLE_ENTITY)
    await actions.change_site(site.id, name=form.value.name, address=form.value.address, by=acting(staff))
    return lead_to(f"{SITES}/{site.id}")


@post(f"{SITES}/{{site_id:uuid}}/active", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def use_site(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Redirect | Template:
    """Close a site, or open it again."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    form = forms.read(ActiveForm, await request.form())
    shown = forms.empty(name=site.name, address=site.address)
    if form.value is None:
        both: Form[Any] = Form(None, form.errors, {**shown.raw, **form.raw})
        return _edit_site(staff, site, both, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.set_site_active(
            site.id, active=form.value.active, by=acting(staff), reason=form.value.reason
        )
    except REFUSALS as error:
        both = Form(None, {}, {**shown.raw, **form.raw})
        return _edit_site(staff, site, both.refused(error, "reason"), error.status)
    return lead_to(f"{SITES}/{site.id}")


@get(f"{SITES}/{{site_id:uuid}}/bins", opt=rule(Action.STOCK_SET_UP))
async def ask_bins(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Template:
    """Ask for a zone, or for many bins at once."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    return await _bins_page(staff, site, forms.empty(walk_from="0"))


async def _bins_page(staff: Staff, site: Site, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    zones = [zone for zone in await queries.zones_of(site.id) if zone.purpose is not Purpose.TRANSIT]
    purposes = [(code, gettext(word)) for code, word in PURPOSES.items() if code != Purpose.TRANSIT]
    context = {
        "staff": staff,
        "form": form,
        "site": site,
        "zones": zones,
        "purposes": purposes,
        "step": bin_patterns.STEP,
        "limit": bin_patterns.LIMIT,
    }
    return Template("warehouse/site_bins.html", context=context, status_code=status, headers=NO_STORE)


@post(f"{SITES}/{{site_id:uuid}}/zones", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def add_zone(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Redirect | Template:
    """Open a further zone."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    form = forms.read(ZoneForm, await request.form())
    if form.value is None:
        return await _bins_page(staff, site, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.add_zone(
            site.id,
            code=form.value.code,
            name=form.value.name,
            purpose=form.value.purpose,
            by=acting(staff),
        )
    except REFUSALS as error:
        return await _bins_page(staff, site, form.refused(error), error.status)
    return lead_to(f"{SITES}/{site.id}/bins")


@post(f"{SITES}/{{site_id:uuid}}/bins", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def add_bins(request: Request[Any, Any, Any], site_id: FromPath[UUID]) -> Redirect | Template:
    """Make every bin from the first to the last."""
    staff, site = await _site(request, site_id, Action.STOCK_SET_UP)
    form = forms.read(BinsForm, await request.form())
    if form.value is None:
        return await _bins_page(staff, site, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        if form.value.zone not in {zone.id for zone in await queries.zones_of(site.id)}:
            raise Invalid(N_("Choose one of the options."), field="zone")
        places = bin_patterns.expand(form.value.first, form.value.last)
        await actions.add_bins(form.value.zone, places, walk_from=form.value.walk_from, by=acting(staff))
    except REFUSALS as error:
        return await _bins_page(staff, site, form.refused(error), error.status)
    return lead_to(f"{BINS}?site={site.id}")


async def _bin(request: Request[Any, Any, Any], bin_id: UUID, action: Action) -> tuple[Staff, Site, Bin]:
    place = await bin_by_id(bin_id)
    staff, site = await _site(request, place.site, action)
    return staff, site, place


@get(f"{BINS}/{{bin_id:uuid}}", opt=rule(Action.STOCK_READ))
async def bin_page(request: Request[Any, Any, Any], bin_id: FromPath[UUID]) -> Template:
    """Show what lies in a bin and what moved there."""
    staff, site, place = await _bin(request, bin_id, Action.STOCK_READ)
    return await _bin_page(staff, site, place, forms.empty(walk_order=str(place.walk_order)))


async def _bin_page(
    staff: Staff, site: Site, place: Bin, form: Form[Any], status: int = HTTP_200_OK
) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "site": site,
        "bin": place,
        "zone": await queries.zone_name(place.zone),
        "purpose": gettext(PURPOSES[place.purpose]),
        "lines": await lying(bin_id=place.id),
        "trail": await trail.of_bin(place.id),
        "causes": CAUSES,
        "subjects": SUBJECTS,
        "steps": await history_of(actions.BIN, place.id),
        "moves": [
            move(
                staff,
                Action.STOCK_WORK,
                N_("Put goods in here"),
                f"{HERE}/move?bin={place.code}",
                at=site,
                unless=_why_not(place),
            ),
            move(staff, Action.STOCK_READ, N_("Print labels"), f"{HERE}/labels?codes={place.code}", at=site),
            move(staff, Action.STOCK_READ, N_("All moves"), f"{HERE}/moves?bin={place.code}", at=site),
        ],
    }
    return Template("warehouse/bin.html", context=context, status_code=status, headers=NO_STORE)


def _why_not(place: Bin) -> str:
    if not place.active:
        return N_("This bin is out of use.")
    if place.frozen_by is not None:
        return N_("This bin is being counted now. Try again after the stocktake.")
    return N_("Goods go under way by a transfer.") if place.purpose is Purpose.TRANSIT else ""


@post(f"{BINS}/{{bin_id:uuid}}/order", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def reorder_bin(request: Request[Any, Any, Any], bin_id: FromPath[UUID]) -> Redirect | Template:
    """Say when one comes past a bin."""
    staff, site, place = await _bin(request, bin_id, Action.STOCK_SET_UP)
    form = forms.read(BinForm, await request.form())
    if form.value is None:
        return await _bin_page(staff, site, place, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.set_walk_order(place.id, form.value.walk_order, by=acting(staff))
    except REFUSALS as error:
        return await _bin_page(staff, site, place, form.refused(error), error.status)
    return lead_to(f"{BINS}/{place.id}")


@post(f"{BINS}/{{bin_id:uuid}}/active", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def use_bin(request: Request[Any, Any, Any], bin_id: FromPath[UUID]) -> Redirect | Template:
    """Take an empty bin out of use, or use it again."""
    staff, site, place = await _bin(request, bin_id, Action.STOCK_SET_UP)
    form = forms.read(ActiveForm, await request.form())
    shown: Form[Any] = Form(None, form.errors, {"walk_order": [str(place.walk_order)], **form.raw})
    if form.value is None:
        return await _bin_page(staff, site, place, shown, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.set_bin_active(
            place.id, active=form.value.active, by=acting(staff), reason=form.value.reason
        )
    except REFUSALS as error:
        return await _bin_page(staff, site, place, shown.refused(error, "reason"), error.status)
    return lead_to(f"{BINS}/{place.id}")


routes: list[ControllerRouterHandler] = [
    new_site,
    open_site,
    site_page,
    edit_site,
    change_site,
    use_site,
    ask_bins,
    add_zone,
    add_bins,
    bin_page,
    reorder_bin,
    use_bin,
]
