"""The pages of catalogue, places, lots, moves and transfers, as a keeper's phone sees them."""

import io
import re
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdf import PdfReader

from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing import db as database
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.warehouse.queries import goods
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.transfers import State
from tests.donations.conftest import words
from tests.identity import staffing
from tests.identity.staffing import CITY, COUNTY
from tests.warehouse.stocking import a_bin, a_lot, a_site, an_item

HERE = "/staff/warehouse"


@pytest.fixture(autouse=True)
def _chinese(client: httpx.AsyncClient) -> None:
    set_language(CHINESE)


async def enter(
    client: httpx.AsyncClient,
    username: str = "keeper",
    *roles: Role,
    region: str = CITY,
) -> UUID:
    """Let the browser be a keeper, or somebody with other roles."""
    person = await staffing.a_member(username, *(roles or (Role.WAREHOUSE_KEEPER,)), region=region)
    client.cookies.set("session", await staffing.a_session(username))
    return person


async def see(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, (answer.status_code, words(answer.text))
    return words(answer.text)


async def send(
    client: httpx.AsyncClient, path: str, data: dict[str, str], status: int = 303
) -> httpx.Response:
    answer = await client.post(path, data=data)
    assert answer.status_code == status, (answer.status_code, words(answer.text))
    return answer


RICE = {
    "code": "rice5",
    "name_zh": "大米5kg",
    "unit_zh": "袋",
    "category": "food_staple",
    "shelf_life_days": "３６５",
    "typical_value_fen": "30.5",
    "packs": "箱=4\n托=160",
    "barcodes": "6901234567892\nRICE-BOX×4",
    "active": "1",
}


async def test_an_item_is_added_changed_found_and_taken_away(client: httpx.AsyncClient) -> None:
    await enter(client, "keeper", Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER)
    assert "新增物品" in await see(client, f"{HERE}/items/new")
    answer = await send(client, f"{HERE}/items/new", RICE)
    path = answer.headers["location"]
    shown = await see(client, path)
    for told in ("大米5kg", "RICE5", "箱=4; 托=160", "6901234567892; RICE-BOX×4", "¥30.50", "加入目录"):
        assert told in shown
    form = (await client.get(f"{path}/edit")).text
    assert 'value="30.50"' in form
    await send(client, f"{path}/edit", {**RICE, "name_zh": "大米5千克", "code": "OTHER"})
    shown = await see(client, path)
    assert "大米5kg → 大米5千克" in shown
    assert await fetch_value("SELECT count(*) FROM goods_item WHERE code = 'RICE5'") == 1
    assert "大米5千克" in await see(
        client, f"{HERE}/items?category=food_staple&active=yes&barcode=6901234567892"
    )
    assert "大米5千克" not in await see(client, f"{HERE}/items?cold=1")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("code", "米", "大写字母"),
        ("name_zh", " ", "请填写"),
        ("shelf_life_days", "1.5", "整数"),
        ("shelf_life_days", "99999999999999", "整数"),
        ("typical_value_fen", "-3", "金额"),
        ("category", "gold", "请选择"),
        ("barcodes", "6901234567893", "校验位"),
        ("packs", "箱", "名称=件数"),
        ("max_age", "900", "120"),
        ("sex", "x", "请选择"),
    ],
)
async def test_what_is_wrong_with_an_item_stands_beside_its_field(
    client: httpx.AsyncClient, name: str, value: str, message: str
) -> None:
    await enter(client)
    answer = await send(client, f"{HERE}/items/new", {**RICE, name: value}, 422)
    assert f'href="#field-{name}"' in answer.text
    assert message in words(answer.text)
    if value.strip():
        assert "大米5kg" in answer.text or name == "name_zh"
    assert await fetch_value("SELECT count(*) FROM goods_item") == 0


