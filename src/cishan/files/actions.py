"""Keeping files and removing them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.files import rules
from cishan.files.queries import NAME
from cishan.files.rules import Purpose, StoredFile
from cishan.files.tables import File
from cishan.gateways import storage
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto, documents, failpoints, i18n
from cishan.plumbing.db import atomic, connection, in_transaction
from cishan.plumbing.documents import Document
from cishan.plumbing.uploads import Upload

SUBJECT = "stored_file"
_judges = ThreadPoolExecutor(max_workers=2, thread_name_prefix="judge")
"""Unpacking a picture takes time and memory: two at once, the others wait their turn."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Content that was judged and lies with the storage, and that no row refers to yet."""

    owner_kind: str
    purpose: Purpose
    name: str
    key: str
    document: Document


async def keep(
    upload: Upload, *, owner_kind: str, owner_id: UUID, purpose: str, by: UUID | None, field: str = "files"
) -> StoredFile:
    """Judge a file, keep it for a thing and return it; raise Invalid at `field` if it cannot be taken.

    `by` is a person, None the platform itself. Inside a transaction this waits for disk or bucket: a caller
    that holds locks calls `bring` before its transaction and `attach` in it.
    """
    brought = await bring([upload], owner_kind=owner_kind, purpose=purpose, field=field)
    async with atomic():
        return (await attach(brought, owner_id=owner_id, by=by, field=field))[0]


async def bring(
    uploads: Sequence[Upload],
    *,
    owner_kind: str,
    purpose: str,
    field: str = "files",
    fields: Sequence[str] = (),
) -> list[Brought]:
    """Judge files and let their content lie safe, before the transaction in which `attach` makes them count.

    All are judged before any is written; content that is never attached is swept after two days. A refusal
    names `field`, or the upload's own of `fields` if each came from one of its own.
    """
    limits = rules.purpose_of(owner_kind, purpose)
    _require_count(len(uploads), limits, field)
    alone = len(uploads) == 1 or bool(fields)
    whose = fields or [field] * len(uploads)
    judged = [
        await _judge(upload, limits, name, alone=alone) for upload, name in zip(uploads, whose, strict=True)
    ]
    return [
        Brought(
            owner_kind,
            limits,
            rules.harmless_name(upload.name, document.suffix),
            await storage.put("files", document.data),
            document,
        )
        for upload, document in zip(uploads, judged, strict=True)
    ]


async def attach(
    brought: Sequence[Brought], *, owner_id: UUID, by: UUID | None, field: str = "files"
) -> list[StoredFile]:
    """Make brought files those of a thing, in the running transaction; refuse more than are allowed."""
    assert in_transaction(), "files are attached in the transaction of their cause"
    failpoints.reach("files.attach")
    for kind, purpose in {(b.owner_kind, b.purpose) for b in brought}:
        new = sum(b.purpose == purpose and b.owner_kind == kind for b in brought)
        _require_count(await _count_alone(kind, owner_id, purpose.code) + new, purpose, field)
    new_ids = sorted(ids.new_id() for _ in brought)  # listed in the order in which they were sent
    kept = [_row(file_id, b, owner_id, by) for file_id, b in zip(new_ids, brought, strict=True)]
    if kept:
        await File.insert(*(row for row, _ in kept))
        await audit.record(*(_step(view, "keep", "", "kept", by) for _, view in kept))
    return [view for _, view in kept]


async def remove(file_id: UUID, *, by: UUID | None, reason: str) -> None:
    """Take a file away from everybody; its row stays, its content is swept after thirty days."""
    if not reason.strip():
        raise Invalid(N_("Say why the file is removed."), field="reason")
    async with atomic():
        there = (File.id == file_id) & File.removed_at.is_null()
        if await File.objects().where(there).lock_rows("NO KEY UPDATE").first() is None:
            raise NotFound(N_("This file is no longer there."))
        await File.update(
            {
                File.removed_at: clock.now(),
                File.removed_by: by,
                File.removed_reason: reason.strip()[:300],
            }
        ).where(File.id == file_id)
        await audit.record(
            Transition(
                subject_kind=SUBJECT,
                subject_id=str(file_id),
                event="remove",
                from_state="kept",
                to_state="removed",
                actor=str(by) if by else SYSTEM,
                reason=reason.strip()[:300],
            )
        )


