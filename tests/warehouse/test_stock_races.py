"""Many hands at the last pieces, each with a connection of its own."""

import asyncio
from uuid import UUID

import pytest

from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict
from cishan.plumbing import db as database
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.actions import stock, stocktakes
from cishan.warehouse.queries import stock as queries
from cishan.warehouse.rules.stock import Cause, Delta, LotState
from seeds import deadlines
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item, booked, move

WORKERS = 20


@pytest.fixture
async def crowd(racing: str) -> None:
    """Let every worker have a connection."""
    await database.engine().close_connection_pool()
    await database.engine().start_connection_pool(min_size=1, max_size=WORKERS + 2)


async def take_one(site: UUID, item: UUID, gate: asyncio.Event) -> bool:
    """Look what there is, as the shelves would be read, and take a piece of what expires first."""
    await gate.wait()
    while candidates := await queries.available(site, item, (), clock.today()):
        first = candidates[0]
        try:
            await move(Cause.ISSUE, Delta(first.lot, first.bin, -1))
        except stock.Short:
            continue
        return True
    return False


@pytest.mark.usefixtures("crowd")
async def test_twenty_at_the_last_thirteen_pieces_get_exactly_thirteen() -> None:
    site, item = await a_site(), await an_item()
    shelf = (await a_bin(site)).id
    lots = [await a_lot(item, shelf, 6), await a_lot(item, shelf, 7)]
    gate = asyncio.Event()
    workers = [asyncio.create_task(take_one(site, item, gate)) for _ in range(WORKERS)]
    gate.set()
    assert sorted(await asyncio.gather(*workers)) == [False] * 7 + [True] * 13
    rows = await fetch("SELECT on_hand, value_fen FROM stock_lot WHERE id = ANY({}::uuid[])", lots)
    assert [tuple(row.values()) for row in rows] == [(0, 0), (0, 0)]
    assert (await booked("1201"), await booked("5101")) == (0, 13 * 6000)


@pytest.mark.usefixtures("crowd")
async def test_a_recall_among_issues_lets_nothing_out_after_it() -> None:
    site, item = await a_site(), await an_item()
    shelf = (await a_bin(site)).id
    lot = await a_lot(item, shelf, 100)
    gate = asyncio.Event()

    async def issue() -> bool:
        await gate.wait()
        try:
            await move(Cause.ISSUE, Delta(lot, shelf, -1))
        except stock.Unusable:
            return False
        return True

    async def recall() -> int:
        await gate.wait()
        await stock.set_state(lot, LotState.RECALLED, by=None, reason="厂家召回", event="recall")
        (row,) = await fetch("SELECT on_hand FROM stock_lot WHERE id = {}", lot)
        return int(row["on_hand"])

    issuing = [asyncio.create_task(issue()) for _ in range(WORKERS)]
    recalling = asyncio.create_task(recall())
    gate.set()
    went = sum(await asyncio.gather(*issuing))
    assert await recalling == 100 - went
    (row,) = await fetch("SELECT on_hand FROM stock_lot WHERE id = {}", lot)
    assert row["on_hand"] == 100 - went


@pytest.mark.usefixtures("crowd")
async def test_a_stocktake_among_issues_counts_what_stays() -> None:
    site, item = await a_site(), await an_item()
    shelf = (await a_bin(site)).id
    lot = await a_lot(item, shelf, 100)
    await deadlines.load()
    keeper = await a_keeper()
    gate = asyncio.Event()

    async def issue() -> bool:
        await gate.wait()
        try:
            await move(Cause.ISSUE, Delta(lot, shelf, -1))
        except stock.Frozen:
            return False
        return True

    async def freeze() -> int:
        await gate.wait()
        await stocktakes.open_stocktake(site, [shelf], note="", by=keeper, request=ids.new_id())
        (row,) = await fetch("SELECT on_hand FROM stock_lot WHERE id = {}", lot)
        return int(row["on_hand"])

    issuing = [asyncio.create_task(issue()) for _ in range(WORKERS)]
    freezing = asyncio.create_task(freeze())
    gate.set()
    went = sum(await asyncio.gather(*issuing))
    assert await freezing == 100 - went
    (row,) = await fetch("SELECT on_hand FROM stock_lot WHERE id = {}", lot)
    assert row["on_hand"] == 100 - went


@pytest.mark.usefixtures("crowd")
async def test_one_form_sent_by_twenty_connections_at_once_counts_once() -> None:
    site, item = await a_site(), await an_item()
    shelf = (await a_bin(site)).id
    lot, request = await a_lot(item, shelf, 100), ids.new_id()
    sent = [move(Cause.ISSUE, Delta(lot, shelf, -3), request=request) for _ in range(WORKERS)]
    posted = await asyncio.gather(*sent)
    assert sum(p.is_new for p in posted) == 1
    assert {p.cause_id for p in posted} == {posted[0].cause_id}
    (row,) = await fetch("SELECT on_hand, value_fen FROM stock_lot WHERE id = {}", lot)
    assert tuple(row.values()) == (97, 97 * 6000)


@pytest.mark.usefixtures("crowd")
async def test_moves_that_cross_each_other_lock_nobody_out() -> None:
    site, item = await a_site(), await an_item()
    shelf, other = (await a_bin(site)).id, (await a_bin(await a_site("QY"))).id
    lots = [await a_lot(item, shelf, 50) for _ in range(6)]

    async def take(nth: int) -> None:
        order = lots if nth % 2 else lots[::-1]
        await move(Cause.ISSUE, *(Delta(lot, shelf, -1) for lot in order))

    await asyncio.gather(*(take(nth) for nth in range(WORKERS)))
    rows = await fetch("SELECT on_hand FROM stock_lot WHERE id = ANY({}::uuid[])", lots)
    assert [row["on_hand"] for row in rows] == [30] * 6
    with pytest.raises(Conflict):
        async with atomic():
            await move(Cause.MOVE, Delta(lots[0], shelf, -1), Delta(lots[0], other, 1))
