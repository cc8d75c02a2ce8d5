"""The pages of kits and drives: what is typed is kept, wrong is told beside its field, twice is once."""

import re

import httpx
import pytest

from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import kits as kit_queries
from tests.identity.staffing import a_session
from tests.warehouse.driving import a_season, a_sheet, an_id_number, give, listed, somebody, turn
from tests.warehouse.ordering import a_picture

pytestmark = pytest.mark.usefixtures("config", "db")


async def _open(client: httpx.AsyncClient, username: str = "keeper") -> None:
    client.cookies.set("session", await a_session(username))


def _request(page: str) -> str:
    found = re.search(r'name="request" value="([0-9a-f-]{36})"', page)
    assert found, page
    return found[1]


def _signature() -> dict[str, tuple[str, bytes, str]]:
    picture = a_picture()
    return {"signature": (picture.name, picture.data, "image/png")}


async def test_a_kit_is_written_down_row_by_row_and_comes_into_force(client: httpx.AsyncClient) -> None:
    season = await a_season(kits_made=0, opened=False)
    await _open(client)
    items = {row["code"]: str(row["id"]) for row in await fetch("SELECT id, code FROM goods_item")}
    page = await client.get(f"/staff/kits/new?of={season.version}")
    assert page.status_code == 200
    assert page.text.count("<legend>物资") == 6
    wrong = {"item": items["WARM"], "part_1": items["BLANKET"], "pieces_1": "2.5", "pieces_2": "3"}
    answer = await client.post("/staff/kits/new", data=wrong)
    assert answer.status_code == 422
    assert 'value="2.5"' in answer.text
    assert answer.text.count("field-error") == 2
    more = await client.post("/staff/kits/new", data={**wrong, "more": "1"})
    assert more.status_code == 200
    good = {"item": items["WARM"], "part_1": items["BLANKET"], "pieces_1": "２", "note": "加一条毛毯"}
    done = await client.post("/staff/kits/new", data=good)
    assert done.status_code == 303
    draft = await client.get(done.headers["location"])
    assert "这是草稿" in draft.text
    assert "加一条毛毯" in draft.text
    assert (await client.post(done.headers["location"] + "/freeze")).status_code == 303
    assert "已生效" in (await client.get(done.headers["location"])).text
    assert (await client.post(done.headers["location"] + "/discard")).status_code == 409
    listing = await client.get("/staff/kits")
    assert "暖冬包" in listing.text


async def test_kits_are_previewed_put_together_once_and_taken_apart(client: httpx.AsyncClient) -> None:
    season = await a_season(kits_made=4)
    await _open(client)
    await fetch("SELECT 1")
    start = f"/staff/kits/{season.version}/assemble"
    page = await client.get(f"{start}?site={season.site}&quantity=9&fund=F-NDXD")
    assert "物资不足" in page.text or "没有所需的任何物资" in page.text
    (lot,) = await fetch("SELECT id FROM stock_lot WHERE source = 'kit'")
    apart = f"/staff/kits/apart/{lot['id']}"
    form = {"from_bin": str(season.shelf), "to_bin": str(season.shelf), "quantity": "3"}
    form["request"] = _request((await client.get(apart)).text)
    assert (await client.post(apart, data={**form, "quantity": "0"})).status_code == 422
    assert (await client.post(apart, data={**form, "quantity": "99"})).status_code == 409
    made = [(await client.post(apart, data=form)).headers["location"] for _ in range(2)]
    assert made[0] == made[1]
    assert "拆入以下批次" in (await client.get(made[0])).text
    again = await client.get(f"{start}?site={season.site}&quantity=2&fund=F-NDXD")
    assert "将使用以下批次" in again.text
    wanted = {
        "site": str(season.site),
        "quantity": "2",
        "fund": "F-NDXD",
        "bin": str(season.shelf),
        "request": _request(again.text),
    }
    for bad in ({"quantity": "-1"}, {"quantity": "1e3"}, {"quantity": "三"}, {"bin": "x"}):
        assert (await client.post(start, data=wanted | bad)).status_code == 422
    done = [(await client.post(start, data=wanted)).headers["location"] for _ in range(2)]
    assert done[0] == done[1]
    assert "取自以下批次" in (await client.get(done[0])).text
    short = await client.post(start, data=wanted | {"quantity": "50", "request": str(ids.new_id())})
    assert short.status_code == 409
    assert "不足" in short.text
    assert await fetch_value("SELECT sum(on_hand) FROM stock_lot WHERE item = {}", season.kit) == 3
    assert "组包" in (await client.get("/staff/assemblies")).text


