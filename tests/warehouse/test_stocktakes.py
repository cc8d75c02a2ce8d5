"""Two people count and neither sees the other; a third judges; then the books say what is there."""

from datetime import timedelta

import asyncpg
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Decision
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import stock, stocktake_endings, stocktakes
from cishan.warehouse.actions.places import open_zone
from cishan.warehouse.queries import places, stocktakes_due
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from tests.identity.staffing import a_post
from tests.warehouse import ordering
from tests.warehouse.counting import (
    House,
    a_house,
    approved,
    both_count,
    counted,
    everything,
    frozen,
    number_of,
    opened,
    proposed,
    state_of,
)
from tests.warehouse.stocking import FUND, a_bin, a_lot, booked, move, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")


async def a_second_bin(house: House, code: str = "DZ-B-01") -> Bin:
    await open_zone(
        house.site,
        code=f"Z{code[-1]}{code[3]}",
        name="B区",
        purpose=Purpose.SHELF,
        bins=[code],
        walk_from=1500,
    )
    found = await places.bin_by_code(code)
    assert found is not None
    return found


async def test_what_is_missing_is_booked_at_the_value_of_its_lot_after_a_third_agreed() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7, cost_fen=10_000)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 5})
    assert await state_of(stocktake) == "review"
    approval = await proposed(house, stocktake)
    assert await fetch_value("SELECT amount_fen FROM approval WHERE id = {}", approval) == 2857
    assert await stock_of(lot) == (7, 0, 10_000)
    await approvals.check(approval, house.checker, Decision.PASS)
    # 10000 * 2 // 7 = 2857 leave, rounded down.
    assert await stock_of(lot) == (5, 0, 7143)
    assert (await booked("1201"), await booked("5901")) == (7143, 2857)
    assert (await state_of(stocktake), await frozen(stocktake)) == ("done", 0)
    rows = await fetch(
        "SELECT event, to_state FROM audit.transition WHERE subject_kind = 'stocktake' ORDER BY id"
    )
    assert [(r["event"], r["to_state"]) for r in rows] == [
        ("open", "counting"),
        ("counted", "review"),
        ("propose", "proposed"),
        ("adjust", "done"),
    ]


async def test_a_frozen_bin_stands_still_and_the_rest_of_the_house_goes_on() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    await ordering.reserved(house.site, house.ada, (house.item, 4))
    other = await a_second_bin(house)
    free = await a_lot(house.item, other.id, 3)
    stocktake = await opened(house)
    before = await everything()
    packing = await a_bin(house.site, Purpose.PACKING)
    for refused in (
        (Cause.MOVE, Delta(lot, house.shelf, -1), Delta(lot, other.id, 1)),
        (Cause.MOVE, Delta(free, other.id, -1), Delta(free, house.shelf, 1)),
        (Cause.PICK, Delta(lot, house.shelf, -1, -1), Delta(lot, packing.id, 1, 1)),
        (Cause.SCRAP, Delta(lot, house.shelf, -1)),
    ):
        with pytest.raises(stock.Frozen, match="DZ-A-01"):
            await move(refused[0], *refused[1:])
    with pytest.raises(stock.Frozen, match="DZ-A-01"):
        await opened(house)
    assert await everything() == before
    receiving = await a_bin(house.site, Purpose.RECEIVING)
    await move(Cause.MOVE, Delta(free, other.id, -1), Delta(free, receiving.id, 1))
    assert (await frozen(stocktake), await stock_of(lot)) == (1, (7, 4, 42_000))


async def test_nobody_counts_a_bin_twice_and_the_database_says_so_too() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await counted(stocktake, house.shelf, house.ada, {lot: 7})
    before = await everything()
    with pytest.raises(Forbidden, match="somebody else"):
        await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    with pytest.raises(asyncpg.UniqueViolationError, match="stocktake_count_by_two_people"):
        async with atomic():
            await connection().execute(
                """INSERT INTO stocktake_count (id, stocktake, round, bin, position, person, acting_role,
                                                began_at)
                   SELECT gen_random_uuid(), stocktake, round, bin, 2, person, acting_role, began_at
                     FROM stocktake_count"""
            )
    assert await everything() == before
    assert await state_of(stocktake) == "counting"


async def test_who_counted_does_not_judge_the_count() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 6})
    approval = await proposed(house, stocktake)
    # Bea counted; a post as checker does not make her the third.
    grant = await a_post(house.bea.person_id, Role.FINANCE_CHECKER, organisation=house.organisation)
    before = await everything()
    both_hats = type(house.bea)(house.bea.person_id, grant, Role.FINANCE_CHECKER)
    with pytest.raises(Forbidden, match="counted this yourself"):
        async with atomic():
            await approvals.check(approval, both_hats, Decision.PASS)
    assert await everything() == before
    await approvals.check(approval, house.checker, Decision.PASS)
    assert await state_of(stocktake) == "done"


