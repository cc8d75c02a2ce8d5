"""Distribution day: a slip is scanned, a person recognised, the goods signed for; then the next."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.files import actions as files
from cishan.files.forms import chooser
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, DomainError, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.uploads import uploads
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import distributing as actions
from cishan.warehouse.actions import entitlements
from cishan.warehouse.forms.drives import AbsentForm, FindForm, GiveForm, StrikeForm
from cishan.warehouse.pages.kits import AnyRequest
from cishan.warehouse.pages.outgoing import second_of
from cishan.warehouse.queries import drives as queries
from cishan.warehouse.queries import entitlements as people
from cishan.warehouse.queries import handovers
from cishan.warehouse.queries.drives import DriveView, SitePlan
from cishan.warehouse.queries.entitlements import Receiver
from cishan.warehouse.queries.handovers import SIGNATURE
from cishan.warehouse.rules import codes
from cishan.warehouse.rules import drives as rules
from cishan.warehouse.rules.drives import DriveState, EntitlementState, Progress
from cishan.warehouse.rules.orders import ORDER

_REFUSALS = (Invalid, Conflict)


def _page(name: str, staff: Staff, context: dict[str, Any], status: int = HTTP_200_OK) -> Template:
    labels = {"states": rules.ENTITLEMENT_STATES, "tones": rules.ENTITLEMENT_TONES}
    return Template(
        f"warehouse/{name}.html",
        context={"staff": staff, **labels, **context},
        status_code=status,
        headers=NO_STORE,
    )


async def _at(
    request: AnyRequest, drive_id: UUID, site_id: UUID, action: Action
) -> tuple[Staff, DriveView, SitePlan]:
    await allowed(request, action)
    drive = await queries.drive_by_id(drive_id)
    site = drive.site(site_id)
    return await allowed(request, action, region=site.region, secret=True), drive, site


@get("/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}", opt={**rule(Action.STOCK_WORK), CAMERA: True})
async def day(request: AnyRequest, drive_id: FromPath[UUID], site_id: FromPath[UUID]) -> Template:
    """Show how far a site is today and wait for the next slip, name or number."""
    staff, drive, site = await _at(request, drive_id, site_id, Action.STOCK_WORK)
    return await _day(staff, drive, site, forms.empty(), HTTP_200_OK)


async def _day(
    staff: Staff, drive: DriveView, site: SitePlan, form: Form[Any], status: int, **more: Any
) -> Template:
    progress = (await queries.progress_of(drive.id)).get(site.id, Progress(0, 0, 0))
    context = {
        "drive": drive,
        "site": site,
        "form": form,
        "progress": progress,
        "units": await queries.in_stock(site.id, drive.item, clock.today()),
        "is_open": drive.state is DriveState.OPEN,
        "last": await people.last_given(drive.id, site.id),
        "found": None,
        "absent_form": forms.empty(),
        **more,
    }
    return _page("drive_day", staff, context, status)


@post(
    "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}",
    opt={**rule(Action.STOCK_WORK), CAMERA: True},
    status_code=HTTP_200_OK,
)
async def find(request: AnyRequest, drive_id: FromPath[UUID], site_id: FromPath[UUID]) -> Template | Redirect:
    """Go to the person of a scanned slip, or show who is meant. What was typed stays out of addresses."""
    staff, drive, site = await _at(request, drive_id, site_id, Action.STOCK_WORK)
    form = forms.read(FindForm, await request.form())
    if form.value is None:
        return await _day(staff, drive, site, form, HTTP_422_UNPROCESSABLE_ENTITY)
    typed = form.value.code
    exact = await people.receiver_by_number(codes.read(typed).number or "-")
    if exact is not None and exact.drive == drive.id:
        return lead_to(f"/staff/drives/turns/{exact.id}")
    found = await people.search(drive.id, typed)
    if len(found) == 1:
        return lead_to(f"/staff/drives/turns/{found[0].id}")
    if not found:
        form = form.refused(Invalid(N_("Nobody on this list is found by that."), field="code"))
        return await _day(staff, drive, site, form, HTTP_422_UNPROCESSABLE_ENTITY)
    return await _day(staff, drive, site, forms.empty(), HTTP_200_OK, found=found)


@post(
    "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}/absent",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def all_absent(
    request: AnyRequest, drive_id: FromPath[UUID], site_id: FromPath[UUID]
) -> Redirect | Template:
    """Note everybody who did not come today as absent."""
    staff, drive, site = await _at(request, drive_id, site_id, Action.STOCK_WORK)
    form = forms.read(AbsentForm, await request.form())
    try:
        if form.value is None:
            raise Invalid(N_("Enter a date such as 2026-11-22."), field="come_on")
        await entitlements.note_all_absent(drive_id, site_id, come_on=form.value.come_on, by=acting(staff))
    except _REFUSALS as error:
        shown = form.refused(error, "come_on")
        return await _day(staff, drive, site, forms.empty(), error.status, absent_form=shown)
    return lead_to(f"/staff/drives/{drive_id}/sites/{site_id}")


async def _turn(
    request: AnyRequest, turn_id: UUID, action: Action
) -> tuple[Staff, DriveView, SitePlan, Receiver]:
    await allowed(request, action)
    found = await people.receiver(turn_id)
    drive = await queries.drive_by_id(found.drive)
    site = drive.site(found.site)
    return await allowed(request, action, region=site.region, secret=True), drive, site, found


async def _turn_page(
    staff: Staff,
    drive: DriveView,
    site: SitePlan,
    found: Receiver,
    *,
    status: int = HTTP_200_OK,
    **shown: Form[Any],
) -> Template:
    give = shown.get("give") or forms.empty(**await _beside(staff))
    context = {
        "drive": drive,
        "site": site,
        "found": found,
        "give": give,
        "absent": shown.get("absent") or forms.empty(),
        "strike": shown.get("strike") or forms.empty(),
        "people": [
            (str(p), name) for p, name in await handovers.colleagues(site.region, but=staff.person_id)
        ],
        "signature": chooser(SIGNATURE, at_once=1),
        "once": give.typed("request") or str(ids.new_id()),
        "may_give": drive.state is DriveState.OPEN
        and found.state in (EntitlementState.LISTED, EntitlementState.ABSENT),
        "units": await queries.in_stock(site.id, drive.item, clock.today()),
        "number": await handovers.number_of(found.order_id) if found.order_id else "",
    }
    return _page("drive_turn", staff, context, status)


async def _beside(staff: Staff) -> dict[str, str | list[str]]:
    """Return the second person of this keeper's last hand-over today: they stand there all day."""
    person, name = await handovers.last_second(staff.person_id, clock.today())
    return {"second": str(person or ""), "volunteer": name}


