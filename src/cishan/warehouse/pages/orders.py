"""Requests, allocation lists, and the page of one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.files.queries import files_of
from cishan.identity.guards import allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_, fold
from cishan.plumbing import forms, grids
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.uploads import uploads
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import orders as actions
from cishan.warehouse.forms import allocation
from cishan.warehouse.forms.orders import ListForm, OrderForm, StepForm, Typed, lines_of, with_error
from cishan.warehouse.pages.outgoing import (
    HOME,
    REFUSALS,
    look_by,
    page,
    region_choices,
    require_choice,
    require_region,
    site_choices,
    why_not,
)
from cishan.warehouse.queries import catalogue, choosing, handovers, shelves
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.queries.orders import OrderView
from cishan.warehouse.rules import allocation as allocation_rules
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules import restrictions
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.orders import Event, Kind, NewOrder, Receiver, ReceiverKind, WantedLine

FEWEST_ROWS = 4
LIST_BYTES = 6_000_000


async def _item_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for item in await catalogue.items():
        label = f"{catalogue.name_of(item)}（{catalogue.unit_of(item)}）"
        groups.setdefault(gettext(CATEGORIES[item.category]), []).append((str(item.id), label))
    return list(groups.items())


async def _request_page(
    staff: Staff, form: Form[Any], typed: Sequence[Typed], *, at_row: int | None = None
) -> Template:
    rows = [*typed, *[Typed()] * max(FEWEST_ROWS - len(typed), 1)]
    context = {
        "staff": staff,
        "form": form,
        "rows": rows,
        "at_row": at_row,
        "items": await _item_choices(),
        "sites": await site_choices(staff, Action.STOCK_REQUEST),
        "regions": await region_choices(staff, Action.STOCK_REQUEST),
        "kinds": [(code, gettext(word)) for code, word in rules.RECEIVER_KINDS.items()],
        "groups": [(code, gettext(word)) for code, word in restrictions.GROUPS.items()],
    }
    return page("order_new", context, form=form)


@get("/staff/warehouse/orders/new", opt={**rule(Action.STOCK_REQUEST), CAMERA: True})
async def new_order(request: Request[Any, Any, Any]) -> Template:
    """Ask for whom goods are, and what is wanted."""
    staff = await allowed(request, Action.STOCK_REQUEST)
    return await _request_page(staff, forms.empty(receiver_kind=ReceiverKind.PERSON.value), [])


@post(
    "/staff/warehouse/orders/new",
    opt={**rule(Action.STOCK_REQUEST), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def request_order(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Write a request down."""
    staff = await allowed(request, Action.STOCK_REQUEST)
    form = forms.read(OrderForm, await request.form())
    known = {str(item.id): item.id for item in await catalogue.items()}
    typed, wanted = lines_of(form.raw, known)
    if form.typed("find").strip():
        return await _scanned(staff, Form(None, {}, form.raw), typed)
    if any(line.error for line in typed):
        form = with_error(form, "lines", gettext(N_("Look at the lines of goods.")))
    if form.value is None or form.errors:
        return await _request_page(staff, form, typed)
    try:
        require_choice(form.value.site, await site_choices(staff, Action.STOCK_REQUEST), field="site")
        require_region(form.value.region, await region_choices(staff, Action.STOCK_REQUEST))
        new = await _new_order(form.value, tuple(wanted))
        placed = await actions.request_goods(new, by=acting(staff), request=form.value.request)
    except REFUSALS as error:
        return await _request_page(staff, form.refused(error), typed)
    return lead_to(f"{HOME}/{placed.numbers[0]}")


async def _scanned(staff: Staff, form: Form[Any], typed: list[Typed]) -> Template:
    """Put scanned goods on the list, and ask how many."""
    try:
        item = await choosing.item_meant(form.typed("find"), field="find")
    except Invalid as error:
        return await _request_page(staff, form.refused(error), typed)
    rows = [Typed(line.item, line.quantity) for line in typed]
    at = next((n for n, line in enumerate(rows, 1) if line.item == str(item.id)), len(rows) + 1)
    if at > len(rows):
        rows.append(Typed(str(item.id)))
    return await _request_page(staff, form, rows, at_row=at)


