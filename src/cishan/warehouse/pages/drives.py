"""Drives: planning, the list of who is entitled, and how far a season is."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan import gateways
from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing import forms, grids
from cishan.plumbing.documents import MAX_BYTES, private_headers
from cishan.plumbing.forms import STALE, Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.uploads import uploads
from cishan.warehouse.actions import drives as actions
from cishan.warehouse.actions import entitlements
from cishan.warehouse.actions.drives import NewDrive
from cishan.warehouse.actions.entitlements import ListRefused
from cishan.warehouse.forms.drives import DriveForm, MoveForm, OnceForm, PersonForm, read_targets
from cishan.warehouse.pages.kits import AnyRequest, fund_choices
from cishan.warehouse.queries import catalogue, label_sheets, places
from cishan.warehouse.queries import drives as queries
from cishan.warehouse.queries import entitlements as people
from cishan.warehouse.queries.drives import DriveView
from cishan.warehouse.queries.history import history_of, is_last_step
from cishan.warehouse.rules import drives as rules
from cishan.warehouse.rules import entitlements as reading
from cishan.warehouse.rules.drives import EntitlementState
from cishan.warehouse.rules.entitlements import Sheet
from cishan.warehouse.rules.labels import MOST, Format, Label
from cishan.warehouse.rules.restrictions import LABELS

ERRORS_SHOWN = 100


def _page(name: str, staff: Staff, context: dict[str, Any], status: int = HTTP_200_OK) -> Template:
    return Template(
        f"warehouse/{name}.html", context={"staff": staff, **context}, status_code=status, headers=NO_STORE
    )


async def opened(request: AnyRequest, drive_id: UUID, action: Action) -> tuple[Staff, DriveView]:
    """Return a drive for somebody who may do this in its region, or at one of its sites."""
    staff, drive = await allowed(request, action), await queries.drive_by_id(drive_id)
    reaches = [drive.region, *(site.region for site in drive.sites)]
    for region in reaches[:-1]:
        try:
            return await allowed(request, action, region=region, secret=True), drive
        except NotFound:
            continue
    return await allowed(request, action, region=reaches[-1], secret=True) if reaches else staff, drive


@get("/staff/drives/{drive_id:uuid}", opt=rule(Action.STOCK_READ))
async def drive_page(request: AnyRequest, drive_id: FromPath[UUID]) -> Template:
    """Show a drive: how far it is at each site, where every piece is, and what may be done."""
    staff, drive = await opened(request, drive_id, Action.STOCK_READ)
    return await _drive_page(staff, drive, forms.empty(), HTTP_200_OK)


async def _drive_page(staff: Staff, drive: DriveView, form: Form[Any], status: int) -> Template:
    progress = await queries.progress_of(drive.id)
    context = {
        "steps": await history_of(rules.DRIVE, drive.id),
        "drive": drive,
        "form": form,
        "state": (gettext(rules.DRIVE_STATES[drive.state]), rules.DRIVE_TONES[drive.state]),
        "fund": {fund.code: fund.name for fund in await ledger.funds()}.get(drive.fund, drive.fund),
        "progress": progress,
        "whole": queries.together(list(progress.values())),
        "units": {
            site.id: await queries.in_stock(site.id, drive.item, clock.today()) for site in drive.sites
        },
        "account": await queries.account_of(drive.id),
        "left": await queries.left_overs(drive.id),
        "slips": MOST,
    }
    return _page("drive", staff, context, status)


@post("/staff/drives/{drive_id:uuid}/move", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def move(request: AnyRequest, drive_id: FromPath[UUID]) -> Redirect | Template:
    """Open, close or reopen a drive."""
    await allowed(request, Action.STOCK_SET_UP)
    drive = await queries.drive_by_id(drive_id)
    staff = await allowed(request, Action.STOCK_SET_UP, organisation=drive.organisation, region=drive.region)
    form = forms.read(MoveForm, await request.form())
    if form.value is None:
        return await _drive_page(staff, drive, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.move_drive(drive_id, form.value.event, by=acting(staff), reason=form.value.reason)
    except (Invalid, Conflict) as error:
        said = form.value
        if await is_last_step(rules.DRIVE, drive_id, said.event, staff.person_id, reason=said.reason):
            return lead_to(f"/staff/drives/{drive_id}")
        drive = await queries.drive_by_id(drive_id)
        return await _drive_page(staff, drive, form.refused(error), error.status)
    return lead_to(f"/staff/drives/{drive_id}")


async def _plan_page(staff: Staff, form: Form[Any], status: int, drive: DriveView | None = None) -> Template:
    sites = await places.sites(regions=scope_of(staff, Action.STOCK_SET_UP).regions)
    context = {
        "form": form,
        "drive": drive,
        "sites": sites,
        "items": [(item.id, catalogue.name_of(item)) for item in _kits_first(await catalogue.items())],
        "funds": fund_choices(await ledger.funds()),
        "once": form.typed("request") or str(ids.new_id()),
    }
    return _page("drive_form", staff, context, status)


def _kits_first(items: Any) -> Any:
    return sorted(items, key=lambda item: not item.is_kit)


@get("/staff/drives/new", opt=rule(Action.STOCK_SET_UP))
async def new_drive(request: AnyRequest) -> Template:
    """Ask what a drive shall be."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    return await _plan_page(staff, forms.empty(per_person="1"), HTTP_200_OK)


