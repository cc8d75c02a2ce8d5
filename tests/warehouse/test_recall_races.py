"""Goods are called back while others set them aside, pick them, or take kits apart."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from cishan.kernel import ids
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import assembling, kits, order_steps, orders, picks, recalls, stock
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import Part
from cishan.warehouse.rules.recalls import Origin
from tests.warehouse import ordering, stocking
from tests.warehouse.counting import House, a_house
from tests.warehouse.stocking import FUND, a_lot, stock_of

pytestmark = pytest.mark.usefixtures("config", "racing")
Step = Callable[[], Awaitable[object]]
WAITING = "SELECT count(*) FROM pg_locks WHERE pid = {} AND NOT granted"


async def nothing() -> None:
    pass


async def during(house: House, lot: UUID, first: Step, then: Step = nothing) -> None:
    """Do something first, let a recall of a lot begin and wait for it, do the rest, and let both end."""
    ready, go_on, pids = asyncio.Event(), asyncio.Event(), asyncio.Queue[int]()

    async def other() -> None:
        async with atomic():
            await first()
            ready.set()
            await go_on.wait()
            await then()

    async def call_back() -> None:
        new = NewRecall(lots=(lot,), origin=Origin.MANUFACTURER, reason="包装胀气", advice="请停止食用。")
        async with atomic():
            pids.put_nowait(await connection().fetchval("SELECT pg_backend_pid()"))
            await recalls.open_recall(new, by=house.ada, request=ids.new_id())

    doing = asyncio.create_task(other())
    await ready.wait()
    recalling = asyncio.create_task(call_back())
    await waits(await pids.get())
    go_on.set()
    await asyncio.gather(doing, recalling)


async def waits(pid: int) -> None:
    """Return once the server process stands before a lock; fail if it never does."""
    async with asyncio.timeout(20):
        while not await fetch_value(WAITING, pid):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0)


async def test_a_recall_and_who_sets_the_same_goods_aside_do_not_lock_each_other_out() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    held = await ordering.reserved(house.site, house.bea, (house.item, 3))
    other = await ordering.requested(house.site, house.bea, (house.item, 2))

    async def choose() -> None:
        await order_steps.lock([other])
        await stock.lock_items(house.site, [house.item])

    async def reserve() -> None:
        await orders.reserve([other], by=house.bea, request=ids.new_id())

    await during(house, lot, choose, reserve)
    assert await stock_of(lot) == (10, 0, 60_000)
    assert [await ordering.picks(one) for one in (held, other)] == [[("released", 3)], [("released", 2)]]


async def test_a_recall_and_who_picks_the_same_goods_do_not_lock_each_other_out() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    order_id = await ordering.reserved(house.site, house.bea, (house.item, 3))
    (line,) = await queries.picks_of(order_id)

    async def choose() -> None:
        await order_steps.lock([order_id])

    async def pick() -> None:
        await picks.pick(line.id, quantity=3, by=house.bea, request=ids.new_id())

    await during(house, lot, choose, pick)
    assert await stock_of(lot) == (10, 0, 60_000)
    assert await ordering.picks(order_id) == [("released", 3)]


async def test_what_comes_out_of_a_kit_while_its_parts_are_called_back_is_called_back_too() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 10)
    kit = await stocking.an_item("WARM", name="暖冬包", category=Category.KIT, life=None)
    version = await kits.draft_kit(kit, [Part(house.item, 2)])
    made = await assembling.assemble(
        version,
        site=house.site,
        bin_id=house.shelf,
        quantity=3,
        fund=FUND,
        by=house.bea,
        request=ids.new_id(),
    )
    boxed = (await kit_queries.made(made)).lot

    async def take_apart() -> None:
        await assembling.disassemble(
            boxed,
            from_bin=house.shelf,
            to_bin=house.shelf,
            quantity=1,
            by=house.bea,
            request=ids.new_id(),
        )

    await during(house, lot, take_apart)
    rows = await fetch("SELECT source, state, on_hand FROM stock_lot ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("opening", "recalled", 4),
        ("kit", "recalled", 2),
        ("split", "recalled", 2),
    ]
    assert await fetch_value("SELECT count(*) FROM goods_recall_lot") == 3
