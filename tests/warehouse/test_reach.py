"""A keeper of another county is stopped at every page of the warehouse and finds nothing of this one."""

import io
import re
from typing import Any

import httpx
import pypdf
import pytest
from litestar.routes import HTTPRoute

from cishan import gateways
from cishan.identity.guards import ANYWHERE
from cishan.identity.rules.roles import Role
from cishan.main import create_app
from cishan.plumbing.db import fetch, fetch_value
from tests.conftest import unhurried
from tests.identity import staffing
from tests.warehouse.every_form import ROUTES, STARTS, VALID, routes
from tests.warehouse.forms import counts, drives, goods, offers, orders, transfers
from tests.warehouse.forms.world import ELSEWHERE, Case, Sent, World, a_world, fingerprint
from tests.warehouse.test_every_form import undone

pytestmark = pytest.mark.usefixtures("config", "db")

OF_ALL = {
    "/staff/warehouse/orders/allocate",  # whoever has people in need asks any site for goods
    "/staff/warehouse/items/new",
    "/staff/warehouse/items/import",
    "/staff/warehouse/items/import/apply",
    "/staff/warehouse/items/{item_id:uuid}/edit",
    "/staff/warehouse/labels",
    "/staff/scan/learn",
    "/staff/kits/new",
    "/staff/kits/{kit_id:uuid}/freeze",
    "/staff/kits/{kit_id:uuid}/discard",
    "/goods/give",
    "/goods/{token:str}/withdraw",
    "/o/{token:str}",
}
"""The catalogue and the kits are everybody's, secret links are their holders'."""


async def _made(w: World) -> Sent:
    return Sent(f"/staff/kits/made/{await drives.made_kit(w)}")


SHOWN: dict[str, Case] = {"/staff/kits/made/{made_id:uuid}": _made}
"""Things with a page and no form."""


async def _far(client: httpx.AsyncClient) -> None:
    roles = (Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER, Role.SAFEGUARDING_LEAD)
    await staffing.a_member("far", *roles, name="外县库管", region=ELSEWHERE)
    client.cookies.set("session", await staffing.a_session("far"))


async def _swap(client: httpx.AsyncClient, username: str) -> None:
    client.cookies.set("session", await staffing.a_session(username))


@pytest.mark.parametrize("part", range(4))
async def test_no_form_of_the_county_is_open_to_a_keeper_of_another(
    part: int, client: httpx.AsyncClient
) -> None:
    world = await a_world(client)
    await _far(client)
    wrong: list[Any] = []
    for name in sorted(VALID.keys() - OF_ALL)[part::4]:
        async with undone():
            await unhurried()
            await _swap(client, "walker")
            sent = await VALID[name](world)
            await _swap(client, "far")
            before = await fingerprint()
            answer = await client.post(sent.path, data=sent.data, files=sent.files or None)
            inner = name in {  # what the form names, not what the address names, is out of reach
                "/staff/scan",
                "/staff/drives/new",
                "/staff/warehouse/sites/new",
                "/staff/warehouse/recalls",
                "/staff/warehouse/labels/{code:str}",
                "/staff/warehouse/labels/{code:str}/replace",
                "/staff/warehouse/move",
            }
            if answer.status_code not in ({403, 404, 422} if inner else {403, 404}):
                wrong.append((name, answer.status_code))
            if await fingerprint() != before:
                wrong.append((name, "changed something"))
            if "{" in name and _names_of_county(answer.text):
                wrong.append((name, _names_of_county(answer.text)))
    assert wrong == []


def _names_of_county(text: str) -> set[str]:
    return set(re.findall(r"QY仓库|QY-[A-Z0-9-]+|QZ仓库", text))


def _like(template: str) -> str:
    return template[: template.rindex("}") + 1]


def _values(template: str, path: str) -> dict[str, str]:
    pattern = re.sub(r"\{(\w+):\w+\}", r"(?P<\1>[^/]+)", template)
    found = re.fullmatch(pattern, path)
    assert found is not None, (template, path)
    return found.groupdict()


def pages() -> list[str]:
    """Return the paths of the pages of one thing that lies somewhere."""
    app = create_app(gateways.settings(), with_pool=False)
    return sorted(
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith(STARTS) and "{" in route.path
        for handler in route.route_handlers
        if "GET" in handler.http_methods
        and not handler.opt.get(ANYWHERE)
        and not route.path.startswith(("/o/", "/goods/"))
    )


async def filled(page: str, world: World) -> str:
    """Make what a page is of, and return the page's path."""
    forms = {**VALID, **SHOWN}
    name = next((one for one in sorted(forms) if one.startswith(_like(page))), None)
    assert name is not None, f"make such a thing in every_form.VALID or SHOWN: {page}"
    sent, path = await forms[name](world), page
    for field, value in _values(name, sent.path).items():
        path = re.sub(rf"\{{{field}:\w+\}}", value, path)
    return path


