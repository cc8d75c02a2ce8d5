"""The one way out of the storage."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.status_codes import HTTP_304_NOT_MODIFIED
from litestar.types import ControllerRouterHandler

from cishan.audit import actions as audit
from cishan.audit.rules import Read
from cishan.files import queries, rules
from cishan.files.rules import StoredFile
from cishan.gateways import storage
from cishan.identity.guards import BY_OWNER, cookie_name
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic
from cishan.plumbing.documents import private_headers

log = structlog.get_logger()


@get("/files/{file_id:uuid}", opt=BY_OWNER)
async def read(request: Request[Any, Any, Any], file_id: FromPath[UUID]) -> Response[bytes]:
    """Hand out a file to whoever may read its owner's files; to others it is as if it were not there."""
    visitor = await visitor_of(request.cookies.get(cookie_name(request), ""))
    file = await queries.find(file_id)
    if file is None or not await _may_read(visitor, file):
        raise NotFound(N_("This file is no longer there."))
    headers = _headers(file)
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    await _note(visitor, file)
    try:
        data = await storage.get(await queries.storage_key(file.id))
    except storage.Lost as error:
        log.error("file_lost", file_id=str(file.id), why=error.message)
        raise
    return Response(data, media_type=file.media_type, headers=headers)


async def _may_read(visitor: Visitor | None, file: StoredFile) -> bool:
    owner = rules.OWNERS.get(file.owner_kind)
    return (
        owner is not None and file.purpose in owner.purposes and await owner.may_read(visitor, file.owner_id)
    )


async def _note(visitor: Visitor | None, file: StoredFile) -> None:
    if not rules.purpose_of(file.owner_kind, file.purpose).sensitive:
        return
    look = Read(
        subject_kind=file.owner_kind,
        subject_id=str(file.owner_id),
        fields=(f"file:{file.purpose}",),
        reader=str(visitor.person_id or visitor.account_id) if visitor else "visitor",
        purpose="opened the file",
    )
    async with atomic():
        await audit.record_read(look)


def _headers(file: StoredFile) -> dict[str, str]:
    headers = private_headers(file.name) | {"etag": f'"{file.sha256}"'}
    if file.is_picture:  # drawn by ourselves, so that a page may show it
        headers["content-disposition"] = headers["content-disposition"].replace("attachment", "inline", 1)
    if file.public:
        headers["cache-control"] = "public, max-age=31536000, immutable"
    else:
        headers["cross-origin-resource-policy"] = "same-origin"
    return headers


routes: list[ControllerRouterHandler] = [read]
