"""The pages on which a booking is reversed, and what its giver reads of it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from uuid import uuid4

import httpx
import pytest

from cishan.donations.actions.goods import write_due
from cishan.plumbing import jobs
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.rules.offers import OfferView, State
from cishan.warehouse.rules.stock import Cause, Delta
from tests.identity import staffing
from tests.warehouse import offering
from tests.warehouse.offering import a_house
from tests.warehouse.stocking import FUND, a_keeper, move

pytestmark = pytest.mark.usefixtures("db", "config")
WRONG = {"wrong": "value", "reason": "发票看错一位"}


@pytest.fixture
async def found(db: None, config: object) -> AsyncIterator[OfferView]:
    """An offer that is booked, valued by "zhou" and booked by "wu"."""
    yield await offering.a_booked_offer(await a_house(), fund=FUND, wants_receipt=True, email=offering.EMAIL)


async def _as(client: httpx.AsyncClient, name: str) -> None:
    client.cookies.set("session", await staffing.a_session(name))


def _errors(page: str) -> list[str]:
    found = re.findall(r'class="field-error"[^>]*>.*?</span>([^<]*)</span>', page, re.S)
    return [unescape(text).strip() for text in found]


def _words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1])))


async def test_one_proposes_another_agrees_and_the_goods_are_booked_anew(
    client: httpx.AsyncClient, found: OfferView
) -> None:
    here = f"/staff/goods-offers/{found.number}"
    await write_due(found.id)
    await _as(client, "zhou")
    page = (await client.get(here)).text
    assert "入库有误？" in page and "冲销入库" in page
    form = {"request": str(uuid4()), **WRONG}
    for _ in range(2):
        assert (await client.post(f"{here}/reversal", data=form)).status_code == 303
    (row,) = await fetch("SELECT id, state FROM goods_reversal")
    mine = _words((await client.get(here)).text)
    assert "这笔冲销由您提出，须由另一人同意。" in mine and "提交决定" not in mine
    verdict = {"reversal": str(row["id"]), "verdict": "agree", "words": ""}
    refused = await client.post(f"{here}/reversal/verdict", data=verdict)
    assert refused.status_code == 403
    assert _words(refused.text).count("这笔冲销由您提出，须由另一人同意。") == 2
    await _as(client, "wu")
    assert found.number in (await client.get("/staff/goods-offers?reversal=1")).text
    assert "待复核的冲销入库" in (await client.get("/staff/warehouse")).text
    for _ in range(2):
        assert (await client.post(f"{here}/reversal/verdict", data=verdict)).status_code == 303
    assert await fetch_value("SELECT count(*) FROM stock_cause WHERE kind = 'unreceive'") == 1
    page = _words((await client.get(here)).text)
    assert "冲销入库记录" in page and "发票看错一位" in page and "计算物资价值" not in page
    assert "已冲销入库，待重新计价" in page
    assert found.number not in (await client.get("/staff/goods-offers?reversal=1")).text
    (lot,) = await fetch("SELECT id, number FROM stock_lot")
    assert lot["number"] in page
    lot_page = _words((await client.get(f"/staff/warehouse/lots/{lot['id']}")).text)
    assert "冲销入库" in lot_page and "−20 床" in lot_page
    data = {"basis-1": "fair", "value-1": "240", "source-1": "演示询价"}
    assert (await client.post(f"{here}/value", data=data)).status_code == 303
    await _as(client, "zhou")
    assert (await client.post(f"{here}/book", data={"request": str(uuid4())})).status_code == 303
    assert await fetch_value("SELECT count(*) FROM stock_lot WHERE on_hand = 20") == 1


async def test_the_giver_reads_it_in_plain_words_with_the_red_receipt(
    client: httpx.AsyncClient, found: OfferView
) -> None:
    here, path = f"/staff/goods-offers/{found.number}", intake.offer_path(found.id)
    await jobs.work_off()
    await _as(client, "zhou")
    await client.post(f"{here}/reversal", data={"request": str(uuid4()), **WRONG})
    before = _words((await client.get(path)).text)
    assert "您的物资已入库" in before or "在我们的仓库" in before
    assert "冲销" not in before
    await _as(client, "wu")
    verdict = {"reversal": str(await fetch_value("SELECT id FROM goods_reversal")), "verdict": "agree"}
    await client.post(f"{here}/reversal/verdict", data=verdict)
    await jobs.work_off()
    told = _words((await client.get(path)).text)
    assert "我们正在更正登记" in told and "您的物资入库登记有误，已冲销" in told
    assert "发票看错一位" not in told
    papers = _words((await client.get(f"{path}/receipts")).text)
    assert "SJ2026-00000001" in papers and "红字" in papers and "SJ2026-00000002" in papers


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"wrong": "", "reason": "看错"}, ["请选择哪里记错了。"]),
        ({"wrong": "value", "reason": " "}, ["请写明哪里记错了，供复核人判断。"]),
        ({"wrong": "fund", "reason": "看错", "fund": ""}, ["请选择应记入的基金。"]),
        ({"wrong": "fund", "reason": "看错", "fund": FUND}, ["物资已记在该基金。"]),
        ({"wrong": "everything", "reason": "看错"}, ["请选择其中一项。"]),
    ],
)
async def test_what_is_missing_is_said_beside_the_field(
    client: httpx.AsyncClient, found: OfferView, form: dict[str, str], told: list[str]
) -> None:
    await _as(client, "zhou")
    here = f"/staff/goods-offers/{found.number}"
    answer = await client.post(f"{here}/reversal", data={"request": str(uuid4()), **form})
    assert (answer.status_code, _errors(answer.text)) == (422, told)
    assert await fetch_value("SELECT count(*) FROM goods_reversal") == 0


async def test_the_lot_that_left_is_named_beside_the_field_and_nothing_changes(
    client: httpx.AsyncClient, found: OfferView
) -> None:
    (lying,) = await arrivals.lying(found.id)
    await _as(client, "zhou")
    here = f"/staff/goods-offers/{found.number}"
    shelving = {"request": str(uuid4()), "lot": str(lying.lot), "bin": "DZ-A-01", "quantity": "20"}
    assert (await client.post(f"{here}/shelve", data=shelving)).status_code == 303
    await client.post(f"{here}/reversal", data={"request": str(uuid4()), **WRONG})
    shelf = await fetch_value("SELECT bin FROM stock_balance WHERE on_hand > 0")
    await move(Cause.ISSUE, Delta(lying.lot, shelf, -3))
    words = f"棉被1.5×2m，批次 {lying.lot_number}：有 3 件已出库或已组成礼包。"
    await _as(client, "wu")
    assert words in _words((await client.get(here)).text)
    verdict = {"reversal": str(await fetch_value("SELECT id FROM goods_reversal")), "verdict": "agree"}
    answer = await client.post(f"{here}/reversal/verdict", data=verdict)
    assert (answer.status_code, _errors(answer.text)) == (409, [words])
    assert await fetch("SELECT state FROM goods_reversal") == [{"state": "proposed"}]
    assert (await intake.offer_by_id(found.id)).state is State.BOOKED
    no = {**verdict, "verdict": "refuse"}
    answer = await client.post(f"{here}/reversal/verdict", data=no)
    assert (answer.status_code, _errors(answer.text)) == (422, ["请写明为什么保留原入库。"])
    assert (await client.post(f"{here}/reversal/verdict", data={**no, "words": "已发出"})).status_code == 303
    await _as(client, "zhou")
    answer = await client.post(f"{here}/reversal", data={"request": str(uuid4()), **WRONG})
    assert (answer.status_code, _errors(answer.text)) == (409, [words])


async def test_a_reversal_of_another_offer_is_none_of_this_one(
    client: httpx.AsyncClient, found: OfferView
) -> None:
    await _as(client, "zhou")
    here = f"/staff/goods-offers/{found.number}"
    await client.post(f"{here}/reversal", data={"request": str(uuid4()), **WRONG})
    other = await offering.an_offer(found.site)
    verdict = {"reversal": str(await fetch_value("SELECT id FROM goods_reversal")), "verdict": "agree"}
    await _as(client, "wu")
    for path in ("verdict", "withdrawal"):
        answer = await client.post(f"/staff/goods-offers/{other.number}/reversal/{path}", data=verdict)
        assert answer.status_code == 404
    assert await fetch("SELECT state FROM goods_reversal") == [{"state": "proposed"}]
    await _as(client, "zhou")
    assert (await client.post(f"{here}/reversal/withdrawal", data=verdict)).status_code == 303
    assert await fetch("SELECT state FROM goods_reversal") == [{"state": "withdrawn"}]


async def test_a_keeper_of_another_county_cannot_reverse_it(
    client: httpx.AsyncClient, found: OfferView
) -> None:
    await a_keeper("far", region=staffing.COUNTY)
    await _as(client, "far")
    here = f"/staff/goods-offers/{found.number}"
    answer = await client.post(f"{here}/reversal", data={"request": str(uuid4()), **WRONG})
    assert answer.status_code in {403, 404}
    assert await fetch_value("SELECT count(*) FROM goods_reversal") == 0
