"""Kits: what is in them, version by version; putting some together and taking some apart."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing import forms
from cishan.plumbing.forms import CHOOSE, Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import assembling
from cishan.warehouse.actions import kits as actions
from cishan.warehouse.forms.kits import ApartForm, AssembleForm, KitForm, PreviewForm, read_parts
from cishan.warehouse.queries import catalogue, drives, places, stock, within
from cishan.warehouse.queries import kits as queries
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.kits import KitView
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.rules import kits as rules
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.kits import Doing
from cishan.warehouse.rules.places import Purpose, Site
from cishan.warehouse.rules.restrictions import LABELS

AnyRequest = Request[Any, Any, Any]
_ROWS, _MORE = 6, 4


def _page(name: str, staff: Staff, context: dict[str, Any], status: int = HTTP_200_OK) -> Template:
    return Template(
        f"warehouse/{name}.html", context={"staff": staff, **context}, status_code=status, headers=NO_STORE
    )


@get("/staff/kits/{kit_id:uuid}", opt=rule(Action.STOCK_READ, anywhere=True))
async def kit_page(request: AnyRequest, kit_id: FromPath[UUID]) -> Template:
    """Show one version of a kit with its parts, the other versions, and what there is of it."""
    staff = await allowed(request, Action.STOCK_READ)
    kit = await queries.kit_by_id(kit_id)
    mine = scope_of(staff, Action.STOCK_READ).regions
    context = {
        "steps": await history_of(rules.KIT, kit.id),
        "kit": kit,
        "versions": await queries.versions_of(kit.item),
        "states": rules.KIT_STATES,
        "tones": rules.KIT_TONES,
        "lots": await lying(item=kit.item, regions=mine),
    }
    return _page("kit", staff, context)


async def _choices() -> dict[str, Any]:
    items = await catalogue.items()
    groups: dict[str, list[tuple[UUID, str]]] = {}
    for item in items:
        title = f"{catalogue.name_of(item)} · {catalogue.unit_of(item)}"
        groups.setdefault(gettext(CATEGORIES[item.category]), []).append((item.id, title))
    return {
        "kit_items": [(item.id, catalogue.name_of(item)) for item in items if item.is_kit],
        "part_items": list(groups.items()),
    }


async def _form_page(staff: Staff, form: Form[Any], status: int) -> Template:
    filled = max((n for n in range(1, rules.PART_LIMIT + 1) if form.typed(f"part_{n}")), default=0)
    rows = min(max(_ROWS, filled + (_MORE if form.typed("more") else 1)), rules.PART_LIMIT)
    return _page("kit_form", staff, {"form": form, "rows": rows, **await _choices()}, status)


@get("/staff/kits/new", opt=rule(Action.STOCK_SET_UP))
async def new_kit(request: AnyRequest) -> Template:
    """Ask what is in a kit; `of` names the version to begin from."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    initial: dict[str, str | list[str]] = {}
    try:
        kit = await queries.kit_by_id(UUID(request.query_params.get("of", "")))
    except (ValueError, NotFound):
        kit = None
    if kit is not None:
        initial["item"] = str(kit.item)
        for n, part in enumerate(kit.parts, start=1):
            initial |= {f"part_{n}": str(part.item), f"pieces_{n}": str(part.quantity)}
    return await _form_page(staff, forms.empty(**initial), HTTP_200_OK)


