"""Two orders want the last piece at the same time: one gets it, over real connections."""

import asyncio
from uuid import UUID

import pytest

from cishan.approvals.rules import Acting
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.kernel.errors import Conflict
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import handovers, orders, picks, scraps
from cishan.warehouse.actions.scraps import Proposed
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.rules.orders import Second, Signed
from cishan.warehouse.rules.scraps import SCRAP, Ground
from seeds import approvals as bands
from tests.identity.staffing import a_member
from tests.warehouse.ordering import brought, requested, reserved, state_of
from tests.warehouse.stocking import a_bin, stock_of
from tests.warehouse.test_orders import a_shelf

pytestmark = pytest.mark.usefixtures("config")


async def _try(order_id: UUID, keeper: Acting) -> int:
    try:
        return (await orders.reserve([order_id], by=keeper, request=ids.new_id())).pieces
    except Conflict:
        return 0


async def test_the_last_pieces_are_set_aside_once(racing: str) -> None:
    site, item, lot, keeper = await a_shelf(3)
    wanted = [await requested(site, keeper, (item, 1)) for _ in range(8)]
    got = await asyncio.gather(*(_try(order_id, keeper) for order_id in wanted))
    assert sorted(got) == [0] * 5 + [1] * 3
    assert (await stock_of(lot))[:2] == (3, 3)
    states = sorted([await state_of(order_id) for order_id in wanted])
    assert states == ["requested"] * 5 + ["reserved"] * 3


async def test_a_form_that_is_sent_twice_at_once_hands_over_once(racing: str) -> None:
    site, item, lot, keeper = await a_shelf(5)
    order_id = await reserved(site, keeper, (item, 2))
    (pick,) = await queries.picks_of(order_id)
    await picks.pick(pick.id, quantity=2, by=keeper, request=ids.new_id())
    await handovers.pack(order_id, parcels=1, by=keeper)
    second = Second(person=await a_member("second", Role.GRID_WORKER, name="网格员"))
    request, papers = ids.new_id(), await brought()

    async def send() -> UUID:
        done = await handovers.hand_over(
            order_id, by=keeper, second=second, signed=Signed.SCREEN, signature=papers, request=request
        )
        return done.handover_id

    sent = await asyncio.gather(*(send() for _ in range(5)))
    assert len(set(sent)) == 1
    assert await stock_of(lot) == (3, 0, 18000)
    assert await fetch_value("SELECT count(*) FROM stored_file") == 1
    issues = await fetch("SELECT id FROM stock_cause WHERE kind = 'issue'")
    assert len(issues) == 1


async def test_a_write_off_that_is_sent_twice_at_once_is_proposed_once(racing: str) -> None:
    await bands.load()
    site, _, lot, keeper = await a_shelf(5)
    shelf, request = (await a_bin(site)).id, ids.new_id()
    said = Proposed(words="受潮发霉", witness=Second(name="李某某"), photos=await brought("photo", SCRAP))

    async def send() -> UUID:
        return await scraps.propose(
            said,
            lot_id=lot,
            bin_id=shelf,
            quantity=2,
            ground=Ground.DAMAGED,
            by=keeper,
            request=request,
        )

    sent = await asyncio.gather(*(send() for _ in range(4)))
    assert len(set(sent)) == 1
    assert await fetch_value("SELECT sum(quantity) FROM goods_scrap") == 2