async def test_a_drive_is_planned_opened_and_closed_on_its_pages(client: httpx.AsyncClient) -> None:
    season = await a_season()
    await _open(client)
    page = await client.get("/staff/drives/new")
    plan = {
        "request": _request(page.text),
        "title": "春节慰问（测试）",
        "item": str(season.kit),
        "per_person": "1",
        "fund": "F-NDXD",
        "starts_on": clock.today().isoformat(),
        "ends_on": clock.today().isoformat(),
        f"target_{season.site}": "20",
    }
    for bad, shown in (
        ({"per_person": "0"}, "per_person"),
        ({f"target_{season.site}": "many"}, f"target_{season.site}"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"fund": "A-AGENT"}, "fund"),
    ):
        answer = await client.post("/staff/drives/new", data=plan | bad)
        assert answer.status_code == 422
        assert f'id="field-{shown}-error"' in answer.text
        assert "春节慰问（测试）" in answer.text
    done = [(await client.post("/staff/drives/new", data=plan)).headers["location"] for _ in range(2)]
    assert done[0] == done[1]
    drive = await client.get(done[0])
    assert "计划中" in drive.text
    assert (await client.post(f"{done[0]}/move", data={"event": "open"})).status_code == 303
    assert "发放中" in (await client.get(done[0])).text
    assert (await client.post(f"{done[0]}/move", data={"event": "open"})).status_code == 303  # sent twice
    assert (await client.post(f"{done[0]}/move", data={"event": "reopen"})).status_code == 409
    changed = await client.post(f"{done[0]}/change", data=plan | {"title": "春节慰问二", "per_person": "1"})
    assert changed.status_code == 303
    assert (await client.post(f"{done[0]}/move", data={"event": "close"})).status_code == 303
    listing = await client.get("/staff/drives?state=closed")
    assert "春节慰问二" in listing.text


async def test_a_list_is_read_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    season = await a_season()
    await _open(client)
    people = f"/staff/drives/{season.drive}/people"
    assert (await client.get(people)).status_code == 200
    heads = ("姓名", "身份证号", "手机号", "人群")
    bad = a_sheet(
        heads,
        ("演示张三", an_id_number(1), "", "老人"),
        ("", an_id_number(2), "", ""),
        ("演示李四", "371423195001010011", "", ""),
        ("演示王五", "", "", ""),
        ("演示赵六", "", "13800000006", "外星人"),
        ("演示张三", an_id_number(1), "", ""),
    )
    answer = await client.post(
        f"{people}/list", data={"request": str(ids.new_id())}, files={"list": ("名单.xlsx", bad)}
    )
    assert answer.status_code == 422
    assert "有 5 行有误" in answer.text
    assert "与第 2 行为同一人" in answer.text
    assert an_id_number(1) not in answer.text
    assert await fetch_value("SELECT count(*) FROM goods_entitlement") == 0
    good = "\n".join(["姓名,身份证号,手机号", f"演示张三,{an_id_number(1)},", "演示李四,,13800000007"])
    answer = await client.post(
        f"{people}/list",
        data={"request": str(ids.new_id())},
        files={"list": ("名单.csv", good.encode("gb18030"))},
    )
    assert answer.status_code == 303
    shown = await client.get(answer.headers["location"])
    assert "演**三" in shown.text
    assert "张三" not in shown.text
    again = await client.post(
        f"{people}/list", data={"request": str(ids.new_id())}, files={"list": ("名单.csv", good.encode())}
    )
    assert (again.status_code, "有 2 行有误" in again.text) == (422, True)
    for sent in (b"\x00\x01", b"PK\x03\x04 broken", b"", b"a,b\n1,2"):
        assert (
            await client.post(
                f"{people}/list", data={"request": str(ids.new_id())}, files={"list": ("x", sent)}
            )
        ).status_code == 422
    one = {"name": "演示钱七", "phone": "13800000008", "site": str(season.site), "groups": ["elders"]}
    assert (
        await client.post(people, data=one | {"phone": "12", "request": str(ids.new_id())})
    ).status_code == 422
    assert (await client.post(people, data=one | {"request": str(ids.new_id())})).status_code == 303
    assert (await client.post(people, data=one | {"request": str(ids.new_id())})).status_code == 422
    template = await client.get("/staff/drives/list-template.csv")
    assert template.content.decode("utf-8-sig").strip() == "姓名,身份证号,手机号,人群,区划代码,领取点"


