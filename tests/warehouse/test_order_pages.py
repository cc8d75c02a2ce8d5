"""Goods go out by the pages, without a script: request, list, scans, signature, the receiver's word."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from cishan.approvals.rules import Acting
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import orders as actions
from cishan.warehouse.queries import orders as queries
from tests.identity.staffing import CITY, COUNTY, a_member, a_session, sign_in
from tests.warehouse.ordering import a_picture, clocks, everything, picks, reserved, state_of
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")
HOME = "/staff/warehouse/orders"


async def a_warehouse(client: httpx.AsyncClient, quantity: int = 10) -> tuple[UUID, UUID, UUID, Acting]:
    await clocks()
    site, item = await a_site(), await an_item()
    lot = await a_lot(item, (await a_bin(site)).id, quantity)
    keeper = await a_keeper()
    await sign_in(client, "keeper")
    return site, item, lot, keeper


def answers(site: UUID, **more: object) -> dict[str, object]:
    return {
        "request": str(uuid4()),
        "site": str(site),
        "receiver_kind": "person",
        "name": "张某某",
        "phone": "138 0000 0001",
        "region": CITY,
        "age": "70",
        **more,
    }


def path_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def number_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


async def test_goods_go_from_the_request_to_the_receivers_word(client: httpx.AsyncClient) -> None:
    site, item, lot, _ = await a_warehouse(client)
    assert "申请物资" in (await client.get(f"{HOME}/new")).text
    data = answers(site, item=[str(item), ""], quantity=["4", ""])
    here = path_of(await client.post(f"{HOME}/new", data=data))
    assert path_of(await client.post(f"{HOME}/new", data=data)) == here  # sent twice, applied once
    assert await fetch_value("SELECT count(*) FROM goods_order") == 1
    shown = (await client.get(here)).text
    assert "张*某" in shown and "张某某" not in shown
    assert path_of(await client.post(f"{here}/reserve", data={"request": str(uuid4())})) == here
    order_id = await fetch_value("SELECT id FROM goods_order")
    assert (await stock_of(lot))[:2] == (10, 4)

    assert "大米10kg" in (await client.get(f"{here}/pick")).text
    bad = await client.post(f"{here}/pick", data={"request": str(uuid4()), "code": "L261122-ZZZZZ"})
    assert bad.status_code == 422 and "无法识别" in bad.text
    bin_code = await fetch_value("SELECT code FROM stock_bin WHERE purpose = 'shelf'")
    found = await client.post(f"{here}/pick", data={"request": str(uuid4()), "code": bin_code})
    assert found.status_code == 200 and "这里有 1 行要拣" in found.text
    scanned = {"request": str(uuid4()), "code": await number_of(lot), "bin": bin_code}
    assert "请拿 4 袋" in (await client.post(f"{here}/pick", data=scanned)).text
    (pick,) = await queries.picks_of(order_id)
    for quantity in ("0", "-1", "2.5", "五", "1000000001", "5"):
        answer = await client.post(
            f"{here}/picks/{pick.id}", data={"request": str(uuid4()), "quantity": quantity}
        )
        assert answer.status_code == 422 and quantity in answer.text
    assert await picks(order_id) == [("reserved", 4)]
    took = {"request": str(uuid4()), "quantity": "4"}
    for _ in range(2):
        await client.post(f"{here}/picks/{pick.id}", data=took)
    assert await picks(order_id) == [("picked", 4)]

    assert path_of(await client.post(f"{here}/pack", data={"parcels": "2"})) == here
    assert (await client.get(f"{here}/pick-list.pdf")).content[:5] == b"%PDF-"
    assert (await client.get(f"{here}/slip.pdf")).content[:5] == b"%PDF-"
    await a_member("second", Role.GRID_WORKER, name="网格员")
    second = await fetch_value("SELECT person FROM account WHERE username = 'second'")
    assert "网格员" in (await client.get(f"{here}/hand-over")).text
    signing = {"request": str(uuid4()), "signed": "paper", "second": str(second)}
    before = await everything()
    unsigned = await client.post(f"{here}/hand-over", data=signing)
    assert unsigned.status_code == 422 and "请上传签字单的照片" in unsigned.text
    assert await everything() == before
    paper = {"signature": ("paper.png", a_picture().data, "image/png")}
    for _ in range(2):
        assert path_of(await client.post(f"{here}/hand-over", data=signing, files=paper)) == here
    assert await stock_of(lot) == (6, 0, 36000)
    assert await fetch_value("SELECT count(*) FROM stock_cause WHERE kind = 'issue'") == 1
    assert "纸面签字" in (await client.get(here)).text

    link = f"/o/{crypto.secret_link(order_id, purpose=queries.LINK)}"
    client.cookies.clear()
    assert "张*某" in (await client.get(link)).text
    assert path_of(await client.post(link, data={})) == link
    assert "谢谢您告知已收到" in (await client.get(link)).text
    assert await state_of(order_id) == "confirmed"


async def test_a_request_with_bad_lines_keeps_what_was_typed_and_writes_nothing(
    client: httpx.AsyncClient,
) -> None:
    site, item, _, _ = await a_warehouse(client)
    for quantity in ("", "0", "-3", "1.5", "abc", "1000001"):
        answer = await client.post(f"{HOME}/new", data=answers(site, item=[str(item)], quantity=[quantity]))
        assert answer.status_code == 422
        assert "1 到 1,000,000" in answer.text and "张某某" in answer.text
    empty = await client.post(f"{HOME}/new", data=answers(site, item=[""], quantity=[""]))
    assert empty.status_code == 422 and "至少一种" in empty.text
    assert await fetch_value("SELECT count(*) FROM goods_order") == 0


LIST = """姓名,电话,物资,数量,年龄,地区
爱心网友甲,13800000001,大米10kg,2,70,庆云县
爱心网友乙,,RICE10,1,8,
爱心网友甲,13800000001,RICE10,1,70,庆云县
"""


async def test_a_list_is_read_row_by_row_and_written_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    site, _, lot, _ = await a_warehouse(client)
    data = {"request": str(uuid4()), "site": str(site), "title": "暖冬名单"}
    wrong = LIST.replace("RICE10,1,8", "RICE10,1.5,8") + "丙,12,大米10kg,3,,\n丁,,没有的东西,3,,火星\n"
    answer = await client.post(f"{HOME}/allocate", data={**data, "rows": wrong})
    assert answer.status_code == 422
    rows = re.findall(r'<th scope="row" class="numeric">(\d+)</th><td>([^<]+)', answer.text)
    assert [int(row) for row, _ in rows] == [3, 5, 6]
    assert "没有的东西" in rows[2][1]
    assert await fetch_value("SELECT count(*) FROM goods_order") == 0
    sent = {"file": ("list.csv", LIST.encode("gb18030"), "text/csv")}
    here = path_of(await client.post(f"{HOME}/allocate", data=data, files=sent))
    assert path_of(await client.post(f"{HOME}/allocate", data=data, files=sent)) == here
    found = await fetch("SELECT number, region, tokens FROM goods_order ORDER BY number")
    assert [row["region"] for row in found] == [COUNTY, CITY]
    assert "elders" in found[0]["tokens"] and "children" in found[1]["tokens"]
    waiting = (await client.get(here)).text
    assert "待预留" in waiting and "缺货" not in waiting  # ten are there, and four are wanted
    assert path_of(await client.post(f"{here}/reserve", data={"request": str(uuid4())})) == here
    assert (await stock_of(lot))[:2] == (10, 4)
    assert "都已预留" in (await client.get(here)).text


async def test_a_wrong_lot_is_refused_and_may_be_taken_for_a_reason(client: httpx.AsyncClient) -> None:
    site, item, late, keeper = await a_warehouse(client)
    soon = await a_lot(item, (await a_bin(site)).id, 3, expires_on=clock.today() + timedelta(days=9))
    order_id = await reserved(site, keeper, (item, 3))
    here = f"{HOME}/{(await queries.order_by_id(order_id)).number}"
    scanned = {"request": str(uuid4()), "code": await number_of(late)}
    answer = await client.post(f"{here}/pick", data=scanned)
    assert answer.status_code == 422
    assert f"批次错误：{await number_of(late)}。请拿 {await number_of(soon)}，它先到期" in answer.text
    instead = re.search(r'href="([^"]+/instead\?lot=[^"]+)"', answer.text)
    assert instead is not None and await number_of(late) in (await client.get(instead[1])).text
    where = instead[1].partition("?")[0]
    refused = await client.post(where, data={"request": str(uuid4()), "lot": await number_of(late)})
    assert refused.status_code == 422
    taken = {"request": str(uuid4()), "lot": await number_of(late), "reason": "外箱破损"}
    path_of(await client.post(where, data=taken))
    assert (await stock_of(late))[:2] == (10, 3)
    assert "外箱破损" in (await client.get(here)).text


async def test_nobody_looks_behind_the_mask_without_saying_what_for(client: httpx.AsyncClient) -> None:
    site, item, _, keeper = await a_warehouse(client)
    order_id = await reserved(site, keeper, (item, 3))
    here = f"{HOME}/{(await queries.order_by_id(order_id)).number}"
    reads = "SELECT subject_id, purpose FROM audit.sensitive_read"
    await a_member("cashier", Role.CASHIER)
    client.cookies.set("session", await a_session("cashier"))
    answer = await client.post(f"{here}/look", data={"request": str(uuid4()), "reason": "送货前电话联系"})
    assert answer.status_code == 403 and "张某某" not in answer.text
    client.cookies.set("session", await a_session("keeper"))
    answer = await client.post(f"{here}/look", data={"request": str(uuid4())})
    assert answer.status_code == 422 and "张某某" not in answer.text
    assert await fetch(reads) == []
    look = await client.post(f"{here}/look", data={"request": str(uuid4()), "reason": "送货前电话联系"})
    assert "张某某" in look.text and "13800000001" in look.text
    (read,) = await fetch(reads)
    assert (read["subject_id"], read["purpose"]) == (str(order_id), "送货前电话联系")


async def test_who_delivered_looks_no_more_once_the_goods_have_arrived(client: httpx.AsyncClient) -> None:
    site, item, _, keeper = await a_warehouse(client)
    order_id = await reserved(site, keeper, (item, 3))
    here = f"{HOME}/{(await queries.order_by_id(order_id)).number}"
    await actions.cancel(order_id, by=keeper, request=uuid4(), reason="领取人已搬走")
    client.cookies.set("session", await a_session("keeper"))
    said = {"request": str(uuid4()), "reason": "送货前电话联系"}
    answer = await client.post(f"{here}/look", data=said)
    assert answer.status_code == 403 and "张某某" not in answer.text
    assert f"{here}/look" not in (await client.get(here)).text
    assert await fetch("SELECT FROM audit.sensitive_read") == []
    await a_member("officer", Role.PROJECT_OFFICER)
    client.cookies.set("session", await a_session("officer"))
    assert "张某某" in (await client.post(f"{here}/look", data=said)).text


async def test_who_works_elsewhere_finds_no_order_and_who_asked_finds_theirs(
    client: httpx.AsyncClient,
) -> None:
    site, item, _, keeper = await a_warehouse(client)
    order_id = await reserved(site, keeper, (item, 3))
    here = f"{HOME}/{(await queries.order_by_id(order_id)).number}"
    await a_member("away", Role.GRID_WORKER, name="网格员", region=COUNTY)
    await sign_in(client, "away")
    assert (await client.get(here)).status_code == 404
    assert (await client.get(f"{here}/pick")).status_code == 403
    data = answers(site, region=COUNTY, item=[str(item)], quantity=["1"])
    own = path_of(await client.post(f"{HOME}/new", data=data))
    assert (await client.get(own)).status_code == 200
    assert (await client.post(f"{own}/reserve", data={"request": str(uuid4())})).status_code == 403
    assert (
        await client.post(f"{HOME}/new", data=answers(site, item=[str(item)], quantity=["1"]))
    ).status_code == 403
    listed = (await client.get(HOME)).text
    assert own.rpartition("/")[2] in listed and here.rpartition("/")[2] not in listed


async def test_what_nobody_picks_is_released_after_its_last_day(client: httpx.AsyncClient) -> None:
    site, item, lot, keeper = await a_warehouse(client)
    order_id = await reserved(site, keeper, (item, 3))
    job = jobs.REGISTRY["warehouse.release_unpicked"].work
    with clock.fixed(clock.now() + timedelta(days=9)):
        await job()
    assert await state_of(order_id) == "reserved"
    with clock.fixed(clock.now() + timedelta(days=12)):
        await job()
        await job()
    assert await state_of(order_id) == "requested"
    assert (await stock_of(lot))[:2] == (10, 0)


async def test_a_write_off_is_proposed_with_a_photo_by_its_page(client: httpx.AsyncClient) -> None:
    from seeds import approvals as seeds

    await seeds.load()
    _, _, lot, _ = await a_warehouse(client)
    bin_code = await fetch_value("SELECT code FROM stock_bin WHERE purpose = 'shelf'")
    where = f"/staff/warehouse/scraps/new/{await number_of(lot)}/{bin_code}"
    assert "申请报废" in (await client.get(where)).text
    data = {
        "request": str(uuid4()),
        "quantity": "2",
        "ground": "damaged",
        "words": "受潮",
        "volunteer": "李某某",
    }
    refused = await client.post(where, data=data)
    assert refused.status_code == 422 and "请上传物资的照片" in refused.text and "受潮" in refused.text
    photo = {"photo": ("a.png", a_picture().data, "image/png")}
    here = path_of(await client.post(where, data=data, files=photo))
    assert path_of(await client.post(where, data=data, files=photo)) == here
    assert "待审批" in (await client.get(here)).text
    assert (await client.get("/staff/warehouse/scraps")).status_code == 200


async def test_a_line_of_one_piece_is_picked_by_the_scan_itself(client: httpx.AsyncClient) -> None:
    site, item, lot, keeper = await a_warehouse(client)
    order_id = await reserved(site, keeper, (item, 1))
    here = f"{HOME}/{(await queries.order_by_id(order_id)).number}"
    scanned = {"request": str(uuid4()), "code": await number_of(lot)}
    answer = await client.post(f"{here}/pick", data=scanned)
    assert answer.status_code == 200 and "已拣：大米10kg" in answer.text
    assert await picks(order_id) == [("picked", 1)]
    again = await client.post(f"{here}/pick", data=scanned)
    assert "已经拣过" in again.text
    assert await picks(order_id) == [("picked", 1)]
