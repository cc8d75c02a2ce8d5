"""Databases for tests: one template that the real migrations build, and copies of it."""

import asyncio
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
PREFIX = "cishan_template_"


def url_of(server: str, name: str) -> str:
    """Return the URL of a database of the server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def server_url() -> str:
    """Return the maintenance URL of the server that the suite uses: DATABASE_URL's, or an embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        return url_of(given, "postgres")
    from cishan.plumbing import embedded

    return embedded.url(embedded.start(LOCAL / "test-postgres", durable=False), "postgres")


def create(server: str, name: str, template: str) -> None:
    """Make a database anew from a template; waits its turn, as two copies cannot be made at once."""
    with _turn():
        _execute(
            server,
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
        )


async def recreate(server: str, name: str, template: str) -> None:
    """Do the same from inside a running event loop."""
    await asyncio.to_thread(create, server, name, template)


def drop(server: str, name: str) -> None:
    """Remove a database, whoever is connected to it."""
    _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def template(server: str) -> str:
    """Return the name of a database that the migrations built, making it if they have changed."""
    name = PREFIX + _schema_digest()
    with _turn("template"):
        have = [
            row["datname"]
            for row in _execute(server, f"SELECT datname FROM pg_database WHERE datname ^@ '{PREFIX}'")
        ]
        if name not in have:
            building = f"{name}_building"
            create(server, building, "template0")
            subprocess.run(
                [sys.executable, "-m", "cishan.cli", "migrate"],
                env={**os.environ, "DATABASE_URL": url_of(server, building)},
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            _reference(url_of(server, building))
            _execute(server, f'ALTER DATABASE "{building}" RENAME TO "{name}"')
            for old in have:
                drop(server, old)
    return name


def _reference(url: str) -> None:
    """Load what every installation has and steps of the slices need: the deadlines of the law."""
    code = "import asyncio; from seeds import deadlines; asyncio.run(deadlines.load())"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "DATABASE_URL": url},
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def _turn(name: str = "copy") -> Iterator[None]:
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _schema_digest() -> str:
    digest = hashlib.sha256()
    paths = [*(ROOT / "migrations").rglob("*"), *(ROOT / "seeds").rglob("deadline*")]
    for path in sorted(paths):
        if path.suffix in {".py", ".sql", ".json"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _execute(server: str, *statements: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(server)
        try:
            rows: list[asyncpg.Record] = []
            for statement in statements:
                rows = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())
