"""A lot and its trail; keeping it back; putting goods away and moving them."""

from collections.abc import Awaitable, Callable
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
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import lots as actions
from cishan.warehouse.actions import moving, stock
from cishan.warehouse.forms.places import MoveForm, ReasonForm
from cishan.warehouse.pages.answers import HERE, REFUSALS, Move, move
from cishan.warehouse.queries import choosing, kin, trail
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.intake import numbers_of
from cishan.warehouse.queries.labels import marks_of
from cishan.warehouse.queries.lying import Lying, lying
from cishan.warehouse.queries.places import site_by_id
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules.places import Site
from cishan.warehouse.rules.stock import (
    BASES,
    CAUSES,
    LOT,
    LOT_STATES,
    LOT_TONES,
    Cause,
    Lot,
    LotState,
    Source,
    last_day_left,
)
from cishan.warehouse.rules.wording import SUBJECTS

LOTS, MOVE = f"{HERE}/lots", f"{HERE}/move"


async def _lot(
    request: Request[Any, Any, Any], lot_id: UUID, action: Action
) -> tuple[Staff, Lot, list[Lying]]:
    """Return a lot, where it lies, and who may do something to it: its sites, or where it was, are theirs."""
    staff = await allowed(request, Action.STOCK_READ)
    lot = await lot_by_id(lot_id)
    mine = reach(staff, Action.STOCK_READ)
    lines = await lying(lot=lot.id)
    if not mine.whole and not await choosing.was_in(lot.id, mine.regions):
        raise NotFound(N_("There is no such lot."))
    if action is Action.STOCK_READ:
        return staff, lot, lines
    region = lines[0].region if lines else None
    return await allowed(request, action, region=region), lot, lines


@get(f"{LOTS}/{{lot_id:uuid}}", opt=rule(Action.STOCK_READ))
async def lot_page(request: Request[Any, Any, Any], lot_id: FromPath[UUID]) -> Template:
    """Show what a lot is, where it lies, where it came from and where it went."""
    staff, lot, lines = await _lot(request, lot_id, Action.STOCK_READ)
    return await _lot_page(staff, lot, lines, forms.empty())


async def _lot_page(
    staff: Staff, lot: Lot, lines: list[Lying], form: Form[Any], status: int = HTTP_200_OK
) -> Template:
    left = last_day_left(lot.expires_on, clock.today())
    funds = {fund.code: fund.name for fund in await ledger.funds()}
    ways = await trail.ways_of(lot.id)
    context = {
        "staff": staff,
        "form": form,
        "lot": lot,
        "ways": ways,
        "left": (sum(way.pieces for way in ways), sum(way.value_fen for way in ways)),
        "lines": lines,
        "state": (gettext(LOT_STATES[lot.state]), LOT_TONES[lot.state]),
        "fund": funds.get(lot.fund, lot.fund),
        "basis": gettext(BASES[lot.basis]),
        "marks": await marks_of(lot.restrictions),
        "days_left": left,
        "trail": await trail.of_lot(lot.id),
        "made_from": await kin.made_from(lot.id),
        "gone_into": await kin.gone_into(lot.id),
        "causes": CAUSES,
        "subjects": SUBJECTS,
        "went": trail.went,
        "steps": await history_of(LOT, lot.id),
        "moves": await _moves(staff, lot, lines),
        "can_quarantine": lot.state is LotState.OPEN,
        "can_release": lot.state is LotState.QUARANTINED and (left is None or left >= 0),
    }
    return Template("warehouse/lot.html", context=context, status_code=status, headers=NO_STORE)


async def _moves(staff: Staff, lot: Lot, lines: list[Lying]) -> list[Move]:
    at = await site_by_id(lines[0].site) if lines else None
    gone = "" if lines else N_("Nothing of it is in stock.")
    return [
        move(
            staff,
            Action.STOCK_WORK,
            N_("Move to another bin"),
            f"{MOVE}?lot={lot.number}",
            at=at,
            unless=gone,
        ),
        move(staff, Action.STOCK_READ, N_("Print labels"), f"{HERE}/labels?codes={lot.number}", at=at),
        move(staff, Action.STOCK_READ, N_("All moves"), f"{HERE}/moves?lot={lot.number}", at=at),
        *await _reversal(staff, lot, at),
    ]