async def test_a_sheet_is_looked_at_before_it_counts(client: httpx.AsyncClient) -> None:
    await enter(client, "keeper", Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER)
    await send(client, f"{HERE}/items/new", RICE)
    taken = await client.post(f"{HERE}/items/export", data={"format": "xlsx"})
    assert taken.status_code == 200
    answer = await client.post(f"{HERE}/items/import", files={"file": ("目录.xlsx", taken.content)})
    assert "表格内容与目录完全一致" in words(answer.text)
    book = load_workbook(io.BytesIO(taken.content))
    assert book.active is not None
    assert [cell.value for cell in book.active[1]][:4] == ["物品编码", "中文名称", "英文名称", "计量单位"]
    book.active["B2"] = "东北大米5kg"
    book.active.append(["TEA", "茶叶", None, "盒", None, "其他食品"])
    file = io.BytesIO()
    book.save(file)
    answer = await client.post(f"{HERE}/items/import", files={"file": ("目录.xlsx", file.getvalue())})
    assert answer.status_code == 200
    for told in ("新增物品", "将更新", "大米5kg → 东北大米5kg", "确认导入"):
        assert told in words(answer.text)
    assert await fetch_value("SELECT count(*) FROM goods_item") == 1
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1]  # type: ignore[index]
        .replace("&#34;", '"')
        .replace("&amp;", "&")
        for name in ("rows", "seen")
    }
    await send(client, f"{HERE}/items/import/apply", {**hidden, "seen": "0" * 64}, 422)
    assert await fetch_value("SELECT count(*) FROM goods_item") == 1
    await send(client, f"{HERE}/items/import/apply", hidden)
    known = await goods.drafts()
    assert (known["RICE5"].name_zh, known["TEA"].name_zh) == ("东北大米5kg", "茶叶")
    await send(client, f"{HERE}/items/import/apply", hidden)  # sent twice: nothing is left to do
    await fetch("UPDATE goods_item SET name_zh = {} WHERE code = {}", "绿茶", "TEA")
    again = await send(client, f"{HERE}/items/import/apply", hidden, 422)
    assert "目录在此期间已有变动" in words(again.text)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04nonsense", b"\x00\x01\x02", b"a,b\n1,2", "物品编码\n".encode(), b"%PDF-1.4"]
)
async def test_a_file_that_is_no_catalogue_is_refused(client: httpx.AsyncClient, data: bytes) -> None:
    await enter(client)
    answer = await client.post(f"{HERE}/items/import", files={"file": ("x.xlsx", data)})
    assert answer.status_code == 422
    assert 'href="#field-file"' in answer.text
    for rows in ("[", "{}", "[[1]]", '[["a", 3]]', "[" * 2000):
        await send(client, f"{HERE}/items/import/apply", {"rows": rows, "seen": "x"}, 422)
    assert await fetch_value("SELECT count(*) FROM goods_item") == 0


async def test_a_site_is_opened_and_gets_zones_and_bins(client: httpx.AsyncClient) -> None:
    await enter(client, region=COUNTY)
    organisation = str(await staffing.a_federation(COUNTY))
    filled = {"code": "qy", "name": "庆云县爱心仓库", "organisation": organisation, "region": COUNTY}
    assert "开设仓库" in await see(client, f"{HERE}/sites/new")
    for name, value in (("code", "1x"), ("organisation", str(ids.new_id())), ("region", CITY), ("name", "")):
        answer = await send(client, f"{HERE}/sites/new", {**filled, name: value}, 422)
        assert f'href="#field-{name}"' in answer.text
    path = (await send(client, f"{HERE}/sites/new", filled)).headers["location"]
    assert (await send(client, f"{HERE}/sites/new", filled)).headers["location"] == path  # sent twice
    await send(client, f"{HERE}/sites/new", {**filled, "name": "另一仓库"}, 422)
    await send(client, f"{path}/zones", {"code": "r", "name": "R货架区", "purpose": "shelf"})
    zone = str(await fetch_value("SELECT id FROM stock_zone WHERE code = 'R'"))
    rows = {"zone": zone, "first": "R-01", "last": "R-12", "walk_from": "2000"}
    for _ in range(2):
        answer = await send(client, f"{path}/bins", rows)
    shown = await see(client, f"{answer.headers['location']}&code=R-")
    assert "QY-R-12" in shown
    assert await fetch_value("SELECT count(*) FROM stock_bin WHERE code LIKE 'QY-R-%'") == 12
    for name, value in (("first", "R 01 !"), ("last", "R-05-01"), ("walk_from", "-1"), ("zone", zone[::-1])):
        answer = await send(client, f"{path}/bins", {**rows, name: value}, 422)
        assert f'href="#field-{name}"' in answer.text
    shown = await see(client, path)
    for told in ("QY", "R货架区", "庆云县", "在途"):
        assert told in shown
    await send(client, f"{path}/edit", {"name": "庆云县中心仓", "address": "演示路 1 号"})
    await send(client, f"{path}/active", {"reason": "搬迁"})
    assert "已停用" in await see(client, path)
    await send(client, f"{path}/active", {"reason": "搬回", "active": "1"})
    shown = await see(client, path)
    assert "庆云县爱心仓库 → 庆云县中心仓" in shown
    assert "搬回" in shown


