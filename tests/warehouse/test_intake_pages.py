"""The pages of goods that come in: the giver's form and trail, and the desk's way to the shelf."""

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.notify.queries import newest
from cishan.plumbing import jobs
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.rules.offers import State
from tests.files.making import PDF
from tests.identity import staffing
from tests.warehouse import offering
from tests.warehouse.offering import DAY, a_house, an_offer, line
from tests.warehouse.stocking import a_keeper


async def _item(code: str) -> str:
    return str(await fetch_value("SELECT id FROM goods_item WHERE code = {}", code))


async def _form(house: UUID, **more: str) -> dict[str, str]:
    return {
        "request": str(uuid4()),
        "lines": "1",
        "item-1": await _item("QUILT"),
        "quantity-1": "20",
        "condition-1": "new",
        "name": "爱心网友",
        "giver": "person",
        "phone": "138 0000 1234",
        "site": str(house),
        "do": "send",
        **more,
    }


def _errors(page: str) -> list[str]:
    found = re.findall(r'class="field-error"[^>]*>.*?</span>([^<]*)</span>', page, re.S)
    return [unescape(text).strip() for text in found]


async def _nothing() -> bool:
    return bool(await fetch_value("SELECT count(*) FROM goods_offer") == 0)


async def test_the_page_says_beforehand_what_cannot_be_taken(db: None, client: httpx.AsyncClient) -> None:
    await a_house()
    page = (await client.get("/goods/give")).text
    assert "剩余保质期不足 60% 的食品" in page
    assert "剩余保质期不足 180 天的物资" in page
    assert "短保物资（保质期不足 90 天）" in page
    assert "/goods/give" in (await client.get("/give")).text


