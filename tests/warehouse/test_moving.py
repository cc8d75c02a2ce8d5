"""Putting away and moving: what moves, what is refused beside which field, and quarantine."""

from datetime import timedelta
from uuid import UUID

import pytest

from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.actions import lots, moving, places, stock
from cishan.warehouse.queries import choosing
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.places import bin_by_code
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.queries.trail import of_lot
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Cause, Delta, LotState
from tests.conftest import as_owner
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item, freeze, move

pytestmark = pytest.mark.usefixtures("db")


async def goods(*, cold_chain: bool = False) -> tuple[UUID, Bin, Bin]:
    """Return ten pieces in the receiving zone, and a shelf."""
    site = await a_site()
    dock, shelf = await a_bin(site, Purpose.RECEIVING), await a_bin(site)
    return await a_lot(await an_item(cold_chain=cold_chain), dock.id, 10), dock, shelf


async def where(lot: UUID) -> dict[str, int]:
    return {place.bin_code: place.on_hand for place in await lying(lot=lot)}


async def test_goods_are_put_away_once_however_often_the_form_comes() -> None:
    lot_id, _, shelf = await goods()
    keeper, request, lot = await a_keeper(), ids.new_id(), await lot_by_id(lot_id)
    source = await choosing.source_meant(lot, "")
    first = await moving.move(lot, source, shelf, 6, by=keeper, request=request)
    again = await moving.move(lot, source, shelf, 6, by=keeper, request=request)
    assert (first.is_new, again.is_new, first.cause_id) == (True, False, again.cause_id)
    assert await where(lot_id) == {"DZ-IN-01": 4, "DZ-A-01": 6}
    assert await stock.is_posted(request, lot_id)
    steps = await of_lot(lot_id)
    assert [(step.kind, step.who, [(m.bin_code, m.on_hand) for m in step.moves]) for step in steps] == [
        ("move", "库管", [("DZ-IN-01", -6), ("DZ-A-01", 6)]),
        ("receive", "", [("DZ-IN-01", 10)]),
    ]
    assert [step.value_fen for step in steps] == [0, 60000]


async def refused(lot_id: UUID, target: Bin, quantity: int) -> tuple[str, str]:
    lot = await lot_by_id(lot_id)
    before = await where(lot_id)
    keeper = await a_keeper(f"keeper{quantity}")
    with pytest.raises(Invalid) as caught:
        await moving.move(
            lot, await choosing.source_meant(lot, ""), target, quantity, by=keeper, request=ids.new_id()
        )
    assert await where(lot_id) == before
    return caught.value.field, str(caught.value)


async def test_more_than_there_is_is_refused_with_the_numbers() -> None:
    lot, dock, shelf = await goods()
    field, words = await refused(lot, shelf, 11)
    assert field == "quantity"
    assert "asked for 11, only 10" in words
    assert (await refused(lot, shelf, 0))[0] == "quantity"
    assert (await refused(lot, shelf, 1_000_001))[0] == "quantity"
    assert dock.code == "DZ-IN-01"


async def test_cold_goods_stay_cold() -> None:
    lot, _, shelf = await goods(cold_chain=True)
    field, words = await refused(lot, shelf, 3)
    assert (field, "needs cooling" in words) == ("bin", True)


async def test_counted_closed_and_distant_bins_take_nothing() -> None:
    lot, dock, shelf = await goods()
    other = await a_bin(await a_site("QY"))
    assert (await refused(lot, other, 1))[0] == "bin"
    assert (await refused(lot, await a_bin(dock.site, Purpose.TRANSIT), 2))[0] == "bin"
    async with as_owner() as connection:
        await connection.execute("UPDATE stock_bin SET active = false WHERE id = $1", shelf.id)
    closed = await bin_by_code(shelf.code)
    assert closed is not None
    assert (await refused(lot, closed, 4))[0] == "bin"
    async with as_owner() as connection:
        await connection.execute("UPDATE stock_bin SET active = true WHERE id = $1", shelf.id)
    await freeze(shelf.id)
    field, words = await refused(lot, shelf, 3)
    assert (field, "being counted" in words) == ("bin", True)


async def test_a_lot_in_several_bins_needs_a_word_from_where() -> None:
    lot_id, dock, shelf = await goods()
    await move(Cause.MOVE, Delta(lot_id, dock.id, -4), Delta(lot_id, shelf.id, 4))
    lot = await lot_by_id(lot_id)
    with pytest.raises(Invalid) as caught:
        await choosing.source_meant(lot, "")
    assert caught.value.field == "from_bin"
    assert str(caught.value).endswith("DZ-IN-01 (6), DZ-A-01 (4).") or "DZ-IN-01 (6)" in str(caught.value)
    assert (await choosing.source_meant(lot, " dz-a-01 ")).available == 4
    assert (await choosing.source_meant(lot, "", but=shelf)).bin_code == "DZ-IN-01"
    with pytest.raises(Invalid):
        await choosing.source_meant(lot, "DZ-Q-01")


