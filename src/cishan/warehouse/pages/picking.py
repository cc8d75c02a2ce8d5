"""Picking by phone: the list in walking order, one field for scans, a quantity, and what is not there."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.documents import private_headers
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import picks as actions
from cishan.warehouse.forms.orders import InsteadForm, NotFoundForm, PickForm, ScanForm, StepForm
from cishan.warehouse.pages.outgoing import HOME, REFUSALS, order_for, page, why_not
from cishan.warehouse.queries import order_papers, picking
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.orders import NO_PICK, OrderView, PickView
from cishan.warehouse.queries.picking import Judged
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.orders import Event, PickState

_WORK = rule(Action.STOCK_WORK)
_LENS: dict[str, Any] = {**_WORK, CAMERA: True}


async def _page(
    staff: Staff, order: OrderView, *, judged: Judged | None = None, form: Form[Any] | None = None
) -> Template:
    picks = await queries.picks_of(order.id)
    todo = picking.to_do(picks)
    chosen = judged.pick if judged else None
    context = {
        "staff": staff,
        "order": order,
        "form": form or forms.empty(),
        "picks": picks,
        "todo": todo,
        "done": [one for one in picks if one.state is PickState.PICKED],
        "missing": [one for one in picks if one.state is PickState.MISSING],
        "chosen": chosen,
        "judged": judged,
        "at_bin": judged.bin_code if judged else "",
        "why_not": why_not(staff, Action.STOCK_WORK, order, Event.PICK),
    }
    return page("order_pick", context, form=form)


@get("/staff/warehouse/orders/{number:str}/pick", opt=_LENS)
async def pick_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show what is to pick, the next first."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _page(staff, order)


@post("/staff/warehouse/orders/{number:str}/pick", opt=_LENS, status_code=HTTP_303_SEE_OTHER)
async def scan(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Take a scan: choose a bin or a line of the list, or say loudly why it is the wrong thing.

    A line of one piece is picked by the scan itself.
    """
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    form = forms.read(ScanForm, await request.form())
    if form.value is None:
        return await _page(staff, order, form=form)
    judged = await picking.judge(
        form.value.code, await queries.picks_of(order.id), at_bin=form.value.bin.strip().upper()
    )
    if judged.pick is not None and judged.pick.quantity == 1 and not judged.is_bin:
        try:
            await actions.pick(judged.pick.id, quantity=1, by=acting(staff), request=form.value.request)
        except REFUSALS as error:
            return await _page(staff, order, form=form.refused(error, "code"))
        said = gettext(N_("Picked: {item}, lot {lot}.")).format(
            item=judged.pick.item_name, lot=judged.pick.lot_number
        )
        judged = Judged(words=said, fits=True, bin_code=judged.bin_code)
        order = await queries.order_by_id(order.id)
    answer = await _page(staff, order, judged=judged)
    answer.status_code = HTTP_200_OK if judged.fits else HTTP_422_UNPROCESSABLE_ENTITY
    return answer


async def _pick(order: OrderView, pick_id: UUID) -> PickView:
    found = await queries.pick_by_id(pick_id)
    if found.order_number != order.number:
        raise NotFound(NO_PICK)
    return found


def _chosen(pick: PickView) -> Judged:
    return Judged(words="", fits=True, bin_code=pick.bin_code, pick=pick)


