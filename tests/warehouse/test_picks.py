"""Picking, packing, handing over, taking back: exact stock and books, and nothing changed on a refusal."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import handovers, orders, picks, stock
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.handovers import handover_of, returns_of
from cishan.warehouse.rules.orders import Condition, Confirmed, Second, Signed
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import LotState
from tests.warehouse.ordering import brought, everything, history, reserved, state_of
from tests.warehouse.ordering import picks as picks_of
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, booked, stock_of
from tests.warehouse.test_orders import a_second, a_shelf

pytestmark = pytest.mark.usefixtures("config", "db")


async def there(lot: UUID, purpose: Purpose) -> tuple[int, int]:
    rows = await fetch(
        """SELECT s.on_hand, s.reserved FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
            WHERE s.lot = {} AND b.purpose = {}""",
        lot,
        purpose.value,
    )
    return (rows[0]["on_hand"], rows[0]["reserved"]) if rows else (0, 0)


async def an_order_to_pick(wanted: int = 4, **more: object) -> tuple[UUID, UUID, Acting]:
    """Return an order with its goods set aside, the lot, and the keeper."""
    site, item, lot, keeper = await a_shelf(**more)  # type: ignore[arg-type]
    return await reserved(site, keeper, (item, wanted)), lot, keeper


async def first(order_id: UUID) -> UUID:
    found = await queries.picks_of(order_id)
    return next(one.id for one in found if one.state in {"reserved", "missing"})


async def picked(wanted: int = 4) -> tuple[UUID, UUID, Acting]:
    order_id, lot, keeper = await an_order_to_pick(wanted)
    await picks.pick(await first(order_id), quantity=wanted, by=keeper, request=ids.new_id())
    return order_id, lot, keeper


async def handed_over(wanted: int = 4) -> tuple[UUID, UUID, Acting]:
    order_id, lot, keeper = await picked(wanted)
    await handovers.pack(order_id, parcels=1, by=keeper)
    await handovers.hand_over(
        order_id,
        by=keeper,
        second=await a_second(),
        signed=Signed.SCREEN,
        signature=await brought(),
        request=ids.new_id(),
    )
    return order_id, lot, keeper


async def test_picked_goods_lie_in_packing_and_stay_promised() -> None:
    order_id, lot, keeper = await an_order_to_pick()
    request = ids.new_id()
    pick_id = await first(order_id)
    assert await picks.pick(pick_id, quantity=1, by=keeper, request=request) == 3
    assert await picks.pick(pick_id, quantity=1, by=keeper, request=request) == 3
    assert await picks.pick(pick_id, quantity=3, by=keeper, request=ids.new_id()) == 0
    assert (await there(lot, Purpose.SHELF), await there(lot, Purpose.PACKING)) == ((6, 0), (4, 4))
    assert await picks_of(order_id) == [("picked", 3), ("picked", 1)]
    assert (await history(order_id))[2:] == [("pick", "picking")]
    assert await fetch_value("SELECT count(*) FROM deadline_clock WHERE stopped_at IS NULL") == 0


@pytest.mark.parametrize("quantity", [0, -1, 5, 1_000_000_000])
async def test_nobody_picks_what_is_not_on_the_list(quantity: int) -> None:
    order_id, _, keeper = await an_order_to_pick()
    before = await everything()
    with pytest.raises(Invalid, match="from 1 to 4"):
        await picks.pick(await first(order_id), quantity=quantity, by=keeper, request=ids.new_id())
    assert await everything() == before


async def test_a_lot_that_is_recalled_meanwhile_is_not_picked() -> None:
    order_id, lot, keeper = await an_order_to_pick()
    await stock.set_state(lot, LotState.RECALLED, by=keeper, reason="召回", event="recall")
    before = await everything()
    with pytest.raises(stock.Unusable, match="recalled"):
        await picks.pick(await first(order_id), quantity=4, by=keeper, request=ids.new_id())
    assert await everything() == before


async def test_what_is_not_there_is_told_and_set_aside_elsewhere() -> None:
    site, item, lot, keeper = await a_shelf(5, expires_on=clock.today() + timedelta(days=9))
    other = await a_lot(item, (await a_bin(site)).id, 2)
    order_id = await reserved(site, keeper, (item, 4))
    pick_id = await first(order_id)
    with pytest.raises(Invalid, match="Say why"):
        await picks.not_found(pick_id, found=1, reason="", by=keeper, request=ids.new_id())
    request = ids.new_id()
    done = await picks.not_found(pick_id, found=1, reason="箱子里只有一袋", by=keeper, request=request)
    assert (done.picked, done.replaced, done.short) == (1, 2, 1)
    assert await picks_of(order_id) == [("missing", 3), ("picked", 1), ("reserved", 2)]
    # Nobody else is sent for what is missing.
    assert (await there(lot, Purpose.SHELF), (await stock_of(other))[:2]) == ((4, 3), (2, 2))
    before = await everything()
    await picks.not_found(pick_id, found=1, reason="箱子里只有一袋", by=keeper, request=request)
    assert await everything() == before
    await picks.found_again(pick_id, by=keeper, request=ids.new_id())
    assert await there(lot, Purpose.SHELF) == (4, 0)


async def test_another_lot_is_taken_for_a_reason_that_is_kept() -> None:
    site, item, soon, keeper = await a_shelf(5, expires_on=clock.today() + timedelta(days=9))
    late = await a_lot(item, (await a_bin(site)).id, 9, expires_on=clock.today() + timedelta(days=99))
    child = await a_lot(item, (await a_bin(site)).id, 9, restrictions=("children",))
    order_id = await reserved(site, keeper, (item, 4))
    numbers = {row["id"]: row["number"] for row in await fetch("SELECT id, number FROM stock_lot")}
    before = await everything()
    for number, why in ((numbers[child], "meant for others"), ("L000000-AAAAA", "There is no lot")):
        with pytest.raises(Invalid, match=why):
            await picks.take_instead(
                await first(order_id), lot_number=number, reason="外箱破损", by=keeper, request=ids.new_id()
            )
    assert await everything() == before
    request = ids.new_id()
    pick_id = await first(order_id)
    for _ in range(2):
        await picks.take_instead(
            pick_id, lot_number=numbers[late], reason="外箱破损", by=keeper, request=request
        )
    assert [(await stock_of(lot))[:2] for lot in (soon, late)] == [(5, 0), (9, 4)]
    assert [one.override_reason for one in await queries.picks_of(order_id)] == ["外箱破损", ""]
    assert (await history(order_id))[-1] == ("take_instead", "reserved")


async def test_goods_are_handed_over_before_two_people_and_booked_at_cost() -> None:
    order_id, lot, keeper = await picked()
    with pytest.raises(Conflict, match="cannot be handed over"):
        await handovers.hand_over(
            order_id,
            by=keeper,
            second=await a_second(),
            signed=Signed.SCREEN,
            signature=await brought(),
            request=ids.new_id(),
        )
    await handovers.pack(order_id, parcels=2, by=keeper)
    request, second, papers = ids.new_id(), Second(name="李某某"), await brought()
    before = await everything()
    with pytest.raises(Invalid, match="signed paper"):
        await handovers.hand_over(
            order_id, by=keeper, second=second, signed=Signed.PAPER, signature=[], request=request
        )
    assert await everything() == before
    for is_new in (True, False):
        done = await handovers.hand_over(
            order_id,
            by=keeper,
            second=second,
            signed=Signed.SCREEN,
            signature=papers,
            signer="王某某",
            request=request,
        )
        assert (done.is_new, done.value_fen) == (is_new, 24000)
    assert await stock_of(lot) == (6, 0, 36000)
    assert (await booked("1201"), await booked("5101")) == (36000, 24000)
    seen = await handover_of(order_id)
    assert seen is not None
    assert (seen.second, seen.signer, seen.signed) == ("李*某", "王*某", "screen")
    assert await fetch_value("SELECT count(*) FROM stored_file") == 1
    assert [e for e, _ in await history(order_id)] == ["request", "reserve", "pick", "pack", "hand_over"]
    texts = await fetch("SELECT template FROM letter ORDER BY id")
    assert [row["template"] for row in texts] == ["goods_ready", "goods_handed"]


async def test_the_database_refuses_the_same_person_twice() -> None:
    order_id, _, keeper = await handed_over()
    (row,) = await fetch("SELECT * FROM goods_handover WHERE goods_order = {}", order_id)
    with pytest.raises(asyncpg.CheckViolationError, match="second_is_another"):
        async with atomic():
            await connection().execute(
                """INSERT INTO goods_handover (id, goods_order, at, handed_by, acting_role, second, signed,
                                               cause, request, confirmed_how, complaint, confirm_note)
                   SELECT gen_random_uuid(), goods_order, at, handed_by, acting_role, handed_by, signed,
                          cause, gen_random_uuid(), '', false, '' FROM goods_handover WHERE id = $1""",
                row["id"],
            )
    assert keeper.person_id == row["handed_by"] != row["second"]


async def test_somebody_else_asks_whether_it_came_and_the_clock_stops() -> None:
    order_id, _, keeper = await handed_over()
    running = "SELECT code FROM deadline_clock WHERE stopped_at IS NULL"
    assert [row["code"] for row in await fetch(running)] == ["goods.confirm"]
    with pytest.raises(Conflict, match="somebody else"):
        await handovers.confirm(order_id, how=Confirmed.PHONE, by=keeper)
    other = await a_keeper("other")
    assert await handovers.confirm(order_id, how=Confirmed.PHONE, by=other)
    assert not await handovers.confirm(order_id, how=Confirmed.LINK, by=None)
    assert await state_of(order_id) == "confirmed"
    assert await fetch(running) == []


async def test_at_most_what_went_out_comes_back_at_the_value_at_which_it_went() -> None:
    order_id, lot, keeper = await handed_over()
    pick_id = (await queries.picks_of(order_id))[0].id
    with pytest.raises(Invalid, match="At most 4"):
        await handovers.take_back(
            pick_id, quantity=5, condition=Condition.GOOD, reason="多领", by=keeper, request=ids.new_id()
        )
    request = ids.new_id()
    for is_new in (True, False):
        assert is_new is await handovers.take_back(
            pick_id, quantity=3, condition=Condition.GOOD, reason="多领", by=keeper, request=request
        )
    assert await stock_of(lot) == (9, 0, 54000)
    assert (await there(lot, Purpose.QUARANTINE), await booked("5101")) == ((3, 0), 6000)
    with pytest.raises(Invalid, match="At most 1"):
        await handovers.take_back(
            pick_id, quantity=2, condition=Condition.GOOD, reason="多领", by=keeper, request=ids.new_id()
        )
    assert [(one.quantity, one.reason) for one in await returns_of(order_id)] == [(3, "多领")]
    assert [r.quantity for r in await queries.receivers_of([lot])] == [1]


async def test_a_cancelled_order_leaves_picked_goods_free_in_packing() -> None:
    order_id, lot, keeper = await picked()
    await orders.cancel(order_id, by=keeper, request=ids.new_id(), reason="搬走了")
    assert await there(lot, Purpose.PACKING) == (4, 0)
    assert await picks_of(order_id) == [("released", 4)]


async def test_packing_wants_everything_picked_or_said_to_stay() -> None:
    order_id, lot, keeper = await an_order_to_pick()
    await picks.pick(await first(order_id), quantity=1, by=keeper, request=ids.new_id())
    before = await everything()
    with pytest.raises(Conflict, match="Not everything is picked"):
        await handovers.pack(order_id, parcels=1, by=keeper)
    assert await everything() == before
    await handovers.pack(order_id, parcels=1, by=keeper, drop_rest=True)
    assert (await there(lot, Purpose.SHELF), await there(lot, Purpose.PACKING)) == ((9, 0), (1, 1))