@pytest.mark.parametrize("typed", ["", "L000000-00000", "<b>", "大米", "\x00", "-" * 300])
async def test_an_unknown_lot_or_bin_is_told_beside_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as lot:
        await choosing.lot_meant(typed)
    with pytest.raises(Invalid) as place:
        await choosing.bin_meant(typed)
    assert (lot.value.field, place.value.field) == ("lot", "bin")


async def test_quarantine_and_release_are_steps_of_the_lots_history() -> None:
    lot, _, _ = await goods()
    keeper = await a_keeper()
    with pytest.raises(Invalid):
        await lots.quarantine(lot, by=keeper, reason=" ")
    await lots.quarantine(lot, by=keeper, reason="包装破损，待检")
    assert (await lot_by_id(lot)).state is LotState.QUARANTINED
    await lots.release(lot, by=keeper, reason="检验合格")
    assert (await lot_by_id(lot)).state is LotState.OPEN
    rows = await fetch(
        "SELECT event, from_state, to_state, reason FROM audit.transition WHERE subject_id = {} ORDER BY id",
        str(lot),
    )
    assert [tuple(row.values()) for row in rows] == [
        ("quarantine", "open", "quarantined", "包装破损，待检"),
        ("release", "quarantined", "open", "检验合格"),
    ]


async def test_what_is_over_its_last_day_is_not_released() -> None:
    site = await a_site()
    lot = await a_lot(
        await an_item(), (await a_bin(site)).id, 5, expires_on=clock.today() + timedelta(days=1)
    )
    keeper = await a_keeper()
    await lots.quarantine(lot, by=keeper, reason="待检")
    with clock.fixed(clock.now() + timedelta(days=2)), pytest.raises(Conflict, match="last day"):
        async with atomic():
            await lots.release(lot, by=keeper, reason="合格")
    assert (await lot_by_id(lot)).state is LotState.QUARANTINED


async def test_bins_are_made_many_at_once_and_once_only() -> None:
    site, keeper = await a_site(), await a_keeper()
    zone = await places.add_zone(site, code="R", name="R货架区", purpose=Purpose.SHELF, by=keeper)
    for _ in range(2):
        made = await places.add_bins(zone, ["R-01", "R-02"], walk_from=2000, by=keeper)
        assert made == ["DZ-R-01", "DZ-R-02"]
    second = await bin_by_code("DZ-R-02")
    assert second is not None
    assert (second.walk_order, second.purpose, second.site) == (2010, Purpose.SHELF, site)
    with pytest.raises(Invalid, match="DZ-R-02"):
        await places.add_bins(zone, ["R-02", "R-03"], walk_from=0, by=keeper)
    assert await bin_by_code("DZ-R-03") is None
    with pytest.raises(Invalid):
        await places.add_zone(site, code="R", name="又一个", purpose=Purpose.SHELF, by=keeper)
    with pytest.raises(Invalid):
        await places.add_zone(site, code="W2", name="在途", purpose=Purpose.TRANSIT, by=keeper)


async def test_a_bin_is_closed_when_it_is_empty_and_not_the_last_of_its_kind() -> None:
    lot, dock, shelf = await goods()
    keeper = await a_keeper()
    with pytest.raises(Conflict, match="Goods lie"):
        await places.set_bin_active(dock.id, active=False, by=keeper)
    with pytest.raises(Conflict, match="no other bin"):
        await places.set_bin_active(shelf.id, active=False, by=keeper)
    zone = await places.add_zone(shelf.site, code="R", name="R", purpose=Purpose.SHELF, by=keeper)
    await places.add_bins(zone, ["R-01"], walk_from=0, by=keeper)
    for _ in range(2):
        await places.set_bin_active(shelf.id, active=False, by=keeper, reason="货架拆除")
    closed = await bin_by_code(shelf.code)
    assert closed is not None
    assert not closed.active
    rows = await fetch("SELECT event FROM audit.transition WHERE subject_id = {}", str(shelf.id))
    assert [row["event"] for row in rows] == ["set_active"]
    with pytest.raises(Conflict, match="Goods lie"):
        await places.set_site_active(shelf.site, active=False, by=keeper)
    assert await where(lot) == {"DZ-IN-01": 10}
