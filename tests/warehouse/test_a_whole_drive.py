"""A winter drive of kits for a thousand people on the demonstration's data, to the last piece."""

import time
from datetime import timedelta
from uuid import UUID

import pytest

from cishan.approvals.rules import Acting
from cishan.files.actions import Brought
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict
from cishan.plumbing import grids
from cishan.plumbing.db import fetch, fetch_value
from cishan.settings import Settings
from cishan.warehouse.actions import assembling, distributing, drives, entitlements
from cishan.warehouse.actions.handovers import take_back
from cishan.warehouse.queries import drives as queries
from cishan.warehouse.queries import entitlements as receivers
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries import places, stock
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.rules import entitlements as reading
from cishan.warehouse.rules.drives import Account, Progress
from cishan.warehouse.rules.orders import Condition, Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from seeds import deadlines, demo_staff, demo_warehouse, kits, reference, warehouse
from tests.warehouse.driving import a_phone, a_plan, a_sheet, an_id_number
from tests.warehouse.ordering import brought
from tests.warehouse.stocking import a_lot, booked, move

PEOPLE = 1_000
ABSENT, BACK, TORN, SPARE = 12, 5, 3, 20


async def _demonstration() -> Acting:
    for module in (reference, deadlines, warehouse, kits, demo_staff, demo_warehouse):
        await module.load()
    (grant, *_) = await fetch(
        "SELECT id, person FROM role_grant WHERE role = 'warehouse_keeper' ORDER BY person LIMIT 1"
    )
    return Acting(grant["person"], grant["id"], Role.WAREHOUSE_KEEPER)


def _list() -> bytes:
    rows: list[tuple[object, ...]] = [("姓名", "身份证号", "手机号", "人群")]
    for n in range(1, PEOPLE + 1):
        born = f"19{30 + n % 40}0{1 + n % 9}15"
        number = an_id_number(n, born=born) if n % 3 else ""
        rows.append(
            (f"演示人员{n}", number, a_phone(n)[3:] if n % 3 != 1 else "", "残疾" if n % 50 == 0 else "")
        )
    return a_sheet(*rows)


