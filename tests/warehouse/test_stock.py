"""Stock is postings: what moves, what is refused, and what the books say of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, DomainError
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.queries import stock as queries
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.restrictions import of_limits
from cishan.warehouse.rules.stock import Basis, Cause, Delta, LotState, NewLot, Source
from tests.conftest import as_owner
from tests.warehouse.stocking import (
    AGENCY,
    FUND,
    OTHER_FUND,
    a_bin,
    a_lot,
    a_site,
    an_item,
    booked,
    freeze,
    move,
    stock_of,
)

pytestmark = pytest.mark.usefixtures("db")


async def a_shelf_of_rice(quantity: int = 10, **more: object) -> tuple[UUID, UUID, UUID]:
    site = await a_site()
    shelf = await a_bin(site)
    lot = await a_lot(await an_item(), shelf.id, quantity, **more)  # type: ignore[arg-type]
    return site, shelf.id, lot


async def refused(what: Callable[[], Awaitable[object]], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        async with atomic():
            await what()
    return str(caught.value)


async def test_goods_taken_in_are_income_of_their_fund() -> None:
    _, _, lot = await a_shelf_of_rice()
    assert await stock_of(lot) == (10, 0, 60000)
    assert (await booked("1201"), await booked("410102")) == (60000, -60000)


async def test_goods_without_a_value_are_a_note_and_no_income() -> None:
    _, shelf, lot = await a_shelf_of_rice(cost_fen=0)
    assert await stock_of(lot) == (10, 0, 0)
    await move(Cause.ISSUE, Delta(lot, shelf, -4))
    assert await stock_of(lot) == (6, 0, 0)
    assert await booked("1201") == 0
    assert await fetch("SELECT FROM books.entry WHERE source = 'warehouse'") == []


async def test_entrusted_goods_are_passed_on_and_no_income() -> None:
    """O17: 1801 against 2601, no 4101."""
    _, shelf, lot = await a_shelf_of_rice(fund=AGENCY)
    assert (await booked("1801", AGENCY), await booked("2601", AGENCY)) == (60000, -60000)
    await move(Cause.ISSUE, Delta(lot, shelf, -10))
    assert (await booked("1801", AGENCY), await booked("2601", AGENCY)) == (0, 0)
    assert await fetch("SELECT FROM books.account WHERE gl_code LIKE '4101%' OR gl_code = '5101'") == []


async def test_issues_cost_their_share_and_the_last_piece_takes_the_rest() -> None:
    _, shelf, lot = await a_shelf_of_rice(3, cost_fen=1000)
    assert (await move(Cause.ISSUE, Delta(lot, shelf, -1))).value_fen == -333
    assert (await move(Cause.ISSUE, Delta(lot, shelf, -1))).value_fen == -333
    assert (await move(Cause.ISSUE, Delta(lot, shelf, -1))).value_fen == -334
    assert await stock_of(lot) == (0, 0, 0)
    assert (await booked("1201"), await booked("5101")) == (0, 1000)


async def test_what_comes_back_is_worth_what_it_was_when_it_went() -> None:
    site, shelf, lot = await a_shelf_of_rice(3, cost_fen=1000)
    quarantine = await a_bin(site, Purpose.QUARANTINE)
    gone = await move(Cause.ISSUE, Delta(lot, shelf, -2))
    back = await move(Cause.RETURN, Delta(lot, quarantine.id, 1), reverses=gone.cause_id)
    assert (gone.value_fen, back.value_fen) == (-666, 333)
    assert await stock_of(lot) == (2, 0, 667)
    assert (await booked("1201"), await booked("5101")) == (667, 333)
    told = await refused(
        lambda: move(Cause.RETURN, Delta(lot, quarantine.id, 2), reverses=gone.cause_id), Conflict
    )
    assert "2 were handed out" in told
    assert await stock_of(lot) == (2, 0, 667)


async def test_more_than_there_is_cannot_go_and_the_refusal_names_the_numbers() -> None:
    _, shelf, lot = await a_shelf_of_rice()
    await move(Cause.RESERVE, Delta(lot, shelf, reserved=7))
    for cause, delta in (
        (Cause.ISSUE, Delta(lot, shelf, -4)),
        (Cause.RESERVE, Delta(lot, shelf, reserved=4)),
        (Cause.SCRAP, Delta(lot, shelf, -4)),
        (Cause.ADJUST, Delta(lot, shelf, -4)),
    ):
        told = await refused(partial(move, cause, delta), stock.Short)
        assert "大米10kg" in told or "RICE10 in English" in told
        assert "asked for 4, only 3" in told
    told = await refused(lambda: move(Cause.RELEASE, Delta(lot, shelf, reserved=-8)), stock.Short)
    assert "only 7" in told
    assert await stock_of(lot) == (10, 7, 60000)


async def test_promised_goods_go_with_their_promise() -> None:
    site, shelf, lot = await a_shelf_of_rice()
    packing = await a_bin(site, Purpose.PACKING)
    await move(Cause.RESERVE, Delta(lot, shelf, reserved=7))
    await move(Cause.PICK, Delta(lot, shelf, -7, -7), Delta(lot, packing.id, 7, 7))
    assert await stock_of(lot) == (10, 7, 60000)
    await move(Cause.ISSUE, Delta(lot, packing.id, -7, -7))
    assert await stock_of(lot) == (3, 0, 18000)


@pytest.mark.parametrize("state", [LotState.QUARANTINED, LotState.RECALLED, LotState.EXPIRED])
async def test_nobody_may_have_what_is_locked_by_any_way(state: LotState) -> None:
    site, shelf, lot = await a_shelf_of_rice()
    packing = await a_bin(site, Purpose.PACKING)
    await move(Cause.RESERVE, Delta(lot, shelf, reserved=2))
    await stock.set_state(lot, state, by=None, reason="测试", event="lock")
    for cause, deltas in (
        (Cause.RESERVE, [Delta(lot, shelf, reserved=1)]),
        (Cause.ISSUE, [Delta(lot, shelf, -1)]),
        (Cause.ISSUE, [Delta(lot, shelf, -1, -1)]),
        (Cause.PICK, [Delta(lot, shelf, -1, -1), Delta(lot, packing.id, 1, 1)]),
    ):
        await refused(partial(move, cause, *deltas), stock.Unusable)
    assert await stock_of(lot) == (10, 2, 60000)
    await move(Cause.RELEASE, Delta(lot, shelf, reserved=-2))
    await move(Cause.SCRAP, Delta(lot, shelf, -10))
    assert await stock_of(lot) == (0, 0, 0)
    assert (await booked("1201"), await booked("5901")) == (0, 60000)


async def test_goods_may_be_had_on_their_last_day_and_not_after_whatever_the_clock_is_told() -> None:
    _, shelf, lot = await a_shelf_of_rice(expires_on=clock.today())
    await move(Cause.ISSUE, Delta(lot, shelf, -1))
    with clock.fixed(clock.now() + timedelta(days=1)):
        await refused(lambda: move(Cause.ISSUE, Delta(lot, shelf, -1)), stock.Unusable)
    assert await stock_of(lot) == (9, 0, 54000)
    old = await a_lot(await an_item(), shelf, 5, expires_on=clock.today() - timedelta(days=1))
    with clock.fixed(datetime(2020, 1, 1, tzinfo=UTC)):
        await refused(lambda: move(Cause.ISSUE, Delta(old, shelf, -1)), stock.Unusable)


async def test_a_form_sent_twice_counts_once() -> None:
    _, shelf, lot = await a_shelf_of_rice()
    request = ids.new_id()
    first = await move(Cause.ISSUE, Delta(lot, shelf, -4), request=request)
    again = await move(Cause.ISSUE, Delta(lot, shelf, -4), request=request)
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.cause_id, again.values) == (first.cause_id, first.values)
    assert await stock_of(lot) == (6, 0, 36000)
    await refused(lambda: move(Cause.SCRAP, Delta(lot, shelf, -4), request=request), Conflict)


async def test_a_bin_that_is_counted_stands_still_but_for_its_stocktake() -> None:
    site, shelf, lot = await a_shelf_of_rice()
    count = await freeze(shelf)
    for cause, delta in (
        (Cause.ISSUE, Delta(lot, shelf, -1)),
        (Cause.RESERVE, Delta(lot, shelf, reserved=1)),
    ):
        await refused(partial(move, cause, delta), stock.Frozen)
    await move(Cause.ADJUST, Delta(lot, shelf, -1), subject=count)
    assert await stock_of(lot) == (9, 0, 54000)
    assert site


async def test_kits_take_their_value_from_their_parts_and_give_it_back() -> None:
    _, shelf, lot = await a_shelf_of_rice()
    kit = await an_item("KIT-T", name="包", life=None)
    async with atomic():
        kit_lot = await stock.open_lot(_like(kit, 2, 24000, "kit"))
        await move(Cause.ASSEMBLE, Delta(lot, shelf, -4), Delta(kit_lot, shelf, 2))
    assert (await stock_of(lot), await stock_of(kit_lot)) == ((6, 0, 36000), (2, 0, 24000))
    assert (await booked("1201"), await booked("410102"), await booked("5101")) == (60000, -60000, 0)
    async with atomic():
        apart = await stock.open_lot(_like((await queries.lot_by_id(lot)).item, 2, 12000, "split"))
        await move(Cause.DISASSEMBLE, Delta(kit_lot, shelf, -1), Delta(apart, shelf, 2))
    assert (await stock_of(kit_lot), await stock_of(apart)) == ((1, 0, 12000), (2, 0, 12000))


async def test_no_fund_pays_for_anothers_kit() -> None:
    _, shelf, lot = await a_shelf_of_rice(fund=OTHER_FUND)
    kit = await an_item("KIT-T", name="包", life=None)

    async def mixed() -> None:
        kit_lot = await stock.open_lot(_like(kit, 2, 24000, "kit"))
        await move(Cause.ASSEMBLE, Delta(lot, shelf, -4), Delta(kit_lot, shelf, 2))

    await refused(mixed, Conflict)
    assert await stock_of(lot) == (10, 0, 60000)


def _like(item: UUID, quantity: int, cost_fen: int, source: str) -> NewLot:
    return NewLot(
        item=item,
        quantity=quantity,
        cost_fen=cost_fen,
        basis=Basis.PARTS,
        fund=FUND,
        source=Source(source),
        source_id=ids.new_id(),
    )


async def test_value_that_the_books_do_not_know_is_not_committed() -> None:
    _, shelf, lot = await a_shelf_of_rice()
    now = clock.now()
    with pytest.raises(asyncpg.PostgresError, match="the books by"):
        async with atomic():
            await connection().fetch(
                """SELECT * FROM stock_post($1, 'issue', $2, NULL, '', 'test', $1, $1, '', NULL,
                                            ARRAY[$3::uuid], ARRAY[$4::uuid], ARRAY[-1], ARRAY[0])""",
                ids.new_id(),
                now,
                lot,
                shelf,
            )
    assert await stock_of(lot) == (10, 0, 60000)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO stock_move (cause, lot, bin, on_hand, reserved)"
        " SELECT cause, lot, bin, 5, 0 FROM stock_move",
        "UPDATE stock_balance SET on_hand = on_hand + 1",
        "UPDATE stock_lot SET value_fen = 0, on_hand = 0",
        "DELETE FROM stock_value",
        "DELETE FROM stock_cause",
    ],
)
async def test_the_application_has_no_other_path(statement: str) -> None:
    _, _, lot = await a_shelf_of_rice()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with atomic():
            await connection().execute(statement)
    assert await stock_of(lot) == (10, 0, 60000)


@pytest.mark.parametrize("table", ["stock_move", "stock_cause", "stock_value"])
async def test_even_the_owner_changes_no_row_of_the_past(table: str) -> None:
    await a_shelf_of_rice()
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        async with atomic(), as_owner() as owner:
            await owner.execute(f"DELETE FROM {table}")


async def test_a_lot_that_becomes_usable_again_says_so_in_its_history() -> None:
    _, _, lot = await a_shelf_of_rice()
    with pytest.raises(asyncpg.PostgresError, match="without a word in the history"):
        async with atomic():
            await connection().execute("UPDATE stock_lot SET state = 'recalled' WHERE id = $1", lot)
    await stock.set_state(lot, LotState.QUARANTINED, by=None, reason="外包装破损", event="quarantine")
    rows = await fetch(
        """SELECT from_state, to_state, reason FROM audit.transition
            WHERE subject_kind = 'lot' AND subject_id = {}""",
        str(lot),
    )
    assert [tuple(row.values()) for row in rows] == [("open", "quarantined", "外包装破损")]


@pytest.mark.parametrize(
    ("cause", "places"),
    [
        (Cause.ISSUE, Purpose.QUARANTINE),
        (Cause.RESERVE, Purpose.QUARANTINE),
        (Cause.RESERVE, Purpose.PACKING),
        (Cause.RESERVE, Purpose.RECEIVING),
    ],
)
async def test_from_some_places_nothing_is_given(cause: Cause, places: Purpose) -> None:
    site, _, _ = await a_shelf_of_rice()
    place = await a_bin(site, places)
    lot = await a_lot(await an_item(), place.id)
    delta = Delta(lot, place.id, reserved=1) if cause is Cause.RESERVE else Delta(lot, place.id, -1)
    with pytest.raises(DomainError):
        async with atomic():
            await move(cause, delta)
    assert await stock_of(lot) == (10, 0, 60000)


async def test_candidates_come_by_expiry_and_without_what_may_not_be_had() -> None:
    site, shelf, _ = await a_shelf_of_rice()
    item = await an_item()
    day = clock.today()
    later = await a_lot(item, shelf, 2, expires_on=date(2099, 2, 1))
    sooner = await a_lot(item, shelf, 3, expires_on=date(2099, 1, 1))
    await a_lot(item, shelf, 3, expires_on=day - timedelta(days=1))
    locked = await a_lot(item, shelf, 3, expires_on=date(2099, 1, 1))
    await stock.set_state(locked, LotState.RECALLED, by=None, reason="召回", event="recall")
    children = await a_lot(item, shelf, 4, expires_on=date(2098, 1, 1), restrictions=["children"])
    entrusted = await a_lot(item, shelf, 4, fund=AGENCY, expires_on=date(2098, 1, 1))
    for_all = await queries.available(site, item, (), day)
    assert [c.lot for c in for_all][:2] == [sooner, later]
    assert len(for_all) == 3
    assert (await queries.available(site, item, ("children",), day))[0].lot == children
    assert entrusted in [
        c.lot for c in await queries.available(site, item, (), day, entrusted_for=[entrusted])
    ]


@pytest.mark.parametrize("cause", [Cause.SCRAP, Cause.LOSE, Cause.ADJUST])
async def test_nothing_is_written_off_before_somebody_else_agreed(cause: Cause) -> None:
    _, shelf, lot = await a_shelf_of_rice()
    with pytest.raises(asyncpg.PostgresError, match="was not approved"):
        async with atomic():
            request = ids.new_id()
            await stock.post(
                cause, [Delta(lot, shelf, -1)], by=None, subject=("test", request), request=request
            )
    assert await stock_of(lot) == (10, 0, 60000)
    assert await booked("5901") == 0


async def test_what_is_for_women_or_children_alone_is_so_in_every_lot() -> None:
    site = await a_site()
    item = await an_item("SANITARY", name="卫生巾")
    await connection().execute("UPDATE goods_item SET sex = 'f', max_age = 17 WHERE id = $1", item)
    lot = await a_lot(item, (await a_bin(site)).id, restrictions=["students"])
    assert (await queries.lot_by_id(lot)).restrictions == ("children", "students", "women")
    assert await queries.available(site, item, ("students",), clock.today()) == []
    (found,) = await queries.available(site, item, ("children", "students", "women"), clock.today())
    assert (found.lot, found.available) == (lot, 10)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"min_age": None, "max_age": None, "sex": ""}, ()),
        ({"min_age": 3, "max_age": 12, "sex": ""}, ("children",)),
        ({"min_age": 60, "max_age": None, "sex": "m"}, ("elders", "men")),
        ({"min_age": 18, "max_age": 59, "sex": ""}, ()),
    ],
)
def test_limits_of_goods_are_restrictions(limits: dict[str, Any], words: tuple[str, ...]) -> None:
    assert of_limits(**limits) == words
