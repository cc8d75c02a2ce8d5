"""A monthly gift's own page by its secret link: dates, amount, pause, resume, end, another card."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from cishan.donations.actions import cards, monthly
from cishan.donations.actions.giving import begin_month
from cishan.donations.forms.after import PlanForm
from cishan.donations.pages.private import client_of, private, see_other
from cishan.donations.queries.monthly import PlanView, gifts_of_plan, plan_by_token
from cishan.donations.rules import trail as words
from cishan.donations.rules.monthly import MAX_DAY
from cishan.identity.guards import SECRET_LINK
from cishan.kernel.errors import Invalid
from cishan.kernel.money import yuan
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.jobs import enqueue_once


@get("/monthly/{token:str}")
async def plan_page(request: Request[Any, Any, Any], token: FromPath[str]) -> Template:
    """Show a monthly gift, its next dates and what can be changed."""
    plan = await plan_by_token(token)
    told = request.query_params.get("card") == "new"
    if told:
        await enqueue_once("donations.finish_card", key=f"donations.card:{plan.id}", plan_id=str(plan.id))
    return await _page(plan, token, _filled(plan), card_told=told)


@post("/monthly/{token:str}")
async def change(request: Request[Any, Any, Any], token: FromPath[str]) -> Template | Redirect:
    """Change the amount or the day."""
    plan = await plan_by_token(token)
    form = forms.read(PlanForm, await request.form())
    if form.value is None:
        return await _page(plan, token, form, status=422)
    try:
        await monthly.change(plan.id, amount_fen=form.value.amount, day=form.value.day)
    except Invalid as error:
        return await _page(plan, token, form.refused(error), status=422)
    return see_other(f"/monthly/{token}")


@post("/monthly/{token:str}/pause")
async def pause(token: FromPath[str]) -> Redirect:
    """Pause."""
    await monthly.pause((await plan_by_token(token)).id)
    return see_other(f"/monthly/{token}")


@post("/monthly/{token:str}/resume")
async def resume(token: FromPath[str]) -> Redirect:
    """Go on."""
    await monthly.resume((await plan_by_token(token)).id)
    return see_other(f"/monthly/{token}")


@post("/monthly/{token:str}/cancel")
async def cancel(token: FromPath[str]) -> Redirect:
    """End it."""
    await monthly.cancel((await plan_by_token(token)).id)
    return see_other(f"/monthly/{token}")


@get("/monthly/{token:str}/card")
async def card(token: FromPath[str]) -> Template:
    """Explain the new card before leading to the payment service."""
    plan = await plan_by_token(token)
    return private("donations/card.html", {"plan": plan, "token": token})


@post("/monthly/{token:str}/card")
async def new_card(token: FromPath[str]) -> Redirect:
    """Lead to the payment service's page for another card."""
    plan = await plan_by_token(token)
    return see_other(await cards.begin_repair(plan.id))


@get("/monthly/{token:str}/give")
async def this_month(token: FromPath[str]) -> Template:
    """Show this month's gift, ready to be paid with one tap."""
    plan = await plan_by_token(token)
    return private("donations/month.html", {"plan": plan, "token": token})


@post("/monthly/{token:str}/give")
async def give_this_month(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect:
    """Begin this month's gift and lead to its payment page; the same tap twice leads to the same page."""
    plan = await plan_by_token(token)
    begun = await begin_month(plan.id, client=client_of(request))
    return see_other(begun.checkout_url or f"/g/{begun.token}")


def _filled(plan: PlanView) -> Form[Any]:
    return forms.empty(amount=f"{yuan(plan.amount_fen):f}".removesuffix(".00"), day=str(plan.day_of_month))


async def _page(
    plan: PlanView, token: str, form: Form[Any], *, status: int = 200, card_told: bool = False
) -> Template:
    context = {
        "plan": plan,
        "token": token,
        "form": form,
        "card_told": card_told,
        "words": words.PLAN_STATUS[plan.status],
        "method": words.METHOD_LABELS[plan.method],
        "days": [(str(day), str(day)) for day in range(1, MAX_DAY + 1)],
        "gifts": await gifts_of_plan(plan.id),
    }
    return private("donations/monthly.html", context, status=status)


routes: list[ControllerRouterHandler] = [
    Router(
        "/",
        route_handlers=[
            plan_page,
            change,
            pause,
            resume,
            cancel,
            card,
            new_card,
            this_month,
            give_this_month,
        ],
        opt=SECRET_LINK,
    )
]
