"""Kits: versions that stay, kits that are their parts to the last 分, and parts that come back."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.actions import assembling, kits
from cishan.warehouse.actions.stock import Short, set_state
from cishan.warehouse.queries import kits as queries
from cishan.warehouse.queries import stock
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import KitState, Part
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta, LotState
from tests.warehouse import stocking
from tests.warehouse.stocking import FUND, OTHER_FUND

SOON, LATER = date(2027, 3, 1), date(2028, 1, 1)


class Place:
    """A site with blankets and coats and a kit of both."""

    site: UUID
    shelf: UUID
    packing: UUID
    blanket: UUID
    coat: UUID
    kit: UUID
    version: UUID
    by: Acting


@pytest.fixture
async def place(db: None) -> Place:
    made = Place()
    made.site = await stocking.a_site()
    made.shelf = (await stocking.a_bin(made.site)).id
    made.packing = (await stocking.a_bin(made.site, Purpose.PACKING)).id
    made.blanket = await stocking.an_item("BLANKET", name="毛毯", category=Category.BEDDING, life=None)
    made.coat = await stocking.an_item("COAT", name="羽绒服", category=Category.CLOTHING, life=None)
    made.kit = await stocking.an_item("WARM", name="暖冬包", category=Category.KIT, life=None)
    made.version = await kits.draft_kit(made.kit, [Part(made.blanket, 2), Part(made.coat, 1)])
    made.by = await stocking.a_keeper()
    return made


async def _assemble(place: Place, quantity: int, *, fund: str = FUND, tokens: Sequence[str] = ()) -> UUID:
    made = await assembling.assemble(
        place.version,
        site=place.site,
        bin_id=place.shelf,
        quantity=quantity,
        fund=fund,
        tokens=tokens,
        by=place.by,
        request=ids.new_id(),
    )
    return (await queries.made(made)).lot


async def _apart(place: Place, lot: UUID, quantity: int) -> dict[UUID, UUID]:
    """Take kits apart and return the new lots by their goods."""
    before = {row["part_lot"] for row in await fetch("SELECT part_lot FROM goods_lot_split")}
    await assembling.disassemble(
        lot,
        from_bin=place.shelf,
        to_bin=place.shelf,
        quantity=quantity,
        by=place.by,
        request=ids.new_id(),
    )
    rows = await fetch(
        "SELECT s.part_lot, l.item FROM goods_lot_split AS s JOIN stock_lot AS l ON l.id = s.part_lot"
    )
    return {row["item"]: row["part_lot"] for row in rows if row["part_lot"] not in before}


async def test_a_version_in_force_never_changes_and_a_change_is_a_new_version(place: Place) -> None:
    await kits.draft_kit(place.kit, [Part(place.blanket, 1)])
    assert [k.version for k in await queries.versions_of(place.kit)] == [1]
    await kits.freeze_kit(place.version, by=place.by)
    await kits.freeze_kit(place.version, by=place.by)
    with pytest.raises(Conflict):
        await kits.discard_draft(place.version)
    for statement in (
        "UPDATE goods_kit SET note = 'x' WHERE id = {}",
        "DELETE FROM goods_kit WHERE id = {}",
        "UPDATE goods_kit_part SET quantity = 9 WHERE kit = {}",
        "DELETE FROM goods_kit_part WHERE kit = {}",
        "INSERT INTO goods_kit_part (id, kit, item, quantity, position)"
        " SELECT gen_random_uuid(), {}, (SELECT id FROM goods_item WHERE code = 'COAT'), 1, 5",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with atomic():
                await fetch(statement, place.version)
    second = await kits.draft_kit(place.kit, [Part(place.coat, 1)])
    held = await queries.in_force(place.kit)
    assert held is not None
    assert (held.id, held.recipe) == (place.version, (Part(place.blanket, 1),))
    await kits.freeze_kit(second, by=place.by)
    assert [(k.version, k.state) for k in await queries.versions_of(place.kit)] == [
        (2, KitState.FROZEN),
        (1, KitState.FROZEN),
    ]
    assert await kits.set_kit(place.kit, [Part(place.coat, 1)]) == second


async def test_only_kits_have_parts_and_a_kit_is_not_empty(place: Place) -> None:
    with pytest.raises(Invalid):
        await kits.draft_kit(place.blanket, [Part(place.coat, 1)])
    with pytest.raises(Invalid):
        await kits.draft_kit(place.kit, [])
    await fetch("DELETE FROM goods_kit_part WHERE kit = {}", place.version)
    with pytest.raises(Invalid):
        await kits.freeze_kit(place.version, by=place.by)


async def test_kits_take_what_expires_first_and_are_worth_their_parts(place: Place) -> None:
    later = await stocking.a_lot(place.blanket, place.shelf, 10, cost_fen=100_001, expires_on=LATER)
    soon = await stocking.a_lot(place.blanket, place.shelf, 3, cost_fen=1_000, expires_on=SOON)
    coats = await stocking.a_lot(place.coat, place.shelf, 7, cost_fen=0, fund=OTHER_FUND)
    lot_id = await _assemble(place, 4)
    lot = await stock.lot_by_id(lot_id)
    assert (lot.quantity, lot.on_hand, lot.expires_on, lot.fund) == (4, 4, SOON, FUND)
    assert lot.value_fen == lot.cost_fen == 1_000 + 100_001 * 5 // 10
    parts = {p.lot: (p.quantity, p.value_fen) for p in await queries.ingredients_of(lot_id)}
    assert parts == {soon: (3, 1_000), later: (5, 50_000), coats: (4, 0)}
    assert (await stock.lot_by_id(later)).value_fen == 50_001
    assert (await queries.kit_by_id(place.version)).state is KitState.FROZEN
    assert await queries.kit_of_lot(lot_id) == place.version


async def test_what_is_missing_is_named_and_nothing_moves(place: Place) -> None:
    await stocking.a_lot(place.blanket, place.shelf, 10)
    await stocking.a_lot(place.coat, place.shelf, 3)
    kit = await queries.kit_by_id(place.version)
    plan = await queries.plan_for(kit, site=place.site, quantity=5, fund=FUND)
    assert [(m.item, m.needed, m.available) for m in plan.missing] == [(place.coat, 5, 3)]
    assert plan.most == 3
    with pytest.raises(Short, match=r"COAT in English|羽绒服"):
        await _assemble(place, 5)
    assert await fetch("SELECT FROM stock_cause WHERE kind = 'assemble'") == []
    assert (await queries.kit_by_id(place.version)).state is KitState.DRAFT


async def test_value_of_another_fund_stays_out_of_a_kit(place: Place) -> None:
    await stocking.a_lot(place.blanket, place.shelf, 10)
    await stocking.a_lot(place.coat, place.shelf, 10, fund=OTHER_FUND)
    for fund in (FUND, OTHER_FUND):
        with pytest.raises(Short):
            await _assemble(place, 1, fund=fund)
    kit = await queries.kit_by_id(place.version)
    assert await queries.funds_at(place.site, kit) == [OTHER_FUND, FUND]


async def test_restrictions_keep_goods_out_unless_the_kits_are_for_such_people(place: Place) -> None:
    await stocking.a_lot(place.blanket, place.shelf, 4, restrictions=("elders",))
    await stocking.a_lot(place.coat, place.shelf, 4)
    with pytest.raises(Short):
        await _assemble(place, 1)
    lot = await stock.lot_by_id(await _assemble(place, 2, tokens=["elders", "women"]))
    assert lot.restrictions == ("elders",)
    parts = await _apart(place, lot.id, 1)
    assert (await stock.lot_by_id(parts[place.blanket])).restrictions == ("elders",)
    assert (await stock.lot_by_id(parts[place.coat])).restrictions == ()


async def test_the_same_form_sent_twice_puts_kits_together_once(place: Place) -> None:
    await stocking.a_lot(place.blanket, place.shelf, 10)
    await stocking.a_lot(place.coat, place.shelf, 10)
    request = ids.new_id()
    made = [
        await assembling.assemble(
            place.version,
            site=place.site,
            bin_id=place.shelf,
            quantity=2,
            fund=FUND,
            by=place.by,
            request=request,
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]
    lot = (await queries.made(made[0])).lot
    again = ids.new_id()
    apart = [
        await assembling.disassemble(
            lot, from_bin=place.shelf, to_bin=place.shelf, quantity=1, by=place.by, request=again
        )
        for _ in range(2)
    ]
    assert apart[0] == apart[1]
    assert (await stock.lot_by_id(lot)).on_hand == 1


async def test_parts_come_back_with_their_value_and_last_day(place: Place) -> None:
    await stocking.a_lot(place.blanket, place.shelf, 6, cost_fen=1_000, expires_on=SOON)
    await stocking.a_lot(place.coat, place.shelf, 3, cost_fen=1_001, expires_on=LATER)
    lot = await _assemble(place, 3)
    assert (await stock.lot_by_id(lot)).value_fen == 2_001
    first = await _apart(place, lot, 1)
    rest = await _apart(place, lot, 2)
    back = await stock.lots([*first.values(), *rest.values()])
    assert sum(one.value_fen for one in back.values()) == 2_001
    assert [back[first[i]].quantity for i in (place.blanket, place.coat)] == [2, 1]
    assert [back[rest[i]].quantity for i in (place.blanket, place.coat)] == [4, 2]
    assert [back[rest[i]].expires_on for i in (place.blanket, place.coat)] == [SOON, LATER]
    assert (await stock.lot_by_id(lot)).on_hand == 0
    with pytest.raises(Short):
        await _apart(place, lot, 1)


async def test_only_kits_come_apart(place: Place) -> None:
    lot = await stocking.a_lot(place.coat, place.shelf, 3)
    with pytest.raises(Conflict):
        await _apart(place, lot, 1)


async def test_a_lot_is_followed_into_kits_and_out_again(place: Place) -> None:
    bad = await stocking.a_lot(place.blanket, place.shelf, 2, expires_on=SOON)
    good = await stocking.a_lot(place.blanket, place.shelf, 4, expires_on=LATER)
    await stocking.a_lot(place.coat, place.shelf, 9)
    mixed = await _assemble(place, 2)
    clean = await _assemble(place, 1)
    outer = await stocking.an_item("BOX", name="礼箱", category=Category.KIT, life=None)
    place.version = await kits.draft_kit(outer, [Part(place.kit, 1)])
    boxed = await _assemble(place, 1)
    out = await _apart(place, mixed, 1)
    assert set(await queries.kit_lots_with([bad])) == {mixed, boxed, out[place.blanket]}
    assert clean in set(await queries.kit_lots_with([good]))
    assert await queries.kit_lots_with([boxed]) == []
    assert set(await queries.kit_lots_with([mixed])) == {boxed, out[place.blanket], out[place.coat]}


async def test_what_was_recalled_stays_so_when_it_comes_out_of_a_kit(place: Place) -> None:
    blankets = await stocking.a_lot(place.blanket, place.shelf, 4)
    await stocking.a_lot(place.coat, place.shelf, 4)
    lot = await _assemble(place, 2)
    for one in (blankets, lot):
        await set_state(one, LotState.RECALLED, by=place.by, reason="厂家召回", event="recall")
    out = await stock.lots((await _apart(place, lot, 1)).values())
    assert {one.item: one.state for one in out.values()} == {
        place.blanket: LotState.RECALLED,
        place.coat: LotState.OPEN,
    }


async def test_expired_goods_go_into_no_kit(place: Place) -> None:
    yesterday = clock.today() - timedelta(days=1)
    await stocking.a_lot(place.blanket, place.shelf, 4, expires_on=yesterday)
    await stocking.a_lot(place.coat, place.shelf, 4)
    with pytest.raises(Short):
        await _assemble(place, 1)


async def test_reserved_goods_go_into_no_kit_and_kits_land_on_shelves_of_the_site(place: Place) -> None:
    blankets = await stocking.a_lot(place.blanket, place.shelf, 4)
    await stocking.a_lot(place.coat, place.shelf, 4)
    await stocking.move(Cause.RESERVE, Delta(blankets, place.shelf, reserved=3))
    with pytest.raises(Short):
        await _assemble(place, 1)
    elsewhere = (await stocking.a_bin(await stocking.a_site("QY"))).id
    wrong = (await stocking.a_bin(place.site, Purpose.QUARANTINE)).id
    for bin_id in (elsewhere, wrong):
        with pytest.raises(Invalid) as refused:
            await assembling.assemble(
                place.version,
                site=place.site,
                bin_id=bin_id,
                quantity=1,
                fund=FUND,
                by=place.by,
                request=ids.new_id(),
            )
        assert refused.value.field == "bin"