async def test_an_offer_leads_to_its_trail_and_is_sent_once(db: None, client: httpx.AsyncClient) -> None:
    house = await a_house()
    form = await _form(house, email="giver@example.org", note="周末方便")
    first, again = [await client.post("/goods/give", data=form) for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert await fetch_value("SELECT count(*) FROM goods_offer") == 1
    answer = await client.get(first.headers["location"])
    assert answer.headers["cache-control"] == "no-store"
    assert "棉被1.5×2m · 20 床" in answer.text
    assert "等待答复" in answer.text
    assert "138****1234" in answer.text and "13800001234" not in answer.text
    await jobs.work_off()
    (letter,) = await newest()
    assert letter.mail is not None
    assert letter.mail.subject == "我们已收到您的物资捐赠意向"
    assert first.headers["location"] in letter.mail.text
    assert (await client.get("/goods/" + "x" * 43)).status_code == 404


async def test_who_left_a_number_alone_hears_by_text_message(db: None, client: httpx.AsyncClient) -> None:
    await client.post("/goods/give", data=await _form(await a_house()))
    await jobs.work_off()
    (letter,) = await newest()
    assert letter.sms is not None
    assert "三个工作日内答复" in letter.sms.text


async def test_the_gate_answers_beside_the_line_and_nothing_is_kept(
    db: None, client: httpx.AsyncClient
) -> None:
    with clock.fixed(DAY):
        house = await a_house()
        form = await _form(house, **{"item-1": await _item("RICE10"), "made-1": "2026-01-10"})
        answer = await client.post("/goods/give", data=form)
        assert answer.status_code == 422
        assert _errors(answer.text) == ["剩余保质期 162 天；为保证及时发放，至少需要 180 天。"]
        assert 'value="2026-01-10"' in answer.text
        assert await _nothing()
        eggs = await _form(house, **{"item-1": await _item("EGGS30"), "made-1": "2026-07-28", "do": "check"})
        answer = await client.post("/goods/give", data=eggs)
    assert answer.status_code == 200
    assert "短保物资，还剩 26 天" in answer.text
    assert await _nothing()


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("quantity-1", "-5", "请输入 1 到 1,000,000 之间的整数。"),
        ("quantity-1", "2.5", "请输入 1 到 1,000,000 之间的整数。"),
        ("quantity-1", "1000001", "请输入 1 到 1,000,000 之间的整数。"),
        ("quantity-1", "九", "请输入 1 到 1,000,000 之间的整数。"),
        ("quantity-1", "", "请填写数量。"),
        ("per_pack-1", "0", "请输入 1 到 100,000 之间的整数。"),
        ("made-1", "2027-01-01", "生产日期不能晚于今天。"),
        ("made-1", "昨天", "请输入日期，例如 2026-11-22。"),
        ("expires-1", "2026-02-30", "请输入日期，例如 2026-11-22。"),
        ("condition-1", "", "请选择物资的新旧程度。"),
        ("item-1", "rice", "请选择其中一项。"),
        ("item-1", "other", "请写明是什么物资。"),
        ("phone", "", "请留下电话或邮箱，方便我们答复您。"),
        ("site", "", "请选择您方便送去的仓库。"),
        ("wanted_on", "2026-07-31", "请选择未来十二个月内的日期。"),
        ("fund", "NO-FUND", "请选择其中一项。"),
        ("restrictions", "martians", "请选择其中一项。"),
        ("receiver", "张某某", "法律规定捐赠人不得指定自己的利害关系人为受益人。"),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field_and_changes_nothing(
    db: None, client: httpx.AsyncClient, field: str, typed: str, message: str
) -> None:
    with clock.fixed(DAY):
        form = await _form(await a_house(), **{field: typed})
        answer = await client.post("/goods/give", data=form)
    assert answer.status_code == 422
    assert message in _errors(answer.text)
    assert "爱心网友" in answer.text
    assert await _nothing()


async def test_used_underwear_is_refused_whatever_it_is_called(db: None, client: httpx.AsyncClient) -> None:
    form = await _form(
        await a_house(),
        **{"item-1": "other", "words-1": "旧内衣一包", "sort-1": "other", "condition-1": "used"},
    )
    answer = await client.post("/goods/give", data=form)
    assert _errors(answer.text) == ["内衣、泳衣只接收全新带包装的。"]
    assert await _nothing()


async def test_a_second_kind_is_added_without_a_script_and_keeps_what_was_typed(
    db: None, client: httpx.AsyncClient
) -> None:
    form = await _form(await a_house(), do="more")
    answer = await client.post("/goods/give", data=form)
    assert answer.status_code == 200
    assert 'name="item-2"' in answer.text and 'value="20"' in answer.text
    assert _errors(answer.text) == []


async def test_photos_and_proofs_come_with_the_offer(db: None, client: httpx.AsyncClient) -> None:
    form = await _form(await a_house())
    sent = await client.post(
        "/goods/give", data=form, files={"proof": ("invoice.pdf", PDF, "application/pdf")}
    )
    assert sent.status_code == 303, sent.text
    assert await fetch("SELECT purpose FROM stored_file WHERE owner_kind = 'goods_offer'") == [
        {"purpose": "proof"}
    ]
    bad = await client.post(
        "/goods/give",
        data=await _form(await a_house()),
        files={"photo": ("photo.jpg", b"no picture", "image/jpeg")},
    )
    assert bad.status_code == 422
    assert await fetch_value("SELECT count(*) FROM goods_offer") == 1


async def test_a_giver_withdraws_before_the_goods_come(db: None, client: httpx.AsyncClient) -> None:
    found = await an_offer(await a_house())
    path = intake.offer_path(found.id)
    assert (await client.post(f"{path}/withdraw")).status_code == 303
    page = (await client.get(path)).text
    assert "意向已撤回" in page
    assert "确定撤回" not in page


async def _as(client: httpx.AsyncClient, name: str, *roles: Role, region: str = staffing.CITY) -> None:
    await staffing.a_member(name, *(roles or (Role.WAREHOUSE_KEEPER,)), region=region)
    client.cookies.set("session", await staffing.a_session(name))


async def _swap(client: httpx.AsyncClient, name: str) -> None:
    client.cookies.set("session", await staffing.a_session(name))


async def _post(client: httpx.AsyncClient, path: str, data: dict[str, Any]) -> None:
    answer = await client.post(path, data=data)
    assert answer.status_code == 303, _errors(answer.text) or answer.text[:2000]


async def test_the_whole_way_at_the_desk(db: None, client: httpx.AsyncClient) -> None:
    house = await a_house()
    found = await an_offer(house, await line(), await line("BASKETBALL", 3), email=offering.EMAIL)
    here = f"/staff/goods-offers/{found.number}"
    await _as(client, "zhou")
    listed = (await client.get("/staff/goods-offers")).text
    assert found.number in listed and "棉被1.5×2m × 20" in listed
    page = (await client.get(here)).text
    assert "爱**友" in page and "13800001234" not in page
    await _post(
        client, f"{here}/answer", {"take-1": "yes", "take-2": "no", "reason-2": "not_needed", "words-2": ""}
    )
    tomorrow = (clock.today().replace(year=clock.today().year + 1)).isoformat()
    await _post(
        client,
        f"{here}/appointment",
        {"on": tomorrow, "begins": "09:00", "until": "11:30", "site": str(house)},
    )
    await _post(client, f"{here}/count", {"request": str(uuid4()), "count-1": "20"})
    refused = await client.post(f"{here}/count", data={"request": str(uuid4()), "count-1": "20"})
    assert refused.status_code == 403
    assert "另一次清点须由别人完成" in refused.text
    await _as(client, "wu")
    blind = (await client.get(f"{here}/count")).text
    assert "20" not in re.sub(r"<[^>]+>", "", blind.split("<main", 1)[1].replace(found.number, ""))
    await _post(client, f"{here}/count", {"request": str(uuid4()), "count-1": "20"})
    graded = {"grade-A-1": "19", "grade-X-1": "1", "why-1": "受潮", "fate-1": "returned"}
    await _post(client, f"{here}/inspect", graded)
    await _post(client, f"{here}/value", {"basis-1": "fair", "value-1": "2280", "source-1": "演示询价"})
    request = str(uuid4())
    mine = await client.post(f"{here}/book", data={"request": request})
    assert mine.status_code == 403
    assert "须由别人入账" in mine.text
    await _swap(client, "zhou")
    await _post(client, f"{here}/book", {"request": request})
    (lying,) = await arrivals.lying(found.id)
    await _post(
        client,
        f"{here}/shelve",
        {"request": str(uuid4()), "lot": str(lying.lot), "bin": "DZ-A-01", "quantity": "19"},
    )
    now = await intake.offer_by_id(found.id)
    assert (now.state, now.value_fen) == (State.BOOKED, 228_000)
    trail = (await client.get(intake.offer_path(found.id))).text
    assert "目前没有人需要" in trail and "受潮" in trail and "在库 19 床" in trail
    await jobs.work_off()
    subjects = {letter.mail.subject for letter in await newest() if letter.mail}
    assert {"我们接收您提供的物资，谢谢您", "送交物资的时间和地点", "您的物资已入库，谢谢您！"} <= subjects


async def test_grades_that_do_not_sum_are_said_beside_the_line(db: None, client: httpx.AsyncClient) -> None:
    first, second = await a_keeper("zhou"), await a_keeper("wu")
    found = await offering.counted(
        await offering.accepted(await an_offer(await a_house()), first), first, second
    )
    await _swap(client, "zhou")
    here = f"/staff/goods-offers/{found.number}"
    answer = await client.post(f"{here}/inspect", data={"grade-A-1": "19"})
    assert answer.status_code == 422
    assert _errors(answer.text) == ["清点数为 20，各等级合计为 19。"]
    for typed in ("-1", "1.5", "很多"):
        answer = await client.post(f"{here}/inspect", data={"grade-A-1": typed})
        assert "请输入 0 到 1,000,000 之间的整数。" in _errors(answer.text)
    assert await fetch_value("SELECT count(*) FROM goods_grade") == 0


async def test_an_offer_of_another_place_is_as_if_it_were_not_there(
    db: None, client: httpx.AsyncClient
) -> None:
    found = await an_offer(await a_house())
    await _as(client, "li", region=staffing.COUNTY)
    assert (await client.get(f"/staff/goods-offers/{found.number}")).status_code == 404
    assert found.number not in (await client.get("/staff/goods-offers")).text
    assert (await client.post(f"/staff/goods-offers/{found.number}/answer", data={})).status_code == 404


async def test_a_name_is_shown_once_it_is_written_down_who_looks(db: None, client: httpx.AsyncClient) -> None:
    found = await an_offer(await a_house(), receiver="庆云镇 张某某")
    here = f"/staff/goods-offers/{found.number}"
    await _as(client, "zhou")
    assert (await client.post(f"{here}/look", data={"purpose": "打电话"})).status_code == 403
    await _as(client, "ada", Role.PROJECT_OFFICER)
    assert "张某某" not in (await client.get(here)).text
    assert (await client.post(f"{here}/look", data={"purpose": ""})).status_code == 422
    assert await fetch_value("SELECT count(*) FROM audit.sensitive_read") == 0
    shown = await client.post(f"{here}/look", data={"purpose": "打电话约时间"})
    assert "爱心网友" in shown.text and "庆云镇 张某某" in shown.text
    (read,) = await fetch("SELECT subject_kind, purpose FROM audit.sensitive_read")
    assert read == {"subject_kind": "goods_offer", "purpose": "打电话约时间"}
