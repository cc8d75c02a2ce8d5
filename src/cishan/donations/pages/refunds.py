"""Asking for a refund after the ten minutes."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from cishan.donations.actions.refunds import request_refund
from cishan.donations.forms.after import RefundForm
from cishan.donations.pages.private import private, see_other
from cishan.donations.queries.gifts import GiftView, gift_by_token
from cishan.donations.rules import refunds as rules
from cishan.identity.guards import SECRET_LINK
from cishan.plumbing import forms
from cishan.plumbing.forms import Form


@get("/g/{token:str}/refund")
async def refund(token: FromPath[str]) -> Template:
    """Ask why the money shall go back."""
    gift = await gift_by_token(token)
    rules.require_refundable(gift.status)
    return _page(gift, token, forms.empty())


@post("/g/{token:str}/refund")
async def ask_refund(request: Request[Any, Any, Any], token: FromPath[str]) -> Template | Redirect:
    """Store the request and show it on the gift's page."""
    gift = await gift_by_token(token)
    form = forms.read(RefundForm, await request.form())
    if form.value is None:
        return _page(gift, token, form, status=422)
    await request_refund(gift.id, ground=form.value.ground, words=form.value.words)
    return see_other(f"/g/{token}#refunds")


def _page(gift: GiftView, token: str, form: Form[Any], *, status: int = 200) -> Template:
    grounds = [(ground.value, rules.GROUND_LABELS[ground]) for ground in rules.ASKABLE]
    context = {"gift": gift, "token": token, "form": form, "grounds": grounds}
    return private("donations/refund.html", context, status=status)


routes: list[ControllerRouterHandler] = [Router("/", route_handlers=[refund, ask_refund], opt=SECRET_LINK)]
