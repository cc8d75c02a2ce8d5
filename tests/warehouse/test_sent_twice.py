"""Every form of the warehouse that is sent twice counts once, one after another and at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cishan.main import in_shell
from cishan.settings import Settings
from tests.conftest import a_site_of, unhurried
from tests.warehouse.every_form import VALID
from tests.warehouse.forms.world import Sent, World, a_world, beside, fingerprint
from tests.warehouse.test_every_form import undone

READS = {
    "/staff/warehouse/orders/{number:str}/look",
    "/staff/warehouse/orders/{number:str}/pick",
    "/staff/warehouse/recalls/{recall_id:uuid}/look",
    "/staff/warehouse/recalls/{recall_id:uuid}/file",
    "/staff/goods-offers/{number:str}/look",
    "/staff/warehouse/items/import",
    "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}",
    "/staff/scan",
}
"""They answer, and but for the note of who looked they change nothing."""
CHANGES = sorted(VALID.keys() - READS)


async def _post(client: httpx.AsyncClient, sent: Sent) -> httpx.Response:
    return await client.post(sent.path, data=sent.data, files=sent.files or None)


def _answer(found: httpx.Response) -> tuple[int, str]:
    return found.status_code, found.headers.get("location", "").partition("?done=")[0]


ANEW = {
    "/staff/kits/new",  # the draft that it had made is written anew
    "/staff/warehouse/items/{item_id:uuid}/edit",  # so are packs and barcodes
}
"""Of these the rows are counted, for new ones stand in the place of the old."""


def _without_digests(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": row["name"], "count": row["count"]} for row in rows]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("part", range(3))
async def test_one_after_another(part: int, client: httpx.AsyncClient) -> None:
    world, wrong = await a_world(client), list[Any]()
    for name in CHANGES[part::3]:
        async with undone():
            await unhurried()
            sent = await VALID[name](world)
            first = await _post(client, sent)
            once = await fingerprint()
            second = await _post(client, sent)
            if _answer(first) != _answer(second):
                wrong.append((name, _answer(first), _answer(second)))
            again = await fingerprint()
            if name in ANEW:
                once, again = _without_digests(once), _without_digests(again)
            if again != once:
                wrong.append((name, "did it twice"))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.fixture
async def browser(racing: str, config: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser whose requests have each a connection of their own."""
    shell = in_shell(await a_site_of(config), config)
    transport = httpx.ASGITransport(app=shell)  # type: ignore[arg-type]
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url, headers=headers) as made:
        yield made


async def _grown(
    world: World, name: str, times: int, client: httpx.AsyncClient
) -> tuple[dict[str, int], set]:  # type: ignore[type-arg]
    """Send a form so many times at the same moment; return by how many rows each table grew, and answers."""
    sent = await VALID[name](world)
    before = {row["name"]: row["count"] for row in await fingerprint()}
    answers = await asyncio.gather(*(_post(client, sent) for _ in range(times)))
    # Accounts are opened by the first entry on them.
    grown = {row["name"]: row["count"] - before[row["name"]] for row in await fingerprint()}
    opened = {"books.account", "books.balance"}
    return {table: rows for table, rows in grown.items() if rows and table not in opened}, {
        _answer(one) for one in answers
    }


@pytest.mark.parametrize("part", range(3))
async def test_at_the_same_moment(part: int, browser: httpx.AsyncClient) -> None:
    world, wrong = await a_world(browser), list[Any]()
    for number, name in enumerate(CHANGES[part::3]):
        await unhurried()
        one, _ = await _grown(await beside(world, f"A{number}"), name, 1, browser)
        two, answers = await _grown(await beside(world, f"B{number}"), name, 2, browser)
        if one != two:
            wrong.append(
                (name, "rows", {t: (one.get(t), two.get(t)) for t in one | two if one.get(t) != two.get(t)})
            )
        if len(answers) != 1 or next(iter(answers))[0] >= 400:
            wrong.append((name, answers))
    assert wrong == [], "\n".join(map(str, wrong))
