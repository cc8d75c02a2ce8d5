"""Many hands at one booking: either all of it is taken back out, or what was promised of it stands."""

import asyncio
from uuid import UUID, uuid4

import pytest

from cishan import settings
from cishan.kernel import ids
from cishan.kernel.errors import Conflict
from cishan.plumbing import db as database
from cishan.plumbing.db import fetch
from cishan.warehouse.actions import receiving, reversals, stock
from cishan.warehouse.queries import arrivals, intake, proofs
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.rules.offers import State
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.reversals import Wrong
from cishan.warehouse.rules.stock import Cause, Delta
from tests.warehouse import offering
from tests.warehouse.offering import a_house, the_keeper
from tests.warehouse.stocking import FUND, a_keeper, booked, move

WORKERS = 10


@pytest.fixture
async def crowd(racing: str, config: settings.Settings) -> None:
    """Let every worker have a connection."""
    await database.engine().close_connection_pool()
    await database.engine().start_connection_pool(min_size=1, max_size=2 * WORKERS + 2)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("reservers", [0, 3, WORKERS])
async def test_ten_reverse_a_booking_while_others_reserve_of_it(reservers: int) -> None:
    found = await offering.a_booked_offer(await a_house(), fund=FUND)
    maker, checker = await the_keeper("zhou"), await the_keeper("wu")
    (lying,) = await arrivals.lying(found.id)
    await receiving.shelve(found.id, lying.lot, "DZ-A-01", 20, request=uuid4(), by=checker)
    shelf = (await first_bin(found.site, Purpose.SHELF)).id
    reversal = await reversals.propose(
        found.id, wrong=Wrong.VALUE, fund="", reason="价值多记", request=uuid4(), by=maker
    )
    checkers = [checker, *[await a_keeper(f"checker-{number}") for number in range(WORKERS - 1)]]
    gate = asyncio.Event()

    async def agree(nth: int) -> bool:
        await gate.wait()
        try:
            await reversals.agree(reversal, by=checkers[nth])
        except Conflict:
            return False
        return True

    async def reserve() -> bool:
        await gate.wait()
        try:
            await move(Cause.RESERVE, Delta(lying.lot, shelf, reserved=1), request=ids.new_id())
        except stock.Short:
            return False
        return True

    agreeing = [asyncio.create_task(agree(nth)) for nth in range(WORKERS)]
    reserving = [asyncio.create_task(reserve()) for _ in range(reservers)]
    gate.set()
    agreed, reserved = await asyncio.gather(asyncio.gather(*agreeing), asyncio.gather(*reserving))
    assert not (any(agreed) and any(reserved))
    assert agreed.count(True) == (0 if any(reserved) else 1)
    assert reserved == [not any(agreed)] * reservers
    await _hold(found.id, lying.lot, is_out=any(agreed), promised=reserved.count(True))


async def _hold(offer: UUID, lot: UUID, *, is_out: bool, promised: int) -> None:
    """All of it is out of stock and books, or all of it is there with its promises."""
    rows = await fetch(
        """SELECT l.on_hand, l.value_fen, sum(s.reserved)::int AS reserved,
                  (SELECT count(*) FROM stock_cause WHERE kind = 'unreceive')::int AS reversed
             FROM stock_lot AS l JOIN stock_balance AS s ON s.lot = l.id WHERE l.id = {} GROUP BY l.id""",
        lot,
    )
    there = (0, 0, 0, 1) if is_out else (20, 240_000, promised, 0)
    assert [tuple(row.values()) for row in rows] == [there]
    assert await booked("1201") == there[1]
    assert (await intake.offer_by_id(offer)).state is (State.GRADED if is_out else State.BOOKED)
    broken = {one.proof for one in (await proofs.prove()).findings}
    assert broken == ({"orders"} if promised else set())  # what is promised here is promised to no order


@pytest.mark.usefixtures("crowd")
async def test_all_of_a_lot_is_shelved_once_by_ten_forms_of_one_request() -> None:
    found = await offering.a_booked_offer(await a_house(), fund=FUND)
    by, request = await the_keeper("wu"), uuid4()
    (lying,) = await arrivals.lying(found.id)
    every = (
        receiving.shelve(found.id, lying.lot, "DZ-A-01", 20, request=request, by=by) for _ in range(WORKERS)
    )
    assert await asyncio.gather(*every) == [None] * WORKERS
    (lies,) = await arrivals.lying(found.id)
    assert (lies.purpose, lies.free) == (Purpose.SHELF, 20)
    assert (await proofs.prove()).findings == ()
