"""Forms that scans fill, without a script: what was typed stays, the focus goes to the line."""

import re
from uuid import UUID

import httpx
import pytest

from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.transfers import State
from tests.identity import staffing
from tests.identity.staffing import CITY, COUNTY
from tests.warehouse import offering
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item

pytestmark = pytest.mark.usefixtures("config", "db")
HERE = "/staff/warehouse"


@pytest.fixture(autouse=True)
def _chinese(client: httpx.AsyncClient) -> None:
    set_language(CHINESE)


async def enter(client: httpx.AsyncClient, username: str, region: str = CITY) -> None:
    await staffing.a_member(username, Role.WAREHOUSE_KEEPER, region=region)
    client.cookies.set("session", await staffing.a_session(username))


def focused(page: str) -> list[str]:
    """Return the names of the fields that have the focus when the page is shown."""
    found = [tag for tag in re.findall(r"<input[^>]*>", page) if re.search(r"\sautofocus", tag)]
    return [named[1] for tag in found if (named := re.search(r'id="([^"]+)"', tag))]


async def a_sent_transfer(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Send two lots to the county; return the transfer's page and the numbers of the lots."""
    source, target, item = await a_site(), await a_site("QY", region=COUNTY), await an_item()
    shelf = (await a_bin(source)).id
    lots = [await a_lot(item, shelf, pieces) for pieces in (4, 6)]
    numbers = [str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot)) for lot in lots]
    await enter(client, "sender")
    form = {"source": str(source), "target": str(target), "request": str(ids.new_id())}
    path = (await client.post(f"{HERE}/transfers/new", data=form)).headers["location"]
    for number in numbers:
        line = {"lot": number.lower(), "quantity": "4", "request": str(ids.new_id())}
        assert (await client.post(f"{path}/lines", data=line)).status_code == 303
    assert (await client.post(f"{path}/send", data={"request": str(ids.new_id())})).status_code == 303
    await enter(client, "receiver", COUNTY)
    return path, numbers


async def test_a_scanned_label_leads_to_the_line_of_its_lot_and_receives_nothing(
    client: httpx.AsyncClient,
) -> None:
    path, numbers = await a_sent_transfer(client)
    found = await transfer_by_id(UUID(path.rpartition("/")[2]))
    by_number = {line.lot_number: line.id for line in found.lines}
    request = str(ids.new_id())
    typed = {f"arrived_{by_number[numbers[0]]}": "4", "request": request}
    answer = await client.post(f"{path}/receive", data={**typed, "find": f"http://x.example/s/{numbers[1]}"})
    assert answer.status_code == 200
    assert focused(answer.text) == [f"field-arrived_{by_number[numbers[1]]}"]
    assert re.search(rf'id="field-arrived_{by_number[numbers[0]]}"[^>]*value="4"', answer.text)
    assert f'name="request" value="{request}"' in answer.text
    assert "data-scan-find" in answer.text and "error-summary" not in answer.text
    for wrong, said in (("L990101-00000", "L990101-00000”"), (await _other_lot(), "不在这张单上")):
        answer = await client.post(f"{path}/receive", data={**typed, "find": wrong})
        assert answer.status_code == 422 and said in answer.text
        assert 'href="#field-find"' in answer.text
    assert (await transfer_by_id(found.id)).state is State.SENT


async def _other_lot() -> str:
    site = await fetch_value("SELECT id FROM stock_site WHERE code = 'QY'")
    item = await fetch_value("SELECT id FROM goods_item LIMIT 1")
    lot = await a_lot(item, (await a_bin(site)).id, 1)
    return str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


async def test_the_barcode_of_goods_leads_to_their_line_when_they_are_received(
    client: httpx.AsyncClient,
) -> None:
    house = await offering.a_house()
    lines = [await offering.line("QUILT"), await offering.line("BASKETBALL", 3)]
    found = await offering.accepted(await offering.an_offer(house, *lines), await a_keeper("judge"))
    await fetch(
        """INSERT INTO goods_barcode (id, code, item, quantity)
           SELECT gen_random_uuid(), '6901234567892', id, 1 FROM goods_item WHERE code = 'BASKETBALL'"""
    )
    await enter(client, "counter")
    path = f"/staff/goods-offers/{found.number}/count"
    shown = (await client.get(path)).text
    assert 'data-scan-codes="BASKETBALL 6901234567892"' in shown
    request = str(ids.new_id())
    sent = {"request": request, "count-1": "20", "find": "690123 4567892"}
    answer = await client.post(path, data=sent)
    assert answer.status_code == 200
    assert focused(answer.text) == ["field-count-2"]
    assert re.search(r'id="field-count-1"[^>]*value="20"', answer.text)
    for wrong, said in (("4006381333931", "物资目录里还没有条形码"), ("RICE10", "不在这张单上")):
        answer = await client.post(path, data={**sent, "find": wrong})
        assert answer.status_code == 422 and said in answer.text, answer.text
    assert await fetch_value("SELECT count(*) FROM goods_count") == 0


async def test_scanned_goods_are_put_on_the_list_of_an_order_once(client: httpx.AsyncClient) -> None:
    site, rice = await a_site(), await an_item()
    await enter(client, "asker")
    code = await fetch_value("SELECT code FROM goods_item WHERE id = {}", rice)
    sent: dict[str, object] = {
        "request": str(ids.new_id()),
        "site": str(site),
        "receiver_kind": "person",
        "name": "张某某",
        "region": CITY,
        "item": [""],
        "quantity": [""],
        "find": code,
    }
    answer = await client.post(f"{HERE}/orders/new", data=sent)
    assert answer.status_code == 200
    assert focused(answer.text) == ["quantity-1"]
    assert f'value="{rice}" selected' in answer.text and 'value="张某某"' in answer.text
    again = await client.post(f"{HERE}/orders/new", data={**sent, "item": [str(rice)], "quantity": ["3"]})
    assert focused(again.text) == ["quantity-1"] and again.text.count(" selected") >= 1
    assert again.text.count(f'value="{rice}" selected') == 1
    unknown = await client.post(f"{HERE}/orders/new", data={**sent, "find": "4006381333931"})
    assert unknown.status_code == 422 and "物资目录里还没有条形码" in unknown.text
    assert await fetch("SELECT FROM goods_order") == []
