"""Every move is found from its lot, its bin, its day and its person, with what it was for and worth."""

import csv
import io
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from cishan.console.queries import LISTS
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing import db as database
from cishan.plumbing.db import fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.plumbing.lists import Page
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of
from cishan.warehouse.queries.lists_moves import MOVES
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.queries.trail import ways_of
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta, shares
from tests.donations.conftest import words
from tests.identity import staffing
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item, move, stock_of
from tests.warehouse.test_picks import handed_over

pytestmark = pytest.mark.usefixtures("config", "db")


@pytest.fixture(autouse=True)
def _chinese(client: httpx.AsyncClient) -> None:
    set_language(CHINESE)


async def found(**typed: str) -> Page:
    return await page_of(MOVES, await read(MOVES, {name: [text] for name, text in typed.items()}))


async def a_life() -> UUID:
    """Let a lot of ten, worth 100.01 yuan, go every way that leaves something of it."""
    site = await a_site()
    dock, shelf = await a_bin(site, Purpose.RECEIVING), await a_bin(site)
    lot = await a_lot(await an_item(), dock.id, 10, cost_fen=10_001)
    await move(Cause.MOVE, Delta(lot, dock.id, -7), Delta(lot, shelf.id, 7))
    await move(Cause.SCRAP, Delta(lot, dock.id, -1))
    gone = await move(Cause.ISSUE, Delta(lot, shelf.id, -3))
    await move(Cause.RETURN, Delta(lot, shelf.id, 1), reverses=gone.cause_id)
    await move(Cause.LOSE, Delta(lot, shelf.id, -1))
    await move(Cause.ADJUST, Delta(lot, dock.id, -2), Delta(lot, shelf.id, 1))
    return lot


@pytest.mark.parametrize(
    ("value_fen", "pieces", "parts"),
    [
        (-100, [-1, -1, -1], [-34, -33, -33]),
        (-500, [-2, -3], [-200, -300]),
        (-60, [-2, 1], [-120, 60]),
        (10_001, [10], [10_001]),
    ],
)
def test_moves_of_one_cause_share_its_value_to_the_last_fen(
    value_fen: int, pieces: list[int], parts: list[int]
) -> None:
    assert shares(value_fen, pieces) == parts
    assert sum(parts) == value_fen


async def test_an_order_is_followed_from_receipt_to_hand_over(client: httpx.AsyncClient) -> None:
    order_id, lot_id, keeper = await handed_over()
    number = await fetch_value("SELECT number FROM goods_order WHERE id = {}", order_id)
    lot = await lot_by_id(lot_id)
    page = await found(lot=lot.number)
    rows = [
        (r["kind"], r["bin"], r["on_hand"], r["reserved"], r["value_fen"], r["who"], r["subject"])
        for r in page.rows
    ]
    order = f"出库单 {number}"
    assert rows == [
        ("issue", "DZ-OUT-01", -4, -4, -24_000, "库管", order),
        ("pick", "DZ-OUT-01", 4, 4, None, "库管", order),
        ("pick", "DZ-A-01", -4, -4, None, "库管", order),
        ("reserve", "DZ-A-01", 0, 4, None, "库管", order),
        ("receive", "DZ-A-01", 10, 0, 60_000, "平台自动处理", ""),
    ]
    assert [r["number"] for r in page.rows] == sorted((r["number"] for r in page.rows), reverse=True)
    client.cookies.set("session", await staffing.a_session("keeper"))
    shown = (await client.get(f"/staff/warehouse/moves?lot={lot.number}")).text
    for link in (f"orders/{number}", f"lots/{lot.id}", f"items/{lot.item}", "bins/"):
        assert f'href="/staff/warehouse/{link}' in shown, link
    assert "张某某" not in shown and "13800000001" not in shown
    assert page.rows[0]["person"] == keeper.person_id


async def test_moves_are_sorted_by_their_time_too() -> None:
    await a_life()
    times = [row["at"] for row in (await found(sort="at")).rows]
    assert len(times) == 9 and times == sorted(times)


async def test_each_filter_keeps_what_it_says() -> None:
    _, lot_id, keeper = await handed_over()
    lot, today = await lot_by_id(lot_id), clock.today()
    site = await fetch_value("SELECT id FROM stock_site")
    far = await a_site("QY", region=staffing.COUNTY)
    other = await a_lot(await an_item("OIL5", name="食用油5L"), (await a_bin(far)).id, 2)
    assert {r["lot_id"] for r in (await found(site=str(far))).rows} == {other}
    counts = {
        "lot": ({"lot": lot.number.lower()}, 5),
        "item": ({"item": "食用油"}, 1),
        "kind": ({"kind": "pick"}, 2),
        "site": ({"site": str(site)}, 5),
        "bin": ({"bin": "out"}, 2),
        "person": ({"person": str(keeper.person_id)}, 4),
        "today": ({"at_from": f"{today}", "at_to": f"{today}"}, 6),
        "yesterday": ({"at_to": f"{today - timedelta(days=1)}"}, 0),
        "all": ({}, 6),
    }
    assert {name: (await found(**typed)).found for name, (typed, _) in counts.items()} == {
        name: wanted for name, (_, wanted) in counts.items()
    }
    assert list((await found()).wish.labels()) == [
        "lot",
        "item",
        "kind",
        "site",
        "bin",
        "at_from",
        "at_to",
        "person",
    ]


