"""Packing, the signature, the second person, what the receiver says afterwards, and what comes back."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan import gateways
from cishan.approvals.rules import acting
from cishan.files import actions as files
from cishan.files.forms import chooser
from cishan.identity.guards import SECRET_LINK, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.uploads import uploads
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import handovers as actions
from cishan.warehouse.forms.orders import ConfirmForm, HandOverForm, PackForm, ReturnForm
from cishan.warehouse.pages.outgoing import HOME, REFUSALS, order_for, page, second_of, why_not
from cishan.warehouse.queries import handovers
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.handovers import PHOTO, SIGNATURE
from cishan.warehouse.queries.orders import OrderView
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.offers import GRADES
from cishan.warehouse.rules.orders import ORDER, Confirmed, Event, PickState, Signed

_WORK = rule(Action.STOCK_WORK)
_BODY = SIGNATURE.body_limit + PHOTO.body_limit


async def _pack(staff: Staff, order: OrderView, form: Form[Any]) -> Template:
    picks = await queries.picks_of(order.id)
    context = {
        "staff": staff,
        "order": order,
        "form": form,
        "picked": [one for one in picks if one.state is PickState.PICKED],
        "left": [one for one in picks if one.state is PickState.RESERVED],
        "why_not": why_not(staff, Action.STOCK_WORK, order, Event.PACK),
    }
    return page("order_pack", context, form=form)


@get("/staff/warehouse/orders/{number:str}/pack", opt=_WORK)
async def packing(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show what was picked, and ask for the number of parcels."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _pack(staff, order, forms.empty(parcels="1"))


@post("/staff/warehouse/orders/{number:str}/pack", opt=_WORK, status_code=HTTP_303_SEE_OTHER)
async def pack(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Note that goods are packed."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    form = forms.read(PackForm, await request.form())
    if form.value is None:
        return await _pack(staff, order, form)
    try:
        await actions.pack(
            order.id, parcels=form.value.parcels, by=acting(staff), drop_rest=form.value.drop_rest
        )
    except REFUSALS as error:
        return await _pack(staff, order, form.refused(error))
    return lead_to(f"{HOME}/{order.number}")


async def _hand_over(staff: Staff, order: OrderView, form: Form[Any]) -> Template:
    people = await handovers.colleagues(order.site_region, but=staff.person_id)
    context = {
        "staff": staff,
        "order": order,
        "form": form,
        "lines": [line for line in await queries.lines_of(order.id) if line.picked],
        "people": [(str(person), name) for person, name in people],
        "signature": chooser(SIGNATURE, at_once=1),
        "photo": chooser(PHOTO),
        "why_not": why_not(staff, Action.STOCK_WORK, order, Event.HAND_OVER),
    }
    return page("order_hand_over", context, form=form)


@get("/staff/warehouse/orders/{number:str}/hand-over", opt=_WORK)
async def handing_over(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Ask who receives, who stands by, and for their signatures."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _hand_over(staff, order, forms.empty())


@post(
    "/staff/warehouse/orders/{number:str}/hand-over",
    opt=_WORK,
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=_BODY,
)
async def hand_over(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Issue the goods before a second person, against a signature."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    submitted = await request.form()
    form = forms.read(HandOverForm, submitted)
    if form.value is None:
        return await _hand_over(staff, order, form)
    value = form.value
    try:
        sent = await uploads(submitted, "signature")
        beside = await uploads(submitted, "second_signature")
        named = await second_of(value.second, value.volunteer, beside=staff, region=order.site_region)
        second = rules.require_second(named, staff.person_id)
        if value.signed is Signed.SCREEN and not beside:
            raise Invalid(N_("The second person signs on the screen."), field="second_signature")
        signature = await files.bring(
            [*sent, *beside],
            owner_kind=ORDER,
            purpose=SIGNATURE.code,
            fields=["signature"] * len(sent) + ["second_signature"] * len(beside),
        )
        photo = await files.bring(
            await uploads(submitted, "photo"), owner_kind=ORDER, purpose=PHOTO.code, field="photo"
        )
        await actions.hand_over(
            order.id,
            by=acting(staff),
            second=second,
            signed=value.signed,
            signature=signature if sent else [],
            photo=photo,
            signer=value.signer,
            request=value.request,
        )
    except REFUSALS as error:
        return await _hand_over(staff, order, form.refused(error))
    return lead_to(f"{HOME}/{order.number}")


async def _confirm(staff: Staff, order: OrderView, form: Form[Any]) -> Template:
    context = {
        "staff": staff,
        "order": order,
        "form": form,
        "handover": await handovers.handover_of(order.id),
        "ways": [(way.value, gettext(rules.CONFIRMED[way])) for way in (Confirmed.PHONE, Confirmed.VISIT)],
        "why_not": why_not(staff, Action.STOCK_REQUEST, order, Event.CONFIRM),
    }
    return page("order_confirm", context, form=form)


@get("/staff/warehouse/orders/{number:str}/confirm", opt=rule(Action.STOCK_REQUEST))
async def asking(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Ask what the receiver said when they were called or visited."""
    staff, order = await order_for(request, number, Action.STOCK_REQUEST)
    return await _confirm(staff, order, forms.empty(how=Confirmed.PHONE.value))


