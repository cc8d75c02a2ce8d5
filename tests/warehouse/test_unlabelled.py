"""Goods that a count finds without a label: two agree, a third judges, nothing of unknown age is issued."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Decision
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import lots, stocktake_endings, stocktakes
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.queries import unlabelled
from tests.identity import staffing
from tests.warehouse.counting import House, a_house, everything, frozen, opened, proposed, state_of
from tests.warehouse.stocking import a_lot, an_item, booked, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")


async def count(
    stocktake: UUID, house: House, by: Acting, *, lots: dict[UUID, int], pieces: int, **more: Any
) -> None:
    """Count the shelf to its end: lots, and pieces of the house's item without a label."""
    one = await stocktakes.begin_count(stocktake, house.shelf, by=by)
    for lot, quantity in lots.items():
        number = await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot)
        await stocktakes.enter(one.id, scan=number, quantity=quantity, by=by, request=ids.new_id())
    if pieces:
        await enter(one.id, house.item, by, pieces, **more)
    await stocktakes.end_count(one.id, by=by)


async def enter(count_id: UUID, item: UUID, by: Acting, pieces: int, **more: Any) -> None:
    said = {"use_until": None, "reason": "标签脱落", "request": ids.new_id(), **more}
    await stocktakes.enter_unlabelled(count_id, item, quantity=pieces, by=by, **said)


async def found(stocktake: UUID) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT counted, use_until, explanation FROM stocktake_unlabelled WHERE stocktake = {}", stocktake
    )


async def test_what_two_found_becomes_a_memo_lot_in_quarantine_after_a_third_agreed() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7, cost_fen=7_000)
    stocktake = await opened(house)
    day = date(2027, 6, 30)
    await count(stocktake, house, house.ada, lots={lot: 7}, pieces=3, use_until=day)
    await count(stocktake, house, house.bea, lots={lot: 7}, pieces=3, reason="裸箱")
    assert await found(stocktake) == [{"counted": 3, "use_until": day, "explanation": "标签脱落；裸箱"}]
    assert await state_of(stocktake) == "review"
    before = await everything()
    with pytest.raises(Conflict, match="differences"):
        await stocktake_endings.finish(stocktake, by=house.ada)
    assert await everything() == before
    approval = await proposed(house, stocktake)
    assert await fetch_value("SELECT count(*) FROM stock_lot") == 1
    await approvals.check(approval, house.checker, Decision.PASS)
    (made,) = await fetch(
        """SELECT l.id, l.item, l.quantity, l.on_hand, l.value_fen, l.cost_fen, l.basis, l.source, l.state,
                  l.expires_on, l.source_id, l.fund_code, b.purpose
             FROM stock_lot AS l JOIN stocktake_unlabelled AS u ON u.lot = l.id
             JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin"""
    )
    assert made == {
        "id": made["id"],
        "item": house.item,
        "quantity": 3,
        "on_hand": 3,
        "value_fen": 0,
        "cost_fen": 0,
        "basis": "memo",
        "source": "count",
        "state": "quarantined",
        "expires_on": day,
        "source_id": stocktake,
        "fund_code": "GEN",
        "purpose": "quarantine",
    }
    # No other lot gains anything, and the books say the same.
    assert await stock_of(lot) == (7, 0, 7_000)
    assert (await booked("1201"), await booked("1201", "GEN")) == (7_000, 0)
    assert (await state_of(stocktake), await frozen(stocktake)) == ("done", 0)
    await lots.release(made["id"], by=house.ada, reason="已检验")
    assert await fetch_value("SELECT state FROM stock_lot WHERE id = {}", made["id"]) == "open"


async def test_goods_that_spoil_and_bear_no_day_are_never_let_out_of_quarantine() -> None:
    house = await a_house()
    stocktake = await opened(house)
    for one in (house.ada, house.bea):
        await count(stocktake, house, one, lots={}, pieces=2)
    assert await fetch_value("SELECT shelf_life_days FROM goods_item WHERE id = {}", house.item)
    await approvals.check(await proposed(house, stocktake), house.checker, Decision.PASS)
    (made,) = await fetch("SELECT lot FROM stocktake_unlabelled")
    before = await everything()
    with pytest.raises(Conflict, match="how old"):
        await lots.release(made["lot"], by=house.ada, reason="看着还好")
    with pytest.raises(asyncpg.CheckViolationError, match="how old"):
        async with atomic():
            await connection().execute("UPDATE stock_lot SET state = 'open' WHERE id = $1", made["lot"])
    assert await everything() == before


