"""Whatever people do with goods, what nobody may have stays where it is; and the night of its last day."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import handovers, orders, picks, receiving, stock
from cishan.warehouse.jobs.keeping import expire
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.rules.orders import Kind, NewOrder, Second, Signed
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.restrictions import tokens_of
from cishan.warehouse.rules.stock import Cause, Delta, LotState
from tests.identity.staffing import CITY, COUNTY, OTHER, TOWN
from tests.warehouse import driving, offering
from tests.warehouse.ordering import an_order, brought, everything, requested, reserved, state_of
from tests.warehouse.ordering import picks as picks_of
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, move, stock_of
from tests.warehouse.test_orders import a_second, a_shelf

pytestmark = pytest.mark.usefixtures("config", "db")

LATE, ASIDE = "past its last day", "lies in quarantine"
LOCKED = [LotState.QUARANTINED.value, LotState.RECALLED.value, LotState.EXPIRED.value]
unusable = pytest.mark.parametrize("how", [*LOCKED, LATE, ASIDE])


async def spoiled(lot: UUID, how: str) -> datetime:
    """Let nobody have a lot whose last day is today, and return the moment from which that is so."""
    if how in LOCKED:
        await stock.set_state(lot, LotState(how), by=None, reason="测试", event="lock")
    elif how == ASIDE:
        (row,) = await fetch(
            "SELECT s.bin, s.on_hand, b.site FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin"
            " WHERE s.lot = {} AND s.on_hand > 0",
            lot,
        )
        aside = (await a_bin(row["site"], Purpose.QUARANTINE)).id
        await move(Cause.MOVE, Delta(lot, row["bin"], -row["on_hand"]), Delta(lot, aside, row["on_hand"]))
    return clock.now() + timedelta(days=how == LATE)


async def first(order_id: UUID) -> UUID:
    found = await queries.picks_of(order_id)
    return next(one.id for one in found if one.state in {"reserved", "missing"})


async def given(new: NewOrder, by: Acting, second: Second) -> None:
    """Hand out in one step."""
    papers = await brought()
    await orders.hand_out(new, by=by, second=second, signature=papers, request=ids.new_id())


async def packed(site: UUID, by: Acting, item: UUID, quantity: int) -> UUID:
    """Set goods aside, pick and pack them, and return the order."""
    order_id = await reserved(site, by, (item, quantity))
    await picks.pick(await first(order_id), quantity=quantity, by=by, request=ids.new_id())
    await handovers.pack(order_id, parcels=1, by=by)
    return order_id


async def handed_over(order_id: UUID, by: Acting, second: Second) -> None:
    await handovers.hand_over(
        order_id,
        by=by,
        second=second,
        signed=Signed.SCREEN,
        signature=await brought(),
        request=ids.new_id(),
    )


@unusable
async def test_a_quick_hand_out_gives_nothing_that_nobody_may_have(how: str) -> None:
    site, item, lot, keeper = await a_shelf(expires_on=clock.today())
    second, moment = await a_second(), await spoiled(lot, how)
    before = await everything()
    with clock.fixed(moment), pytest.raises(stock.Short, match="you asked for 1, only 0"):
        await given(an_order(site, (item, 1)), keeper, second)
    assert await everything() == before


@pytest.mark.parametrize("how", [*LOCKED, LATE])
async def test_packed_goods_that_nobody_may_have_any_more_are_not_handed_over(how: str) -> None:
    site, item, lot, keeper = await a_shelf(expires_on=clock.today())
    order_id, second = await packed(site, keeper, item, 4), await a_second()
    moment = await spoiled(lot, how)
    before = await everything()
    with clock.fixed(moment), pytest.raises(stock.Unusable, match="nobody may have it"):
        await handed_over(order_id, keeper, second)
    assert await everything() == before
    assert (await state_of(order_id), await stock_of(lot)) == ("packed", (10, 4, 60_000))


@pytest.mark.parametrize("how", [*LOCKED, ASIDE])
async def test_nobody_on_a_list_gets_what_nobody_may_have(how: str) -> None:
    season = await driving.a_season(kits_made=3)
    (turn,) = await driving.listed(season, driving.somebody())
    lot = await fetch_value("SELECT id FROM stock_lot WHERE item = {}", season.kit)
    await spoiled(lot, how)
    before = await everything()
    with pytest.raises(stock.Short, match="you asked for 1, only 0"):
        await driving.give(season, turn)
    assert await everything() == before
    assert (await driving.turn(turn))["state"] == "listed"


@pytest.mark.parametrize("how", [*LOCKED, ASIDE])
async def test_nothing_that_nobody_may_have_is_packed_into_kits(how: str) -> None:
    season = await driving.a_season(kits_made=1)
    for code in ("BLANKET", "COAT"):
        lot = await a_lot(await fetch_value("SELECT id FROM goods_item WHERE code = {}", code), season.shelf)
    await spoiled(lot, how)
    before = [await everything(), await fetch("SELECT id FROM stock_lot ORDER BY id")]
    with pytest.raises(stock.Short, match="1 needed, 0 available"):
        await driving.assemble(season, 1)
    assert [await everything(), await fetch("SELECT id FROM stock_lot ORDER BY id")] == before


@unusable
async def test_nobody_takes_instead_what_nobody_may_have(how: str) -> None:
    site, item, good, keeper = await a_shelf()
    order_id = await reserved(site, keeper, (item, 4))
    bad = await a_lot(item, (await a_bin(site)).id, 10, expires_on=clock.today())
    number = await fetch_value("SELECT number FROM stock_lot WHERE id = {}", bad)
    moment, pick_id = await spoiled(bad, how), await first(order_id)
    before = await everything()
    with clock.fixed(moment), pytest.raises((Invalid, Conflict)) as refused:
        await picks.take_instead(pick_id, lot_number=number, reason="外箱", by=keeper, request=ids.new_id())
    assert await everything() == before
    if how == ASIDE:
        assert "not free on a shelf" in str(refused.value)
    else:
        assert str(refused.value) == f"Lot {number} may not be handed out."
        assert getattr(refused.value, "field", "") == "lot"
    assert (await stock_of(good))[1] == 4


@unusable
async def test_what_is_not_found_is_not_replaced_by_what_nobody_may_have(how: str) -> None:
    site, item, _, keeper = await a_shelf(5)
    order_id = await reserved(site, keeper, (item, 4))
    bad = await a_lot(item, (await a_bin(site)).id, 10, expires_on=clock.today())
    moment, pick_id = await spoiled(bad, how), await first(order_id)
    with clock.fixed(moment):
        done = await picks.not_found(pick_id, found=1, reason="不在", by=keeper, request=ids.new_id())
    assert (done.picked, done.replaced, done.short) == (1, 0, 3)
    assert await stock_of(bad) == (10, 0, 60_000)


@pytest.mark.parametrize("how", [*LOCKED, LATE])
async def test_what_is_found_again_and_nobody_may_have_is_promised_to_nobody(how: str) -> None:
    site, item, lot, keeper = await a_shelf(expires_on=clock.today())
    order_id = await reserved(site, keeper, (item, 4))
    pick_id = await first(order_id)
    await picks.not_found(pick_id, found=0, reason="不在", by=keeper, request=ids.new_id())
    with clock.fixed(await spoiled(lot, how)):
        await picks.found_again(pick_id, by=keeper, request=ids.new_id())
        assert await stock_of(lot) == (10, 0, 60_000)
        before = await everything()
        with pytest.raises(Conflict, match="can be set aside now"):
            await orders.reserve([order_id], by=keeper, request=ids.new_id())
        assert await everything() == before
    assert await picks_of(order_id) == [("released", 4)]


@unusable
async def test_a_list_is_served_of_what_may_be_had_alone(how: str) -> None:
    site, item, bad, keeper = await a_shelf(expires_on=clock.today())
    new = [an_order(site, (item, 2), kind=Kind.LIST) for _ in range(3)]
    placed = await orders.request_list(site, "名单", new, by=keeper, request=ids.new_id())
    moment = await spoiled(bad, how)
    before = await everything()
    with clock.fixed(moment), pytest.raises(Conflict, match="can be set aside now"):
        await orders.reserve(placed.order_ids, by=keeper, request=ids.new_id())
    assert await everything() == before
    good = await a_lot(item, (await a_bin(site)).id, 5)
    with clock.fixed(moment):
        done = await orders.reserve(placed.order_ids, by=keeper, request=ids.new_id())
    assert (done.pieces, [(one.wanted, one.available) for one in done.short]) == (5, [(1, 0)])
    assert ((await stock_of(bad))[:2], (await stock_of(good))[:2]) == ((10, 0), (5, 5))


class Night:
    """Rice whose last day is the day after tomorrow: its last second, and the first of the day after."""

    def __init__(self) -> None:
        self.last = clock.today() + timedelta(days=2)
        self.evening = datetime.combine(self.last, time(23, 59, 59), clock.CHINA)
        self.midnight = self.evening + timedelta(seconds=1)


async def test_goods_are_set_aside_picked_and_given_until_the_last_second_of_their_day() -> None:
    night = Night()
    site, item, lot, keeper = await a_shelf(expires_on=night.last)
    waiting, second = await requested(site, keeper, (item, 1)), await a_second()
    with clock.fixed(night.evening):
        assert clock.today() == night.last
        await handed_over(await packed(site, keeper, item, 3), keeper, second)
        await given(an_order(site, (item, 2)), keeper, second)
        await expire()
    assert await stock_of(lot) == (5, 0, 30_000)
    before = await everything()
    with clock.fixed(night.midnight):
        with pytest.raises(Conflict, match="can be set aside now"):
            await orders.reserve([waiting], by=keeper, request=ids.new_id())
        with pytest.raises(stock.Short, match="you asked for 1, only 0"):
            await given(an_order(site, (item, 1)), keeper, second)
    assert await everything() == before


async def test_what_was_promised_before_midnight_is_not_picked_after_it_and_its_order_is_told() -> None:
    night = Night()
    site, item, lot, keeper = await a_shelf(expires_on=night.last)
    with clock.fixed(night.evening):
        to_pick = await reserved(site, keeper, (item, 2))
        to_give = await packed(site, keeper, item, 3)
    second, before = await a_second(), await everything()
    with clock.fixed(night.midnight):
        with pytest.raises(stock.Unusable, match="has expired"):
            await picks.pick(await first(to_pick), quantity=2, by=keeper, request=ids.new_id())
        with pytest.raises(stock.Unusable, match="has expired"):
            await handed_over(to_give, keeper, second)
        assert await everything() == before
        await expire()
    assert (await state_of(to_pick), await state_of(to_give)) == ("requested", "picking")
    assert [await picks_of(one) for one in (to_pick, to_give)] == [[("released", 2)], [("released", 3)]]
    assert await fetch_value("SELECT state FROM stock_lot WHERE id = {}", lot) == "expired"
    assert await stock_of(lot) == (10, 0, 60_000)
    told = await fetch("SELECT person FROM message WHERE event = 'reservation_lost'")
    assert [row["person"] for row in told] == [keeper.person_id] * 2


async def _for(site: UUID, item: UUID, region: str) -> NewOrder:
    new = an_order(site, (item, 2))
    return replace(
        new, receiver=replace(new.receiver, region=region, tokens=tokens_of(age=70, sex="f", region=region))
    )


async def test_goods_that_their_giver_gave_to_a_county_go_to_nobody_elsewhere(
    client: httpx.AsyncClient,
) -> None:
    house = await offering.a_house()
    item = await fetch_value("SELECT id FROM goods_item WHERE code = 'QUILT'")
    form: dict[str, Any] = {
        **{
            "request": str(uuid4()),
            "lines": "1",
            "item-1": str(item),
            "quantity-1": "4",
            "condition-1": "new",
        },
        **{"name": "爱心网友", "giver": "person", "phone": "138 0000 1234", "site": str(house), "do": "send"},
        "region": COUNTY,
    }
    answer = await client.post("/goods/give", data=form)
    assert answer.status_code == 303
    found = await intake.offer_by_token(answer.headers["location"].rpartition("/")[2])
    assert found.restrictions == (f"region:{COUNTY}",)
    first_keeper, keeper = await a_keeper("zhou"), await a_keeper("wu")
    found = await offering.accepted(found, first_keeper)
    found = await offering.graded(await offering.counted(found, first_keeper, keeper), first_keeper)
    await receiving.book((await offering.valued(found, first_keeper)).id, request=uuid4(), by=keeper)
    (arrived,) = await arrivals.lying(found.id)
    await receiving.shelve(found.id, arrived.lot, "DZ-A-01", 4, request=uuid4(), by=keeper)
    lot = await fetch("SELECT number, restrictions FROM stock_lot WHERE id = {}", arrived.lot)
    assert lot[0]["restrictions"] == [f"region:{COUNTY}"]

    second, before = await a_second(), await everything()
    for elsewhere in (OTHER, CITY):
        with pytest.raises(stock.Short, match="only 0"):
            await given(await _for(house, item, elsewhere), keeper, second)
        assert await everything() == before
    for_all = await a_lot(item, (await a_bin(house)).id, 2)
    placed = await orders.request_goods(await _for(house, item, OTHER), by=keeper, request=uuid4())
    assert (await orders.reserve(placed.order_ids, by=keeper, request=uuid4())).pieces == 2
    assert ((await stock_of(arrived.lot))[1], (await stock_of(for_all))[1]) == (0, 2)
    with pytest.raises(Invalid, match="meant for others"):
        await picks.take_instead(
            await first(placed.order_ids[0]),
            lot_number=lot[0]["number"],
            reason="外箱",
            by=keeper,
            request=uuid4(),
        )
    await given(await _for(house, item, TOWN), keeper, second)
    await given(await _for(house, item, COUNTY), keeper, second)
    assert (await stock_of(arrived.lot), (await stock_of(for_all))[:2]) == ((0, 0, 0), (2, 2))
