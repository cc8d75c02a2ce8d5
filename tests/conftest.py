"""A real PostgreSQL for every test worker, built by the real migrations; a rolled-back transaction a test."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import hypothesis
import pytest
from litestar import Litestar
from xdist.scheduler import LoadScopeScheduling

from tests import databases

# No deadline: a busy machine is no failure. The same examples in every run, so that a change is judged by
# itself; HYPOTHESIS_PROFILE=search looks for new ones.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SERVER_URL = databases.server_url()
TEMPLATE = databases.template(SERVER_URL)
DATABASE = f"cishan_test_{WORKER}_{os.getpid()}"
databases.create(SERVER_URL, DATABASE, TEMPLATE)
os.environ["DATABASE_URL"] = databases.url_of(SERVER_URL, DATABASE)
os.environ.setdefault("CISHAN_DATA", str(databases.LOCAL / "test-data" / WORKER))

import cishan.worker  # noqa: E402, F401 - every job is known, whichever test runs alone
from cishan import gateways, settings  # noqa: E402
from cishan import worker as _every_job  # noqa: E402, F401 - jobs.work_off() knows what the worker knows
from cishan.main import SEARCHES_PER_MINUTE, create_app, in_shell  # noqa: E402
from cishan.plumbing import db as database  # noqa: E402
from cishan.plumbing.pace import Pace  # noqa: E402


class OneBrowser(LoadScopeScheduling):  # type: ignore[misc]
    """Deal tests out one by one, but all that share the running platform to one worker.

    (`--dist loadgroup` does not see its marks under pytest 9.2: node ids no longer change.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneBrowser:
    """Let the platform of the browser tests start once."""
    return OneBrowser(config, log)


def pytest_sessionfinish() -> None:
    """Leave no database behind."""
    databases.drop(SERVER_URL, DATABASE)


def _under_test() -> settings.Settings:
    loaded = settings.load({**os.environ, "SECRET_KEY": "test-secret-key-test-secret-key-0"})
    gateways.use(loaded)
    return loaded


_under_test()  # for fixtures that come before `config`


@pytest.fixture
def config() -> settings.Settings:
    """The settings of a platform under test."""
    return _under_test()


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
    await databases.recreate(SERVER_URL, DATABASE, TEMPLATE)
    await database.engine().start_connection_pool(min_size=1, max_size=10)


_sites: list[tuple[settings.Settings, Litestar]] = []


async def a_site_of(config: settings.Settings) -> Litestar:
    """Return the application, made once for all tests of a process, with no visitor remembered.

    Making it, and compiling its templates, takes longer than most tests.
    """
    found = next((made for chosen, made in _sites if chosen == config), None)
    if found is None:
        found = create_app(config, with_pool=False)
        _sites.append((config, found))
    await unhurried()
    return found


async def unhurried() -> None:
    """Forget how often visitors asked, so that a test may ask more often than they may."""
    for _, site in _sites:
        site.state.search_pace = Pace(times=SEARCHES_PER_MINUTE, seconds=60)
        await site.stores.get("rate_limit").delete_all()


@pytest.fixture
async def client(db: None, config: settings.Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript, in the same event loop and transaction as the test."""
    shell = in_shell(await a_site_of(config), config)
    transport = httpx.ASGITransport(app=shell)  # type: ignore[arg-type]
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url, headers=headers) as browser:
        yield browser
