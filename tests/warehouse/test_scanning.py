"""Where scans lead, for whom, and what a page with a camera may do that no other may."""

import httpx
import pytest

from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing import db as database
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import labels
from cishan.warehouse.queries import tasks as waiting
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules.places import Purpose
from tests.console.conftest import Enter, enter
from tests.identity.staffing import a_session
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item

__all__ = ["enter"]
STRICT = "script-src 'self';"


async def _barcode(code: str, item: object) -> None:
    async with atomic():
        await connection().execute(
            "INSERT INTO goods_barcode (id, code, item, quantity) VALUES ($1, $2, $3, 1)",
            ids.new_id(),
            code,
            item,
        )


async def test_a_scan_leads_to_what_was_scanned(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    site = await a_site()
    shelf, item = await a_bin(site), await an_item()
    lot = await lot_by_id(await a_lot(item, shelf.id))
    await _barcode("6901234567892", item)
    leads = {
        lot.number: f"lots/{lot.id}",
        f"https://old.example.org/s/{lot.number}": f"lots/{lot.id}",
        f"{shelf.code.lower()}\r\n": f"bins/{shelf.id}",
        "ｒｉｃｅ１０": f"items/{item}",
        "6901234567892": f"items/{item}",
        "06901234567892": f"items/{item}",
        "(01)06901234567892(17)271231": f"items/{item}",
    }
    for scanned, path in leads.items():
        answer = await desk.post("/staff/scan", data={"code": scanned})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/warehouse/{path}"), scanned


async def test_a_phones_own_camera_opens_a_label_and_signs_in_first(client: httpx.AsyncClient) -> None:
    await a_keeper("ada")
    shelf = await a_bin(await a_site())
    opened = await client.get(f"/s/{shelf.code}")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/staff/scan/{shelf.code}")
    asked = await client.get(opened.headers["location"])
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"/staff/sign-in?next=%2Fstaff%2Fscan%2F{shelf.code}",
    )
    client.cookies.set("session", await a_session("ada"))
    found = await client.get(f"/staff/scan/{shelf.code}")
    assert found.headers["location"] == f"/staff/warehouse/bins/{shelf.id}"


@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        ("", "请先扫码或输入编码"),
        ("大米", "这不是仓库的编码"),
        ("6901234567892", "物资目录里还没有条形码 6901234567892"),
        ("L261122-0001A", "没有批次 L261122-0001A"),
        ("NO-SUCH", "没有编码为 NO-SUCH 的内容"),
        ("<script>alert(1)</script>", "这不是仓库的编码"),
        ("A" * 5000, "这不是仓库的编码：AAAA"),
    ],
)
async def test_what_is_not_ours_is_said_to_be_so(enter: Enter, scanned: str, words: str) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    answer = await desk.post("/staff/scan", data={"code": scanned})
    assert answer.status_code == 422
    assert words in answer.text
    assert "<script>alert" not in answer.text


async def test_whoever_does_not_see_the_warehouse_scans_nothing(enter: Enter) -> None:
    desk = await enter(Role.ADMINISTRATOR)
    shelf = await a_bin(await a_site())
    for answer in (
        await desk.post("/staff/scan", data={"code": shelf.code}),
        await desk.get(f"/staff/scan/{shelf.code}"),
        await desk.get("/staff/warehouse"),
    ):
        assert answer.status_code == 403
        assert str(shelf.id) not in answer.text