async def test_where_the_two_differ_only_those_lots_are_counted_a_third_time() -> None:
    house = await a_house()
    rice = await a_lot(house.item, house.shelf, 7)
    more = await a_lot(house.item, house.shelf, 4)
    stocktake = await opened(house)
    await counted(stocktake, house.shelf, house.ada, {rice: 7, more: 4})
    await counted(stocktake, house.shelf, house.bea, {rice: 7, more: 3})
    assert await state_of(stocktake) == "counting"
    third = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    assert third.position == 3
    with pytest.raises(Invalid, match="only of the lots below"):
        await stocktakes.enter(
            third.id, scan=await number_of(rice), quantity=7, by=house.ada, request=ids.new_id()
        )
    await stocktakes.enter(
        third.id, scan=await number_of(more), quantity=3, by=house.ada, request=ids.new_id()
    )
    await stocktakes.end_count(third.id, by=house.ada)
    lines = await queries.variances(await queries.stocktake_by_id(stocktake))
    assert {(line.lot, line.expected, line.counted) for line in lines} == {(rice, 7, 7), (more, 4, 3)}
    assert await state_of(stocktake) == "review"


async def test_an_entry_counts_once_and_ones_own_can_be_begun_anew() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    count = await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)
    assert (await stocktakes.begin_count(stocktake, house.shelf, by=house.ada)).id == count.id
    number, request = await number_of(lot), ids.new_id()
    for _ in range(2):
        await stocktakes.enter(count.id, scan=number, quantity=4, by=house.ada, request=request)
    await stocktakes.enter(
        count.id,
        scan=f"https://cishan.example/x/{number.lower()}",
        quantity=2,
        by=house.ada,
        request=ids.new_id(),
    )
    assert [(e.quantity, e.entries) for e in await queries.entries_of(count.id)] == [(6, 2)]
    await stocktakes.start_over(count.id, lot, by=house.ada)
    assert await queries.entries_of(count.id) == []
    before = await everything()
    for scan, quantity, why in (
        ("L261122-22222", 1, "no lot"),
        ("大米", 1, "no lot"),
        (number, 0, "not entered"),
    ):
        with pytest.raises(Invalid, match=why):
            await stocktakes.enter(count.id, scan=scan, quantity=quantity, by=house.ada, request=ids.new_id())
    with pytest.raises(Forbidden):
        await stocktakes.enter(count.id, scan=number, quantity=1, by=house.bea, request=ids.new_id())
    assert await everything() == before
    await stocktakes.end_count(count.id, by=house.ada)
    await stocktakes.end_count(count.id, by=house.ada)
    with pytest.raises(Conflict):
        await stocktakes.enter(count.id, scan=number, quantity=1, by=house.ada, request=ids.new_id())
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with atomic():
            await connection().execute(
                "INSERT INTO stocktake_entry (id, count, lot, quantity, at) VALUES ($1, $2, $3, 1, now())",
                *(ids.new_id(), count.id, lot),
            )
    assert refused.value.sqlstate == "ST021"


async def test_goods_in_the_wrong_bin_are_moved_and_finds_become_lots_without_a_value() -> None:
    house = await a_house()
    other = await a_second_bin(house)
    until = clock.today() + timedelta(days=100)
    lot = await a_lot(house.item, house.shelf, 7, cost_fen=7_000, expires_on=until, restrictions=["elders"])
    gone = await a_lot(house.item, house.shelf, 3, cost_fen=3_000)
    stocktake = await opened(house, house.shelf, other.id)
    await both_count(house, stocktake, {lot: 5})
    await both_count(house, stocktake, {lot: 4}, other.id)
    outcome = queries.outcome_of(await queries.variances(await queries.stocktake_by_id(stocktake)))
    assert (len(outcome.settlement.shifts), outcome.values) == (1, (3000,))
    await approved(house, stocktake)
    assert (await stock_of(lot), await stock_of(gone)) == ((7, 0, 7000), (0, 0, 0))
    assert (
        await fetch_value("SELECT on_hand FROM stock_balance WHERE lot = {} AND bin = {}", lot, other.id) == 2
    )
    (new,) = await fetch("SELECT * FROM stock_lot WHERE source = 'count'")
    assert (new["on_hand"], new["value_fen"], new["basis"], new["expires_on"]) == (2, 0, "memo", until)
    assert (list(new["restrictions"]), new["item"], new["source_id"]) == (["elders"], house.item, stocktake)
    assert (await booked("1201", FUND), await booked("5901", FUND)) == (7000, 3000)