async def test_the_movers_to_choose_from_are_those_who_moved_something() -> None:
    _, _, keeper = await handed_over()
    await a_keeper("idle-keeper")
    (choice,) = [one for one in (await found()).wish.fields if one.code == "person"]
    assert choice.options == ((str(keeper.person_id), "库管"),)


async def test_a_keeper_of_a_county_finds_and_takes_only_its_moves(client: httpx.AsyncClient) -> None:
    await handed_over()
    far = await a_site("QY", region=staffing.COUNTY)
    await a_lot(await an_item("OIL5", name="食用油5L"), (await a_bin(far)).id, 2, cost_fen=1_000)
    await staffing.a_member("county", Role.WAREHOUSE_KEEPER, region=staffing.COUNTY)
    client.cookies.set("session", await staffing.a_session("county"))
    shown = words((await client.get("/staff/warehouse/moves")).text)
    assert "食用油5L" in shown and "大米10kg" not in shown
    answer = await client.post("/staff/warehouse/moves/export", data={"format": "csv"})
    (row,) = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
    assert row[2:3] + row[4:13] == [
        "入库",
        "食用油5L",
        "OIL5",
        "QY-A-01",
        "QY仓库",
        "2",
        "0",
        "袋",
        "10.00",
        "平台自动处理",
    ]


async def test_a_page_of_many_subjects_asks_as_often_as_one_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    await handed_over()
    asked: list[str] = []
    fetch = database.fetch

    async def counted(sql: str, *values: object) -> list[dict[str, object]]:
        asked.append(sql)
        return await fetch(sql, *values)

    for module in ("cishan.plumbing.lists.fetching", "cishan.warehouse.queries.lists_moves"):
        monkeypatch.setattr(f"{module}.fetch", counted)
    few = len((await found(kind="issue")).rows), len(asked)
    asked.clear()
    many = len((await found()).rows), len(asked)
    assert (few, many) == ((1, few[1]), (5, few[1]))


async def test_the_ways_of_a_lot_add_up_to_what_is_here(client: httpx.AsyncClient) -> None:
    lot = await a_life()
    ways = [(way.name, way.pieces, way.value_fen) for way in await ways_of(lot)]
    assert [way[:2] for way in ways] == [
        ("Taken into stock", 10),
        ("Brought back", 1),
        ("Handed out", -3),
        ("Scrapped", -1),
        ("Lost under way", -1),
        ("Missing at a stocktake", -1),
    ]
    assert (
        (sum(way[1] for way in ways), 0, sum(way[2] for way in ways)) == await stock_of(lot) == (5, 0, 5_001)
    )
    rows = (await found(lot=(await lot_by_id(lot)).number)).rows
    assert sum(row["on_hand"] for row in rows) == 5
    assert sum(row["value_fen"] or 0 for row in rows) == 5_001
    await a_keeper()
    client.cookies.set("session", await staffing.a_session("keeper"))
    page = (await client.get(f"/staff/warehouse/lots/{lot}")).text
    told = (
        "收发汇总 事项 件数 价值 入库 +10 ¥100.01 退回 +1 ¥10.00 已发放 −3 -¥30.00"
        " 已报废 −1 -¥10.00 途中短少 −1 -¥10.00 盘亏 −1 -¥10.00 结存 5 ¥50.01"
    )
    assert told in words(page)
    assert f'href="/staff/warehouse/moves?lot={(await lot_by_id(lot)).number}"' in page


async def test_a_bin_leads_to_all_its_moves(client: httpx.AsyncClient) -> None:
    await a_life()
    await a_keeper()
    client.cookies.set("session", await staffing.a_session("keeper"))
    bin_id = await fetch_value("SELECT id FROM stock_bin WHERE code = 'DZ-A-01'")
    assert (
        'href="/staff/warehouse/moves?bin=DZ-A-01"'
        in (await client.get(f"/staff/warehouse/bins/{bin_id}")).text
    )
    shown = await client.get("/staff/warehouse/moves?bin=DZ-A-01")
    assert words(shown.text).count("DZ-A-01") >= 5 and "DZ-IN-01" not in words(shown.text)
    assert 'href="/staff/warehouse/moves"' in shown.text


def test_the_list_names_no_receivers() -> None:
    (shown,) = [one for one in LISTS if one.of.code == "warehouse/moves"]
    assert not shown.of.personal
    assert not [column for column in MOVES.columns if "_enc" in column.sql or "goods_order" in column.sql]
