"""From the request to goods that are set aside: what expires first, honestly short, and once."""

from datetime import timedelta
from uuid import UUID

import pytest

from cishan.approvals.rules import Acting
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import orders, stock
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.rules.orders import Kind, Second
from cishan.warehouse.rules.places import Purpose
from tests.identity.staffing import a_member
from tests.warehouse.ordering import (
    ADDRESS,
    NAME,
    an_order,
    brought,
    clocks,
    everything,
    history,
    picks,
    requested,
    reserved,
    state_of,
)
from tests.warehouse.stocking import AGENCY, a_bin, a_keeper, a_lot, a_site, an_item, booked, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")


async def a_shelf(quantity: int = 10, **more: object) -> tuple[UUID, UUID, UUID, Acting]:
    """Return site, item, lot and keeper of a shelf of rice."""
    await clocks()
    site = await a_site()
    item = await an_item()
    lot = await a_lot(item, (await a_bin(site)).id, quantity, **more)  # type: ignore[arg-type]
    return site, item, lot, await a_keeper()


async def test_a_request_keeps_who_receives_sealed_and_shows_them_masked() -> None:
    site, item, _, keeper = await a_shelf()
    order_id = await requested(site, keeper, (item, 3), (item, 1))
    order = await queries.order_by_id(order_id)
    assert (order.name, order.phone, order.address) == ("张*某", "138****0001", "庆云县庆云镇")
    assert (await queries.order_by_id(order_id, clear=True)).name == NAME
    (row,) = await fetch("SELECT * FROM goods_order")
    assert not any(
        text.encode() in bytes(row[c]) for text in (NAME, ADDRESS) for c in ("name_enc", "address_enc")
    )
    assert [(line.quantity, line.short) for line in await queries.lines_of(order_id)] == [(4, 4)]
    assert await history(order_id) == [("request", "requested")]


async def test_the_same_request_is_written_down_once() -> None:
    site, item, _, keeper = await a_shelf()
    request = ids.new_id()
    first = await orders.request_goods(an_order(site, (item, 3)), by=keeper, request=request)
    again = await orders.request_goods(an_order(site, (item, 3)), by=keeper, request=request)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.numbers == again.numbers
    assert await fetch_value("SELECT count(*) FROM goods_order") == 1
    other = await orders.request_goods(an_order(site, (item, 1)), by=keeper, request=ids.new_id())
    assert [int(n[-4:]) for n in (*first.numbers, *other.numbers)] == [1, 2]


async def test_what_expires_first_is_set_aside_in_one_cause() -> None:
    today = clock.today()
    site, item, late, keeper = await a_shelf(5, expires_on=today + timedelta(days=90))
    soon = await a_lot(item, (await a_bin(site)).id, 2, expires_on=today)
    order_id = await requested(site, keeper, (item, 4))
    request = ids.new_id()
    done = await orders.reserve([order_id], by=keeper, request=request)
    assert (done.pieces, done.short) == (4, ())
    assert [(await stock_of(lot))[:2] for lot in (soon, late)] == [(2, 2), (5, 2)]
    assert await picks(order_id) == [("reserved", 2), ("reserved", 2)]
    assert await state_of(order_id) == "reserved"
    before = await everything()
    await orders.reserve([order_id], by=keeper, request=request)
    assert await everything() == before
    running = await fetch("SELECT code FROM deadline_clock WHERE stopped_at IS NULL ORDER BY code")
    assert [row["code"] for row in running] == ["goods.pick", "goods.release"]


async def test_what_is_short_is_told_with_what_there_is_and_what_comes_next() -> None:
    site, item, _, keeper = await a_shelf(3)
    coming = await a_lot(item, (await a_bin(site, Purpose.RECEIVING)).id, 8)
    order_id = await requested(site, keeper, (item, 5))
    done = await orders.reserve([order_id], by=keeper, request=ids.new_id())
    (short,) = done.short
    assert (short.item_name, short.wanted, short.available) == ("大米10kg", 2, 0)
    assert short.next is not None
    number = await fetch_value("SELECT number FROM stock_lot WHERE id = {}", coming)
    assert (short.next.lot_number, short.next.pieces) == (number, 8)
    assert await state_of(order_id) == "reserved"


async def test_nothing_to_set_aside_is_refused_and_changes_nothing() -> None:
    site, item, _, keeper = await a_shelf(3, restrictions=("children",))
    order_id = await requested(site, keeper, (item, 1), age=70)
    before = await everything()
    with pytest.raises(Conflict, match="Nothing of what is wanted"):
        await orders.reserve([order_id], by=keeper, request=ids.new_id())
    assert await everything() == before
    child = await reserved(site, keeper, (item, 1), age=9)
    assert await picks(child) == [("reserved", 1)]


async def test_entrusted_goods_wait_for_the_receiver_of_their_offer() -> None:
    site, item, lot, keeper = await a_shelf(3, fund=AGENCY)
    with pytest.raises(Conflict, match="Nothing"):
        await reserved(site, keeper, (item, 1))
    offer = await fetch_value("SELECT source_id FROM stock_lot WHERE id = {}", lot)
    assert await picks(await reserved(site, keeper, (item, 2), entrusted_to=offer)) == [("reserved", 2)]


