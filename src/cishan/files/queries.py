"""Which files there are."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cishan.files.rules import SUFFIXES, StoredFile
from cishan.kernel import clock
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch

NAME = "stored_file.name_enc"
LIMIT = 200
_FILE = """
    SELECT id, name_enc, media_type, size_bytes, encode(sha256, 'hex') AS sha256, owner_kind, owner_id,
           purpose, public, uploaded_by, uploaded_at, width, height
      FROM stored_file"""


async def find(file_id: UUID) -> StoredFile | None:
    """Return a file that was not removed; whether somebody may read it is not asked here."""
    rows = await fetch(f"{_FILE} WHERE id = {{}} AND removed_at IS NULL", file_id)
    return _view(rows[0]) if rows else None


async def files_of(
    owner_kind: str, owner_id: UUID, *, purpose: str = "", limit: int = LIMIT
) -> list[StoredFile]:
    """Return the files of a thing, the first sent first."""
    rows = await fetch(
        f"{_FILE} WHERE owner_kind = {{}} AND owner_id = {{}} AND ({{}} = '' OR purpose = {{}})"
        " AND removed_at IS NULL ORDER BY id LIMIT {}",
        owner_kind,
        owner_id,
        purpose,
        purpose,
        limit,
    )
    return [_view(row) for row in rows]


async def files_of_many(owner_kind: str, owner_ids: Sequence[UUID]) -> dict[UUID, list[StoredFile]]:
    """Return the files of several things in one query; a thing without files is not in it."""
    rows = await fetch(
        f"{_FILE} WHERE owner_kind = {{}} AND owner_id = ANY({{}}::uuid[]) AND removed_at IS NULL"
        " ORDER BY id",
        owner_kind,
        list(owner_ids),
    )
    found: dict[UUID, list[StoredFile]] = {}
    for row in rows:
        found.setdefault(row["owner_id"], []).append(_view(row))
    return found


async def storage_key(file_id: UUID) -> str:
    """Return where the content of a file lies that exists."""
    (row,) = await fetch("SELECT storage_key FROM stored_file WHERE id = {}", file_id)
    return str(row["storage_key"])


async def used_keys(*, removed_within: timedelta) -> frozenset[str]:
    """Return where content lies that some file shows, or showed until lately."""
    rows = await fetch(
        "SELECT DISTINCT storage_key FROM stored_file WHERE removed_at IS NULL OR removed_at > {}",
        clock.now() - removed_within,
    )
    return frozenset(row["storage_key"] for row in rows)


def _view(row: dict[str, Any]) -> StoredFile:
    sealed = row.pop("name_enc")
    name = (
        crypto.unseal(sealed, place=NAME, row=row["id"])
        if sealed
        else row["purpose"] + SUFFIXES[row["media_type"]]
    )
    return StoredFile(name=name, **row)


@dataclass(frozen=True, slots=True)
class Content:
    """An object of the storage, and which files show it."""

    storage_key: str
    files: int
    shown_by: tuple[str, ...]
    """The first ten, as `kind id purpose`: never what they are called."""


async def content(*, batch: int = 500) -> AsyncIterator[list[Content]]:
    """Give all content that some file shows, in batches."""
    after = ""
    while True:
        rows = await fetch(
            """SELECT storage_key, count(*) AS files,
                      (array_agg(concat_ws(' ', owner_kind, owner_id, purpose) ORDER BY id))[:10] AS shown_by
                 FROM stored_file WHERE removed_at IS NULL AND storage_key > {}
                GROUP BY storage_key ORDER BY storage_key LIMIT {}""",
            after,
            batch,
        )
        if not rows:
            return
        after = rows[-1]["storage_key"]
        yield [Content(row["storage_key"], row["files"], tuple(row["shown_by"])) for row in rows]
