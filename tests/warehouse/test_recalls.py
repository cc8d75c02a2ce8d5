"""A lot is called back: locked with its kits, its receivers listed, told once, followed up, and closed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import assembling, kits, orders, recalls, stock
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.queries import kin
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries import recalls as queries
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import Part
from cishan.warehouse.rules.orders import Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.recalls import Origin, Reached
from cishan.warehouse.rules.stock import Cause, Delta
from tests.history import tell
from tests.warehouse import ordering
from tests.warehouse.counting import House, a_house, everything
from tests.warehouse.stocking import FUND, a_bin, a_lot, an_item, move, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")
ALL = ("%",)


async def begun(house: House, *lots: UUID, by: Acting | None = None, request: UUID | None = None) -> UUID:
    new = NewRecall(lots=lots, origin=Origin.MANUFACTURER, reason="包装胀气", advice="请停止食用并退回。")
    return await recalls.open_recall(new, by=by or house.ada, request=request or ids.new_id())


async def handed_out(house: House, quantity: int = 2, **more: object) -> UUID:
    """Hand goods out in one step and return the order."""
    done = await orders.hand_out(
        ordering.an_order(house.site, (house.item, quantity), **more),
        by=house.ada,
        second=Second(person=house.bea.person_id),
        signature=await ordering.brought(),
        request=ids.new_id(),
    )
    return done.order_id


async def state_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT state FROM stock_lot WHERE id = {}", lot))


async def test_a_recall_locks_the_lot_breaks_promises_and_lists_who_has_some() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    gone = await handed_out(house)
    waiting = await ordering.reserved(house.site, house.bea, (house.item, 3))
    request = ids.new_id()
    recall = await begun(house, lot, request=request)
    assert (await state_of(lot), await stock_of(lot)) == ("recalled", (8, 0, 48_000))
    assert (await ordering.state_of(waiting), await ordering.picks(waiting)) == (
        "requested",
        [("released", 3)],
    )
    with pytest.raises(stock.Unusable):
        await move(Cause.ISSUE, Delta(lot, house.shelf, -1))
    (line,) = await queries.receivers(recall, ALL)
    assert (line.order, line.quantity, line.name, line.phone) == (gone, 2, "张*某", "138****0001")
    (open_line,) = await queries.receivers(recall, ALL, clear=True)
    assert (open_line.name, open_line.phone) == (ordering.NAME, "13800000001")
    (called,) = await queries.lots_of(recall)
    assert (called.at_start, called.elsewhere, called.issued, called.was) == (8, 8, 2, "open")
    told = await fetch("SELECT event, person FROM message ORDER BY event, person")
    assert [r["event"] for r in told] == ["goods_locked", "goods_locked", "reservation_lost"]
    before = await everything()
    assert await begun(house, lot, request=request) == recall
    assert await everything() == before


async def test_every_receiver_with_a_telephone_is_told_once() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    await handed_out(house)
    await handed_out(house, phone="")
    recall = await begun(house, lot)
    assert await recalls.send_notices(recall, ALL, by=house.ada) == 1
    assert await recalls.send_notices(recall, ALL, by=house.ada) == 0
    letters = await fetch("SELECT key, channel FROM letter WHERE template = 'recall_notice'")
    assert [row["channel"] for row in letters] == ["mobile"]
    lines = await queries.receivers(recall, ALL)
    assert sorted(line.told_at is not None for line in lines) == [False, True]
    assert await recalls.send_notices(recall, ("3799%",), by=house.ada) == 0
    assert await queries.receivers(recall, ("3799%",)) == []


async def test_packed_goods_that_are_called_back_let_their_order_be_picked_again() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 5, expires_on=clock.today() + timedelta(days=90))
    order = await ordering.reserved(house.site, house.bea, (house.item, 2))
    packing = await a_bin(house.site, Purpose.PACKING)
    await move(Cause.PICK, Delta(lot, house.shelf, -2, -2), Delta(lot, packing.id, 2, 2))
    for sql in (
        "UPDATE goods_pick SET state = 'picked', bin = {}, taken_from = {}",
        "UPDATE goods_order SET state = 'picking'",
        "UPDATE goods_order SET state = 'packed', packed_at = now()",
    ):
        if "goods_order" in sql:
            steps = ("reserved", "picking") if "picking'" in sql else ("picking", "packed")
            await tell("goods_order", order, *steps)
        await fetch(sql, *((packing.id, house.shelf) if "{}" in sql else ()))
    other = await a_lot(house.item, house.shelf, 5)
    await begun(house, lot)
    assert (await stock_of(lot))[:2] == (5, 0)
    assert (await ordering.state_of(order), (await stock_of(other))[:2]) == ("picking", (5, 2))
    assert sorted(await ordering.picks(order)) == [("released", 2), ("reserved", 2)]


async def test_a_recall_closes_when_everybody_is_settled_and_nothing_lies_about() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    await handed_out(house)
    recall = await begun(house, lot)
    before = await everything()
    with pytest.raises(Invalid, match="1 receivers are not settled"):
        await recalls.close(recall, closing="全部退回供应商", by=house.ada)
    (line,) = await queries.receivers(recall, ALL)
    with pytest.raises(Invalid, match="how you tried"):
        await recalls.mark(recall, line.id, Reached.UNREACHABLE, note=" ", by=house.ada)
    assert await everything() == before
    await recalls.mark(recall, line.id, Reached.DESTROYED, note="当面销毁", by=house.ada)
    with pytest.raises(Invalid, match="quarantine"):
        await recalls.close(recall, closing="全部退回供应商", by=house.ada)
    quarantine = await a_bin(house.site, Purpose.QUARANTINE)
    await move(Cause.MOVE, Delta(lot, house.shelf, -8), Delta(lot, quarantine.id, 8))
    await recalls.close(recall, closing="全部退回供应商", by=house.ada)
    await recalls.close(recall, closing="全部退回供应商", by=house.ada)
    assert (await queries.recall_by_id(recall)).state == "closed"
    assert await state_of(lot) == "recalled"
    with pytest.raises(Conflict, match="ended"):
        await recalls.lift(recall, reason="误报", by=house.bea)


async def test_a_false_alarm_is_lifted_by_somebody_else_and_other_recalls_hold() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    free = await a_lot(house.item, house.shelf, 4)
    over = await a_lot(house.item, house.shelf, 4, expires_on=clock.today() + timedelta(days=1))
    first = await begun(house, lot, free, over)
    second = await begun(house, lot)
    before = await everything()
    with pytest.raises(Forbidden, match="somebody else"):
        await recalls.lift(first, reason="误报", by=house.ada)
    with pytest.raises(Invalid):
        await recalls.lift(first, reason=" ", by=house.bea)
    assert await everything() == before
    await recalls.lift(first, reason="厂家更正批号", by=house.bea)
    await recalls.lift(first, reason="厂家更正批号", by=house.bea)
    assert [await state_of(one) for one in (lot, free, over)] == ["recalled", "open", "open"]
    await recalls.lift(second, reason="厂家更正批号", by=house.bea)
    assert await state_of(lot) == "open"


async def test_a_recall_of_a_part_reaches_who_has_kits_of_it_and_who_has_what_came_out_of_them() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 6)
    kit = await an_item("WARM", name="暖冬包", category=Category.KIT, life=None)
    version = await kits.draft_kit(kit, [Part(house.item, 2)])
    made = await assembling.assemble(
        version,
        site=house.site,
        bin_id=house.shelf,
        fund=FUND,
        quantity=3,
        by=house.bea,
        request=ids.new_id(),
    )
    boxed = (await kit_queries.made(made)).lot
    apart = await assembling.disassemble(
        boxed, from_bin=house.shelf, to_bin=house.shelf, quantity=1, by=house.bea, request=ids.new_id()
    )
    (part,) = await kit_queries.came_out(apart)
    # Nothing of the lot itself is left: one receiver has a kit of it, the other what came out of a kit.
    assert [(await stock_of(one))[0] for one in (lot, boxed, part.lot)] == [0, 2, 2]
    kin_of = [[one.id for one in await kin.made_from(part.lot)], [one.id for one in await kin.gone_into(lot)]]
    assert kin_of == [[lot, boxed], [boxed, part.lot]]
    boxes = await handed_out(replace(house, item=kit), 1)
    loose = await handed_out(house, 2)
    recall = await begun(house, lot)
    reached = {line.order: line.quantity for line in await queries.receivers(recall, ALL)}
    assert reached == {boxes: 1, loose: 2}
    assert [await state_of(one) for one in (lot, boxed, part.lot)] == ["recalled"] * 3


async def test_what_came_out_of_a_kit_while_it_was_called_back_is_let_go_with_it() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    kit = await an_item("WARM", name="暖冬包", category=Category.KIT, life=None)
    version = await kits.draft_kit(kit, [Part(house.item, 2)])
    where: dict[str, Any] = {"by": house.bea, "quantity": 3}
    made = await assembling.assemble(
        version, site=house.site, bin_id=house.shelf, fund=FUND, request=ids.new_id(), **where
    )
    boxed = (await kit_queries.made(made)).lot
    first, second = await begun(house, lot), await begun(house, lot)
    apart = await assembling.disassemble(
        boxed, from_bin=house.shelf, to_bin=house.shelf, request=ids.new_id(), **where
    )
    (part,) = await kit_queries.came_out(apart)
    assert [await state_of(one) for one in (lot, boxed, part.lot)] == ["recalled"] * 3
    await recalls.lift(first, reason="厂家更正批号", by=house.bea)
    assert [await state_of(one) for one in (lot, boxed, part.lot)] == ["recalled"] * 3
    await recalls.lift(second, reason="厂家更正批号", by=house.bea)
    assert [await state_of(one) for one in (lot, boxed, part.lot)] == ["open"] * 3


async def test_a_manufacturers_recall_finds_the_lots_by_the_days_on_which_they_were_made() -> None:
    house = await a_house()
    today = clock.today()
    days = [today - timedelta(days=n) for n in (40, 30, 20, 10)]
    made = [await a_lot(house.item, house.shelf, 1, made_on=day) for day in days]
    await a_lot(house.item, house.shelf, 1)
    found = await queries.lots_made(house.item, days[1], days[2], ALL, limit=10)
    assert [one.id for one in found] == made[1:3]