@get("/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}", opt=_LENS)
async def one_pick(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Template:
    """Show one line of the list with its quantity, as after a scan."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _page(staff, order, judged=_chosen(await _pick(order, pick_id)))


@post(
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}",
    opt=_LENS,
    status_code=HTTP_303_SEE_OTHER,
)
async def take(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Redirect | Template:
    """Note how many were picked."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    found = await _pick(order, pick_id)
    form = forms.read(PickForm, await request.form())
    if form.value is None:
        return await _page(staff, order, judged=_chosen(found), form=form)
    try:
        await actions.pick(
            pick_id, quantity=form.value.quantity, by=acting(staff), request=form.value.request
        )
    except REFUSALS as error:
        return await _page(staff, order, judged=_chosen(found), form=form.refused(error, "quantity"))
    return lead_to(f"{HOME}/{order.number}/pick")


async def _other(
    staff: Staff, order: OrderView, pick: PickView, form: Form[Any], name: str = "order_pick_other"
) -> Template:
    context = {"staff": staff, "order": order, "pick": pick, "form": form}
    return page(name, context, form=form)


@get("/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/missing", opt=_WORK)
async def not_there(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Template:
    """Ask how many were there, and why not all."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _other(
        staff, order, await _pick(order, pick_id), forms.empty(found="0"), "order_pick_missing"
    )


@post(
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/missing",
    opt=_WORK,
    status_code=HTTP_303_SEE_OTHER,
)
async def note_missing(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Redirect | Template:
    """Note what was not there, and set the rest aside elsewhere."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    found = await _pick(order, pick_id)
    form = forms.read(NotFoundForm, await request.form())
    if form.value is None:
        return await _other(staff, order, found, form, "order_pick_missing")
    try:
        await actions.not_found(
            pick_id,
            found=form.value.found,
            reason=form.value.reason,
            by=acting(staff),
            request=form.value.request,
        )
    except REFUSALS as error:
        if isinstance(error, Invalid) and error.field == "quantity":
            error = Invalid(error.message, field="found", **error.values)
        return await _other(staff, order, found, form.refused(error, "found"), "order_pick_missing")
    return lead_to(f"{HOME}/{order.number}/pick")


@post(
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/found",
    opt=_WORK,
    status_code=HTTP_303_SEE_OTHER,
)
async def note_found(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Redirect | Template:
    """Note that missing goods are there after all."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    found = await _pick(order, pick_id)
    form = forms.read(StepForm, await request.form())
    if form.value is None:
        return await _page(staff, order, form=form)
    try:
        await actions.found_again(found.id, by=acting(staff), request=form.value.request)
    except REFUSALS as error:
        return await _page(staff, order, form=form.refused(error))
    return lead_to(f"{HOME}/{order.number}/pick")


@get("/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/instead", opt=_WORK)
async def other_lot(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Template:
    """Ask which lot to take instead, and why."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    lot = request.query_params.get("lot", "")[:60]
    return await _other(staff, order, await _pick(order, pick_id), forms.empty(lot=lot))


@post(
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/instead",
    opt=_WORK,
    status_code=HTTP_303_SEE_OTHER,
)
async def take_other_lot(
    request: Request[Any, Any, Any], number: FromPath[str], pick_id: FromPath[UUID]
) -> Redirect | Template:
    """Set another lot aside, with the reason."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    found = await _pick(order, pick_id)
    form = forms.read(InsteadForm, await request.form())
    if form.value is None:
        return await _other(staff, order, found, form)
    try:
        await actions.take_instead(
            pick_id,
            lot_number=codes.read(form.value.lot).number,
            reason=form.value.reason,
            by=acting(staff),
            request=form.value.request,
        )
    except REFUSALS as error:
        return await _other(staff, order, found, form.refused(error, "lot"))
    return lead_to(f"{HOME}/{order.number}/pick")


@get("/staff/warehouse/orders/{number:str}/pick-list.pdf", opt=rule(Action.STOCK_READ))
async def printed_list(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Hand out the pick list on A4."""
    _, order = await order_for(request, number, Action.STOCK_READ)
    todo = picking.to_do(await queries.picks_of(order.id))
    data = await order_papers.pick_list(order, todo, written_at=clock.now())
    return Response(data, media_type="application/pdf", headers=private_headers(f"{order.number}-pick.pdf"))


@get("/staff/warehouse/orders/{number:str}/slip.pdf", opt=rule(Action.STOCK_READ))
async def printed_slip(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Hand out the slip that goes with the parcel."""
    _, order = await order_for(request, number, Action.STOCK_READ)
    data = await order_papers.slip(order, await queries.lines_of(order.id), written_at=clock.now())
    return Response(data, media_type="application/pdf", headers=private_headers(f"{order.number}-slip.pdf"))


routes: list[ControllerRouterHandler] = [
    pick_page,
    scan,
    one_pick,
    take,
    not_there,
    note_missing,
    note_found,
    other_lot,
    take_other_lot,
    printed_list,
    printed_slip,
]
