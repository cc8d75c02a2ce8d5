"""Loading the modules of `seeds/` in their order, once per version."""

import hashlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import cast

from cishan.settings import ROOT, Settings

FOLDER = ROOT / "seeds"
_GLUE = {".pyc"}


def names(*, demo: bool) -> list[str]:
    """Return the seeds of an installation in the order of loading."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    folder = import_module("seeds")
    return [*folder.REFERENCE, *(folder.DEMO if demo else ())]


def digest() -> str:
    """Return a mark of everything in the seeds' folder; another mark means: load again."""
    total = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in _GLUE:
            total.update(path.relative_to(FOLDER).as_posix().encode() + path.read_bytes())
    return total.hexdigest()[:16]


async def load(
    settings: Settings, *, demo: bool, again: bool, say: Callable[[str], None]
) -> Sequence[tuple[str, float]]:
    """Load what was not loaded in its present version, or everything `again`; return names and seconds."""
    from cishan import gateways
    from cishan.plumbing import db

    gateways.use(settings)
    mark = digest()
    done: list[tuple[str, float]] = []
    async with db.pool():
        rows = await db.fetch("SELECT name, digest FROM seed_run")
        have = {row["name"]: row["digest"] for row in rows}
        for name in names(demo=demo):
            if have.get(name) == mark and not again:
                continue
            say(f"loading {name} …")
            began = time.perf_counter()
            work = cast("Callable[[], Awaitable[None]]", import_module(f"seeds.{name}").load)
            await work()
            await db.fetch(
                "INSERT INTO seed_run (name, digest) VALUES ({}, {}) ON CONFLICT (name)"
                " DO UPDATE SET digest = EXCLUDED.digest, loaded_at = now()",
                name,
                mark,
            )
            done.append((name, time.perf_counter() - began))
    return done


def accounts() -> list[tuple[str, str, str]]:
    """Return role, login and password of the demo's accounts, for the panel of `cishan up`."""
    names(demo=True)
    return list(import_module("seeds").ACCOUNTS)