async def test_orders_whose_goods_are_gone_get_others_and_are_told() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    first = await ordering.reserved(house.site, house.ada, (house.item, 4))
    last = await ordering.reserved(house.site, house.bea, (house.item, 3))
    other = await a_second_bin(house)
    spare = await a_lot(house.item, other.id, 1)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 5})
    await approved(house, stocktake)
    assert await stock_of(lot) == (5, 5, 30_000)
    # Two are gone. The later order loses them, and one is made good from another bin.
    assert await ordering.picks(first) == [("reserved", 4)]
    assert sorted(await ordering.picks(last)) == [("reserved", 1), ("reserved", 1)]
    assert (await stock_of(spare))[:2] == (1, 1)
    told = await fetch("SELECT person, event FROM message WHERE event = 'reservation_lost'")
    assert [row["person"] for row in told] == [house.bea.person_id]


async def test_a_refused_count_is_counted_again_or_abandoned_and_nothing_changed() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 6})
    approval = await proposed(house, stocktake)
    for verb in (stocktakes.count_again, stocktakes.abandon):
        with pytest.raises(Conflict, match="before the approvers"):
            await verb(stocktake, reason="想改", by=house.ada)
    await approvals.check(approval, house.checker, Decision.REJECT, "请重数")
    assert (await state_of(stocktake), await frozen(stocktake)) == ("review", 1)
    with pytest.raises(Invalid):
        await stocktakes.count_again(stocktake, reason=" ", by=house.ada)
    await stocktakes.count_again(stocktake, reason="复核人退回", by=house.ada)
    await both_count(house, stocktake, {lot: 7})
    await stocktake_endings.finish(stocktake, by=house.bea)
    await stocktake_endings.finish(stocktake, by=house.bea)
    assert (await state_of(stocktake), await frozen(stocktake)) == ("done", 0)
    assert await stock_of(lot) == (7, 0, 42_000)
    assert await fetch_value("SELECT count(*) FROM stock_cause WHERE kind <> 'receive'") == 0
    later = await opened(house)
    await stocktakes.abandon(later, reason="停电", by=house.ada)
    await stocktakes.abandon(later, reason="停电", by=house.ada)
    assert (await state_of(later), await frozen(later)) == ("abandoned", 0)


async def test_a_returned_proposal_can_be_explained_and_proposed_anew() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 6})
    await approvals.check(await proposed(house, stocktake), house.checker, Decision.RETURN, "说明不清")
    assert await state_of(stocktake) == "proposed"
    await approved(house, stocktake)
    assert await stock_of(lot) == (6, 0, 36_000)


async def test_an_unexplained_difference_is_not_proposed_and_none_is_booked_without_approval() -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 6})
    before = await everything()
    with pytest.raises(Invalid, match="how this difference") as refused:
        await stocktake_endings.propose(stocktake, by=house.ada, organisation_id=house.organisation)
    assert refused.value.field.startswith("line-")
    with pytest.raises(Conflict, match="somebody else approves"):
        await stocktake_endings.finish(stocktake, by=house.ada)
    for sql in (
        "UPDATE stocktake SET state = 'done', closed_at = now()",
        "UPDATE stock_bin SET frozen_by = NULL",
        "UPDATE stocktake_line SET counted = 7",
        "UPDATE stocktake_count SET person = gen_random_uuid()",
    ):
        with pytest.raises(asyncpg.PostgresError) as broken:
            async with atomic():
                await connection().execute(sql)
        assert (broken.value.sqlstate or "").startswith("ST0"), sql
    assert await everything() == before


async def test_the_same_form_opens_one_stocktake_and_bins_of_another_site_are_refused() -> None:
    house = await a_house()
    await a_lot(house.item, house.shelf, 7)
    request = ids.new_id()
    made = [
        await stocktakes.open_stocktake(house.site, [house.shelf], note="", by=house.ada, request=request)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    before = await everything()
    transit = await a_bin(house.site, Purpose.TRANSIT)
    for bins in ([], [ids.new_id()], [transit.id]):
        with pytest.raises(Invalid):
            await stocktakes.open_stocktake(house.site, bins, note="", by=house.ada, request=ids.new_id())
    assert await everything() == before


async def test_bins_that_nobody_counted_for_long_are_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await a_house()
    lot = await a_lot(house.item, house.shelf, 7)
    assert await stocktakes_due.bins_to_count(house.site, every_days=90) == []
    later = clock.now() + timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [
        (b.code, b.lots, b.counted_at) for b in await stocktakes_due.bins_to_count(house.site, every_days=90)
    ] == [("DZ-A-01", 1, None)]
    stocktake = await opened(house)
    await both_count(house, stocktake, {lot: 7})
    await stocktake_endings.finish(stocktake, by=house.ada)
    assert await stocktakes_due.bins_to_count(house.site, every_days=90) == []
