"""Bring all encrypted columns under the present data key: in batches, and whenever it is interrupted.

What is still to do is told by the values themselves, whose first byte is the id of their key, and by indexes
that are missing because the column got one later: a run that was killed leaves whole batches behind it, and
the next run goes on with the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.plumbing.sealed import REGISTRY, Sealed

BATCH = 200
_FIRST = UUID(int=0)


@dataclass(slots=True)
class Found:
    """What came of one column."""

    name: str
    values: int = 0
    """How many values the column has."""
    renewed: int = 0
    old: int = 0
    """Values under another key than the present one."""
    wrong_index: list[UUID] = field(default_factory=list)
    unreadable: list[UUID] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Tell whether everything is readable, under the present key, and found by its index."""
        return not (self.old or self.wrong_index or self.unreadable)


async def rotate(*, batch: int = BATCH, say: Callable[[str], None]) -> list[Found]:
    """Encrypt anew what is under another key or lacks its blind index; say after each batch how far it is."""
    return [await _rotate(column, batch, say) for column in REGISTRY.values()]


async def verify(*, batch: int = BATCH) -> list[Found]:
    """Open every value of every encrypted column and compare its blind index; change nothing."""
    return [await _verify(column, batch) for column in REGISTRY.values()]


async def _rotate(column: Sealed, batch: int, say: Callable[[str], None]) -> Found:
    found, after = Found(f"{column.table}.{column.column}"), _FIRST
    key = bytes([crypto.present_key_id()])
    missing = f" OR {column.index} IS NULL" if column.index else ""
    other = f"{column.column} IS NOT NULL AND (substring({column.column} FROM 1 FOR 1) <> {{}}{missing})"
    total = await fetch_value(f"SELECT count(*) FROM {column.table} WHERE {other}", key)  # noqa: S608 - names of ours
    while True:
        async with atomic():
            rows = await fetch(
                f"SELECT id, {column.column} AS value FROM {column.table} WHERE {other} AND id > {{}}"  # noqa: S608
                " ORDER BY id LIMIT {} FOR NO KEY UPDATE",
                key,
                after,
                batch,
            )
            if not rows:
                return found
            fresh = []
            for row in rows:
                try:
                    text = crypto.unseal(row["value"], place=column.place, row=row["id"])
                except crypto.Unreadable:
                    found.unreadable.append(row["id"])
                    continue
                fresh.append(
                    (row["id"], crypto.seal(text, place=column.place, row=row["id"]), _index(column, text))
                )
            await _write(column, fresh)
        found.renewed += len(fresh)
        after = rows[-1]["id"]
        say(f"{found.name}: {found.renewed} of {total}")


async def _write(column: Sealed, fresh: list[tuple[UUID, bytes, bytes | None]]) -> None:
    index = f", {column.index} = fresh.index" if column.index else ""
    await connection().execute(
        f"UPDATE {column.table} AS kept SET {column.column} = fresh.value{index}"  # noqa: S608
        " FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS fresh (id, value, index)"
        " WHERE kept.id = fresh.id",
        *([list(part) for part in zip(*fresh, strict=True)] if fresh else [[], [], []]),
    )


async def _verify(column: Sealed, batch: int) -> Found:
    found, after = Found(f"{column.table}.{column.column}"), _FIRST
    key, index = crypto.present_key_id(), column.index or "NULL::bytea"
    while True:
        rows = await fetch(
            f"SELECT id, {column.column} AS value, {index} AS index FROM {column.table}"  # noqa: S608
            f" WHERE {column.column} IS NOT NULL AND id > {{}} ORDER BY id LIMIT {{}}",
            after,
            batch,
        )
        if not rows:
            return found
        after = rows[-1]["id"]
        found.values += len(rows)
        for row in rows:
            found.old += row["value"][:1] != bytes([key])
            try:
                text = crypto.unseal(row["value"], place=column.place, row=row["id"])
            except crypto.Unreadable:
                found.unreadable.append(row["id"])
                continue
            if row["value"][:1] == bytes([key]) and row["index"] != _index(column, text):
                found.wrong_index.append(row["id"])


def _index(column: Sealed, text: str) -> bytes | None:
    return crypto.blind_index(column.fold(text), purpose=column.purpose) if column.index else None
