"""Stocktakes: which bins, how far, what differs, and what becomes of it."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan import gateways
from cishan.approvals import queries as approvals
from cishan.approvals.rules import STATE_LABELS, acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.queries.names import names_of
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import stocktake_endings, stocktakes
from cishan.warehouse.forms.stocktakes import AbandonForm, AgainForm, OpenForm
from cishan.warehouse.queries import places, stocktakes_due
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.queries.history import history_of, is_last_step
from cishan.warehouse.queries.stocktakes import CountView, StocktakeView
from cishan.warehouse.queries.unlabelled import disputed as disputed_goods
from cishan.warehouse.queries.unlabelled import unlabelled
from cishan.warehouse.rules import stocktakes as rules
from cishan.warehouse.rules.stocktakes import STOCKTAKE, State

HERE = "/staff/warehouse/counts"
REFUSALS = (Forbidden, Conflict, Invalid)


async def opened(
    request: Request[Any, Any, Any], stocktake_id: UUID, action: Action
) -> tuple[Staff, StocktakeView]:
    """Return a stocktake and who may do something to it; one out of reach is not there."""
    found = await queries.stocktake_by_id(stocktake_id)
    await allowed(
        request, Action.STOCK_READ, organisation=found.organisation, region=found.region, secret=True
    )
    return await allowed(request, action, organisation=found.organisation, region=found.region), found


@get(HERE, opt=rule(Action.STOCK_READ))
async def overview(request: Request[Any, Any, Any]) -> Template:
    """Show what is being counted, and which bins should be counted next."""
    staff = await allowed(request, Action.STOCK_READ)
    return await _overview(request, staff, forms.empty(), HTTP_200_OK)


async def _overview(request: Request[Any, Any, Any], staff: Staff, form: Form[Any], status: int) -> Template:
    regions = scope_of(staff, Action.STOCK_READ).regions
    sites = await places.sites(regions=regions)
    wanted = form.typed("site") or request.query_params.get("site", "")
    site = next((one for one in sites if str(one.id) == wanted), sites[0] if sites else None)
    days = gateways.settings().count_every_days
    running = await queries.open_ones(regions)
    context = {
        "staff": staff,
        "form": form,
        "sites": sites,
        "site": site,
        "days": days,
        "due": await stocktakes_due.bins_to_count(site.id, every_days=days) if site else [],
        "running": running,
        "states": rules.STATES,
        "tones": rules.TONES,
        "request_id": form.typed("request") or str(ids.new_id()),
    }
    return Template("warehouse/stocktakes.html", context=context, status_code=status, headers=NO_STORE)


@post(HERE, opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def open_one(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Freeze bins for counting."""
    staff = await allowed(request, Action.STOCK_WORK)
    form = forms.read(OpenForm, await request.form())
    if form.value is None:
        return await _overview(request, staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        site = await places.site_by_id(form.value.site)
        staff = await allowed(request, Action.STOCK_WORK, organisation=site.organisation, region=site.region)
        bins = [*form.value.bins, *await _named(site.id, form.value.codes)]
        stocktake_id = await stocktakes.open_stocktake(
            site.id, bins, note=form.value.note, by=acting(staff), request=form.value.request
        )
    except REFUSALS as error:
        return await _overview(request, staff, form.refused(error, "codes"), error.status)
    return lead_to(f"{HERE}/{stocktake_id}")


async def _named(site: UUID, codes: str) -> list[UUID]:
    """Return the bins of typed or scanned codes; raise Invalid and name the one that is none."""
    found = []
    for code in codes.replace(",", " ").replace("，", " ").replace("、", " ").split():
        one = await places.bin_by_code(code)
        if one is None or one.site != site:
            raise Invalid(N_("There is no bin {bin} at this site."), field="codes", bin=code[:40])
        found.append(one.id)
    return found


@get(f"{HERE}/{{stocktake_id:uuid}}", opt=rule(Action.STOCK_READ))
async def one(request: Request[Any, Any, Any], stocktake_id: FromPath[UUID]) -> Template:
    """Show how far a stocktake is; when everything is counted, what differs."""
    staff, found = await opened(request, stocktake_id, Action.STOCK_READ)
    return await _page(staff, found, forms.empty(), HTTP_200_OK)


async def _page(staff: Staff, found: StocktakeView, form: Form[Any], status: int) -> Template:
    counts = await queries.counts_of(found.id, found.round)
    is_open = found.state is State.COUNTING
    lines = [] if is_open else await queries.variances(found)
    loose = [] if is_open else await unlabelled(found)
    last = await approvals.latest_of(STOCKTAKE, STOCKTAKE, found.id)
    context = {
        "staff": staff,
        "steps": await history_of(STOCKTAKE, found.id),
        "stocktake": found,
        "form": form,
        "status": (gettext(rules.STATES[found.state]), rules.TONES[found.state]),
        "bins": [_bin_state(one, counts) for one in found.bins],
        "counts": counts,
        "disputed": {one.id for one in found.bins if is_open and await _is_disputed(found, one.id, counts)},
        "lines": lines,
        "different": [line for line in lines if line.difference],
        "loose": loose,
        "outcome": queries.outcome_of(lines) if found.state in rules.OPEN and lines else None,
        "changed": await queries.changed_since(found) if found.state in rules.OPEN else [],
        "approval": last,
        "approval_states": STATE_LABELS,
        "may_decide": found.state is State.REVIEW
        or (found.state is State.PROPOSED and last is not None and not last.is_open),
        "names": await names_of({found.opened_by, *(one.person for one in counts)}),
    }
    return Template("warehouse/stocktake.html", context=context, status_code=status, headers=NO_STORE)


async def _is_disputed(found: StocktakeView, bin_id: UUID, counts: list[CountView]) -> bool:
    ended = [c for c in counts if c.bin == bin_id and c.ended_at is not None and c.position < 3]
    if len(ended) != 2 or any(c.bin == bin_id and c.position == 3 and c.ended_at for c in counts):
        return False
    return bool(
        await queries.disputed(found.id, found.round, bin_id)
        or await disputed_goods(found.id, found.round, bin_id)
    )


def _bin_state(
    one: queries.CountedBin, counts: list[CountView]
) -> tuple[queries.CountedBin, list[CountView]]:
    return one, [count for count in counts if count.bin == one.id]


@post(
    f"{HERE}/{{stocktake_id:uuid}}/explain",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def explain(request: Request[Any, Any, Any], stocktake_id: FromPath[UUID]) -> Redirect | Template:
    """Keep what is said of the differences, and lay them before a third person if that is wished."""
    staff, found = await opened(request, stocktake_id, Action.STOCK_WORK)
    submitted = await request.form()
    raw = {name: [str(value)] for name, value in submitted.items() if isinstance(value, str)}
    form: Form[Any] = Form(None, {}, raw)
    lines = [line.id for line in await queries.variances(found) if line.difference]
    lines += [line.id for line in await unlabelled(found)]
    words: dict[UUID, str] = {}
    for line in lines:
        try:
            words[line] = forms.words(form.typed(f"line-{line}"), limit=rules.EXPLANATION_LIMIT)
        except Invalid as error:
            form = form.refused(error, f"line-{line}")
    if form.errors:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    by = acting(staff)
    try:
        await stocktake_endings.explain(stocktake_id, words, by=by)
        if not form.typed("propose"):
            return lead_to(f"{HERE}/{stocktake_id}")
        assert staff.acting is not None
        approval = await stocktake_endings.propose(
            stocktake_id, by=by, organisation_id=staff.acting.organisation_id
        )
    except REFUSALS as error:
        found = await queries.stocktake_by_id(stocktake_id)
        last = await approvals.latest_of(STOCKTAKE, STOCKTAKE, stocktake_id)
        if found.state is State.PROPOSED and last is not None and last.is_open and form.typed("propose"):
            return lead_to(f"/staff/approvals/{last.id}")  # the same form again
        return await _page(staff, found, form.refused(error), error.status)
    return lead_to(f"/staff/approvals/{approval}")


@post(f"{HERE}/{{stocktake_id:uuid}}/again", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def again(request: Request[Any, Any, Any], stocktake_id: FromPath[UUID]) -> Redirect | Template:
    """Have everything counted anew."""
    staff, found = await opened(request, stocktake_id, Action.STOCK_WORK)
    form = forms.read(AgainForm, await request.form())
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    reason = form.value.again_reason
    try:
        await stocktakes.count_again(stocktake_id, reason=form.value.again_reason, by=acting(staff))
    except REFUSALS as error:
        if await is_last_step(STOCKTAKE, stocktake_id, "again", staff.person_id, reason=reason):
            return lead_to(f"{HERE}/{stocktake_id}")
        return await _page(staff, found, form.refused(error, "again_reason"), error.status)
    return lead_to(f"{HERE}/{stocktake_id}")


@post(f"{HERE}/{{stocktake_id:uuid}}/abandon", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def abandon(request: Request[Any, Any, Any], stocktake_id: FromPath[UUID]) -> Redirect | Template:
    """Give the stocktake up and let the bins go."""
    staff, found = await opened(request, stocktake_id, Action.STOCK_WORK)
    form = forms.read(AbandonForm, await request.form())
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await stocktakes.abandon(stocktake_id, reason=form.value.abandon_reason, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, found, form.refused(error, "abandon_reason"), error.status)
    return lead_to(f"{HERE}/{stocktake_id}")


@post(f"{HERE}/{{stocktake_id:uuid}}/finish", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def finish(request: Request[Any, Any, Any], stocktake_id: FromPath[UUID]) -> Redirect | Template:
    """End a stocktake without a difference."""
    staff, found = await opened(request, stocktake_id, Action.STOCK_WORK)
    try:
        await stocktake_endings.finish(stocktake_id, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, found, forms.empty().refused(error), error.status)
    return lead_to(f"{HERE}/{stocktake_id}")


routes: list[ControllerRouterHandler] = [overview, open_one, one, explain, again, abandon, finish]