async def goods_at_the_dock() -> tuple[UUID, UUID, str]:
    """Return a site, and the id and number of a lot of ten in its receiving zone."""
    site = await a_site()
    lot = await a_lot(await an_item(), (await a_bin(site, Purpose.RECEIVING)).id, 10)
    return site, lot, str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


async def where(lot: UUID) -> dict[str, int]:
    return {place.bin_code: place.on_hand for place in await lying(lot=lot)}


async def test_goods_are_put_away_on_the_phone_and_once(client: httpx.AsyncClient) -> None:
    _, lot, number = await goods_at_the_dock()
    await enter(client)
    shown = await client.get(f"{HERE}/move?lot={number}")
    assert "DZ-IN-01" in shown.text
    request = re.search(r'name="request" value="([^"]+)"', shown.text)
    assert request
    form = {"lot": number.lower(), "bin": "dz-a-01", "quantity": "６", "request": request[1]}
    for _ in range(2):
        answer = await send(client, f"{HERE}/move", form)
    assert await where(lot) == {"DZ-IN-01": 4, "DZ-A-01": 6}
    assert "DZ-IN-01 → DZ-A-01" in await see(client, answer.headers["location"])
    shown_lot = await see(client, f"{HERE}/lots/{lot}")
    for told in ("移位", "项目部", "DZ-A-01", "¥600.00"):
        assert told in shown_lot
    shelf = await fetch_value("SELECT id FROM stock_bin WHERE code = 'DZ-A-01'")
    assert number in await see(client, f"{HERE}/bins/{shelf}")
    for name, value, field in (
        ("quantity", "11", "quantity"),
        ("quantity", "0", "quantity"),
        ("quantity", "-2", "quantity"),
        ("quantity", "1.5", "quantity"),
        ("quantity", "NaN", "quantity"),
        ("quantity", "1e3", "quantity"),
        ("quantity", "9999999", "quantity"),
        ("lot", "L000000-XXXXX", "lot"),
        ("bin", "nowhere", "bin"),
        ("bin", "DZ-WAY-01", "bin"),
        ("from_bin", "DZ-Q-01", "from_bin"),
        ("request", "x", "request"),
    ):
        wrong = {**form, "from_bin": "DZ-IN-01", "request": str(ids.new_id()), name: value}
        answer = await send(client, f"{HERE}/move", wrong, 422)
        assert f'href="#field-{field}"' in answer.text, (name, value)
    assert await where(lot) == {"DZ-IN-01": 4, "DZ-A-01": 6}


async def test_a_lot_is_kept_back_and_let_go(client: httpx.AsyncClient) -> None:
    _, lot, _ = await goods_at_the_dock()
    await enter(client)
    await send(client, f"{HERE}/lots/{lot}/quarantine", {"reason": ""}, 422)
    await send(client, f"{HERE}/lots/{lot}/quarantine", {"reason": "包装破损"})
    shown = await see(client, f"{HERE}/lots/{lot}")
    assert "解除隔离" in shown
    assert "包装破损" in shown
    await send(client, f"{HERE}/lots/{lot}/release", {"reason": "检验合格"})
    assert await fetch_value("SELECT state FROM stock_lot WHERE id = {}", lot) == "open"


