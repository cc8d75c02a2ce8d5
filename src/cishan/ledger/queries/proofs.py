"""Proving the books: every invariant that a database at rest can show, and the list of its guards."""

import re
from dataclasses import dataclass
from pathlib import Path

from cishan.plumbing.db import atomic, connection, in_transaction

_FOLDER = Path(__file__).parent
GUARDS = _FOLDER / "guards.txt"
"""The guards that the migrations made, as `inventory` lists them."""
_INVENTORY = (_FOLDER / "inventory.sql").read_text()
_DDL_IS_GUARDED = """SELECT count(*) = 2 FROM pg_catalog.pg_event_trigger
                      WHERE evtname IN ('books_ddl_guard', 'books_drop_guard') AND evtenabled = 'A'"""
_UNGUARDED = (
    "DDL on schema books is not refused: the event triggers that do it need a superuser to create them."
)
_ROWS = 1000


def _read_proofs() -> dict[str, str]:
    parts = re.split(r"^-- proof: (.+)$", (_FOLDER / "proofs.sql").read_text(), flags=re.MULTILINE)
    return {name: sql.split(";\n")[0] for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


PROOFS = _read_proofs()


@dataclass(frozen=True, slots=True)
class Finding:
    """A proof that failed: how many rows break it (at most 1000 are counted), and the first in words."""

    proof: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `prove` found."""

    entries: int
    proofs: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What is not wrong but weaker than it could be."""


async def prove() -> Report:
    """Check every invariant in one snapshot of the books."""
    outermost = not in_transaction()
    async with atomic():
        if outermost:
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection().execute("SET LOCAL statement_timeout = 0")
        results = [await _finding(name, sql) for name, sql in PROOFS.items()]
        results.append(await missing_guards())
        entries = await connection().fetchval("SELECT count(*) FROM books.entry")
        guarded = await connection().fetchval(_DDL_IS_GUARDED)
    findings = tuple(result for result in results if result is not None)
    return Report(entries, len(results), findings, () if guarded else (_UNGUARDED,))


async def inventory() -> list[str]:
    """List every guard of the books that the catalogue knows, one line each, the same on every server."""
    return sorted(row[0] for row in await connection().fetch(_INVENTORY))


async def missing_guards() -> Finding | None:
    """Compare the guards of this database with those that the migrations made."""
    expected, present = set(GUARDS.read_text().splitlines()), set(await inventory())
    wrong = [f"missing: {line}" for line in sorted(expected - present)]
    wrong += [f"not ours: {line}" for line in sorted(present - expected)]
    return Finding("guards", len(wrong), wrong[0]) if wrong else None


async def _finding(name: str, sql: str) -> Finding | None:
    rows = await connection().fetch(f"SELECT * FROM ({sql}) AS broken LIMIT {_ROWS}")  # noqa: S608 - our own
    return Finding(name, len(rows), str(rows[0][0])) if rows else None