async def test_a_cancelled_order_lets_everything_go_and_says_why() -> None:
    site, item, lot, keeper = await a_shelf()
    order_id = await reserved(site, keeper, (item, 4))
    with pytest.raises(Invalid, match="Say why"):
        await orders.cancel(order_id, by=keeper, request=ids.new_id(), reason=" ")
    request = ids.new_id()
    await orders.cancel(order_id, by=keeper, request=request, reason="搬走了")
    assert await stock_of(lot) == (10, 0, 60000)
    assert await picks(order_id) == [("released", 4)]
    assert await history(order_id) == [
        ("request", "requested"),
        ("reserve", "reserved"),
        ("cancel", "cancelled"),
    ]
    before = await everything()
    await orders.cancel(order_id, by=keeper, request=request, reason="搬走了")
    assert await everything() == before
    with pytest.raises(Conflict, match="已取消"):
        await orders.reserve([order_id], by=keeper, request=ids.new_id())


async def test_a_list_is_written_whole_and_served_in_its_order() -> None:
    site, item, lot, keeper = await a_shelf(5)
    news = [an_order(site, (item, 2), kind=Kind.LIST, name=f"爱心网友{n}") for n in range(4)]
    request = ids.new_id()
    placed = await orders.request_list(site, "庆云镇暖冬名单", news, by=keeper, request=request)
    again = await orders.request_list(site, "庆云镇暖冬名单", news, by=keeper, request=request)
    assert again.numbers == placed.numbers
    assert (placed.is_new, again.is_new, len(placed.numbers)) == (True, False, 4)
    done = await orders.reserve(placed.order_ids, by=keeper, request=ids.new_id())
    assert done.pieces == 5
    assert [(s.order_number, s.wanted) for s in done.short] == [
        (placed.numbers[2], 1),
        (placed.numbers[3], 2),
    ]
    assert [await state_of(one) for one in placed.order_ids] == ["reserved"] * 3 + ["requested"]
    assert (await stock_of(lot))[:2] == (5, 5)
    assert await fetch_value("SELECT count(*) FROM stock_cause WHERE kind = 'reserve'") == 1
    running = await fetch("SELECT subject_kind FROM deadline_clock WHERE stopped_at IS NULL")
    assert [row["subject_kind"] for row in running] == ["goods_list"] * 2
    assert await orders.release(placed.order_ids[:3], by=None, request=ids.new_id(), reason="无人领取") == 5
    assert await fetch_value("SELECT count(*) FROM deadline_clock WHERE stopped_at IS NULL") == 0
    assert (await stock_of(lot))[:2] == (5, 0)


async def a_second() -> Second:
    return Second(person=await a_member("second", Role.GRID_WORKER, name="网格员"))


async def test_goods_are_given_out_in_one_step_once_for_a_request() -> None:
    site, item, lot, keeper = await a_shelf()
    second, request = await a_second(), ids.new_id()
    new = an_order(site, (item, 4), kind=Kind.DRIVE, drive=ids.new_id())
    papers = await brought()
    done = await orders.hand_out(new, by=keeper, second=second, signature=papers, request=request)
    assert (done.is_new, done.value_fen) == (True, 24000)
    assert await stock_of(lot) == (6, 0, 36000)
    assert (await booked("1201"), await booked("5101")) == (36000, 24000)
    assert await state_of(done.order_id) == "handed_over"
    assert await picks(done.order_id) == [("issued", 4)]
    before = await everything()
    again = await orders.hand_out(new, by=keeper, second=second, signature=papers, request=request)
    assert (again.is_new, again.handover_id, again.value_fen) == (False, done.handover_id, 24000)
    assert await everything() == before
    (holder,) = await queries.receivers_of([lot])
    assert (holder.name, holder.phone, holder.quantity) == (NAME, "13800000001", 4)


async def test_a_hand_out_of_more_than_there_is_leaves_nothing_behind() -> None:
    site, item, _, keeper = await a_shelf(3)
    new = an_order(site, (item, 4), kind=Kind.DRIVE, drive=ids.new_id())
    second, papers, before = await a_second(), await brought(), await everything()
    with pytest.raises(stock.Short, match="you asked for 4, only 3"):
        await orders.hand_out(new, by=keeper, second=second, signature=papers, request=ids.new_id())
    assert await everything() == before


async def test_a_hand_out_needs_a_second_person_and_a_signature() -> None:
    site, item, _, keeper = await a_shelf()
    new = an_order(site, (item, 1), kind=Kind.DRIVE, drive=ids.new_id())
    papers, other = await brought(), await a_second()
    before = await everything()
    for second, signature, field in (
        (Second(), papers, "second"),
        (Second(person=keeper.person_id), papers, "second"),
        (other, [], "signature"),
    ):
        with pytest.raises(Invalid) as refused:
            await orders.hand_out(new, by=keeper, second=second, signature=signature, request=ids.new_id())
        assert refused.value.field == field
    assert await everything() == before