async def test_a_transfer_goes_its_whole_way(client: httpx.AsyncClient) -> None:
    site, lot, number = await goods_at_the_dock()
    there = await a_site("QY", region=COUNTY)
    await enter(client, "sender")
    filled = {"source": str(site), "target": str(there), "request": str(ids.new_id()), "note": "周五送货"}
    for _ in range(2):
        path = (await send(client, f"{HERE}/transfers/new", filled)).headers["location"]
    assert await fetch_value("SELECT count(*) FROM stock_transfer") == 1
    line = {"lot": number, "quantity": "6", "request": str(ids.new_id())}
    for wrong, field in (
        ({"quantity": "11"}, "quantity"),
        ({"lot": "x"}, "lot"),
        ({"quantity": "a"}, "quantity"),
    ):
        answer = await send(client, f"{path}/lines", {**line, **wrong, "request": str(ids.new_id())}, 422)
        assert f'href="#field-{field}"' in answer.text
    await send(client, f"{path}/lines", line)
    pdf = await client.get(f"{path}/note.pdf")
    text = "".join(PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text().replace("\u200b", "").split())
    assert number in text
    assert "大米10kg" in text
    await send(client, f"{path}/send", {"request": str(ids.new_id())})
    assert await where(lot) == {"DZ-IN-01": 4, "QY-WAY-01": 6}
    transfer_id = UUID(path.rpartition("/")[2])
    (sent,) = (await transfer_by_id(transfer_id)).lines
    shown = await see(client, path)
    assert "发货人不能收货" in shown
    counted = {
        f"arrived_{sent.id}": "3",
        f"damaged_{sent.id}": "1",
        f"explanation_{sent.id}": "一袋破损，两袋未到",
        "request": str(ids.new_id()),
    }
    await send(client, f"{path}/receive", counted, 403)

    await enter(client, "receiver", region=COUNTY)
    assert "待接收的调拨" in await see(client, HERE)
    for name, value in (
        ("arrived", "7"),
        ("arrived", ""),
        ("arrived", "x"),
        ("damaged", "-1"),
        ("explanation", ""),
    ):
        answer = await send(client, f"{path}/receive", {**counted, f"{name}_{sent.id}": value}, 422)
        assert f'href="#field-{name}_{sent.id}"' in answer.text
    assert (await transfer_by_id(transfer_id)).state is State.SENT
    for _ in range(2):
        await send(client, f"{path}/receive", counted)
    assert await where(lot) == {"DZ-IN-01": 4, "QY-IN-01": 3, "QY-Q-01": 1, "QY-WAY-01": 2}
    shown = await see(client, path)
    assert "一袋破损，两袋未到" in shown
    assert "有物资短少" in shown
    found = {"line": str(sent.id), "found": "2", "reason": "在车厢里", "request": str(ids.new_id())}
    await send(client, f"{path}/found", {**found, "found": "3"}, 422)
    await send(client, f"{path}/found", found)
    assert (await transfer_by_id(transfer_id)).state is State.RECEIVED
    assert "6" in await see(
        client, f"{HERE}/transfers?state=received&number={(await transfer_by_id(transfer_id)).number}"
    )
    assert (await client.get(f"/staff/go/transfer/{transfer_id}")).headers["location"] == path


