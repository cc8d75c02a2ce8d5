"""The outbox: on a demonstration, letters that would have gone out by mail can be read here."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import MediaType, Request, Response, Router, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.gateways.mail import Mail
from cishan.identity.guards import DEMO
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify import queries

UNLISTED = {"x-robots-tag": "noindex, nofollow", "cache-control": "private, no-store"}


@get("/outbox")
async def outbox(request: Request[Any, Any, Any]) -> Template:
    """List the newest letters."""
    letters = await queries.newest()
    return Template(template_name="notify/outbox.html", context={"letters": letters}, headers=UNLISTED)


@get("/outbox/{letter_id:uuid}")
async def letter_page(request: Request[Any, Any, Any], letter_id: FromPath[UUID]) -> Template:
    """Show one letter as text, with its attachments."""
    letter = await queries.letter(letter_id)
    return Template(template_name="notify/letter.html", context={"letter": letter}, headers=UNLISTED)


@get("/outbox/{letter_id:uuid}/html")
async def letter_as_sent(request: Request[Any, Any, Any], letter_id: FromPath[UUID]) -> Response[str]:
    """Show the letter as a mail program shows it; its own style sheet is all that may act."""
    mail = await _mail(letter_id)
    hashes = " ".join(
        f"'{_style_hash(style)}'" for style in re.findall(r"<style>(.*?)</style>", mail.html, re.S)
    )
    policy = (
        f"default-src 'none'; style-src {hashes}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Response(
        mail.html, media_type=MediaType.HTML, headers={**UNLISTED, "content-security-policy": policy}
    )


@get("/outbox/{letter_id:uuid}/attachments/{position:int}")
async def attachment(
    request: Request[Any, Any, Any], letter_id: FromPath[UUID], position: FromPath[int]
) -> Response[bytes]:
    """Give one file of a letter."""
    files = (await _mail(letter_id)).attachments
    if not 0 <= position < len(files):
        raise NotFound(N_("There is no such letter."))
    file = files[position]
    disposition = f"inline; filename*=UTF-8''{quote(file.filename, safe='')}"
    return Response(
        file.content,
        media_type=file.media_type,
        headers={**UNLISTED, "content-disposition": disposition},
    )


async def _mail(letter_id: UUID) -> Mail:
    mail = (await queries.letter(letter_id)).mail
    if mail is None:
        raise NotFound(N_("There is no such letter."))
    return mail


def _style_hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[outbox, letter_page, letter_as_sent, attachment], opt=DEMO)
]
