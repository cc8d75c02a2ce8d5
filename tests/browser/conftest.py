"""The whole platform as `cishan up` starts it, with demo data, and Debian's chromium to walk through it."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests import conftest as house
from tests import databases

SECONDS_TO_START = 300
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the running platform answers."""

    url: str
    sandbox_url: str
    database_url: str
    data: Path

    def control(self, command: str, **values: object) -> httpx.Response:
        """Tell the payment sandbox to let something happen."""
        answer = httpx.post(f"{self.sandbox_url}/_sandbox/{command}", json=values, timeout=30)
        answer.raise_for_status()
        return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The platform with its demo data on a database of its own, started by the README's command."""
    name = f"cishan_browser_{os.getpid()}"
    databases.create(house.SERVER_URL, name, house.TEMPLATE)
    database_url = databases.url_of(house.SERVER_URL, name)
    data = Path(tempfile.mkdtemp(prefix="cishan-browser-"))
    port, sandbox_port = _free_port(), _free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "CISHAN_DATA": str(data),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    log = (data / "up.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "cishan.cli", "up"], env=environ, stdout=log, stderr=log, cwd=databases.ROOT
    )
    running = Platform(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}", database_url, data)
    try:
        _wait_until_ready(process, running.url, data / "up.log")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()
        shutil.rmtree(data, ignore_errors=True)
        databases.drop(house.SERVER_URL, name)


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Return when `up` has said that everything answers; its panel names the address last."""
    deadline = time.monotonic() + SECONDS_TO_START
    while f"{url}\n" not in (said := log.read_text()) or "ready in" not in said:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the platform did not start:\n{said}")
        time.sleep(0.1)  # between two looks at what the process said; the deadline above is the limit


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium."""
    path = shutil.which("chromium")
    assert path, "chromium is not installed: `cishan test` deselects these tests then"
    async with async_playwright() as driver:
        launched = await driver.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        await launched.close()


_visitors = itertools.count(1)


async def open_context(
    browser: Browser,
    platform: Platform,
    *,
    wide: bool,
    script: bool = True,
    display: str = "",
    touch: bool = False,
) -> BrowserContext:
    """Return a fresh visitor at desktop or phone width, with an address of their own (limits count by it)."""
    context = await browser.new_context(
        base_url=platform.url,
        viewport={"width": 1280, "height": 900} if wide else {"width": 375, "height": 812},
        locale="zh-CN",
        java_script_enabled=script,
        has_touch=touch,
        reduced_motion="reduce",
        extra_http_headers={"X-Forwarded-For": f"198.51.100.{next(_visitors)}"},
    )
    context.set_default_timeout(15_000)
    if display:
        await context.add_cookies([{"name": "display", "value": display, "url": platform.url}])
    return context


@pytest.fixture(
    params=[(False, True), (False, False), (True, True), (True, False)],
    ids=["phone", "phone without script", "desktop", "desktop without script"],
)
async def page(request: pytest.FixtureRequest, browser: Browser, platform: Platform) -> AsyncIterator[Page]:
    """A page at phone and desktop width, with and without JavaScript; a complaint of the browser fails it."""
    wide, script = request.param
    context = await open_context(browser, platform, wide=wide, script=script)
    opened = await context.new_page()
    complaints = watch(opened)
    yield opened
    await context.close()
    assert complaints == []


@pytest.fixture
async def phone(browser: Browser, platform: Platform) -> AsyncIterator[Page]:
    """One page at phone width with JavaScript."""
    context = await open_context(browser, platform, wide=False)
    yield await context.new_page()
    await context.close()


def watch(page: Page) -> list[str]:
    """Collect what the browser complains of: script errors, refusals of the content policy, failed loads.

    That a form was not accepted (422) is an answer and no fault.
    """
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "422" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
