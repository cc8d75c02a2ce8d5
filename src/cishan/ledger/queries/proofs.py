"""Proving the books: every invariant that a database at rest can show, and the list of its guards."""

from dataclasses import dataclass
from pathlib import Path

from cishan.plumbing import proofs
from cishan.plumbing.db import connection
from cishan.plumbing.proofs import Finding

_FOLDER = Path(__file__).parent
GUARDS = _FOLDER / "guards.txt"
"""The guards that the migrations made, as `inventory` lists them."""
_INVENTORY = (_FOLDER / "inventory.sql").read_text()
_DDL_IS_GUARDED = """SELECT count(*) = 2 FROM pg_catalog.pg_event_trigger
                      WHERE evtname IN ('books_ddl_guard', 'books_drop_guard') AND evtenabled = 'A'"""
_UNGUARDED = (
    "DDL on schema books is not refused: the event triggers that do it need a superuser to create them."
)
PROOFS = proofs.read(_FOLDER / "proofs.sql")


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
    async with proofs.snapshot():
        found = [*await proofs.findings(PROOFS), await missing_guards()]
        entries = await connection().fetchval("SELECT count(*) FROM books.entry")
        guarded = await connection().fetchval(_DDL_IS_GUARDED)
    findings = tuple(one for one in found if one is not None)
    return Report(entries, len(PROOFS) + 1, findings, () if guarded else (_UNGUARDED,))


async def inventory() -> list[str]:
    """List every guard of the books that the catalogue knows, one line each, the same on every server."""
    return sorted(row[0] for row in await connection().fetch(_INVENTORY))


async def missing_guards() -> Finding | None:
    """Compare the guards of this database with those that the migrations made."""
    expected, present = set(GUARDS.read_text().splitlines()), set(await inventory())
    wrong = [f"missing: {line}" for line in sorted(expected - present)]
    wrong += [f"not ours: {line}" for line in sorted(present - expected)]
    return proofs.named("guards", wrong)