async def test_a_third_counts_only_what_the_two_disagree_on_and_their_number_stands() -> None:
    house = await a_house()
    lot, other = await a_lot(house.item, house.shelf, 7), await an_item("QUILT")
    stocktake = await opened(house)
    await count(stocktake, house, house.ada, lots={lot: 7}, pieces=3)
    await count(stocktake, house, house.bea, lots={lot: 7}, pieces=0)
    assert [row["counted"] for row in await found(stocktake)] == [None]
    assert await state_of(stocktake) == "counting"
    third = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    assert third.position == 3
    with pytest.raises(Invalid, match="only of"):
        await enter(third.id, other, house.ada, 1)
    await enter(third.id, house.item, house.ada, 2, use_until=date(2027, 1, 1))
    await stocktakes.end_count(third.id, by=house.ada)
    assert [(row["counted"], row["use_until"]) for row in await found(stocktake)] == [(2, date(2027, 1, 1))]
    assert await state_of(stocktake) == "review"


async def test_what_nobody_finds_a_third_time_is_nothing_and_the_stocktake_ends() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await count(stocktake, house, house.ada, lots={lot: 7}, pieces=3)
    await count(stocktake, house, house.bea, lots={lot: 7}, pieces=0)
    third = await stocktakes.begin_count(stocktake, house.shelf, by=house.bea)
    await stocktakes.end_count(third.id, by=house.bea)
    assert await unlabelled.unlabelled(await queries.stocktake_by_id(stocktake)) == []
    await stocktake_endings.finish(stocktake, by=house.ada)
    assert await state_of(stocktake) == "done"
    assert await fetch_value("SELECT count(*) FROM stock_lot") == 1


async def test_the_same_form_counts_once_and_an_entry_without_a_reason_never() -> None:
    house = await a_house()
    stocktake = await opened(house)
    one = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    request = ids.new_id()
    for _ in range(2):
        await enter(one.id, house.item, house.ada, 3, request=request)
    with pytest.raises(Invalid, match="why"):
        await enter(one.id, house.item, house.ada, 3, reason=" ")
    assert [entry.quantity for entry in await unlabelled.entries_of(one.id)] == [3]
    await stocktakes.start_over(one.id, house.item, by=house.ada)
    assert await unlabelled.entries_of(one.id) == []
    await stocktakes.end_count(one.id, by=house.ada)
    with pytest.raises(Conflict, match="ended"):
        await enter(one.id, house.item, house.ada, 3)


async def test_a_barcode_in_the_place_of_a_label_asks_why_there_is_none(client: httpx.AsyncClient) -> None:
    house = await a_house()
    code = await fetch_value("SELECT code FROM goods_item WHERE id = {}", house.item)
    stocktake = await opened(house)
    client.cookies.set("session", await staffing.a_session("ada-keeper"))
    here = f"/staff/warehouse/counts/{stocktake}"
    screen = (await client.post(f"{here}/bins/{house.shelf}/count")).headers["location"]
    form = {"scan": code, "quantity": "4", "request": str(ids.new_id())}
    asked = await client.post(f"{screen}/entries", data=form)
    assert asked.status_code == 422
    assert "为什么没有标签" in asked.text and f'value="{house.item}" selected' in asked.text
    assert re.search(r'id="field-pieces"[^>]*value="4"', asked.text)
    said = {"item": str(house.item), "pieces": "4", "request": form["request"], "use_until": "2027-03-01"}
    for wrong in (
        {"pieces": "0", "why": "x"},
        {"pieces": "-1", "why": "x"},
        {"use_until": "x", "why": "x"},
        {"why": ""},
    ):
        answer = await client.post(f"{screen}/unlabelled", data={**said, **wrong})
        assert answer.status_code == 422, wrong
    assert await fetch("SELECT FROM stocktake_unlabelled_entry") == []
    for _ in range(2):
        assert (
            await client.post(f"{screen}/unlabelled", data={**said, "why": "标签脱落"})
        ).status_code == 303
    shown = (await client.get(screen)).text
    assert "无标签" in shown and "4 袋" in shown
    assert (await client.post(f"{screen}/over", data={"thing": str(house.item)})).status_code == 303
    assert "4 袋" not in (await client.get(screen)).text
    await client.post(f"{screen}/unlabelled", data={**said, "why": "标签脱落", "request": str(ids.new_id())})
    await client.post(f"{screen}/end")
    await count(stocktake, house, house.bea, lots={}, pieces=4)
    review = (await client.get(here)).text
    (line,) = await fetch("SELECT id FROM stocktake_unlabelled")
    assert "盘点发现的无标签物资" in review and f'name="line-{line["id"]}"' in review
    sent = await client.post(f"{here}/explain", data={"propose": "1", f"line-{line['id']}": ""})
    assert sent.status_code == 422 and f'href="#field-line-{line["id"]}"' in sent.text
    sent = await client.post(f"{here}/explain", data={"propose": "1", f"line-{line['id']}": "搬运时标签脱落"})
    assert sent.headers["location"].startswith("/staff/approvals/")
    assert "无标签物资件数" in (await client.get(sent.headers["location"])).text