@post("/staff/drives/new", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def plan(request: AnyRequest) -> Redirect | Template:
    """Write a drive down."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    form, new = await _read_plan(staff, await request.form())
    if form.value is None or new is None:
        return await _plan_page(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        if form.value.request is None:
            raise Invalid(STALE)
        drive_id = await actions.plan_drive(new, by=acting(staff), request=form.value.request)
    except (Invalid, NotFound) as error:
        return await _plan_page(staff, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    return lead_to(f"/staff/drives/{drive_id}")


async def _read_plan(staff: Staff, submitted: Any) -> tuple[Form[DriveForm], NewDrive | None]:
    sites = await places.sites(regions=scope_of(staff, Action.STOCK_SET_UP).regions)
    form, targets = read_targets(submitted, forms.read(DriveForm, submitted), [site.id for site in sites])
    if form.value is None:
        return form, None
    said, held = form.value, staff.acting or staff.posts[0]
    known = {code for code, _ in fund_choices(await ledger.funds())}
    if said.fund not in known:
        return form.refused(Invalid(N_("Choose one of the options."), field="fund")), None
    new = NewDrive(
        title=said.title,
        title_en=said.title_en,
        item=said.item,
        per_person=said.per_person,
        fund=said.fund,
        starts_on=said.starts_on,
        ends_on=said.ends_on,
        organisation=held.organisation_id,
        region=held.region_code,
        targets=targets,
    )
    return form, new


@get("/staff/drives/{drive_id:uuid}/change", opt=rule(Action.STOCK_SET_UP))
async def change_page(request: AnyRequest, drive_id: FromPath[UUID]) -> Template:
    """Ask what shall change."""
    staff, drive = await opened(request, drive_id, Action.STOCK_SET_UP)
    initial: dict[str, str | list[str]] = {
        "title": drive.title_zh,
        "title_en": drive.title_en,
        "item": str(drive.item),
        "per_person": str(drive.per_person),
        "fund": drive.fund,
        "starts_on": drive.starts_on.isoformat(),
        "ends_on": drive.ends_on.isoformat(),
    }
    initial |= {f"target_{site.id}": str(site.target_people) for site in drive.sites}
    return await _plan_page(staff, forms.empty(**initial), HTTP_200_OK, drive)


@post("/staff/drives/{drive_id:uuid}/change", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def change(request: AnyRequest, drive_id: FromPath[UUID]) -> Redirect | Template:
    """Change a plan."""
    await allowed(request, Action.STOCK_SET_UP)
    drive = await queries.drive_by_id(drive_id)
    staff = await allowed(request, Action.STOCK_SET_UP, organisation=drive.organisation, region=drive.region)
    form, new = await _read_plan(staff, await request.form())
    if new is None:
        return await _plan_page(staff, form, HTTP_422_UNPROCESSABLE_ENTITY, drive)
    try:
        await actions.change_drive(drive_id, new)
    except (Invalid, NotFound, Conflict) as error:
        return await _plan_page(staff, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY, drive)
    return lead_to(f"/staff/drives/{drive_id}")


async def _people_page(
    staff: Staff, drive: DriveView, form: Form[Any], status: int, errors: ListRefused | Sheet | None = None
) -> Template:
    mine = await _sites_of(staff, drive)
    context = {
        "drive": drive,
        "form": form,
        "sites": [(site.id, site.name) for site in drive.sites if site.id in mine],
        "groups": [(code, gettext(label)) for code, label in LABELS.items()],
        "accept": "text/csv,.csv,.xlsx",
        "once": form.typed("request") or str(ids.new_id()),
        "errors": [
            (one.row, gettext(one.message).format(**dict(one.values)))
            for one in (errors.errors if errors else ())[:ERRORS_SHOWN]
        ],
        "error_count": len(errors.errors) if errors else 0,
    }
    return _page("drive_people", staff, context, status)


async def _sites_of(staff: Staff, drive: DriveView) -> set[UUID]:
    reach = scope_of(staff, Action.STOCK_REQUEST).regions
    within = {site.id for site in await places.sites(regions=reach)}
    return {site.id for site in drive.sites if site.id in within}


@get("/staff/drives/{drive_id:uuid}/people", opt=rule(Action.STOCK_REQUEST))
async def people_page(request: AnyRequest, drive_id: FromPath[UUID]) -> Template:
    """Ask for a list of people, or for one person."""
    staff, drive = await opened(request, drive_id, Action.STOCK_REQUEST)
    return await _people_page(staff, drive, forms.empty(), HTTP_200_OK)


@post(
    "/staff/drives/{drive_id:uuid}/people",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
)
async def add_one(request: AnyRequest, drive_id: FromPath[UUID]) -> Redirect | Template:
    """Put one person onto the list."""
    staff, drive = await opened(request, drive_id, Action.STOCK_REQUEST)
    form = forms.read(PersonForm, await request.form())
    if form.value is None:
        return await _people_page(staff, drive, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        if said.site not in await _sites_of(staff, drive):
            raise Invalid(N_("Choose one of the options."), field="site")
        cells = {
            "name": said.name,
            "id_number": said.id_number,
            "phone": said.phone,
            "groups": " ".join(said.groups),
            "region": said.region,
        }
        entry = reading.entry_of(cells, today=clock.today())
        added = await entitlements.add_person(drive_id, entry, site=said.site, request=said.request)
    except (Invalid, Conflict) as error:
        return await _people_page(staff, drive, form.refused(error), error.status)
    return lead_to(f"/staff/drives/turns/{added}")


@post(
    "/staff/drives/{drive_id:uuid}/people/list",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=MAX_BYTES + 100_000,
)
async def add_list(request: AnyRequest, drive_id: FromPath[UUID]) -> Redirect | Template:
    """Put a whole list onto the drive's, or nothing: with every row that is wrong."""
    staff, drive = await opened(request, drive_id, Action.STOCK_REQUEST)
    submitted = await request.form()
    form: Form[Any] = forms.empty()
    try:
        sent = await uploads(submitted, "list")
        once = forms.read(OnceForm, submitted).value
        if once is None:
            raise Invalid(STALE)
        if not sent:
            raise Invalid(N_("Choose a file."), field="list")
        sheet = reading.read(
            grids.of_file(sent[0].data, field="list"), today=clock.today(), limit=rules.LIST_LIMIT
        )
        if sheet.errors:
            return await _people_page(staff, drive, form, HTTP_422_UNPROCESSABLE_ENTITY, sheet)
        await entitlements.add_people(
            drive_id, sheet.entries, sites=await _sites_of(staff, drive), request=once.request
        )
    except ListRefused as error:
        return await _people_page(staff, drive, form, HTTP_422_UNPROCESSABLE_ENTITY, error)
    except (Invalid, Conflict) as error:
        return await _people_page(staff, drive, form.refused(error, "list"), error.status)
    target = f"/staff/entitlements?drive={drive.number}"
    return lead_to(target)


@get("/staff/drives/list-template.csv", opt=rule(Action.STOCK_REQUEST))
async def list_template(request: AnyRequest) -> Response[bytes]:
    """Give an empty list with the heads of its columns, which spreadsheets open."""
    await allowed(request, Action.STOCK_REQUEST)
    heads = ",".join(names[0] for names in reading.COLUMNS.values())
    body = f"\ufeff{heads}\r\n".encode()
    return Response(body, media_type="text/csv", headers=private_headers("领取名单模板.csv"))


@get("/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}/slips.pdf", opt=rule(Action.STOCK_REQUEST))
async def slips(request: AnyRequest, drive_id: FromPath[UUID], site_id: FromPath[UUID]) -> Response[bytes]:
    """Give the slips of a site as PDF, with QR codes and masked names; `part` counts from 1."""
    drive = await queries.drive_by_id(drive_id)
    site = drive.site(site_id)
    await allowed(request, Action.STOCK_REQUEST, region=site.region, secret=True)
    wanted = request.query_params.get("part", "1")
    part = int(wanted) if wanted.isascii() and wanted.isdigit() and 0 < len(wanted) < 5 else 1
    alive = [
        one for one in await people.receivers(drive_id, site_id) if one.state is not EntitlementState.STRUCK
    ]
    chosen = alive[(part - 1) * MOST : part * MOST]
    if not chosen:
        raise NotFound(N_("Nobody is on such a list."))
    gets = f"{drive.item_name} × {drive.per_person}"
    labels = [
        Label(code=one.number, title=drive.title, facts=(one.masked_name, gets, site.name)) for one in chosen
    ]
    config = gateways.settings()
    made = await label_sheets.sheet(
        labels,
        Format.LARGE,
        base=config.public_url,
        author=config.organisation.name,
        written_at=clock.now(),
    )
    name = f"{drive.number}-{site.code}-{part}.pdf"
    return Response(made, media_type="application/pdf", headers=private_headers(name))


routes: list[ControllerRouterHandler] = [
    drive_page,
    move,
    new_drive,
    plan,
    change_page,
    change,
    people_page,
    add_one,
    add_list,
    list_template,
    slips,
]