@post(
    "/staff/warehouse/orders/{number:str}/confirm",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
)
async def confirm(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Note what the receiver said."""
    staff, order = await order_for(request, number, Action.STOCK_REQUEST)
    form = forms.read(ConfirmForm, await request.form())
    if form.value is None:
        return await _confirm(staff, order, form)
    value = form.value
    try:
        if value.how is Confirmed.LINK:
            raise Invalid(N_("Choose one of the options."), field="how")
        await actions.confirm(
            order.id, how=value.how, by=acting(staff), complaint=value.complaint, note=value.note
        )
    except REFUSALS as error:
        return await _confirm(staff, order, form.refused(error))
    return lead_to(f"{HOME}/{order.number}")


async def _returns(staff: Staff, order: OrderView, form: Form[Any]) -> Template:
    picks = await queries.picks_of(order.id)
    context = {
        "staff": staff,
        "order": order,
        "form": form,
        "picks": [
            (str(one.id), f"{one.item_name} · {one.lot_number} · {one.quantity - one.returned} {one.unit}")
            for one in picks
            if one.state is PickState.ISSUED and one.quantity > one.returned
        ],
        "conditions": [(code, gettext(word)) for code, word in rules.CONDITIONS.items()],
        "grades": [(grade, gettext(GRADES[grade])) for grade in rules.GRADES_OF_SHELVES],
    }
    return page("order_return", context, form=form)


@get("/staff/warehouse/orders/{number:str}/returns", opt={**_WORK, CAMERA: True})
async def coming_back(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Ask what came back, in what condition, and why."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    return await _returns(staff, order, forms.empty())


@post(
    "/staff/warehouse/orders/{number:str}/returns",
    opt={**_WORK, CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def take_back(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Take goods back into quarantine, or whole ones to a shelf."""
    staff, order = await order_for(request, number, Action.STOCK_WORK)
    form = forms.read(ReturnForm, await request.form())
    if form.value is None:
        return await _returns(staff, order, form)
    value = form.value
    try:
        if (await queries.pick_by_id(value.pick)).order_number != order.number:
            raise Conflict(queries.NO_PICK)
        await actions.take_back(
            value.pick,
            quantity=value.quantity,
            condition=value.condition,
            grade=value.grade,
            shelf=value.bin,
            reason=value.reason,
            by=acting(staff),
            request=value.request,
        )
    except REFUSALS as error:
        return await _returns(staff, order, form.refused(error, "pick"))
    return lead_to(f"{HOME}/{order.number}")


async def _own(token: str, form: Form[Any]) -> Template:
    order = await queries.order_by_token(token)
    context = {
        "order": order,
        "token": token,
        "form": form,
        "lines": await queries.lines_of(order.id),
        "handover": await handovers.handover_of(order.id),
        "state": gettext(rules.STATES[order.state]),
        "phone": gateways.settings().organisation.phone,
        "can_confirm": order.state is rules.State.HANDED_OVER,
    }
    return page("order_own", context, form=form)


@get("/o/{token:str}", opt=SECRET_LINK)
async def own_order(token: FromPath[str]) -> Template:
    """Show receivers what they got, by the link on their slip."""
    return await _own(token, forms.empty())


@post("/o/{token:str}", opt=SECRET_LINK, status_code=HTTP_303_SEE_OTHER)
async def confirm_own(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect | Template:
    """Let a receiver say that it came, or what was wrong."""
    form = forms.read(ConfirmForm, await request.form())
    if form.value is None:
        return await _own(token, form)
    order = await queries.order_by_token(token)
    try:
        await actions.confirm(
            order.id,
            how=Confirmed.LINK,
            by=None,
            complaint=form.value.complaint,
            note=form.value.note if form.value.complaint else "",
        )
    except REFUSALS as error:
        return await _own(token, form.refused(error))
    return lead_to(f"/o/{token}")


routes: list[ControllerRouterHandler] = [
    packing,
    pack,
    handing_over,
    hand_over,
    asking,
    confirm,
    coming_back,
    take_back,
    own_order,
    confirm_own,
]
