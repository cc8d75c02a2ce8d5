"""Proofs: queries that find the rows which break what must always hold."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cishan.plumbing.db import atomic, connection, in_transaction

_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """A proof that failed: how many rows break it (at most 1000 are counted), and the first in words."""

    proof: str
    count: int
    first: str


def read(path: Path) -> dict[str, str]:
    """Return the queries of a file by their names: each follows a line `-- proof: …` and ends with `;`."""
    parts = re.split(r"^-- proof: (.+)\n", path.read_text(), flags=re.MULTILINE)
    return {name: sql.split(";\n")[0] for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


@asynccontextmanager
async def snapshot() -> AsyncIterator[None]:
    """Let a block read one state of the database, however long it takes; nothing can be written in it.

    Inside a transaction it is that transaction's state, and only the time is unlimited.
    """
    outermost = not in_transaction()
    async with atomic():
        if outermost:
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection().execute("SET LOCAL statement_timeout = 0")
        yield


async def findings(proofs: Mapping[str, str]) -> list[Finding]:
    """Return which proofs fail; the first column of what a query finds says it in words."""
    found = [await _finding(name, sql) for name, sql in proofs.items()]
    return [one for one in found if one is not None]


def named(proof: str, wrong: Sequence[str]) -> Finding | None:
    """Return the finding of a proof that is no query, None if nothing is wrong."""
    return Finding(proof, len(wrong), wrong[0]) if wrong else None


async def _finding(name: str, sql: str) -> Finding | None:
    rows = await connection().fetch(f"SELECT * FROM ({sql}) AS broken LIMIT {_ROWS}")  # noqa: S608 - our own
    return named(name, [str(row[0]) for row in rows])
