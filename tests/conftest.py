"""A real PostgreSQL for every test worker, built by the real migrations; a rolled-back transaction a test."""

import asyncio
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


def _replace_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


@contextmanager
def _file_lock(name: str) -> Iterator[None]:
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _server_url() -> str:
    """Return the maintenance URL of the server that the suite uses: DATABASE_URL's, or an embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        return _replace_database(given, "postgres")
    from cishan.plumbing import embedded

    return embedded.url(embedded.start(LOCAL / "test-postgres", durable=False), "postgres")


def _schema_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*")):
        if path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


async def _create(server: str, name: str, template: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()


async def _exists(server: str, name: str) -> bool:
    connection = await asyncpg.connect(server)
    try:
        return bool(await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name))
    finally:
        await connection.close()


async def _rename(server: str, old: str, new: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
    finally:
        await connection.close()


def _template(server: str) -> str:
    """Return the name of a database that the migrations built, making it if they have changed."""
    name = f"cishan_template_{_schema_digest()}"
    with _file_lock("template.lock"):
        if not asyncio.run(_exists(server, name)):
            building = f"{name}_building"
            asyncio.run(_create(server, building, "template0"))
            environ = {**os.environ, "DATABASE_URL": _replace_database(server, building)}
            subprocess.run(
                [sys.executable, "-m", "cishan.cli", "migrate"],
                env=environ,
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            asyncio.run(_rename(server, building, name))
    return name


SERVER_URL = _server_url()
TEMPLATE = _template(SERVER_URL)
DATABASE = f"cishan_test_{WORKER}_{os.getpid()}"
with _file_lock("template.lock"):  # two copies of one template cannot be made at once
    asyncio.run(_create(SERVER_URL, DATABASE, TEMPLATE))
os.environ["DATABASE_URL"] = _replace_database(SERVER_URL, DATABASE)
os.environ.setdefault("CISHAN_DATA", str(LOCAL / "test-data" / WORKER))

from cishan import gateways, settings  # noqa: E402
from cishan.main import create_asgi  # noqa: E402
from cishan.plumbing import db as database  # noqa: E402


def pytest_sessionfinish() -> None:
    """Leave no database behind."""

    async def drop() -> None:
        connection = await asyncpg.connect(SERVER_URL)
        await connection.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        await connection.close()

    asyncio.run(drop())


@pytest.fixture
def config() -> settings.Settings:
    """The settings of a platform under test."""
    loaded = settings.load({**os.environ, "SECRET_KEY": "test-secret-key-test-secret-key-0"})
    gateways.use(loaded)
    return loaded


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[None]:
    """The pool of connections of this test worker, with the rights of the application alone."""
    async with database.pool(max_size=10):
        yield


@pytest.fixture
async def db(pool: None) -> AsyncIterator[None]:
    """One transaction round the test, rolled back at its end."""
    transaction = database.engine().transaction()
    async with transaction:
        yield
        await transaction.rollback()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def as_owner() -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Act behind the application's back: the test's transaction with the rights of the database's owner."""
    connection = database.connection()
    await connection.execute("SET LOCAL ROLE NONE")
    yield connection
    await connection.execute(f"SET LOCAL ROLE {settings.APP_ROLE}")


@pytest.fixture
async def racing(pool: None) -> AsyncIterator[str]:
    """Real commits: this worker's own database, made new afterwards. Gives its URL (as the owner)."""
    url = os.environ["DATABASE_URL"]
    yield url
    await database.engine().close_connection_pool()
    with _file_lock("template.lock"):
        await _create(SERVER_URL, DATABASE, TEMPLATE)
    await database.engine().start_connection_pool(min_size=1, max_size=10)


@pytest.fixture
async def client(db: None, config: settings.Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript, in the same event loop and transaction as the test."""
    transport = httpx.ASGITransport(app=create_asgi(config, with_pool=False))  # type: ignore[arg-type]
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url, headers=headers) as browser:
        yield browser