async def _reversal(staff: Staff, lot: Lot, at: Site | None) -> list[Move]:
    """Lead to the offer of a lot that was booked, where its booking is reversed."""
    if lot.source is not Source.OFFER:
        return []
    number = (await numbers_of([lot.source_id]))[lot.source_id]
    return [
        move(
            staff,
            Action.GOODS_REVERSE,
            N_("Reverse the booking"),
            f"/staff/goods-offers/{number}#reversal",
            at=at,
            unless=""
            if lot.on_hand == lot.quantity
            else N_("A booking is reversed while all of it is here."),
        )
    ]


async def _locked(
    request: Request[Any, Any, Any], lot_id: UUID, turn: Callable[..., Awaitable[object]]
) -> Redirect | Template:
    """Turn the lock of a lot; show its page with the reason where that is refused."""
    staff, lot, lines = await _lot(request, lot_id, Action.STOCK_WORK)
    form = forms.read(ReasonForm, await request.form())
    if form.value is None:
        return await _lot_page(staff, lot, lines, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await turn(lot.id, by=acting(staff), reason=form.value.reason)
    except REFUSALS as error:
        return await _lot_page(staff, lot, lines, form.refused(error, "reason"), error.status)
    return lead_to(f"{LOTS}/{lot.id}")


@post(f"{LOTS}/{{lot_id:uuid}}/quarantine", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def quarantine(request: Request[Any, Any, Any], lot_id: FromPath[UUID]) -> Redirect | Template:
    """Let nobody have it."""
    return await _locked(request, lot_id, actions.quarantine)


@post(f"{LOTS}/{{lot_id:uuid}}/release", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def release(request: Request[Any, Any, Any], lot_id: FromPath[UUID]) -> Redirect | Template:
    """Let it go again."""
    return await _locked(request, lot_id, actions.release)


@get(MOVE, opt={**rule(Action.STOCK_WORK), CAMERA: True})
async def ask_move(request: Request[Any, Any, Any]) -> Template:
    """Ask which lot goes where; a link may say so in its address."""
    staff = await allowed(request, Action.STOCK_WORK)
    query = request.query_params
    filled = forms.empty(
        **{name: query[name][:80] for name in ("lot", "bin", "from_bin", "quantity") if query.get(name)}
    )
    return await _move_page(staff, filled)


async def _move_page(staff: Staff, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    lot, lines = None, []
    if form.typed("lot") and "lot" not in form.errors:
        try:
            lot = await choosing.lot_meant(form.typed("lot"))
            mine = scope_of(staff, Action.STOCK_WORK).regions
            lines = [line for line in await lying(lot=lot.id, regions=mine) if line.purpose != "transit"]
            if not lines and not await choosing.was_in(lot.id, mine):
                lot = None
        except REFUSALS as error:
            form = form.refused(error) if status != HTTP_200_OK else form
    context = {
        "staff": staff,
        "form": form,
        "lot": lot,
        "lines": lines,
        "once": form.typed("request") if form.errors else str(ids.new_id()),
        "last": await trail.moves_by(staff.person_id, Cause.MOVE),
    }
    return Template("warehouse/move.html", context=context, status_code=status, headers=NO_STORE)


@post(MOVE, opt={**rule(Action.STOCK_WORK), CAMERA: True}, status_code=HTTP_303_SEE_OTHER)
async def move_goods(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Move the pieces; the same form twice moves them once."""
    staff = await allowed(request, Action.STOCK_WORK)
    form = forms.read(MoveForm, await request.form())
    if form.value is None:
        return await _move_page(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        lot = await choosing.lot_meant(said.lot)
        target = await choosing.bin_meant(said.bin)
        if not await stock.is_posted(said.request, lot.id):
            source = await choosing.source_meant(lot, said.from_bin, but=target)
            site = await site_by_id(source.site)
            staff = await allowed(
                request, Action.STOCK_WORK, organisation=site.organisation, region=site.region
            )
            await moving.move(
                lot,
                source,
                target,
                said.quantity,
                by=acting(staff),
                request=said.request,
                reason=said.reason,
            )
    except REFUSALS as error:
        return await _move_page(staff, form.refused(error), error.status)
    return lead_to(f"{MOVE}?done={said.request}")


routes: list[ControllerRouterHandler] = [lot_page, quarantine, release, ask_move, move_goods]
