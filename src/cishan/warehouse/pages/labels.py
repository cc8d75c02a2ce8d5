"""Printing labels, and saying what a label that was stuck on first stands for."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.documents import private_headers
from cishan.plumbing.forms import STALE, Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import labels as actions
from cishan.warehouse.forms.labels import BindForm, OnceForm, PrintForm, ReplaceForm
from cishan.warehouse.queries import label_sheets, within
from cishan.warehouse.queries import labels as queries
from cishan.warehouse.queries.places import bin_by_id, site_by_id, sites
from cishan.warehouse.queries.scanning import StuckLabel, is_seen, label_by_code
from cishan.warehouse.queries.stock import lot_by_id, lot_by_number
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.labels import FORMATS, MOST, PAPERS, WHATS, Format, Label, What

LABELS = "/staff/warehouse/labels"


@get(LABELS, opt=rule(Action.STOCK_READ))
async def print_page(
    request: Request[Any, Any, Any],
    codes: FromQuery[str] = "",
    what: FromQuery[str] = What.CODES,
    site: FromQuery[str] = "",
) -> Template:
    """Ask which labels to print; other pages name them in the address, one code or several with commas."""
    staff = await allowed(request, Action.STOCK_READ)
    listed = "\n".join(code.strip() for code in codes[:4000].split(",") if code.strip())
    filled = forms.empty(codes=listed, what=what if what in WHATS else What.CODES, site=site)
    return await _page(staff, filled, HTTP_200_OK)


async def _page(staff: Staff, form: Form[Any], status: int) -> Template:
    reach = scope_of(staff, Action.STOCK_READ).regions
    context = {
        "staff": staff,
        "form": form,
        "request_id": form.typed("request") or str(ids.new_id()),
        "whats": [(key, gettext(label)) for key, label in WHATS.items()],
        "papers": [(key, gettext(label)) for key, label in FORMATS.items()],
        "sites": [(str(one.id), one.name) for one in await sites(regions=reach)],
        "places": PAPERS[Format.SMALL].places,
    }
    return Template("warehouse/labels.html", context=context, status_code=status, headers=NO_STORE)


@post(LABELS, opt=rule(Action.STOCK_READ), status_code=HTTP_200_OK)
async def print_labels(request: Request[Any, Any, Any]) -> Response[bytes] | Template:
    """Give the labels as PDF."""
    staff = await allowed(request, Action.STOCK_READ)
    form = forms.read(PrintForm, await request.form())
    if form.value is None:
        return await _page(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    wanted, settings, now = form.value, request.app.state.settings, clock.now()
    try:
        _require_sense(wanted)
        several = await _wanted(request, staff, wanted, form)
        content = await label_sheets.sheet(
            [label for label in several for _ in range(wanted.copies)],
            wanted.paper,
            start=wanted.start,
            base=settings.public_url,
            author=settings.organisation.name,
            written_at=now,
        )
    except Invalid as error:
        return await _page(staff, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    name = gettext(N_("Labels {moment}")).format(moment=f"{now.astimezone(clock.CHINA):%Y-%m-%d %H%M}")
    return Response(content, media_type="application/pdf", headers=private_headers(f"{name}.pdf"))


def _require_sense(wanted: PrintForm) -> None:
    if not 1 <= wanted.copies <= MOST:
        raise Invalid(N_("Enter a whole number from 1 to {limit}."), field="copies", limit=MOST)
    if not 1 <= wanted.start <= PAPERS[wanted.paper].places:
        limit = PAPERS[wanted.paper].places
        raise Invalid(N_("This paper has the places 1 to {limit}."), field="start", limit=limit)
    if wanted.what in (What.BINS, What.FRESH) and wanted.site is None:
        raise Invalid(N_("Choose a site."), field="site")
    if wanted.what is What.CODES and not wanted.codes.strip():
        raise Invalid(N_("Scan or type at least one code, one in a line."), field="codes")


async def _wanted(
    request: Request[Any, Any, Any], staff: Staff, wanted: PrintForm, form: Form[Any]
) -> list[Label]:
    if wanted.what is What.AHEAD:
        await allowed(request, Action.STOCK_WORK)
        once = forms.read(OnceForm, {"request": form.typed("request")}).value
        if once is None:
            raise Invalid(STALE)
        made = await actions.print_ahead(wanted.count, by=staff.person_id, request=once.request)
        return [queries.blank(code) for code in made]
    if wanted.what is What.CODES:
        numbers = [line.strip() for line in wanted.codes.splitlines() if line.strip()]
    else:
        assert wanted.site is not None  # _require_sense saw to it
        site = await site_by_id(wanted.site)
        await allowed(request, Action.STOCK_READ, organisation=site.organisation, region=site.region)
        of_site = queries.codes_of_bins if wanted.what is What.BINS else queries.lots_to_shelve
        numbers = await of_site(site.id)
        if not numbers:
            raise Invalid(N_("There is nothing of that at this site."), field="site")
    if len(numbers) * wanted.copies > MOST:
        raise Invalid(N_("Print at most {limit} labels at once."), field="codes", limit=MOST)
    labels, missing = await queries.labels_of(numbers, within.seen_by(staff))
    if missing:
        named = "、".join(one[:40] for one in missing[:5])
        raise Invalid(N_("There is nothing to print for {codes}."), field="codes", codes=named)
    return labels


@get(f"{LABELS}/{{code:str}}", opt={**rule(Action.STOCK_READ), CAMERA: True})
async def label_page(request: Request[Any, Any, Any], code: FromPath[str]) -> Template:
    """Show what a label stands for, or ask it."""
    staff, label = await _found(request, code, Action.STOCK_READ)
    return await _label(staff, label, forms.empty(), HTTP_200_OK)


async def _found(request: Request[Any, Any, Any], code: str, action: Action) -> tuple[Staff, StuckLabel]:
    """Return who acts and the label; one that stands for something out of reach is not there."""
    staff = await allowed(request, action)
    label = await label_by_code(code.upper())
    if label is None or not await is_seen(label, reach(staff, action).regions):
        raise NotFound(N_("There is no such label."))
    return staff, label


async def _label(staff: Staff, label: StuckLabel, form: Form[Any], status: int) -> Template:
    context = {
        "staff": staff,
        "label": label,
        "lot": await lot_by_id(label.lot) if label.lot else None,
        "place": await bin_by_id(label.bin) if label.bin else None,
        "form": form,
        "said": (next(iter(form.errors.values())), False) if form.errors else None,
    }
    return Template("warehouse/label.html", context=context, status_code=status, headers=NO_STORE)


@post(
    f"{LABELS}/{{code:str}}",
    opt={**rule(Action.STOCK_WORK), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def bind(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect | Template:
    """Let a label stand for a lot or a bin from now on."""
    staff, label = await _found(request, code, Action.STOCK_WORK)
    form = forms.read(BindForm, await request.form())
    if form.value is None:
        return await _label(staff, label, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await _require_reach(request, form.value.to)
        return _to(await actions.bind(label.code, form.value.to, by=staff.person_id))
    except (Invalid, Conflict) as error:
        return await _refused(staff, label, form, error, field="to")


@post(
    f"{LABELS}/{{code:str}}/replace",
    opt={**rule(Action.STOCK_WORK), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def replace(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect | Template:
    """Let a label take the place of a damaged one."""
    staff, label = await _found(request, code, Action.STOCK_WORK)
    form = forms.read(ReplaceForm, await request.form())
    if form.value is None:
        return await _label(staff, label, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        damaged = await label_by_code(form.value.replaces.upper())
        if damaged is not None and not await is_seen(damaged, reach(staff, Action.STOCK_WORK).regions):
            raise Invalid(actions.NO_LABEL, field="replaces", code=form.value.replaces[:40])
        return _to(await actions.replace(form.value.replaces, label.code, by=staff.person_id))
    except (Invalid, Conflict) as error:
        return await _refused(staff, label, form, error, field="replaces")


async def _refused(
    staff: Staff, label: StuckLabel, form: Form[Any], error: Invalid | Conflict, *, field: str
) -> Template:
    beside = error if isinstance(error, Invalid) else Invalid(error.message, field=field, **error.values)
    now = await label_by_code(label.code)
    return await _label(staff, now or label, form.refused(beside), error.status)


def _to(bound: actions.Bound) -> Redirect:
    path = f"/staff/warehouse/lots/{bound.lot}" if bound.lot else f"/staff/warehouse/bins/{bound.bin}"
    return lead_to(path)


async def _require_reach(request: Request[Any, Any, Any], to: str) -> None:
    """Refuse to label a bin of a site out of reach, or a lot of which nothing ever lay within it."""
    site = await queries.site_of_bin(to)
    if site is not None:
        await allowed(request, Action.STOCK_WORK, organisation=site.organisation, region=site.region)
        return
    staff = await allowed(request, Action.STOCK_WORK)
    lot = await lot_by_number(codes.read(to).number or "-")
    if lot is not None and not await within.lots([lot.id], reach(staff, Action.STOCK_WORK).regions):
        raise Invalid(N_("There is no lot {code}."), field="to", code=lot.number)


@post(
    f"{LABELS}/{{code:str}}/retire",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def retire(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect:
    """Take a damaged or lost label out of use."""
    staff, label = await _found(request, code, Action.STOCK_WORK)
    await actions.retire(label.code, by=staff.person_id)
    return lead_to(f"{LABELS}/{label.code}")


routes: list[ControllerRouterHandler] = [print_page, print_labels, label_page, bind, replace, retire]