@pytest.mark.parametrize("part", range(3))
async def test_no_page_of_a_thing_of_the_county_opens_to_a_keeper_of_another(
    part: int, client: httpx.AsyncClient
) -> None:
    world = await a_world(client)
    await _far(client)
    wrong: list[Any] = []
    for page in pages()[part::3]:
        async with undone():
            await _swap(client, "walker")
            path = await filled(page, world)
            near = await client.get(path)
            await _swap(client, "far")
            far = await client.get(path)
            if near.status_code not in {200, 303}:
                wrong.append((page, "near", near.status_code))
            if far.status_code != 404 and page != "/staff/warehouse/labels/{code:str}":
                wrong.append((page, "far", far.status_code))
    assert wrong == []


LISTS = (
    "/staff/warehouse",
    "/staff/warehouse/figures",
    "/staff/warehouse/levels",
    "/staff/warehouse/counts",
    "/staff/warehouse/move",
    "/staff/warehouse/recalls/new",
    "/staff/warehouse/bins",
    "/staff/warehouse/lots",
    "/staff/warehouse/moves",
    "/staff/warehouse/orders",
    "/staff/warehouse/scraps",
    "/staff/warehouse/sites",
    "/staff/warehouse/stock",
    "/staff/warehouse/transfers",
    "/staff/drives",
    "/staff/goods-offers",
    "/staff/stocktakes",
    "/staff/entitlements",
    "/staff/recalls",
    "/staff/kits",
    "/staff",
)
EXPORTED = tuple(path.removeprefix("/staff/") for path in LISTS[6:18])


NUMBERED = (
    *("goods_order", "goods_offer", "goods_scrap", "goods_drive", "goods_recall", "goods_entitlement"),
    *("stock_transfer", "stocktake", "stock_lot"),
)


async def _all_things(w: World) -> set[str]:
    """Make one of everything and return the numbers by which it is known."""
    await orders.handed_over(w)
    await orders.batch(w)
    await offers.offer(w)
    await transfers.incomplete(w)
    await orders.scrap(w)
    await drives.turn(w)
    await counts.recall(w)
    await counts.stocktake(w)
    await goods.label(w, bound=True)
    numbers = set()
    for table in NUMBERED:
        numbers |= {row["number"] for row in await fetch(f"SELECT number FROM {table}")}
    return numbers | {w.shelf.code, str(await fetch_value("SELECT code FROM stock_label LIMIT 1"))}


async def test_lists_exports_scans_searches_and_labels_give_nothing_of_another_county(
    client: httpx.AsyncClient,
) -> None:
    world = await a_world(client)
    numbers = await _all_things(world)
    await _far(client)
    sites = {"QY仓库", "QZ仓库", "ND仓库"}
    wrong: list[Any] = []
    for path in LISTS:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        told = {one for one in numbers | sites if one in answer.text}
        if told:
            wrong.append((path, told))
    for path in EXPORTED:
        answer = await client.post(f"/staff/{path}/export", data={"format": "csv", "purpose": "核对"})
        assert answer.status_code == 200, path
        told = {one for one in numbers | sites if one in answer.content.decode("utf-8-sig")}
        if told:
            wrong.append((path, told))
    for number in sorted(numbers):
        await unhurried()
        scanned = await client.post("/staff/scan", data={"code": number})
        found = await client.post("/staff/search", data={"q": number})
        moved = await client.get("/staff/warehouse/move", params={"lot": number})
        printed = await client.post(
            "/staff/warehouse/labels",
            data={"what": "codes", "codes": number, "paper": "a4-2x5", "copies": "1"},
        )
        if scanned.status_code != 422:
            wrong.append((number, "scan", scanned.status_code, scanned.headers.get("location")))
        if "location" in found.headers:
            wrong.append((number, "search", found.headers["location"]))
        if any(site in moved.text or world.shelf.code in moved.text.replace(number, "") for site in sites):
            wrong.append((number, "move"))
        if printed.headers["content-type"] == "application/pdf":
            text = pypdf.PdfReader(io.BytesIO(printed.content)).pages[0].extract_text()
            if any(site in text for site in sites) or "先贴" not in text:
                wrong.append((number, "label", text[:80]))
    assert wrong == []


@pytest.mark.parametrize("path", ["warehouse/bins", "warehouse/orders", "assemblies"])
async def test_lists_are_filtered_by_the_sites_within_reach_alone(
    path: str, client: httpx.AsyncClient
) -> None:
    world = await a_world(client)
    code = await fetch_value("SELECT code FROM stock_site WHERE id = {}", world.site)
    value = code if path == "assemblies" else str(world.site)
    near = await client.get(f"/staff/{path}", params={"site": value})
    assert f'<option value="{value}" selected' in near.text
    assert "请选择其中一项。" not in near.text
    await _far(client)
    far = await client.get(f"/staff/{path}", params={"site": value})
    assert f'value="{value}"' not in re.sub(r"<a .*?</a>", "", far.text, flags=re.S)
    assert "请选择其中一项。" in far.text


def test_every_form_of_the_county_is_walked() -> None:
    app = create_app(gateways.settings(), with_pool=False)
    assert set(routes(app, "POST")) == ROUTES
    assert VALID.keys() >= OF_ALL