async def _judge(upload: Upload, purpose: Purpose, field: str, *, alone: bool) -> Document:
    try:
        if not upload.data:
            raise Invalid(N_("This file is empty."))
        if len(upload.data) > purpose.max_bytes:
            raise Invalid(N_("A file may have {limit} MB at most."), limit=purpose.max_bytes // 1_000_000)
        if rules.MEDIA_TYPES.get(documents.looks_like(upload.data)) not in purpose.kinds:
            raise Invalid(N_("Send one of these: {kinds}."), kinds=kinds_text(purpose))
        document = await asyncio.get_running_loop().run_in_executor(
            _judges, lambda: documents.accept(upload.data, field=field, max_side=purpose.max_side_pixels)
        )
    except Invalid as error:
        if alone:
            raise Invalid(error.message, field=field, **error.values) from None
        name = rules.harmless_name(upload.name, "")
        raise Invalid(N_("{file}: {why}"), field=field, file=name, why=i18n.say(error)) from None
    return document


def kinds_text(purpose: Purpose) -> str:
    """Return what files a purpose takes, in the language of the request."""
    return i18n.gettext(N_(", ")).join(i18n.gettext(rules.KIND_NAMES[kind]) for kind in purpose.kinds)


def _require_count(count: int, purpose: Purpose, field: str) -> None:
    if count > purpose.max_count:
        raise Invalid(N_("At most {limit} files may be kept here."), field=field, limit=purpose.max_count)


async def _count_alone(owner_kind: str, owner_id: UUID, purpose: str) -> int:
    """Count a thing's files for a purpose; until the transaction ends nobody else adds one."""
    whose = f"{owner_kind} {owner_id} {purpose}"
    await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1000))", whose)
    return int(
        await File.count().where(
            (File.owner_kind == owner_kind)
            & (File.owner_id == owner_id)
            & (File.purpose == purpose)
            & File.removed_at.is_null()
        )
    )


def _row(file_id: UUID, brought: Brought, owner_id: UUID, by: UUID | None) -> tuple[File, StoredFile]:
    document, now = brought.document, clock.now()
    digest = brought.key.rpartition("/")[2]
    view = StoredFile(
        id=file_id,
        name=brought.name,
        media_type=document.content_type,
        size_bytes=len(document.data),
        sha256=digest,
        owner_kind=brought.owner_kind,
        owner_id=owner_id,
        purpose=brought.purpose.code,
        public=brought.purpose.public,
        uploaded_by=by,
        uploaded_at=now,
        width=document.width,
        height=document.height,
    )
    row = File(
        id=file_id,
        storage_key=brought.key,
        sha256=bytes.fromhex(digest),
        media_type=view.media_type,
        size_bytes=view.size_bytes,
        width=view.width,
        height=view.height,
        name_enc=crypto.seal(view.name, place=NAME, row=file_id),
        owner_kind=view.owner_kind,
        owner_id=owner_id,
        purpose=view.purpose,
        public=view.public,
        uploaded_by=by,
        uploaded_at=now,
    )
    return row, view


def _step(file: StoredFile, event: str, origin: str, target: str, by: UUID | None) -> Transition:
    return Transition(
        subject_kind=SUBJECT,
        subject_id=str(file.id),
        event=event,
        from_state=origin,
        to_state=target,
        actor=str(by) if by else SYSTEM,
        reason=f"{file.owner_kind} {file.owner_id}: {file.purpose}, sha256 {file.sha256}",
    )
