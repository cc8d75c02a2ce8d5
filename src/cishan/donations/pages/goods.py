"""Receipts of goods under an offer's secret link: fetched, or asked for after all."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.donations.actions import goods as actions
from cishan.donations.forms.receipts import ReceiptWish
from cishan.donations.pages.private import HEADERS, private
from cishan.donations.queries import goods, receipts
from cishan.identity.guards import SECRET_LINK
from cishan.kernel.errors import NotFound
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.warehouse.queries import intake


@get("/goods/{token:str}/receipts")
async def papers(token: FromPath[str]) -> Template:
    """Show the receipts of goods, or ask for whom one shall be made out."""
    return await _papers(token, forms.empty(payer="person"), HTTP_200_OK)


async def _papers(token: str, form: Form[Any], status: int) -> Template:
    found = await intake.offer_by_token(token)
    gift = await goods.of_offer(found.id)
    context = {
        "token": token,
        "form": form,
        "offer": found,
        "gift": gift,
        "receipts": await receipts.for_goods(gift.id) if gift else [],
    }
    return private("donations/goods_receipts.html", context, status=status)


@post("/goods/{token:str}/receipts", status_code=HTTP_303_SEE_OTHER)
async def ask(request: Request[Any, Any, Any], token: FromPath[str]) -> Template | Redirect:
    """Write the receipt that a giver asks for."""
    found = await intake.offer_by_token(token)
    form = forms.read(ReceiptWish, await request.form())
    if form.value is None:
        return await _papers(token, form, HTTP_422_UNPROCESSABLE_ENTITY)
    uscc = form.value.uscc if form.value.payer == "company" else ""
    await actions.ask_for(found.id, title=form.value.title, uscc=uscc)
    return Redirect(f"/goods/{token}/receipts", status_code=HTTP_303_SEE_OTHER, headers=HEADERS)


@get("/goods/{token:str}/receipts/{filename:str}")
async def download(token: FromPath[str], filename: FromPath[str]) -> Response[bytes]:
    """Give the PDF of one receipt of these goods."""
    found = await intake.offer_by_token(token)
    gift = await goods.of_offer(found.id)
    written = await receipts.for_goods(gift.id) if gift else []
    receipt = next((one for one in written if f"{one.number}.pdf" == filename), None)
    if receipt is None:
        raise NotFound(receipts.NO_RECEIPT)
    name = quote(receipt.filename, safe="")
    disposition = f"attachment; filename=\"{receipt.number}.pdf\"; filename*=UTF-8''{name}"
    headers = {**HEADERS, "content-disposition": disposition}
    return Response(await receipts.document(receipt), media_type="application/pdf", headers=headers)


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[papers, ask, download], opt=SECRET_LINK),
]