@get("/staff/drives/turns/{turn_id:uuid}", opt=rule(Action.STOCK_READ))
async def turn_page(request: AnyRequest, turn_id: FromPath[UUID]) -> Template:
    """Show one person, masked, what they get or when they got it, and the form to hand it out."""
    staff, drive, site, found = await _turn(request, turn_id, Action.STOCK_READ)
    return await _turn_page(staff, drive, site, found)


@post(
    "/staff/drives/turns/{turn_id:uuid}/give",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=SIGNATURE.body_limit,
)
async def give(request: AnyRequest, turn_id: FromPath[UUID]) -> Redirect | Template:
    """Hand out, once, and go back to the screen for the next person."""
    staff, drive, site, found = await _turn(request, turn_id, Action.STOCK_WORK)
    submitted = await request.form()
    form = forms.read(GiveForm, submitted)
    if form.value is None:
        return await _turn_page(staff, drive, site, found, status=HTTP_422_UNPROCESSABLE_ENTITY, give=form)
    said = form.value
    try:
        sent = await uploads(submitted, "signature")
        signature = await files.bring(sent, owner_kind=ORDER, purpose=SIGNATURE.code, field="signature")
        await actions.hand_to(
            turn_id,
            by=acting(staff),
            second=await second_of(said.second, said.volunteer, beside=staff, region=site.region),
            signature=signature,
            signed=said.signed,
            collector=said.collector,
            why=said.why,
            request=said.request,
        )
    except _REFUSALS as error:
        return await _refused_turn(staff, drive, site, turn_id, error, give=form)
    target = f"/staff/drives/{drive.id}/sites/{site.id}"
    return lead_to(target)


async def _refused_turn(
    staff: Staff, drive: DriveView, site: SitePlan, turn_id: UUID, error: DomainError, **form: Form[Any]
) -> Template:
    ((name, typed),) = form.items()
    found = await people.receiver(turn_id)
    return await _turn_page(staff, drive, site, found, status=error.status, **{name: typed.refused(error)})


@post(
    "/staff/drives/turns/{turn_id:uuid}/absent",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def absent(request: AnyRequest, turn_id: FromPath[UUID]) -> Redirect | Template:
    """Note that one person did not come, and the later day."""
    staff, drive, site, _ = await _turn(request, turn_id, Action.STOCK_WORK)
    form = forms.read(AbsentForm, await request.form())
    try:
        if form.value is None:
            raise Invalid(N_("Enter a date such as 2026-11-22."), field="come_on")
        await entitlements.note_absent(turn_id, come_on=form.value.come_on, by=acting(staff))
    except _REFUSALS as error:
        return await _refused_turn(staff, drive, site, turn_id, error, absent=form)
    return lead_to(f"/staff/drives/turns/{turn_id}")


@post(
    "/staff/drives/turns/{turn_id:uuid}/strike",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
)
async def strike(request: AnyRequest, turn_id: FromPath[UUID]) -> Redirect | Template:
    """Take one person off the list."""
    staff, drive, site, found = await _turn(request, turn_id, Action.STOCK_REQUEST)
    form = forms.read(StrikeForm, await request.form())
    if form.value is None:
        return await _turn_page(staff, drive, site, found, status=HTTP_422_UNPROCESSABLE_ENTITY, strike=form)
    try:
        await entitlements.strike(turn_id, reason=form.value.reason, by=acting(staff))
    except _REFUSALS as error:
        return await _refused_turn(staff, drive, site, turn_id, error, strike=form)
    return lead_to(f"/staff/drives/turns/{turn_id}")


routes: list[ControllerRouterHandler] = [day, find, all_absent, turn_page, give, absent, strike]
