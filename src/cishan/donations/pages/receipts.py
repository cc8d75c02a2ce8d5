"""Receipts: asked for and fetched by a gift's secret link, checked by anyone who holds one."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.donations.actions import receipts as actions
from cishan.donations.forms.receipts import ReceiptCheck, ReceiptWish
from cishan.donations.pages.private import HEADERS
from cishan.donations.queries import certificates, yearly
from cishan.donations.queries import receipts as queries
from cishan.donations.queries.gifts import gift_by_token
from cishan.donations.rules import receipts as rules
from cishan.identity.guards import PUBLIC, SECRET_LINK
from cishan.plumbing import forms

TRIES_A_MINUTE = 30
"""Of one visitor to guess a check code of 40 bits; generous to an office behind one address."""

_slowly = RateLimitConfig(rate_limit=("minute", TRIES_A_MINUTE), set_rate_limit_headers=False).middleware


@get("/g/{token:str}/receipt")
async def ask_page(token: FromPath[str]) -> Template:
    """Show the form in which a giver asks for a receipt."""
    gift = await gift_by_token(token)
    card = await queries.card(gift)
    return _ask(token, gift, card, forms.empty(payer="person"))


@post("/g/{token:str}/receipt", status_code=HTTP_303_SEE_OTHER)
async def ask(request: Request[Any, Any, Any], token: FromPath[str]) -> Template | Redirect:
    """Write the receipt that a giver asks for, and go back to the gift."""
    gift = await gift_by_token(token)
    form = forms.read(ReceiptWish, await request.form())
    if form.value is None:
        return _ask(token, gift, await queries.card(gift), form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    uscc = form.value.uscc if form.value.payer == "company" else ""
    await actions.ask_for(gift.id, title=form.value.title, uscc=uscc)
    return Redirect(f"/g/{token}#receipts", status_code=HTTP_303_SEE_OTHER, headers=HEADERS)


def _ask(token: str, gift: Any, card: Any, form: forms.Form[Any], *, status: int = 200) -> Template:
    context = {"token": token, "gift": gift, "card": card, "form": form}
    return Template(
        template_name="donations/receipt_wish.html", context=context, headers=HEADERS, status_code=status
    )


@get("/g/{token:str}/receipts/{filename:str}")
async def download(token: FromPath[str], filename: FromPath[str]) -> Response[bytes]:
    """Give the PDF of one of a gift's receipts."""
    gift = await gift_by_token(token)
    receipt = await queries.of_gift(gift.id, filename.removesuffix(".pdf"))
    return _pdf(await queries.document(receipt), f"{receipt.number}.pdf", receipt.filename)


@get("/g/{token:str}/certificate.pdf")
async def certificate_pdf(token: FromPath[str]) -> Response[bytes]:
    """Give the certificate of a gift."""
    gift = await gift_by_token(token)
    return _pdf(await certificates.certificate(gift), f"{gift.number}.pdf", f"捐赠证书-{gift.number}.pdf")


@get("/receipts/yearly/{contact:uuid}/{year:int}/{token:str}", middleware=[_slowly])
async def yearly_pdf(contact: FromPath[UUID], year: FromPath[int], token: FromPath[str]) -> Response[bytes]:
    """Give all receipts of one giver in one year on one list."""
    listed = await yearly.year_by_link(contact, year, token)
    return _pdf(await yearly.year_document(listed), f"receipts-{year}.pdf", listed.filename)


def _pdf(content: bytes, plain_name: str, name: str) -> Response[bytes]:
    disposition = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {**HEADERS, "content-disposition": disposition}
    return Response(content, media_type="application/pdf", headers=headers)


@get("/receipts", middleware=[_slowly])
async def check_page(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Show the form in which anyone checks a receipt, and lead to the answer."""
    if not request.query_params:
        return Template(template_name="donations/receipt_check.html", context={"form": forms.empty()})
    form = forms.read(ReceiptCheck, request.query_params)
    if form.value is None:
        return Template(
            template_name="donations/receipt_check.html",
            context={"form": form},
            status_code=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    number = quote(form.value.number.upper().replace(" ", ""), safe="")
    code = quote(rules.read_check_code(form.value.code), safe="")
    return Redirect(f"/receipts/{number}/{code}", status_code=HTTP_303_SEE_OTHER)


@get("/receipts/{number:str}/{code:str}", middleware=[_slowly])
async def verify(number: FromPath[str], code: FromPath[str]) -> Template:
    """Tell who holds a receipt whether it is ours and still stands."""
    checked = await queries.verify(number.upper(), code)
    return Template(
        template_name="donations/receipt_verified.html",
        context={"checked": checked},
        headers={"x-robots-tag": "noindex, nofollow", "cache-control": "private, no-store"},
    )


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[ask_page, ask, download, certificate_pdf, yearly_pdf], opt=SECRET_LINK),
    Router("/", route_handlers=[check_page, verify], opt=PUBLIC),
]