async def _new_order(value: OrderForm, wanted: tuple[WantedLine, ...]) -> NewOrder:
    entrusted_to = None
    if value.entrusted:
        lot = await lots.lot_by_number(value.entrusted)
        if lot is None or not lot.entrusted:
            raise Invalid(N_("No entrusted lot has this number."), field="entrusted")
        entrusted_to = lot.source_id
    person = value.receiver_kind is ReceiverKind.PERSON
    return NewOrder(
        site=value.site,
        kind=Kind.REQUEST,
        receiver=Receiver(
            kind=value.receiver_kind,
            name=value.name,
            phone=value.phone,
            address=value.address,
            region=value.region,
            tokens=restrictions.tokens_of(
                age=value.age if person else None,
                sex=value.sex if person else "",
                groups=value.groups,
                region=value.region,
            ),
        ),
        lines=rules.require_lines(wanted),
        purpose=value.purpose,
        entrusted_to=entrusted_to,
    )


async def _list_page(staff: Staff, form: Form[Any], reading: allocation.Reading | None = None) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "reading": reading,
        "sites": await site_choices(staff, Action.STOCK_REQUEST),
        "columns": [(names[0], "、".join(names[1:4])) for names in allocation_rules.COLUMNS.values()],
        "limit": rules.LIST_LIMIT,
    }
    return page("order_list_new", context, form=form)


@get("/staff/warehouse/orders/allocate", opt=rule(Action.STOCK_REQUEST))
async def new_list(request: Request[Any, Any, Any]) -> Template:
    """Ask for an allocation list."""
    staff = await allowed(request, Action.STOCK_REQUEST)
    return await _list_page(staff, forms.empty())


