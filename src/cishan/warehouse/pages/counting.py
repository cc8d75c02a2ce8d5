"""The screen of a counter: a label, a number, the next. It knows nothing of what is expected there."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel import ids
from cishan.kernel.errors import Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import stocktakes
from cishan.warehouse.forms.stocktakes import EntryForm, OverForm, UnlabelledForm
from cishan.warehouse.pages.scanning import item_choices
from cishan.warehouse.pages.stocktakes import HERE, REFUSALS, opened
from cishan.warehouse.queries import catalogue, choosing, unlabelled
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.queries.stock import lots
from cishan.warehouse.queries.stocktakes import CountView, StocktakeView
from cishan.warehouse.rules.stocktakes import State

NO_LABEL = N_("That is a code of goods, not of a lot. Say here why they have no label.")
COUNT = f"{HERE}/{{stocktake_id:uuid}}/count/{{count_id:uuid}}"


@post(
    f"{HERE}/{{stocktake_id:uuid}}/bins/{{bin_id:uuid}}/count",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def begin(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], bin_id: FromPath[UUID]
) -> Redirect:
    """Begin to count a bin, or go on."""
    staff, _ = await opened(request, stocktake_id, Action.STOCK_WORK)
    count = await stocktakes.begin_count(stocktake_id, bin_id, by=acting(staff))
    return lead_to(f"{HERE}/{stocktake_id}/count/{count.id}")


async def _mine(
    request: Request[Any, Any, Any], stocktake_id: UUID, count_id: UUID
) -> tuple[Staff, StocktakeView, CountView]:
    staff, found = await opened(request, stocktake_id, Action.STOCK_WORK)
    count = await queries.count_by_id(count_id)
    if count.stocktake != stocktake_id or count.person != staff.person_id:
        raise Forbidden(stocktakes.MINE)
    return staff, found, count


@get(COUNT, opt={**rule(Action.STOCK_WORK), CAMERA: True})
async def counting(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], count_id: FromPath[UUID]
) -> Template | Redirect:
    """Ask for the next lot, and show one's own entries."""
    staff, found, count = await _mine(request, stocktake_id, count_id)
    if count.ended_at is not None or found.state is not State.COUNTING or count.round != found.round:
        return lead_to(f"{HERE}/{stocktake_id}")
    return await _page(staff, found, count, forms.empty(), HTTP_200_OK)


async def _page(
    staff: Staff, found: StocktakeView, count: CountView, form: Form[Any], status: int
) -> Template:
    asked = await queries.disputed(found.id, found.round, count.bin) if count.position == 3 else []
    loose = await unlabelled.disputed(found.id, found.round, count.bin) if count.position == 3 else []
    known, goods = await lots(asked), await catalogue.items(loose if count.position == 3 else None)
    context = {
        "staff": staff,
        "stocktake": found,
        "count": count,
        "form": form,
        "entries": await queries.entries_of(count.id),
        "loose": await unlabelled.entries_of(count.id),
        "asked": [known[lot] for lot in asked],
        "asked_items": [catalogue.name_of(item) for item in goods] if count.position == 3 else [],
        "items": item_choices(goods),
        "request_id": form.typed("request") or str(ids.new_id()),
    }
    return Template("warehouse/counting.html", context=context, status_code=status, headers=NO_STORE)


@post(f"{COUNT}/entries", opt={**rule(Action.STOCK_WORK), CAMERA: True}, status_code=HTTP_303_SEE_OTHER)
async def enter(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], count_id: FromPath[UUID]
) -> Redirect | Template:
    """Write down one lot and its pieces."""
    staff, found, count = await _mine(request, stocktake_id, count_id)
    form = forms.read(EntryForm, await request.form())
    if form.value is None:
        return await _page(staff, found, count, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        await stocktakes.enter(
            count_id, scan=said.scan, quantity=said.quantity, by=acting(staff), request=said.request
        )
    except REFUSALS as error:
        refused = form.refused(error, "scan")
        if isinstance(error, Invalid) and (item := await choosing.item_coded(said.scan)):
            refused = _asked_for_goods(form, item.id, said.quantity)
        return await _page(staff, found, count, refused, error.status)
    return lead_to(f"{HERE}/{stocktake_id}/count/{count_id}")


def _asked_for_goods(form: Form[Any], item: UUID, quantity: int) -> Form[Any]:
    """Return the form with the goods filled in below, where what has no label is entered."""
    raw = {**form.raw, "item": [str(item)], "pieces": [str(quantity)], "scan": [""], "quantity": [""]}
    return Form(None, {}, raw).refused(Invalid(NO_LABEL, field="why"))


@post(f"{COUNT}/unlabelled", opt={**rule(Action.STOCK_WORK), CAMERA: True}, status_code=HTTP_303_SEE_OTHER)
async def enter_unlabelled(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], count_id: FromPath[UUID]
) -> Redirect | Template:
    """Write down goods that lie there without a label."""
    staff, found, count = await _mine(request, stocktake_id, count_id)
    form = forms.read(UnlabelledForm, await request.form())
    if form.value is None:
        return await _page(staff, found, count, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        item = (await catalogue.item_by_id(said.item)).id
        await stocktakes.enter_unlabelled(
            count_id,
            item,
            quantity=said.pieces,
            use_until=said.use_until,
            reason=said.why,
            by=acting(staff),
            request=said.request,
        )
    except REFUSALS as error:
        return await _page(staff, found, count, form.refused(error, "item"), error.status)
    return lead_to(f"{HERE}/{stocktake_id}/count/{count_id}")


@post(f"{COUNT}/over", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def start_over(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], count_id: FromPath[UUID]
) -> Redirect | Template:
    """Forget one's own entries of a lot, or of goods without a label."""
    staff, found, count = await _mine(request, stocktake_id, count_id)
    form = forms.read(OverForm, await request.form())
    if form.value is None:
        return await _page(staff, found, count, form, HTTP_422_UNPROCESSABLE_ENTITY)
    await stocktakes.start_over(count_id, form.value.thing, by=acting(staff))
    return lead_to(f"{HERE}/{stocktake_id}/count/{count_id}")


@post(f"{COUNT}/end", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def end(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], count_id: FromPath[UUID]
) -> Redirect:
    """Say that everything there is counted."""
    staff, _, _ = await _mine(request, stocktake_id, count_id)
    await stocktakes.end_count(count_id, by=acting(staff))
    return lead_to(f"{HERE}/{stocktake_id}")


routes: list[ControllerRouterHandler] = [begin, counting, enter, enter_unlabelled, start_over, end]
