"""Refunds and money in suspense, for staff who propose what becomes of them; their lists are the desk's."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import acting
from cishan.donations.actions import refund_approvals, suspense
from cishan.donations.forms.staff import OwnerForm, ProposeRefundForm, StartRefundForm
from cishan.donations.queries import refunds as refund_queries
from cishan.donations.queries import suspense as queries
from cishan.donations.queries.gifts import gift_by_id
from cishan.donations.rules import refunds as refund_rules
from cishan.donations.rules import suspense as rules
from cishan.donations.rules.giving import RefundStatus
from cishan.identity.guards import NO_STORE, May, allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext

_REFUSALS = (Forbidden, Conflict, Invalid)
NOT_HERE = N_(
    "Refunds and unidentified money are decided for the whole city: this takes a post of the city for money."
)


@get("/staff/refunds/start", opt=rule(Action.APPROVALS_PROPOSE))
async def refund_to_start(request: Request[Any, Any, Any], gift: FromQuery[str] = "") -> Template:
    """Ask for which gift, and why, money shall go back whose giver did not ask for it online."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    _require_whole(staff, NOT_HERE)
    return _start(staff, forms.empty(gift_number=gift[:24]), HTTP_200_OK)


def why_not_propose(staff: Staff) -> str:
    """Say why somebody may propose nothing about gifts: a post of a county, say; empty: they may."""
    may = May(decide(staff, Action.APPROVALS_PROPOSE, now=clock.now()))
    whole = reach(staff, Action.APPROVALS_PROPOSE).whole and reach(staff, Action.GIFTS_READ).whole
    return may.why or ("" if whole else gettext(NOT_HERE))


def _require_whole(staff: Staff, missing: str) -> None:
    """Answer like for a thing that does not exist, unless they may propose about gifts."""
    if why_not_propose(staff):
        raise NotFound(missing)


def _start(staff: Staff, form: Form[Any], status: int) -> Template:
    grounds = [(ground.value, gettext(refund_rules.GROUND_LABELS[ground])) for ground in refund_rules.ASKABLE]
    context = {"staff": staff, "form": form, "askable": grounds}
    return Template("donations/refund_start.html", context=context, status_code=status, headers=NO_STORE)


@post("/staff/refunds/start", opt=rule(Action.APPROVALS_PROPOSE), status_code=HTTP_303_SEE_OTHER)
async def start_refund(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Ask for a refund in the giver's place and propose it."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    _require_whole(staff, NOT_HERE)
    form = forms.read(StartRefundForm, await request.form())
    if form.value is None:
        return _start(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        approval_id = await refund_approvals.start_refund(
            form.value.gift_number, ground=form.value.ground, words=form.value.reason, by=acting(staff)
        )
    except _REFUSALS as error:
        return _start(staff, form.refused(error, "reason"), error.status)
    return lead_to(f"/staff/approvals/{approval_id}")


@get("/staff/refunds/{refund_id:uuid}/propose", opt=rule(Action.APPROVALS_PROPOSE))
async def refund_to_propose(request: Request[Any, Any, Any], refund_id: FromPath[UUID]) -> Template:
    """Show one request with what the giver wrote, and ask why it shall be granted."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    return await _refund(staff, refund_id, forms.empty(), HTTP_200_OK)


async def _refund(staff: Staff, refund_id: UUID, form: Form[Any], status: int) -> Template:
    _require_whole(staff, refund_rules.NO_REQUEST)
    found = await refund_queries.refund_by_id(refund_id)
    if found is None or found.status is not RefundStatus.REQUESTED:
        raise NotFound(refund_rules.NO_REQUEST)
    context = {
        "staff": staff,
        "form": form,
        "refund": found,
        "gift": await gift_by_id(found.donation_id),
        "words": await refund_queries.words_of(refund_id),
        "ground": gettext(refund_rules.GROUND_LABELS[found.ground]),
        "bands": await approvals.bands_in_force("refund", clock.today()),
    }
    return Template("donations/refund_propose.html", context=context, status_code=status, headers=NO_STORE)


@post(
    "/staff/refunds/{refund_id:uuid}/propose",
    opt=rule(Action.APPROVALS_PROPOSE),
    status_code=HTTP_303_SEE_OTHER,
)
async def propose_refund(request: Request[Any, Any, Any], refund_id: FromPath[UUID]) -> Redirect | Template:
    """Lay the request before its checkers."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    _require_whole(staff, refund_rules.NO_REQUEST)
    form = forms.read(ProposeRefundForm, await request.form())
    if form.value is None:
        return await _refund(staff, refund_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        approval_id = await refund_approvals.propose_refund(
            refund_id, reason=form.value.reason, by=acting(staff)
        )
    except _REFUSALS as error:
        return await _refund(staff, refund_id, form.refused(error, "reason"), error.status)
    return lead_to(f"/staff/approvals/{approval_id}")


@get("/staff/suspense/{txn_id:str}/propose", opt=rule(Action.APPROVALS_PROPOSE))
async def owner_to_propose(request: Request[Any, Any, Any], txn_id: FromPath[str]) -> Template:
    """Ask whose one held movement is."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    return await _owner(staff, txn_id, forms.empty(), HTTP_200_OK)


async def _owner(staff: Staff, txn_id: str, form: Form[Any], status: int) -> Template:
    _require_whole(staff, queries.NO_MOVEMENT)
    held = await queries.movement(txn_id)
    rules.require_nameable(held)
    context = {
        "staff": staff,
        "form": form,
        "held": held,
        "problem": gettext(rules.PROBLEM_LABELS.get(held.problem, held.problem)),
        "owners": [(code, gettext(label)) for code, label in rules.OWNER_LABELS.items()],
        "funds": [(fund.code, f"{fund.code} {fund.name}") for fund in await suspense.open_funds()],
    }
    return Template("donations/suspense_propose.html", context=context, status_code=status, headers=NO_STORE)


@post(
    "/staff/suspense/{txn_id:str}/propose",
    opt=rule(Action.APPROVALS_PROPOSE),
    status_code=HTTP_303_SEE_OTHER,
)
async def propose_owner(request: Request[Any, Any, Any], txn_id: FromPath[str]) -> Redirect | Template:
    """Lay before the checkers whose the money is."""
    staff = await allowed(request, Action.APPROVALS_PROPOSE)
    _require_whole(staff, queries.NO_MOVEMENT)
    form = forms.read(OwnerForm, await request.form())
    if form.value is None:
        return await _owner(staff, txn_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        approval_id = await suspense.propose_owner(
            txn_id,
            owner=form.value.owner,
            fund_code=form.value.fund_code,
            gift_number=form.value.gift_number,
            reason=form.value.reason,
            by=acting(staff),
        )
    except _REFUSALS as error:
        return await _owner(staff, txn_id, form.refused(error, "reason"), error.status)
    return lead_to(f"/staff/approvals/{approval_id}")


routes: list[ControllerRouterHandler] = [
    refund_to_start,
    start_refund,
    refund_to_propose,
    propose_refund,
    owner_to_propose,
    propose_owner,
]