@post("/staff/kits/new", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def write_kit(request: AnyRequest) -> Redirect | Template:
    """Keep the next version as a draft."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    submitted = await request.form()
    form, parts = read_parts(submitted, forms.read(KitForm, submitted))
    if submitted.get("more"):
        return await _form_page(staff, Form(None, {}, form.raw), HTTP_200_OK)
    if form.value is None:
        return await _form_page(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        kit_id = await actions.draft_kit(form.value.item, parts, note=form.value.note)
    except (Invalid, NotFound) as error:
        return await _form_page(staff, form.refused(error, "part_1"), HTTP_422_UNPROCESSABLE_ENTITY)
    return lead_to(f"/staff/kits/{kit_id}")


@post(
    "/staff/kits/{kit_id:uuid}/freeze",
    opt=rule(Action.STOCK_SET_UP, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def freeze(request: AnyRequest, kit_id: FromPath[UUID]) -> Redirect:
    """Let a draft come into force."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    await actions.freeze_kit(kit_id, by=acting(staff))
    return lead_to(f"/staff/kits/{kit_id}")


@post(
    "/staff/kits/{kit_id:uuid}/discard",
    opt=rule(Action.STOCK_SET_UP, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def discard(request: AnyRequest, kit_id: FromPath[UUID]) -> Redirect:
    """Throw a draft away."""
    await allowed(request, Action.STOCK_SET_UP)
    await actions.discard_draft(kit_id)
    return lead_to("/staff/kits")


@get("/staff/kits/{kit_id:uuid}/assemble", opt=rule(Action.STOCK_WORK, anywhere=True))
async def preview(request: AnyRequest, kit_id: FromPath[UUID]) -> Template:
    """Ask how many and where, and show which lots that takes and what is missing."""
    staff = await allowed(request, Action.STOCK_WORK)
    kit = await queries.kit_by_id(kit_id)
    form = forms.read(PreviewForm, {name: request.query_params.getall(name) for name in request.query_params})
    return await _assemble_page(staff, kit, form, form.value, HTTP_200_OK)


async def _assemble_page(
    staff: Staff, kit: KitView, form: Form[Any], wanted: PreviewForm | None, status: int
) -> Template:
    mine = scope_of(staff, Action.STOCK_WORK).regions
    sites = await places.sites(regions=mine)
    site = next((one for one in sites if wanted is not None and one.id == wanted.site), None)
    if site is None and len(sites) == 1:
        site = sites[0]
    context: dict[str, Any] = {
        "kit": kit,
        "form": form,
        "sites": [(one.id, one.name) for one in sites],
        "site": site,
        "groups": [(code, gettext(label)) for code, label in LABELS.items()],
        "drives": [(one.id, one.title) for one in await drives.open_drives(mine) if one.item == kit.item],
        "once": form.typed("request") or str(ids.new_id()),
        "plan": None,
        "funds": [],
        "bins": [],
        "items": {part.item: part for part in kit.parts},
    }
    if site is not None:
        here = await queries.funds_at(site.id, kit)
        names = {fund.code: fund.name for fund in await ledger.funds()}
        context["funds"] = [(code, names.get(code, code)) for code in here]
        context["bins"] = await _shelves(site)
        if wanted is not None and wanted.quantity and (wanted.fund or len(here) == 1):
            context["plan"] = await queries.plan_for(
                kit,
                site=site.id,
                quantity=wanted.quantity,
                fund=wanted.fund or here[0],
                tokens=wanted.tokens,
            )
    return _page("kit_assemble", staff, context, status)


async def _shelves(site: Site) -> list[tuple[UUID, str]]:
    purposes = (Purpose.SHELF, Purpose.COLD, Purpose.PACKING)
    return [(one.id, one.code) for one in await places.bins_of(site.id, *purposes)]


@post(
    "/staff/kits/{kit_id:uuid}/assemble",
    opt=rule(Action.STOCK_WORK, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def assemble(request: AnyRequest, kit_id: FromPath[UUID]) -> Redirect | Template:
    """Put kits together; what is missing meanwhile is told and nothing moves."""
    staff = await allowed(request, Action.STOCK_WORK)
    kit, submitted = await queries.kit_by_id(kit_id), await request.form()
    form = forms.read(AssembleForm, submitted)
    wanted = forms.read(PreviewForm, submitted).value
    if form.value is None:
        return await _assemble_page(staff, kit, form, wanted, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    site = await places.site_by_id(said.site)
    staff = await allowed(request, Action.STOCK_WORK, organisation=site.organisation, region=site.region)
    try:
        meant = [
            one.id
            for one in await drives.open_drives(scope_of(staff, Action.STOCK_WORK).regions)
            if one.item == kit.item
        ]
        if said.drive is not None and said.drive not in meant:
            raise Invalid(CHOOSE, field="drive")
        made = await assembling.assemble(
            kit.id,
            site=said.site,
            bin_id=said.bin,
            quantity=said.quantity,
            fund=said.fund,
            tokens=said.tokens,
            drive=said.drive,
            by=acting(staff),
            request=said.request,
        )
    except (Invalid, Conflict) as error:
        status = error.status if isinstance(error, Conflict) else HTTP_422_UNPROCESSABLE_ENTITY
        return await _assemble_page(staff, kit, form.refused(error), wanted, status)
    return lead_to(f"/staff/kits/made/{made}")


@get("/staff/kits/made/{made_id:uuid}", opt=rule(Action.STOCK_READ))
async def made_page(request: AnyRequest, made_id: FromPath[UUID]) -> Template:
    """Show what was put together or taken apart, and from which lots."""
    made = await queries.made(made_id)
    site = await places.site_by_id(made.site)
    staff = await allowed(request, Action.STOCK_READ, region=site.region, secret=True)
    context = {
        "made": made,
        "site": site,
        "kit": await queries.kit_by_id(made.kit),
        "lot": await stock.lot_by_id(made.lot),
        "doing": gettext(rules.DOINGS[made.doing]),
        "parts": await queries.ingredients_of(made.lot)
        if made.doing is Doing.ASSEMBLE
        else await queries.came_out(made.id),
        "labels": LABELS,
    }
    return _page("kit_made", staff, context)


@get("/staff/kits/apart/{lot_id:uuid}", opt=rule(Action.STOCK_WORK))
async def apart_page(request: AnyRequest, lot_id: FromPath[UUID]) -> Template:
    """Ask how many kits of a lot to take apart, and where they lie."""
    staff = await allowed(request, Action.STOCK_WORK)
    return await _apart_page(staff, lot_id, forms.empty(), HTTP_200_OK)


async def _apart_page(staff: Staff, lot_id: UUID, form: Form[Any], status: int) -> Template:
    kit_id = await queries.kit_of_lot(lot_id)
    mine = reach(staff, Action.STOCK_WORK).regions
    if kit_id is None or not await within.lots([lot_id], mine):
        raise NotFound(N_("This lot was not put together from parts."))
    here = [one for one in await lying(lot=lot_id, regions=mine) if one.available]
    sites = dict.fromkeys(one.site for one in here)
    targets = [choice for site in sites for choice in await _shelves(await places.site_by_id(site))]
    context = {
        "form": form,
        "kit": await queries.kit_by_id(kit_id),
        "lot": await stock.lot_by_id(lot_id),
        "from_bins": [(one.bin, f"{one.site_name} · {one.bin_code} · {one.available}") for one in here],
        "to_bins": targets,
        "once": form.typed("request") or str(ids.new_id()),
    }
    return _page("kit_apart", staff, context, status)


@post(
    "/staff/kits/apart/{lot_id:uuid}",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def take_apart(request: AnyRequest, lot_id: FromPath[UUID]) -> Redirect | Template:
    """Take kits apart."""
    staff = await allowed(request, Action.STOCK_WORK)
    form = forms.read(ApartForm, await request.form())
    if form.value is None or not await within.lots([lot_id], reach(staff, Action.STOCK_WORK).regions):
        return await _apart_page(staff, lot_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    site = await places.site_by_id((await places.bin_by_id(said.from_bin)).site)
    staff = await allowed(request, Action.STOCK_WORK, organisation=site.organisation, region=site.region)
    try:
        made = await assembling.disassemble(
            lot_id,
            from_bin=said.from_bin,
            to_bin=said.to_bin,
            quantity=said.quantity,
            by=acting(staff),
            request=said.request,
        )
    except (Invalid, Conflict) as error:
        status = error.status if isinstance(error, Conflict) else HTTP_422_UNPROCESSABLE_ENTITY
        return await _apart_page(staff, lot_id, form.refused(error, "quantity"), status)
    return lead_to(f"/staff/kits/made/{made}")


def fund_choices(funds: Any) -> list[tuple[str, str]]:
    """Return the funds that goods may belong to and that are open."""
    return [
        (fund.code, fund.name)
        for fund in funds
        if fund.closed_on is None and fund.restriction is not Restriction.AGENCY
    ]


routes: list[ControllerRouterHandler] = [
    kit_page,
    new_kit,
    write_kit,
    freeze,
    discard,
    preview,
    assemble,
    made_page,
    apart_page,
    take_apart,
]
