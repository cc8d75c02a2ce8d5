"""The screens of stocktakes and recalls: a counter sees nothing that is expected, a keeper no telephone."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import stocktakes
from cishan.warehouse.queries import stocktakes as queries
from tests.identity import staffing
from tests.warehouse.counting import (
    House,
    a_house,
    both_count,
    counted,
    everything,
    number_of,
    opened,
    state_of,
)
from tests.warehouse.stocking import a_keeper, a_lot, stock_of
from tests.warehouse.test_recalls import begun, handed_out

pytestmark = pytest.mark.usefixtures("config", "db")
COUNTS = "/staff/warehouse/counts"


async def entered(client: httpx.AsyncClient, username: str) -> None:
    client.cookies.clear()
    client.cookies.set("session", await staffing.a_session(username))


async def test_a_stocktake_goes_from_freezing_to_the_approvers_without_a_script(
    client: httpx.AsyncClient,
) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 913)
    await entered(client, "ada-keeper")
    page = await client.get(COUNTS)
    assert page.status_code == 200
    request = re.search(r'name="request" value="([0-9a-f-]{36})"', page.text)
    assert request
    form = {"site": str(house.site), "codes": "dz-a-01", "note": "年度盘点", "request": request[1]}
    sent = [await client.post(COUNTS, data=form) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    where = sent[0].headers["location"]
    assert sent[1].headers["location"] == where
    wrong = await client.post(COUNTS, data={**form, "codes": "NOPE-1", "request": str(ids.new_id())})
    assert wrong.status_code == 422
    assert "没有货位 NOPE-1" in wrong.text
    await _count_by_hand(client, house, where, who="ada-keeper", lot=lot, quantity=911)
    await _count_by_hand(client, house, where, who="bea-keeper", lot=lot, quantity=911)
    page = await client.get(where)
    assert ">913<" in page.text
    (line,) = await fetch("SELECT id FROM stocktake_line")
    unexplained = await client.post(f"{where}/explain", data={"propose": "1"})
    assert unexplained.status_code == 422
    assert "请说明差异原因" in unexplained.text
    proposed = await client.post(
        f"{where}/explain", data={"propose": "1", f"line-{line['id']}": "受潮丢弃两袋"}
    )
    assert proposed.status_code == 303
    assert proposed.headers["location"].startswith("/staff/approvals/")
    shown = await client.get(proposed.headers["location"])
    assert shown.status_code == 200
    assert (await stock_of(lot))[0] == 913


async def _count_by_hand(
    client: httpx.AsyncClient, house: House, where: str, *, who: str, lot: UUID, quantity: int
) -> None:
    await entered(client, who)
    overview = await client.get(where)
    begun_at = await client.post(f"{where}/bins/{house.shelf}/count")
    assert begun_at.status_code == 303, begun_at.text
    screen = begun_at.headers["location"]
    number, request = await number_of(lot), str(ids.new_id())
    blank = await client.get(screen)
    # Neither what the books expect nor what the other found is ever sent to a counter.
    assert not re.search(r">\s*(913|911)\b", overview.text + blank.text)
    assert number not in blank.text
    before = await everything()
    for typed in ("-1", "1.5", "一", "1000001", ""):
        refused = await client.post(
            f"{screen}/entries", data={"scan": number, "quantity": typed, "request": str(ids.new_id())}
        )
        assert refused.status_code == 422
        assert number in refused.text
    assert await everything() == before
    for _ in range(2):
        entry = {"scan": number, "quantity": str(quantity), "request": request}
        assert (await client.post(f"{screen}/entries", data=entry)).status_code == 303
    mine = await client.get(screen)
    assert f"{quantity} 袋" in mine.text
    assert (await client.post(f"{screen}/end")).status_code == 303


async def test_nobody_opens_the_count_of_somebody_else(client: httpx.AsyncClient) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    count = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    await entered(client, "bea-keeper")
    assert (await client.get(f"{COUNTS}/{stocktake}/count/{count.id}")).status_code == 403
    await stocktakes.end_count(count.id, by=house.ada)
    await entered(client, "ada-keeper")
    again = await client.post(f"{COUNTS}/{stocktake}/bins/{house.shelf}/count")
    assert again.status_code == 403
    assert "另一次须由他人清点" in again.text
    await counted(stocktake, house.shelf, house.bea, {lot: 7})
    assert (await client.get(f"{COUNTS}/{stocktake}")).status_code == 200
    assert await state_of(stocktake) == "counting"


async def test_a_count_without_difference_is_ended_and_another_is_abandoned(
    client: httpx.AsyncClient,
) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 7})
    await entered(client, "ada-keeper")
    assert (await client.post(f"{COUNTS}/{stocktake}/finish")).status_code == 303
    assert await state_of(stocktake) == "done"
    other = await opened(house)
    assert (await client.post(f"{COUNTS}/{other}/abandon", data={"abandon_reason": ""})).status_code == 422
    assert (
        await client.post(f"{COUNTS}/{other}/abandon", data={"abandon_reason": "停电"})
    ).status_code == 303
    assert await state_of(other) == "abandoned"
    assert (await queries.stocktake_by_id(other)).closed_at is not None
    assert "停电" in (await client.get(f"{COUNTS}/{other}")).text.partition('id="history"')[2]


async def test_a_recall_is_begun_followed_up_and_its_telephone_list_is_written_down(
    client: httpx.AsyncClient,
) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    await handed_out(house)
    await staffing.a_member("olga-officer", name="项目专员")
    await entered(client, "olga-officer")
    found = await client.get("/staff/warehouse/recalls/new", params={"numbers": await number_of(lot)})
    assert str(lot) in found.text
    missing = await client.get("/staff/warehouse/recalls/new", params={"numbers": "L261122-22222"})
    assert missing.status_code == 422
    request = str(ids.new_id())
    form = {"lots": str(lot), "origin": "authority", "advice": "请停止食用。", "request": request}
    unsaid = await client.post("/staff/warehouse/recalls", data=form)
    assert unsaid.status_code == 422
    assert await fetch_value("SELECT count(*) FROM goods_recall") == 0
    answers = [
        await client.post("/staff/warehouse/recalls", data={**form, "reason": "检出超标"}) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [303, 303]
    where = answers[0].headers["location"]
    masked = await client.get(where)
    assert "张*某" in masked.text
    assert "13800000001" not in masked.text
    assert (await client.post(f"{where}/look", data={"purpose": ""})).status_code == 422
    shown = await client.post(f"{where}/look", data={"purpose": "逐一电话通知"})
    assert 'href="tel:13800000001"' in shown.text
    sheet = await client.post(f"{where}/file", data={"purpose": "逐一电话通知"})
    assert sheet.content.startswith(b"PK")
    reads = await fetch("SELECT subject_kind, purpose FROM audit.sensitive_read ORDER BY id")
    assert [r["subject_kind"] for r in reads] == ["recall", "goods_order"] * 2
    assert (await client.post(f"{where}/notices")).status_code == 303
    (line,) = await fetch("SELECT id, told_at FROM goods_recall_receiver")
    assert line["told_at"] is not None
    marked = await client.post(f"{where}/receivers/{line['id']}", data={"state": "returned", "note": ""})
    assert marked.status_code == 303
    self_lift = await client.post(f"{where}/lift", data={"lift_reason": "误报"})
    assert self_lift.status_code == 403
    assert "须由他人复核" in self_lift.text
    await entered(client, "ada-keeper")
    assert (await client.post(f"{where}/look", data={"purpose": "看看"})).status_code == 403
    assert (await client.post(f"{where}/lift", data={"lift_reason": "误报"})).status_code == 303
    history = (await client.get(where)).text.partition('id="history"')[2]
    assert "误报" in history and "检出超标" in history and "仓库管理员" in history
    assert await fetch_value("SELECT state FROM goods_recall") == "lifted"


async def test_the_lists_show_what_was_counted_and_called_back(client: httpx.AsyncClient) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    near = await a_lot(house.item, house.shelf, 3, expires_on=clock.today() + timedelta(days=9))
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 7, near: 3})
    await begun(house, lot)
    await entered(client, "ada-keeper")
    for path in ("/staff/stocktakes?open=1", "/staff/recalls?state=open", "/staff/near-expiry"):
        assert (await client.get(path)).status_code == 200
    assert f'href="/staff/warehouse/lots/{near}"' in (await client.get("/staff/near-expiry")).text
    assert "PD" in (await client.get("/staff/stocktakes")).text
    assert "ZH" in (await client.get("/staff/recalls")).text


async def test_a_keeper_of_another_county_finds_no_such_stocktake(client: httpx.AsyncClient) -> None:
    house = await a_house()
    await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    count = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    await a_keeper("far-keeper", region=staffing.COUNTY)
    await entered(client, "far-keeper")
    here = f"{COUNTS}/{stocktake}"
    before = await everything()
    for path in (here, f"{here}/count/{count.id}"):
        assert (await client.get(path)).status_code == 404
    for path in (
        "abandon",
        "again",
        "finish",
        "explain",
        f"bins/{house.shelf}/count",
        f"count/{count.id}/end",
    ):
        sent = await client.post(f"{here}/{path}", data={"abandon_reason": "x", "again_reason": "x"})
        assert sent.status_code == 404, path
    assert await everything() == before
