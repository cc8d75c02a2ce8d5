"""A booking of goods is reversed: proposed by one, agreed to by another, on the page of its offer."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from litestar import Request, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Forbidden, NotFound
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.warehouse.actions import reversals as actions
from cishan.warehouse.forms.reversals import ProposalForm, Verdict, VerdictForm, WithdrawalForm
from cishan.warehouse.pages.answers import REFUSALS
from cishan.warehouse.pages.receiving import back, open_offer, show
from cishan.warehouse.queries import intake, reversals
from cishan.warehouse.rules.offers import OfferView

HERE = "/staff/goods-offers/{number:str}/reversal"


async def _done(
    staff: Staff, found: OfferView, form: Form[Any], field: str, act: Awaitable[object]
) -> Redirect | Template:
    """Go back to the offer, or show it with the refusal beside the field."""
    try:
        await act
    except REFUSALS as error:
        now = await intake.offer_by_id(found.id)
        beside = "" if isinstance(error, Forbidden) else field  # who may not decide has no such field
        return await show(staff, now, form.refused(error, beside), status=error.status)
    return back(found.number)


async def _require_its(found: OfferView, reversal: UUID) -> None:
    if all(one.id != reversal for one in await reversals.of_offer(found.id)):
        raise NotFound(actions.NONE_SUCH)


@post(HERE, opt=rule(Action.GOODS_REVERSE), status_code=HTTP_303_SEE_OTHER)
async def propose(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Lay before a second person that the booking shall be reversed."""
    staff, found = await open_offer(request, number, Action.GOODS_REVERSE)
    form = forms.read(ProposalForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    proposed = actions.propose(
        found.id,
        wrong=said.wrong,
        fund=said.fund,
        reason=said.reason,
        request=said.request,
        by=acting(staff),
    )
    return await _done(staff, found, form, "reason", proposed)


@post(f"{HERE}/verdict", opt=rule(Action.GOODS_BOOK), status_code=HTTP_303_SEE_OTHER)
async def decide(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Agree, which takes the goods back out of stock and books, or let the booking stand."""
    staff, found = await open_offer(request, number, Action.GOODS_BOOK)
    form = forms.read(VerdictForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    await _require_its(found, said.reversal)
    act = actions.agree if said.verdict is Verdict.AGREE else actions.refuse
    decided = act(said.reversal, by=acting(staff), words=said.words)
    return await _done(staff, found, form, "words", decided)


@post(f"{HERE}/withdrawal", opt=rule(Action.GOODS_REVERSE), status_code=HTTP_303_SEE_OTHER)
async def withdraw(request: Request[Any, Any, Any], number: FromPath[str]) -> Redirect | Template:
    """Take one's own proposal back."""
    staff, found = await open_offer(request, number, Action.GOODS_REVERSE)
    form = forms.read(WithdrawalForm, await request.form())
    if form.value is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    await _require_its(found, form.value.reversal)
    return await _done(staff, found, form, "", actions.withdraw(form.value.reversal, by=acting(staff)))


routes: list[ControllerRouterHandler] = [propose, decide, withdraw]