async def test_a_distribution_day_from_the_slip_to_the_next_person(client: httpx.AsyncClient) -> None:
    season = await a_season()
    one, other = await listed(season, somebody(1, name="演示张三"), somebody(2, name="演示张四"))
    await _open(client)
    day = f"/staff/drives/{season.drive}/sites/{season.site}"
    assert (await client.get(day)).status_code == 200
    number = (await turn(one))["number"]
    scanned = await client.post(day, data={"code": f" {number.lower()} "})
    assert (scanned.status_code, scanned.headers["location"]) == (303, f"/staff/drives/turns/{one}")
    several = await client.post(day, data={"code": "张"})
    assert several.text.count("/staff/drives/turns/") == 2
    assert "演**三" in several.text
    assert (await client.post(day, data={"code": "王"})).status_code == 422
    page = await client.get(f"/staff/drives/turns/{one}")
    assert "138****0001" in page.text
    assert "张三" not in page.text
    form = {"request": _request(page.text), "volunteer": "志愿者甲", "signed": "screen"}
    where = f"/staff/drives/turns/{one}/give"
    for bad in ({"volunteer": ""}, {"collector": "演示李某"}):
        assert (await client.post(where, data=form | bad, files=_signature())).status_code == 422
    assert (await client.post(where, data=form)).status_code == 422
    done = [await client.post(where, data=form, files=_signature()) for _ in range(2)]
    assert [answer.headers["location"] for answer in done] == [day, day]
    assert await fetch_value("SELECT count(*) FROM goods_handover") == 1
    twice = await client.post(where, data=form | {"request": str(ids.new_id())}, files=_signature())
    assert twice.status_code == 409
    assert "此人已领取" in twice.text
    assert "DZ仓库" in twice.text
    # The second person stands there all day.
    assert 'value="志愿者甲"' in (await client.get(f"/staff/drives/turns/{other}")).text
    absent = await client.post(f"{day}/absent", data={"come_on": clock.today().isoformat()})
    assert absent.status_code == 303
    assert "改期至" in (await client.get(f"/staff/drives/turns/{other}")).text
    assert (await client.post(f"/staff/drives/turns/{other}/strike", data={"reason": ""})).status_code == 422
    struck = await client.post(f"/staff/drives/turns/{other}/strike", data={"reason": "已迁出"})
    assert struck.status_code == 303
    whole = await client.get(f"/staff/drives/{season.drive}")
    assert "每一件都有去向" in whole.text
    assert not any(name in whole.text for name in ("演示张三", "演示张四", "13800000001"))


async def test_slips_are_printed_with_masked_names(client: httpx.AsyncClient) -> None:
    season = await a_season()
    await listed(season, *(somebody(n) for n in range(1, 13)))
    await _open(client)
    slips = f"/staff/drives/{season.drive}/sites/{season.site}/slips.pdf"
    answer = await client.get(slips)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert (await client.get(f"{slips}?part=2")).status_code == 404


async def test_people_of_another_county_see_neither_list_nor_day(client: httpx.AsyncClient) -> None:
    from cishan.identity.rules.roles import Role
    from tests.identity.staffing import OTHER, a_member

    season = await a_season()
    (one,) = await listed(season, somebody())
    await give(season, one)
    await a_member("far", Role.WAREHOUSE_KEEPER, name="外县库管", region=OTHER)
    await _open(client, "far")
    for path in (
        f"/staff/drives/{season.drive}",
        f"/staff/drives/{season.drive}/sites/{season.site}",
        f"/staff/drives/turns/{one}",
        f"/staff/drives/{season.drive}/people",
        f"/staff/drives/{season.drive}/sites/{season.site}/slips.pdf",
    ):
        assert (await client.get(path)).status_code == 404, path
    number = (await turn(one))["number"]
    assert number not in (await client.get("/staff/entitlements")).text
    assert (await kit_queries.kit_by_id(season.version)).version == 1
