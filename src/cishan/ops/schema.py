"""Which migrations this program brings, read without running them; and whether a database has them."""

import re
from functools import cache

import asyncpg

from cishan.settings import ROOT

_ID = re.compile(r'^ID = "([^"]+)"', re.MULTILINE)


@cache
def migration_ids() -> frozenset[str]:
    """Return the ids of all migrations of this program."""
    texts = (path.read_text() for path in (ROOT / "migrations").glob("cishan_*.py"))
    return frozenset(found[1] for text in texts if (found := _ID.search(text)))


async def missing(connection: "asyncpg.Connection[asyncpg.Record]") -> frozenset[str]:
    """Return the ids of the migrations that the database still lacks."""
    if not await connection.fetchval("SELECT to_regclass('public.migration') IS NOT NULL"):
        return migration_ids()
    rows = await connection.fetch("SELECT name FROM public.migration WHERE app_name = 'cishan'")
    return migration_ids() - {row["name"] for row in rows}
