"""Printing labels, and saying what a label that was stuck on first stands for."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.documents import private_headers
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import labels as actions
from cishan.warehouse.forms.labels import BindForm, PrintForm, ReplaceForm
from cishan.warehouse.queries import label_sheets
from cishan.warehouse.queries import labels as queries
from cishan.warehouse.queries.places import bin_by_id, site_by_id, sites
from cishan.warehouse.queries.scanning import StuckLabel, label_by_code
from cishan.warehouse.queries.stock import lot_by_id
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
        made = await actions.print_ahead(wanted.count, by=staff.person_id, request=_once(form))
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
    labels, missing = await queries.labels_of(numbers)
    if missing:
        named = "、".join(one[:40] for one in missing[:5])
        raise Invalid(N_("There is nothing to print for {codes}."), field="codes", codes=named)
    return labels


def _once(form: Form[Any]) -> UUID:
    try:
        return UUID(form.typed("request"))
    except ValueError:
        return ids.new_id()


@get(f"{LABELS}/{{code:str}}", opt={**rule(Action.STOCK_READ, anywhere=True), CAMERA: True})
async def label_page(request: Request[Any, Any, Any], code: FromPath[str]) -> Template:
    """Show what a label stands for, or ask it."""
    staff = await allowed(request, Action.STOCK_READ)
    return await _label(staff, await _found(code), forms.empty(), HTTP_200_OK)


async def _found(code: str) -> StuckLabel:
    label = await label_by_code(code.upper())
    if label is None:
        raise NotFound(N_("There is no such label."))
    return label


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
    opt={**rule(Action.STOCK_WORK, anywhere=True), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def bind(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect | Template:
    """Let a label stand for a lot or a bin from now on."""
    staff = await allowed(request, Action.STOCK_WORK)
    label = await _found(code)
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
    opt={**rule(Action.STOCK_WORK, anywhere=True), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def replace(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect | Template:
    """Let a label take the place of a damaged one."""
    staff = await allowed(request, Action.STOCK_WORK)
    label = await _found(code)
    form = forms.read(ReplaceForm, await request.form())
    if form.value is None:
        return await _label(staff, label, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        return _to(await actions.replace(form.value.replaces, label.code, by=staff.person_id))
    except (Invalid, Conflict) as error:
        return await _refused(staff, label, form, error, field="replaces")


async def _refused(
    staff: Staff, label: StuckLabel, form: Form[Any], error: Invalid | Conflict, *, field: str
) -> Template:
    beside = error if isinstance(error, Invalid) else Invalid(error.message, field=field, **error.values)
    return await _label(staff, await _found(label.code), form.refused(beside), error.status)


def _to(bound: actions.Bound) -> Redirect:
    path = f"/staff/warehouse/lots/{bound.lot}" if bound.lot else f"/staff/warehouse/bins/{bound.bin}"
    return lead_to(path)


async def _require_reach(request: Request[Any, Any, Any], to: str) -> None:
    """Refuse to label a bin of a site out of reach. Lots lie at several sites."""
    site = await queries.site_of_bin(to)
    if site is not None:
        await allowed(request, Action.STOCK_WORK, organisation=site.organisation, region=site.region)


@post(
    f"{LABELS}/{{code:str}}/retire",
    opt=rule(Action.STOCK_WORK, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def retire(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect:
    """Take a damaged or lost label out of use."""
    staff = await allowed(request, Action.STOCK_WORK)
    label = await _found(code)
    await actions.retire(label.code, by=staff.person_id)
    return lead_to(f"{LABELS}/{label.code}")


routes: list[ControllerRouterHandler] = [print_page, print_labels, label_page, bind, replace, retire]