@post(
    "/staff/warehouse/orders/allocate",
    opt=rule(Action.STOCK_REQUEST),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=LIST_BYTES,
)
async def request_list(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Write an allocation list down, or say what is wrong in which row and write nothing."""
    staff = await allowed(request, Action.STOCK_REQUEST)
    submitted = await request.form()
    form = forms.read(ListForm, submitted)
    sent = await uploads(submitted, "file")
    if form.value is None:
        return await _list_page(staff, form)
    try:
        require_choice(form.value.site, await site_choices(staff, Action.STOCK_REQUEST), field="site")
        if sent:
            rows = grids.of_file(sent[0].data, field="file")
        elif form.value.rows:
            rows = grids.of_text(form.value.rows, field="rows")
        else:
            raise Invalid(N_("Send a file or paste the rows."), field="rows")
        reading = await _read(rows, staff)
        if reading.wrong:
            said = gettext(N_("Nothing was written down: {count} rows are wrong.")).format(
                count=reading.errors
            )
            return await _list_page(staff, with_error(form, "file" if sent else "rows", said), reading)
        news = [_listed(form.value.site, one) for one in reading.receivers]
        placed = await actions.request_list(
            form.value.site, form.value.title, news, by=acting(staff), request=form.value.request
        )
    except REFUSALS as error:
        return await _list_page(staff, form.refused(error, "rows"))
    return lead_to(f"{HOME}/lists/{placed.batch}")


async def _read(rows: Sequence[grids.Row], staff: Staff) -> allocation.Reading:
    choices = await region_choices(staff, Action.STOCK_REQUEST)
    regions = {code: code for code, _ in choices} | {fold(name): code for code, name in reversed(choices)}
    items = allocation_rules.items_by_word(
        [(item.id, item.code, item.name_zh, item.name_en) for item in await catalogue.items()]
    )
    assert staff.acting is not None
    return allocation.read(rows, items=items, regions=regions, home=staff.acting.region_code)


def _listed(site: UUID, one: allocation_rules.Listed) -> NewOrder:
    tokens = restrictions.tokens_of(age=one.age, sex=one.sex, groups=one.groups, region=one.region)
    receiver = Receiver(
        kind=one.kind, name=one.name, phone=one.phone, address=one.address, region=one.region, tokens=tokens
    )
    return NewOrder(site=site, kind=Kind.LIST, receiver=receiver, lines=tuple(one.lines))


async def _batch_page(
    request: Request[Any, Any, Any], batch: UUID, form: Form[Any] | None = None
) -> Template:
    staff = await allowed(request, Action.STOCK_READ)
    reach(staff, Action.STOCK_READ)
    view = await queries.batch_by_id(batch)
    if view is None or not (view.made_by == staff.person_id or _within(staff, view.site_region)):
        raise NotFound(N_("There is no such allocation list."))
    order_ids = await queries.orders_of_batch(batch)
    context = {
        "staff": staff,
        "form": form or forms.empty(),
        "batch": view,
        "states": [(gettext(rules.STATES[code]), rules.TONES[code], n) for code, n in view.states],
        "short": await shelves.shortages(order_ids, clock.today()),
        "why": "" if _within(staff, view.site_region, Action.STOCK_WORK) else gettext(ONLY_KEEPERS),
    }
    return page("order_list", context, form=form)


ONLY_KEEPERS = N_("The keeper of the site sets goods aside.")


def _within(staff: Staff, region: str, action: Action = Action.STOCK_READ) -> bool:
    return any(region.startswith(one.rstrip("%")) for one in scope_of(staff, action).regions)


@get("/staff/warehouse/orders/lists/{batch:uuid}", opt=rule(Action.STOCK_READ))
async def one_list(request: Request[Any, Any, Any], batch: FromPath[UUID]) -> Template:
    """Show an allocation list: how far its orders are, and what is short."""
    return await _batch_page(request, batch)


@post(
    "/staff/warehouse/orders/lists/{batch:uuid}/reserve",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def reserve_list(request: Request[Any, Any, Any], batch: FromPath[UUID]) -> Redirect | Template:
    """Set goods aside for all open orders of a list at once."""
    view = await queries.batch_by_id(batch)
    if view is None:
        raise NotFound(N_("There is no such allocation list."))
    staff = await allowed(
        request, Action.STOCK_WORK, organisation=view.organisation, region=view.site_region, secret=True
    )
    form = forms.read(StepForm, await request.form())
    if form.value is None:
        return await _batch_page(request, batch, form)
    try:
        waiting = await queries.orders_of_batch(batch, lacking=True)
        if waiting:
            await actions.reserve(waiting, by=acting(staff), request=form.value.request)
    except REFUSALS as error:
        return await _batch_page(request, batch, form.refused(error))
    return lead_to(f"{HOME}/lists/{batch}")


@dataclass(frozen=True, slots=True)
class Move:
    """Something that may be done with the order; `why` it may not be done now, else empty."""

    label: str
    href: str
    why: str = ""


def _moves(staff: Staff, order: OrderView) -> list[Move]:
    here, work = f"{HOME}/{order.number}", Action.STOCK_WORK
    found = [
        Move(gettext(N_("Pick")), f"{here}/pick", why_not(staff, work, order, Event.PICK)),
        Move(gettext(N_("Pack")), f"{here}/pack", why_not(staff, work, order, Event.PACK)),
        Move(gettext(N_("Hand over")), f"{here}/hand-over", why_not(staff, work, order, Event.HAND_OVER)),
    ]
    if order.state in {rules.State.HANDED_OVER, rules.State.CONFIRMED}:
        confirm = why_not(staff, Action.STOCK_REQUEST, order, Event.CONFIRM)
        found = [
            Move(gettext(N_("Ask whether it came")), f"{here}/confirm", confirm),
            Move(gettext(N_("Take goods back")), f"{here}/returns", why_not(staff, work, order)),
        ]
    return found


async def order_context(staff: Staff, order: OrderView, *, opened: bool = False) -> dict[str, Any]:
    """Return what the page of an order needs, but for what stands around it."""
    handover = await handovers.handover_of(order.id)
    return {
        "staff": staff,
        "order": order,
        "opened": opened,
        "status": (gettext(rules.STATES[order.state]), rules.TONES[order.state]),
        "kind": gettext(rules.KINDS[order.kind]),
        "receiver_kind": gettext(rules.RECEIVER_KINDS[order.receiver_kind]),
        "tokens": [
            gettext(restrictions.LABELS[word]) for word in order.tokens if word in restrictions.LABELS
        ],
        "lines": await queries.lines_of(order.id),
        "picks": await queries.picks_of(order.id),
        "pick_words": {k: (gettext(w), rules.PICK_TONES[k]) for k, w in rules.PICK_STATES.items()},
        "short": await shelves.shortages([order.id], clock.today()) if order.state in rules.OPEN else [],
        "handover": handover,
        "signed": gettext(rules.SIGNED[handover.signed]) if handover else "",
        "confirmed": gettext(rules.CONFIRMED[handover.confirmed_how])
        if handover and handover.confirmed_how
        else "",
        "papers": await files_of(rules.ORDER, order.id),
        "returns": await handovers.returns_of(order.id),
        "conditions": {code: gettext(word) for code, word in rules.CONDITIONS.items()},
        "look_by": look_by(order),
        "moves": _moves(staff, order),
        "why_reserve": why_not(staff, Action.STOCK_WORK, order, Event.RESERVE),
        "why_cancel": why_not(staff, Action.STOCK_REQUEST, order, Event.CANCEL),
    }


routes: list[ControllerRouterHandler] = [
    new_order,
    request_order,
    new_list,
    request_list,
    one_list,
    reserve_list,
]
