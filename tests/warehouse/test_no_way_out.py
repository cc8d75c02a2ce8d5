"""Which cause lets goods go out of which place: the whole table, and nothing beside it.

What the platform's own role may do at most, whatever an action or a page forgets to ask.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from cishan.kernel import clock, ids
from cishan.kernel.errors import DomainError, Invalid
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.settings import APP_ROLE
from cishan.warehouse.actions import places, stock, transfers
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, LotState, NewLot, Source
from cishan.warehouse.rules.transfers import State
from tests.conftest import as_owner
from tests.warehouse.ordering import everything
from tests.warehouse.stocking import FUND, a_keeper, a_lot, a_site, an_item, freeze, move, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")

OPEN, LATE = "open", "past its last day"
LOTS = (OPEN, LotState.QUARANTINED.value, LotState.RECALLED.value, LotState.EXPIRED.value, LATE)
STORES = {Purpose.SHELF, Purpose.COLD}
HERE = {Purpose.RECEIVING, Purpose.SHELF, Purpose.COLD, Purpose.PACKING}
ALLOWED: dict[str, set[Purpose]] = {
    "reserve": STORES,
    # A promise follows its goods wherever they are carried inside the site; from packing they are issued.
    "pick": HERE | {Purpose.QUARANTINE},
    "issue what is promised": STORES | {Purpose.PACKING},
    "issue what is free": STORES | {Purpose.PACKING},
    "assemble": STORES | {Purpose.PACKING},
    "send": HERE,
}
"""From where usable goods may go. From anywhere else, and of any other lot: nothing."""
FRESH = {"reserve", "issue what is promised", "issue what is free", "assemble"}
"""What also takes goods that keep for less than ninety days right where they arrived."""
NEEDS_PROMISE = {"pick", "issue what is promised"}


class Yard:
    """A site with a place of every purpose, another site, and what lies there."""

    site: UUID
    item: UUID
    kit: UUID
    bins: dict[Purpose, UUID]
    packed: UUID
    """A second packing place: where what is picked or assembled goes."""
    far: UUID
    far_way: UUID


async def a_yard(*, life: int = 365) -> Yard:
    yard = Yard()
    yard.site, yard.far = await a_site("DZ"), await a_site("QY")
    for code, purpose in (("C", Purpose.COLD), ("OUT2", Purpose.PACKING)):
        await places.open_zone(yard.site, code=code, name=code, purpose=purpose, bins=[f"DZ-{code}-01"])
    yard.bins = {purpose: (await first_bin(yard.site, purpose)).id for purpose in Purpose}
    yard.packed = await fetch_value("SELECT id FROM stock_bin WHERE code = 'DZ-OUT2-01'")
    yard.far_way = (await first_bin(yard.far, Purpose.TRANSIT)).id
    yard.item = await an_item(life=life)
    yard.kit = await an_item("KIT-T", name="包", life=None)
    return yard


async def laid(yard: Yard, bin_id: UUID, state: str = OPEN, *, promised: int = 0) -> UUID:
    """Let ten pieces lie somewhere, some promised, as no action might bring it about."""
    late = clock.today() - timedelta(days=1) if state == LATE else None
    lot = await a_lot(yard.item, yard.bins[Purpose.SHELF], 10, expires_on=late)
    async with as_owner() as owner:
        await owner.execute(
            "UPDATE stock_balance SET bin = $2, reserved = $3 WHERE lot = $1", lot, bin_id, promised
        )
    if state not in {OPEN, LATE}:
        await stock.set_state(lot, LotState(state), by=None, reason="测试", event="lock")
    return lot


async def out(yard: Yard, way: str, lot: UUID, bin_id: UUID, pieces: int) -> None:
    """Let pieces go, straight through the one door, in a transaction of its own."""
    deltas: Sequence[Delta]
    async with atomic():
        match way:
            case "reserve":
                cause, deltas = Cause.RESERVE, [Delta(lot, bin_id, reserved=pieces)]
            case "pick":
                taken = Delta(lot, bin_id, -pieces, -pieces)
                cause, deltas = Cause.PICK, [taken, Delta(lot, yard.packed, pieces, pieces)]
            case "issue what is promised":
                cause, deltas = Cause.ISSUE, [Delta(lot, bin_id, -pieces, -pieces)]
            case "issue what is free":
                cause, deltas = Cause.ISSUE, [Delta(lot, bin_id, -pieces)]
            case "assemble":
                made = await a_kit_lot(yard, pieces)
                cause, deltas = (
                    Cause.ASSEMBLE,
                    [Delta(lot, bin_id, -pieces), Delta(made, yard.packed, pieces)],
                )
            case _:
                cause, deltas = Cause.SEND, [Delta(lot, bin_id, -pieces), Delta(lot, yard.far_way, pieces)]
        request = ids.new_id()
        await stock.post(cause, deltas, by=None, subject=("test", request), request=request)


async def a_kit_lot(yard: Yard, quantity: int) -> UUID:
    return await stock.open_lot(
        NewLot(
            item=yard.kit,
            quantity=quantity,
            cost_fen=quantity * 6000,
            basis=Basis.PARTS,
            fund=FUND,
            source=Source.KIT,
            source_id=ids.new_id(),
        )
    )


async def fingerprint() -> object:
    """Return all that says what lies where, whose it is and what it is worth."""
    return [
        await fetch("SELECT lot, bin, on_hand, reserved FROM stock_balance ORDER BY lot, bin"),
        await fetch("SELECT id, state, quantity, on_hand, value_fen FROM stock_lot ORDER BY id"),
        await fetch_value("SELECT count(*) FROM stock_cause"),
        await fetch_value("SELECT count(*) FROM stock_move"),
        await fetch_value("SELECT coalesce(sum(value_fen), 0) FROM stock_value"),
        await fetch_value("SELECT count(*) FROM books.entry"),
    ]


async def goes(yard: Yard, way: str, lot: UUID, bin_id: UUID, pieces: int = 4) -> bool:
    """Tell whether goods went; if they did not, nothing at all changed."""
    before = await fingerprint()
    try:
        await out(yard, way, lot, bin_id, pieces)
    except DomainError:
        assert await fingerprint() == before, (way, "changed something although refused")
        return False
    except asyncpg.PostgresError as error:
        assert error.sqlstate in {"ST001", "ST004"}, error
        assert await fingerprint() == before, (way, "changed something although refused")
        return False
    assert await fingerprint() != before, (way, "did nothing")
    return True


@pytest.mark.parametrize("life", [365, 30])
@pytest.mark.parametrize("way", list(ALLOWED))
async def test_goods_go_out_of_these_places_in_this_state_and_of_no_other(way: str, life: int) -> None:
    assert await fetch_value("SELECT current_user") == APP_ROLE
    yard = await a_yard(life=life)
    went = set()
    for state in LOTS:
        for purpose in Purpose:
            bin_id = yard.bins[purpose]
            lot = await laid(yard, bin_id, state, promised=4 if way in NEEDS_PROMISE else 0)
            if await goes(yard, way, lot, bin_id):
                went.add((state, purpose))
    fresh = {Purpose.RECEIVING} if life < 90 and way in FRESH else set()
    assert went == {(OPEN, purpose) for purpose in ALLOWED[way] | fresh}


@pytest.mark.parametrize("way", list(ALLOWED))
async def test_no_way_takes_a_piece_more_than_there_is_for_it(way: str) -> None:
    yard = await a_yard()
    shelf = yard.bins[Purpose.SHELF]
    lot = await laid(yard, shelf, promised=4)
    most = 4 if way in NEEDS_PROMISE else 6
    for pieces in (most + 1, 10, 11):
        before = await fingerprint()
        with pytest.raises(stock.Short):
            await out(yard, way, lot, shelf, pieces)
        assert await fingerprint() == before
    assert await goes(yard, way, lot, shelf, most)
    assert not await goes(yard, way, lot, shelf, 1)


@pytest.mark.parametrize("way", list(ALLOWED))
async def test_nothing_leaves_a_bin_that_is_counted(way: str) -> None:
    yard = await a_yard()
    shelf = yard.bins[Purpose.SHELF]
    lot = await laid(yard, shelf, promised=4)
    await freeze(shelf)
    before = await fingerprint()
    with pytest.raises(stock.Frozen):
        await out(yard, way, lot, shelf, 1)
    assert await fingerprint() == before


@pytest.mark.parametrize("state", LOTS[1:])
async def test_picked_goods_that_nobody_may_have_come_back_to_quarantine_alone(state: str) -> None:
    yard = await a_yard()
    packing, shelf = yard.bins[Purpose.PACKING], yard.bins[Purpose.SHELF]
    lot = await laid(yard, packing, state, promised=4)

    async def carry(target: UUID) -> None:
        request, deltas = ids.new_id(), [Delta(lot, packing, -4, -4), Delta(lot, target, 4, 4)]
        async with atomic():
            await stock.post(Cause.PICK, deltas, by=None, subject=("test", request), request=request)

    before = await fingerprint()
    with pytest.raises(stock.Unusable):
        await carry(shelf)
    assert await fingerprint() == before
    await carry(yard.bins[Purpose.QUARANTINE])
    assert (await stock_of(lot))[:2] == (10, 4)
    assert not await goes(yard, "issue what is promised", lot, yard.bins[Purpose.QUARANTINE])


@pytest.mark.parametrize("state", [*LOTS[1:], "lies in quarantine"])
async def test_what_nobody_may_have_does_not_travel(state: str) -> None:
    """Neither as a new line, nor when it was on the list before."""
    yard = await a_yard()
    shelf, aside = yard.bins[Purpose.SHELF], yard.bins[Purpose.QUARANTINE]
    tomorrow = clock.now() + timedelta(days=1)
    lot = await a_lot(yard.item, shelf, 10, expires_on=clock.today())
    keeper = await a_keeper("sender")
    made = await transfers.draft(source=yard.site, target=yard.far, by=keeper, request=ids.new_id())
    if state == "lies in quarantine":
        await move(Cause.MOVE, Delta(lot, shelf, -10), Delta(lot, aside, 10))
        await fetch(
            "INSERT INTO stock_transfer_line (id, transfer, lot, bin, quantity, found, lost, explanation)"
            " VALUES (gen_random_uuid(), {}, {}, {}, 4, 0, 0, '')",
            *(made.id, lot, aside),
        )
    else:
        (place,) = await lying(lot=lot)
        await transfers.add_line(made.id, place, 4, request=ids.new_id())
    if state in set(LotState):
        await stock.set_state(lot, LotState(state), by=None, reason="测试", event="lock")
    before = [await fingerprint(), await everything(), await fetch("SELECT * FROM stock_transfer_line")]
    with clock.fixed(tomorrow if state == LATE else clock.now()):
        (place,) = await lying(lot=lot)
        with pytest.raises(Invalid, match="so it does not travel either") as refused:
            await transfers.send(made.id, by=keeper, request=ids.new_id())
        assert refused.value.field == "lot"
        with pytest.raises(Invalid, match="so it does not travel either") as refused:
            await transfers.add_line(made.id, place, 1, request=ids.new_id())
        assert refused.value.field == "lot"
        assert (await transfer_by_id(made.id)).state is State.DRAFT
    assert before == [
        await fingerprint(),
        await everything(),
        await fetch("SELECT * FROM stock_transfer_line"),
    ]


@pytest.mark.parametrize(
    ("state", "purpose", "code", "words"),
    [
        (LotState.QUARANTINED.value, Purpose.SHELF, "ST001", "is not usable"),
        (LotState.RECALLED.value, Purpose.SHELF, "ST001", "is not usable"),
        (LotState.EXPIRED.value, Purpose.SHELF, "ST001", "is not usable"),
        (LATE, Purpose.SHELF, "ST001", "is not usable"),
        (OPEN, Purpose.QUARANTINE, "ST004", "DZ-Q-01 is no place for that"),
    ],
)
async def test_the_database_lets_nothing_travel_that_nobody_may_have(
    state: str, purpose: Purpose, code: str, words: str
) -> None:
    yard = await a_yard()
    good = await laid(yard, yard.bins[Purpose.SHELF])
    bad = await laid(yard, yard.bins[purpose], state)
    before, request = await fingerprint(), ids.new_id()
    sent = [
        Delta(good, yard.bins[Purpose.SHELF], -1),
        Delta(good, yard.far_way, 1),
        Delta(bad, yard.bins[purpose], -1),
        Delta(bad, yard.far_way, 1),
    ]
    with pytest.raises(asyncpg.PostgresError, match=words) as refused:
        async with atomic():
            await stock.post(Cause.SEND, sent, by=None, subject=("test", request), request=request)
    assert refused.value.sqlstate == code
    assert await fingerprint() == before
