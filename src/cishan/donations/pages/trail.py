"""Screen four and all that follows: the gift's own page by its secret link."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from cishan.donations.actions.drafts import draft_again
from cishan.donations.actions.finding import ask_for_links
from cishan.donations.actions.giving import open_checkout
from cishan.donations.actions.letters import absolute
from cishan.donations.actions.refunds import undo
from cishan.donations.forms.after import FindForm
from cishan.donations.pages.private import HEADERS, client_of, private, see_other
from cishan.donations.queries import receipts, trail
from cishan.donations.queries.contacts import plan_path
from cishan.donations.queries.gifts import GiftView, gift_by_token
from cishan.donations.queries.monthly import plan_by_id
from cishan.donations.queries.refunds import refunds_of
from cishan.donations.rules import trail as words
from cishan.donations.rules.giving import GiftStatus
from cishan.identity.guards import PUBLIC, SECRET_LINK
from cishan.kernel import clock
from cishan.plumbing import forms, qr
from cishan.plumbing.jobs import enqueue_once

POLLED_FOR_MINUTES = 60


@get("/g/{token:str}")
async def gift_page(request: Request[Any, Any, Any], token: FromPath[str]) -> Template:
    """Show a gift: how it stands, what happened, where it went, and what its giver can do."""
    gift = await gift_by_token(token)
    back = request.query_params.get("back", "")
    if (gift.is_waiting or _may_have_paid(gift, back)) and back == "paid" and gift.session_id:
        key = f"donations.ask:{gift.id}"
        await enqueue_once("donations.ask", key=key, donation_id=str(gift.id))
    refunds = await refunds_of(gift.id)
    plan = await plan_by_id(gift.plan_id) if gift.plan_id else None
    slug = next((line.slug for line in gift.lines if line.campaign_id is not None), "")
    share = absolute(f"/campaigns/{slug}" if slug else "/give")
    context = {
        **_standing(gift, token, back),
        "refunds": refunds,
        "refund_words": words.REFUND_STATUS,
        "channel": words.CHANNEL_LABELS.get(gift.channel, ""),
        "steps_taken": await trail.steps(gift, refunds),
        "vouchers": await trail.vouchers(gift.id),
        "uses": await trail.uses(gift),
        "share_url": share,
        "share_qr": qr.inline(share),
        "card": await receipts.card(gift),
        "plan": plan,
        "plan_path": plan_path(plan.id) if plan else "",
        "can_ask_refund": gift.status in {GiftStatus.PAID, GiftStatus.PARTLY_REFUNDED},
    }
    return private("donations/gift.html", context)


@get("/g/{token:str}/status")
async def gift_status(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any] | Template:
    """Say how the gift stands, for a page that asks again and again; send it on when there is news."""
    gift = await gift_by_token(token)
    back = request.query_params.get("back", "")
    if request.query_params.get("seen", "") != gift.status.value:
        headers = {**HEADERS, "HX-Redirect": f"/g/{token}"}
        return Response(content="", status_code=200, headers=headers, media_type="text/html")
    return private("donations/_status.html", _standing(gift, token, back))


@post("/g/{token:str}/pay")
async def pay(token: FromPath[str]) -> Redirect:
    """Go on to the payment page of a gift that waits."""
    gift = await gift_by_token(token)
    return see_other(await open_checkout(gift.id))


@post("/g/{token:str}/again")
async def again(token: FromPath[str]) -> Redirect:
    """Begin another gift with the same answers, which can be changed first."""
    gift = await gift_by_token(token)
    return see_other(f"/give/change/{await draft_again(gift.id)}")


@post("/g/{token:str}/undo")
async def undo_gift(token: FromPath[str]) -> Redirect:
    """Take the gift back."""
    gift = await gift_by_token(token)
    await undo(gift.id)
    return see_other(f"/g/{token}")


@get("/g")
async def find() -> Template:
    """Ask for the address that was left with a gift."""
    return private("donations/find.html", {"form": forms.empty(), "sent": False})


@post("/g", status_code=200)
async def find_gifts(request: Request[Any, Any, Any]) -> Template:
    """Answer the same whether or not the address is known; the letter, if any, goes to it alone."""
    form = forms.read(FindForm, await request.form())
    if form.value is None:
        return private("donations/find.html", {"form": form, "sent": False}, status=422)
    await ask_for_links(form.value.email, client=client_of(request))
    return private("donations/find.html", {"form": forms.empty(), "sent": True})


def _standing(gift: GiftView, token: str, back: str) -> dict[str, Any]:
    said = words.STATUS[gift.status]
    if gift.undo_asked_at is not None and gift.status not in {GiftStatus.REFUNDED, GiftStatus.EXPIRED}:
        said = words.UNDOING
    elif back == "left" and gift.status == GiftStatus.AWAITING_PAYMENT:
        said = words.LEFT
    elif gift.can_pay and not gift.session_id:
        said = words.UNOPENED
    confirming = _may_have_paid(gift, back)
    minutes = (clock.now() - gift.created_at).total_seconds() / 60
    return {
        "gift": gift,
        "token": token,
        "back": back,
        "words": said,
        "confirming": confirming,
        "asks_again": (gift.is_waiting or confirming)
        and said not in {words.LEFT, words.UNOPENED}
        and minutes < POLLED_FOR_MINUTES,
    }


def _may_have_paid(gift: GiftView, back: str) -> bool:
    """Tell whether the giver comes back from paying and we have not heard of it.

    A refused attempt is all that we may know of a payment page on which the next attempt went through.
    """
    if back != "paid" or gift.undo_asked_at is not None:
        return False
    again = gift.status == GiftStatus.FAILED and clock.now() < (gift.checkout_expires_at or gift.created_at)
    return again or gift.status == GiftStatus.AWAITING_PAYMENT


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[gift_page, gift_status, pay, again, undo_gift], opt=SECRET_LINK),
    Router("/", route_handlers=[find, find_gifts], opt=PUBLIC),
]