async def test_only_pages_with_a_camera_may_use_it_and_its_reader(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    for path in ("/staff/scan", "/staff/warehouse", "/staff/scan/NO-SUCH"):
        headers = (await desk.get(path)).headers
        assert "script-src 'self' 'wasm-unsafe-eval';" in headers["content-security-policy"], path
        assert headers["permissions-policy"].startswith("camera=(self),"), path
    refused = await desk.post("/staff/scan", data={"code": "大米"})
    assert "'wasm-unsafe-eval'" in refused.headers["content-security-policy"]
    for path in ("/", "/staff", "/staff/warehouse/labels", "/s/X", "/no-such-page", "/static/js/scan.js"):
        headers = (await desk.get(path)).headers
        assert STRICT in headers["content-security-policy"], path
        assert "wasm" not in headers["content-security-policy"], path
        assert headers["permissions-policy"].startswith("camera=(),"), path


async def test_the_field_works_as_a_form_and_offers_the_camera_where_it_may(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    page = (await desk.get("/staff/warehouse")).text
    assert '<form class="scan-form" method="post" action="/staff/scan" data-scan-again>' in page
    assert "data-reader-wasm=" in page
    assert 'name="code"' in (await desk.get("/staff")).text  # the head of every page of a keeper
    assert "data-reader" not in (await desk.get("/staff")).text


async def test_a_blank_label_asks_what_it_is_stuck_on_and_leads_there_from_then_on(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    keeper = await a_keeper()
    shelf = await a_bin(await a_site())
    first, second = await labels.print_ahead(2, by=keeper.person_id, request=ids.new_id())
    asks = await desk.post("/staff/scan", data={"code": first})
    assert asks.headers["location"] == f"/staff/warehouse/labels/{first}"
    assert "它贴在哪里" in (await desk.get(asks.headers["location"])).text

    wrong = await desk.post(f"/staff/warehouse/labels/{first}", data={"to": "NO-SUCH"})
    assert wrong.status_code == 422
    assert "没有编号为“NO-SUCH”的批次或货位" in wrong.text
    bound = await desk.post(f"/staff/warehouse/labels/{first}", data={"to": shelf.code})
    assert bound.headers["location"] == f"/staff/warehouse/bins/{shelf.id}"
    for code in (first, second):
        replaced = await desk.post(f"/staff/warehouse/labels/{code}/replace", data={"replaces": first})
        assert replaced.status_code == (422 if code == first else 303)
        leads = await desk.post("/staff/scan", data={"code": code})
        assert leads.headers["location"] == f"/staff/warehouse/bins/{shelf.id}"


async def test_a_keeper_of_one_county_labels_no_bin_of_another(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER, region="371423")
    keeper = await a_keeper()
    shelf = await a_bin(await a_site())
    (code,) = await labels.print_ahead(1, by=keeper.person_id, request=ids.new_id())
    refused = await desk.post(f"/staff/warehouse/labels/{code}", data={"to": shelf.code})
    assert refused.status_code == 403
    assert (await desk.post("/staff/scan", data={"code": code})).headers["location"].endswith(code)


async def test_labels_come_as_a_file_and_mistakes_are_told_beside_their_fields(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    shelf = await a_bin(site := await a_site())
    form = {
        "what": "codes",
        "codes": f"{shelf.code}\n{shelf.code}",
        "copies": "2",
        "paper": "a4-2x5",
        "start": "3",
    }
    given = await desk.post("/staff/warehouse/labels", data=form)
    assert given.status_code == 200
    assert given.headers["content-type"] == "application/pdf"
    assert given.content.startswith(b"%PDF-")
    mistakes = {
        "codes": ["", "大米", "NO-SUCH"],
        "copies": ["0", "-1", "1.5", "many", "481", "9" * 30],
        "start": ["0", "11", "x"],
        "paper": ["", "a3"],
        "what": ["everything"],
    }
    for field, values in mistakes.items():
        for value in values:
            answer = await desk.post("/staff/warehouse/labels", data={**form, field: value})
            if field in ("paper", "what") and not value:
                continue
            assert answer.status_code == 422, (field, value)
            assert f'href="#field-{field}"' in answer.text, (field, value)
    assert (await desk.post("/staff/warehouse/labels", data={**form, "what": "bins"})).status_code == 422
    whole = await desk.post("/staff/warehouse/labels", data={**form, "what": "bins", "site": str(site)})
    assert whole.headers["content-type"] == "application/pdf"


async def test_the_same_form_sent_twice_prints_the_same_blank_labels(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    form = {"what": "ahead", "count": "3", "paper": "roll-60x40", "request": str(ids.new_id())}
    for _ in range(2):
        assert (await desk.post("/staff/warehouse/labels", data=form)).status_code == 200
    count = "SELECT count(*) FROM stock_label"
    assert await _value(count) == 3
    viewer = await enter(Role.PROJECT_OFFICER, username="olga")
    refused = await viewer.post("/staff/warehouse/labels", data={**form, "request": str(ids.new_id())})
    assert refused.status_code == 403
    assert await _value(count) == 3


async def _value(sql: str) -> object:
    return await connection().fetchval(sql)


async def test_the_first_page_counts_what_waits_at_each_site_in_reach(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    near, far = await a_site(), await a_site("QY", region="371423")
    receiving = await a_bin(near, Purpose.RECEIVING)
    await a_lot(await an_item(), receiving.id)
    await a_lot(await an_item("OIL5"), (await a_bin(far)).id)
    page = (await desk.get("/staff/warehouse")).text
    assert "DZ仓库" in page
    assert "QY仓库" in page
    assert "待上架" in page
    county = await enter(Role.WAREHOUSE_KEEPER, username="bea", region="371423")
    page = (await county.get("/staff/warehouse")).text
    assert "QY仓库" in page
    assert "DZ仓库" not in page
    assert "待上架" not in page


async def test_the_number_of_queries_does_not_grow_with_the_sites(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    asked: list[str] = []
    ask = database.fetch

    async def counting(sql: str, *values: object) -> list[dict[str, object]]:
        asked.append(sql)
        return await ask(sql, *values)

    monkeypatch.setattr(waiting, "fetch", counting)
    counts = []
    for code in ("AA", "BB", "CC", "DD"):
        site = await a_site(code)
        await a_lot(await an_item(), (await a_bin(site, Purpose.RECEIVING)).id)
        asked.clear()
        await desk.get("/staff/warehouse")
        counts.append(len(asked))
    assert counts == [counts[0]] * 4


async def test_an_unknown_barcode_is_remembered_with_its_goods_by_those_who_set_up(enter: Enter) -> None:
    desk = await enter(Role.WAREHOUSE_KEEPER)
    item = await an_item()
    page = await desk.post("/staff/scan", data={"code": "6901234567892"})
    assert "大米10kg · RICE10" in page.text
    form = {"code": "6901234567892", "item": str(item), "quantity": "12"}
    for field, value in (
        ("item", ""),
        ("item", "x"),
        ("quantity", "0"),
        ("quantity", "1.5"),
        ("quantity", "many"),
    ):
        wrong = await desk.post("/staff/scan/learn", data={**form, field: value})
        assert wrong.status_code == 422, value
        assert f'href="#field-{field}"' in wrong.text
    assert await _value("SELECT count(*) FROM goods_barcode") == 0
    for _ in range(2):
        kept = await desk.post("/staff/scan/learn", data=form)
        assert kept.headers["location"] == f"/staff/warehouse/items/{item}"
    found = await desk.post("/staff/scan", data={"code": "06901234567892"})
    assert found.headers["location"] == f"/staff/warehouse/items/{item}"
    other = await desk.post("/staff/scan/learn", data={**form, "item": str(await an_item("OIL5"))})
    assert other.status_code == 409
    assert await _value("SELECT count(*) FROM goods_barcode") == 1

    viewer = await enter(Role.GRID_WORKER, username="olga")
    assert "RICE10" not in (await viewer.post("/staff/scan", data={"code": "96385074"})).text
    assert (await viewer.post("/staff/scan/learn", data=form)).status_code == 403


async def test_the_search_of_the_desk_knows_the_codes_of_the_warehouse_too(enter: Enter) -> None:
    desk = await enter(Role.PROJECT_OFFICER)
    shelf = await a_bin(await a_site())
    lot = await lot_by_id(await a_lot(await an_item(), shelf.id))
    found = await desk.post("/staff/search", data={"q": lot.number.lower()})
    assert (found.status_code, found.headers["location"]) == (303, f"/staff/warehouse/lots/{lot.id}")
    page = (await desk.get("/staff")).text
    assert 'action="/staff/search"' in page
    assert 'href="/staff/scan"' in page
    stranger = await enter(Role.COUNCIL, username="cora", region="371423")
    assert (await stranger.post("/staff/search", data={"q": "NO-SUCH"})).status_code == 200
