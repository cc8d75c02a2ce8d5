"""Every way that a scan or a line of the first page opens is a page, and its list knows the question."""

import inspect
import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from litestar.routes import HTTPRoute

from cishan.console.queries import LISTS
from cishan.identity.rules.roles import Role
from cishan.main import create_app
from cishan.plumbing.lists.asking import read
from cishan.settings import Settings
from cishan.warehouse.queries import documents, scanning
from cishan.warehouse.rules import tasks
from tests.console.conftest import Enter, enter
from tests.warehouse.stocking import a_bin, a_site

__all__ = ["enter"]
WAYS = re.compile(r'f"((?:\{WAREHOUSE\}|/staff)/[^"]*)"')


def _ways() -> set[str]:
    """The addresses that stand in the code of scans, with * for what is filled in."""
    found = WAYS.findall(inspect.getsource(scanning) + inspect.getsource(documents))
    return {re.sub(r"\{[^}]*\}", "*", way.replace("{WAREHOUSE}", scanning.WAREHOUSE)) for way in found}


def test_every_scan_leads_to_a_page(config: Settings) -> None:
    pages = {
        re.sub(r"\{[^}]*\}", "*", route.path)
        for route in create_app(config, with_pool=False).routes
        if isinstance(route, HTTPRoute) and "GET" in route.methods
    }
    assert sorted(_ways() - pages) == []


async def test_every_line_leads_to_a_list_that_understands_it(enter: Enter) -> None:
    desk: httpx.AsyncClient = await enter(Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER)
    site = await a_site()
    await a_bin(site)
    lists = {shown.path: shown.of for shown in LISTS}
    for line in tasks.lines():
        href = line.href.format(site=site, name="DZ", today="2026-11-22")
        parts = urlsplit(href)
        assert (await desk.get(href)).status_code == 200, href
        if parts.path in lists:
            wish = await read(lists[parts.path], parse_qs(parts.query))
            assert not wish.form.errors, href
            assert wish.is_narrowed, href


@pytest.mark.usefixtures("db")
async def test_every_line_counts_by_site() -> None:
    for line in tasks.lines():
        counted = await line.count(["37%"])
        assert all(isinstance(site, UUID) and number >= 0 for site, number in counted.items()), line.label
