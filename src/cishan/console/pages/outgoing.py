"""The pages of orders of goods and of write-offs, with what stands around each."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import OPEN, Acting, acting
from cishan.console import actions as console
from cishan.console.queries.around import around
from cishan.identity.guards import allowed, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.db import atomic
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import orders as actions
from cishan.warehouse.actions import scraps
from cishan.warehouse.forms.orders import StepForm, with_error
from cishan.warehouse.pages.orders import order_context
from cishan.warehouse.pages.outgoing import HOME, REFUSALS, look_by, order_for, page
from cishan.warehouse.pages.scraps import HOME as SCRAPS
from cishan.warehouse.pages.scraps import scrap_context
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.history import is_last_step
from cishan.warehouse.queries.orders import OrderView
from cishan.warehouse.queries.scraps import ScrapView, scrap_by_id
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.scraps import KIND, SCRAP


async def _order_page(staff: Staff, order: OrderView, form: Form[Any] | None = None, **more: Any) -> Template:
    context = {
        **await order_context(staff, order, **more),
        "form": form or forms.empty(),
        "around": await around(rules.ORDER, order.id),
    }
    return page("order", context, form=form)


@get("/staff/warehouse/orders/{number:str}", opt=rule(Action.STOCK_READ))
async def order_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show one order."""
    staff, order = await order_for(request, number, Action.STOCK_READ)
    return await _order_page(staff, order)


@post("/staff/warehouse/orders/{number:str}/look", opt=rule(Action.RECEIVER_READ), status_code=HTTP_200_OK)
async def look_at_receiver(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show who receives, once it is written down who looks and what for.

    Who delivers goods must know the door and the telephone; once the goods have arrived, that is over.
    """
    staff, order = await order_for(request, number, Action.RECEIVER_READ)
    if look_by(order) is not Action.RECEIVER_READ:
        await allowed(request, look_by(order), organisation=order.organisation, region=order.site_region)
    form = forms.read(StepForm, await request.form())
    if form.value is None or not form.value.reason:
        said = with_error(form, "reason", gettext(N_("Say what you need it for.")))
        return await _order_page(staff, order, said)
    async with atomic():
        await console.look(
            staff,
            kind=rules.ORDER,
            subject_id=order.id,
            fields=queries.SEALED_FIELDS,
            purpose=form.value.reason,
        )
        order = await queries.order_by_number(number, clear=True)
        return await _order_page(staff, order, opened=True)


async def _step(
    request: Request[Any, Any, Any],
    number: str,
    action: Action,
    take: Callable[[OrderView, StepForm, Acting], Awaitable[object]],
) -> Redirect | Template:
    """Take a step with an order; show its page with the reason where that is refused."""
    staff, order = await order_for(request, number, action)
    form = forms.read(StepForm, await request.form())
    if form.value is None:
        return await _order_page(staff, order, form)
    try:
        await take(order, form.value, acting(staff))
    except REFUSALS as error:
        return await _order_page(staff, order, form.refused(error))
    return lead_to(f"{HOME}/{order.number}")


@post(
    "/staff/warehouse/orders/{number:str}/reserve",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def reserve_order(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Set aside what an order lacks."""
    return await _step(
        request,
        number,
        Action.STOCK_WORK,
        lambda order, said, by: actions.reserve([order.id], by=by, request=said.request),
    )


@post(
    "/staff/warehouse/orders/{number:str}/cancel",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
)
async def cancel_order(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Give an order up."""
    return await _step(
        request,
        number,
        Action.STOCK_REQUEST,
        lambda order, said, by: actions.cancel(order.id, by=by, request=said.request, reason=said.reason),
    )


async def _scrap_page(staff: Staff, scrap: ScrapView, form: Form[Any] | None = None) -> Template:
    context = {
        **await scrap_context(staff, scrap),
        "form": form or forms.empty(),
        "around": await around(SCRAP, scrap.id),
    }
    return page("scrap", context, form=form)


async def _scrap(request: Request[Any, Any, Any], scrap_id: UUID, action: Action) -> tuple[Staff, ScrapView]:
    scrap = await scrap_by_id(scrap_id)
    staff = await allowed(request, action, organisation=scrap.organisation, region=scrap.region, secret=True)
    return staff, scrap


@get("/staff/warehouse/scraps/{scrap_id:uuid}", opt=rule(Action.STOCK_READ))
async def one_scrap(request: Request[Any, Any, Any], scrap_id: FromPath[UUID]) -> Template:
    """Show one write-off."""
    staff, scrap = await _scrap(request, scrap_id, Action.STOCK_READ)
    return await _scrap_page(staff, scrap)


async def _is_done(scrap_id: UUID, take: Callable[..., Awaitable[object]], staff: Staff, reason: str) -> bool:
    """Tell whether a step was refused because the same form has taken it already."""
    if take is scraps.drop:
        return await is_last_step(SCRAP, scrap_id, "refuse", staff.person_id, reason=reason)
    standing = (await approvals.states_of(KIND, SCRAP, [scrap_id])).get(str(scrap_id))
    return bool(reason.strip()) and standing is not None and standing.state in OPEN


async def _scrap_step(
    request: Request[Any, Any, Any], scrap_id: UUID, take: Callable[..., Awaitable[object]]
) -> Redirect | Template:
    """Take a step with a write-off; show its page with the reason where that is refused."""
    staff, scrap = await _scrap(request, scrap_id, Action.STOCK_WORK)
    form = forms.read(StepForm, await request.form())
    if form.value is None:
        return await _scrap_page(staff, scrap, form)
    try:
        await take(scrap.id, by=acting(staff), reason=form.value.reason)
    except REFUSALS as error:
        if await _is_done(scrap.id, take, staff, form.value.reason):
            return lead_to(f"{SCRAPS}/{scrap.id}")
        return await _scrap_page(staff, scrap, form.refused(error))
    return lead_to(f"{SCRAPS}/{scrap.id}")


@post(
    "/staff/warehouse/scraps/{scrap_id:uuid}/again",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def again(request: Request[Any, Any, Any], scrap_id: FromPath[UUID]) -> Redirect | Template:
    """Lay it before the checkers once more."""
    return await _scrap_step(request, scrap_id, scraps.propose_again)


@post(
    "/staff/warehouse/scraps/{scrap_id:uuid}/drop",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def drop(request: Request[Any, Any, Any], scrap_id: FromPath[UUID]) -> Redirect | Template:
    """Give a write-off up."""
    return await _scrap_step(request, scrap_id, scraps.drop)


routes: list[ControllerRouterHandler] = [
    order_page,
    look_at_receiver,
    reserve_order,
    cancel_order,
    one_scrap,
    again,
    drop,
]
