"""The server of a bench and the scratch database on it, made at the beginning and dropped at the end."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cishan.ops.starting import CannotRun, check_database, place
from cishan.plumbing import db, embedded
from cishan.settings import ROOT

TUNED = ("shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "track_commit_timestamp=on")
"""What the embedded server of a bench is started with, beyond its defaults; it stays durable."""
TOLD = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class BenchServer:
    """A server, its maintenance URL, and the pgbench that speaks to it."""

    url: str
    pgbench: Path
    name: str
    """For the reader: which server, without a password."""


@contextmanager
def server(database_url: str) -> Iterator[BenchServer]:
    """Give the server that DATABASE_URL names, or an embedded one of the bench's own in a new folder."""
    if database_url:
        check_database(database_url)
        yield BenchServer(_on(database_url, "postgres"), _pgbench(), f"{place(database_url)} (DATABASE_URL)")
        return
    with tempfile.TemporaryDirectory(prefix="cishan-bench-") as folder:
        joined = embedded.start(Path(folder) / "postgres", more=TUNED)
        try:
            named = "embedded, its own folder, " + ", ".join(TUNED)
            yield BenchServer(embedded.url(joined, "postgres"), embedded.tool("pgbench"), named)
        finally:
            embedded.stop(joined)


def _pgbench() -> Path:
    """Return the machine's newest pgbench, else the wheel's."""
    found = shutil.which("pgbench")
    debian = sorted(_DEBIAN.glob("*/bin/pgbench"), key=lambda p: int(p.parts[-3]))
    return Path(found) if found else debian[-1] if debian else embedded.tool("pgbench")


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def describe(of: BenchServer) -> str:
    """Say which server and which pgbench are measured, and with which settings."""
    connection = await asyncpg.connect(of.url)
    try:
        version = await connection.fetchval("SHOW server_version")
        shown = [f"{name}={await connection.fetchval(f'SHOW {name}')}" for name in TOLD]
    finally:
        await connection.close()
    pgbench = (await call([str(of.pgbench), "--version"])).strip()
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"PostgreSQL {version}: {of.name}\n{', '.join(shown)}\n{pgbench} ({of.pgbench})\n"
        f"{cores} cores, load average {load:.1f} at the start"
    )


@asynccontextmanager
async def scratch(of: BenchServer) -> AsyncIterator[str]:
    """Give the URL of a migrated database that is dropped at the end, and point this process at it."""
    name = f"cishan_bench_{os.getpid()}"
    url = _on(of.url, name)
    maintenance = await asyncpg.connect(of.url)
    await maintenance.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    before = os.environ.get("DATABASE_URL")
    try:
        os.environ["DATABASE_URL"] = url
        db.engine().config["dsn"] = url
        await call([sys.executable, "-m", "cishan.cli", "migrate"])
        yield url
    finally:
        await maintenance.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await maintenance.close()
        os.environ.pop("DATABASE_URL", None)
        if before is not None:
            os.environ["DATABASE_URL"] = before


async def call(command: Sequence[str]) -> str:
    """Run a program to its end and return what it printed; raise CannotRun with its last line if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        last = (errors.decode().strip() or "it said nothing").splitlines()[-1]
        raise CannotRun(f"{Path(command[0]).name} {' '.join(command[1:4])} failed: {last}")
    return output.decode()