async def test_another_county_sees_neither_goods_nor_places(client: httpx.AsyncClient) -> None:
    site, lot, number = await goods_at_the_dock()
    await enter(client, "far", region=COUNTY)
    bin_id = await fetch_value("SELECT id FROM stock_bin WHERE code = 'DZ-A-01'")
    for path in (
        f"sites/{site}",
        f"bins/{bin_id}",
        f"lots/{lot}",
        f"sites/{site}/edit",
        f"sites/{site}/bins",
    ):
        await see(client, f"{HERE}/{path}", 404)
    for path in ("lots", "stock", "sites", "bins"):
        shown = await see(client, f"{HERE}/{path}")
        assert number not in shown
        assert "DZ-A-01" not in shown
    form = {"lot": number, "bin": "DZ-A-01", "quantity": "1", "request": str(ids.new_id())}
    await send(client, f"{HERE}/move", form, 403)
    assert await where(lot) == {"DZ-IN-01": 10}


@pytest.mark.parametrize("path", ["items/new", "items/import", "sites/new", "move", "transfers/new"])
async def test_an_auditor_reads_and_does_nothing(client: httpx.AsyncClient, path: str) -> None:
    await enter(client, "auditor", Role.AUDITOR)
    await see(client, f"{HERE}/{path}", 403)
    assert (await client.post(f"{HERE}/{path}", data={})).status_code == 403
    for name in ("items", "lots", "stock", "sites", "bins", "transfers"):
        await see(client, f"{HERE}/{name}")


async def test_pages_cost_the_same_queries_however_much_lies_there(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, lot, _ = await goods_at_the_dock()
    shelf = await a_bin(site)
    item = await fetch_value("SELECT id FROM goods_item")
    await enter(client)
    asked: list[str] = []
    engine = type(database.engine())
    ask = engine.run_querystring

    async def counted(self: object, query: object, *more: object, **named: object) -> object:
        asked.append(str(query))
        return await ask(self, query, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "run_querystring", counted)
    paths = (f"sites/{site}", f"items/{item}", f"lots/{lot}", f"bins/{shelf.id}", "stock", "lots")

    async def cost() -> list[int]:
        found = []
        for path in paths:
            asked.clear()
            await see(client, f"{HERE}/{path}")
            found.append(len(asked))
        return found

    before = await cost()
    for _ in range(12):
        await a_lot(item, shelf.id, 5)
    assert await cost() == before
    assert max(before) < 25


TYPED = st.sampled_from(
    [
        *(
            "",
            "0",
            "-1",
            "1.5",
            "NaN",
            "９",
            "1e9",
            "大米",
            "a" * 400,
            "\x00",
            "<b>",
            "' OR 1=1 --",
            "{x}",
            "%s",
        )
    ]
) | st.text(max_size=40)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*RICE, "lot", "bin", "quantity", "request", "reason"]), TYPED))
async def test_whatever_is_typed_is_answered_below_500_and_moves_nothing(
    client: httpx.AsyncClient, typed: dict[str, str]
) -> None:
    if not await fetch("SELECT FROM stock_site"):
        await goods_at_the_dock()
        await enter(client)
    before = await fetch("SELECT lot, bin, on_hand, reserved FROM stock_balance ORDER BY id")
    for path in ("items/new", "items/import/apply", "sites/new", "move", "transfers/new"):
        answer = await client.post(f"{HERE}/{path}", data=typed)
        assert answer.status_code in {303, 400, 403, 404, 409, 422}, (path, typed)
    assert await fetch("SELECT lot, bin, on_hand, reserved FROM stock_balance ORDER BY id") == before


async def test_a_write_off_begins_at_the_lot_or_at_the_bin_for_who_may(client: httpx.AsyncClient) -> None:
    _, lot, number = await goods_at_the_dock()
    (line,) = await lying(lot=lot)
    form = f"/staff/warehouse/scraps/new/{number}/{line.bin_code}"
    await enter(client, "shelver")
    for path in (f"{HERE}/lots/{lot}", f"{HERE}/bins/{line.bin}"):
        assert f'href="{form}"' in (await client.get(path)).text
    assert (await client.get(form)).status_code == 200
    await enter(client, "looker", Role.AUDITOR)
    for path in (f"{HERE}/lots/{lot}", f"{HERE}/bins/{line.bin}"):
        answer = await client.get(path)
        assert answer.status_code == 200 and form not in answer.text