@pytest.mark.slow
async def test_a_winter_drive_for_a_thousand_people_ends_with_every_unit_accounted_for(
    racing: str, config: Settings
) -> None:
    began = time.perf_counter()
    by = await _demonstration()
    site = await places.site_by_code("DZ")
    kit_item = await item_by_code("KIT-WINTER")
    assert site is not None and kit_item is not None
    kit = await kit_queries.in_force(kit_item.id)
    assert kit is not None
    shelf = (await places.bins_of(site.id, Purpose.SHELF))[0]
    stock_before, spent_before = await booked("1201"), await booked("5101")

    # Companies gave coats and quilts; the demonstration has 260 quilts of its own that go first or last.
    for part in kit.parts:
        for pieces in (600, PEOPLE + SPARE - 600):
            await a_lot(part.item, shelf.id, pieces, cost_fen=pieces * part.typical_value_fen + 7)

    # The list comes as a sheet; the same sheet again puts nobody on it twice.
    drive = await drives.plan_drive(
        a_plan(kit_item.id, {site.id: PEOPLE}, site.organisation), by=by, request=ids.new_id()
    )
    sheet = reading.read(grids.of_file(_list(), field="list"), today=clock.today(), limit=5_000)
    assert sheet.errors == ()
    turns = await entitlements.add_people(drive, sheet.entries)
    with pytest.raises(entitlements.ListRefused) as refused:
        await entitlements.add_people(drive, sheet.entries)
    assert len(refused.value.errors) == PEOPLE

    # Kits are put together in four batches.
    for quantity in (400, 300, 200, PEOPLE + SPARE - 900):
        await assembling.assemble(
            kit.id,
            site=site.id,
            bin_id=shelf.id,
            quantity=quantity,
            fund="F-NDXD",
            drive=drive,
            by=by,
            request=ids.new_id(),
        )
    await drives.move_drive(drive, "open", by=by)
    prepared = time.perf_counter()

    # Everybody who comes gets one; nobody gets two; whoever is absent comes on a later day or not at all.
    second, papers = Second(name="志愿者甲"), await brought()
    came, late = turns[ABSENT:], turns[: ABSENT // 2]
    for turn in came:
        await _give(turn, by, second, papers)
    handed_out = time.perf_counter()
    with pytest.raises(Conflict):
        await _give(came[0], by, second, papers)
    tomorrow = clock.today() + timedelta(days=1)
    assert await entitlements.note_all_absent(drive, site.id, come_on=tomorrow, by=by) == ABSENT
    with clock.fixed(clock.now() + timedelta(days=1)):
        for turn in late:
            await _give(turn, by, second, papers)

    # Some come back, some are torn, the rest is taken apart and its parts lie on the shelf again.
    for turn in came[:BACK]:
        await _back(turn, by)
    most = max(await queries.left_overs(drive), key=lambda one: one.on_hand)
    await move(Cause.SCRAP, Delta(most.lot, most.bin, -TORN))
    account = await queries.account_of(drive)
    given = PEOPLE - ABSENT + len(late)
    assert account.left == PEOPLE + SPARE - given + BACK - TORN
    left = [one for one in await queries.left_overs(drive) if one.bin == shelf.id]
    for one in left:
        await assembling.disassemble(
            one.lot, from_bin=one.bin, to_bin=shelf.id, quantity=one.on_hand, by=by, request=ids.new_id()
        )
    await drives.move_drive(drive, "close", by=by)

    # Every unit is accounted for, by the moves, by the balances and by the books.
    apart = sum(one.on_hand for one in left)
    assert await queries.account_of(drive) == Account(
        came=PEOPLE + SPARE,
        handed_out=given,
        returned=BACK,
        elsewhere=0,
        taken_apart=apart,
        damaged=TORN,
        left=BACK,
    )
    assert (await queries.account_of(drive)).is_whole
    progress = (await queries.progress_of(drive))[site.id]
    assert progress == Progress(given=given, absent=ABSENT - len(late), waiting=0)
    assert await queries.pieces_of(drive) == (given, BACK)
    for part in kit.parts:
        assert await _parts_left(site.id, part.item, part.quantity) == 260 * (part.code == "QUILT") + (
            SPARE + PEOPLE
        ) - (given - BACK + TORN)
    lots_worth = await fetch_value("SELECT sum(value_fen)::bigint FROM stock_lot WHERE fund_code = 'F-NDXD'")
    assert lots_worth == await booked("1201")
    assert stock_before + 2 * 14 + (PEOPLE + SPARE) * 40_000 == (
        await booked("1201") + await booked("5101") - spent_before + await booked("5901")
    )
    assert len(await receivers.receivers(drive)) == PEOPLE
    print(f"\nprepared {prepared - began:.1f} s, handed out {handed_out - prepared:.1f} s")  # noqa: T201


async def _give(turn: UUID, by: Acting, second: Second, papers: list[Brought]) -> None:
    await distributing.hand_to(turn, by=by, second=second, signature=papers, request=ids.new_id())


async def _back(turn: UUID, by: Acting) -> None:
    (row,) = await fetch(
        """SELECT p.id FROM goods_entitlement AS e
             JOIN goods_order_line AS l ON l.goods_order = e.order_id
             JOIN goods_pick AS p ON p.line = l.id WHERE e.id = {}""",
        turn,
    )
    await take_back(
        row["id"],
        quantity=1,
        condition=Condition.GOOD,
        reason="本人另有一份，退回",
        by=by,
        request=ids.new_id(),
    )


async def _parts_left(site: UUID, item: UUID, per_kit: int) -> int:
    """Return the pieces of an item that lie loose, or in the kits that came back."""
    loose = sum(one.on_hand for one in await stock.balances(site=site, item=item))
    return loose + BACK * per_kit
