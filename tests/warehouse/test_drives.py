"""Drives: a list on which nobody stands twice, a turn that is given once, and a season that adds up."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from cishan.audit.queries import history_of
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.warehouse.actions import drives, entitlements
from cishan.warehouse.actions.entitlements import ListRefused
from cishan.warehouse.actions.handovers import take_back
from cishan.warehouse.actions.stock import Short
from cishan.warehouse.queries import drives as queries
from cishan.warehouse.queries import entitlements as receivers
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.drives import Account, DriveState, EntitlementState, Progress
from cishan.warehouse.rules.orders import Condition
from cishan.warehouse.rules.stock import Cause, Delta
from tests.identity.staffing import a_federation
from tests.warehouse import driving, stocking
from tests.warehouse.driving import a_phone, a_plan, a_season, an_id_number, give, listed, somebody, turn

pytestmark = pytest.mark.usefixtures("config", "db")


async def test_a_drive_is_planned_once_for_a_request_and_opened_once() -> None:
    season = await a_season(opened=False)
    plan = a_plan(season.kit, {season.site: 10}, await a_federation())
    request = ids.new_id()
    assert await drives.plan_drive(plan, by=season.by, request=request) == request
    assert await drives.plan_drive(plan, by=season.by, request=request) == request
    drive = await queries.drive_by_id(request)
    year = clock.today().year % 100
    assert (drive.number, drive.state, drive.target_people) == (f"D{year}-002", DriveState.PLANNED, 10)
    assert await queries.drive_by_number(drive.number.lower()) == drive
    await drives.move_drive(request, "open", by=season.by)
    with pytest.raises(Conflict):
        await drives.move_drive(request, "open", by=season.by)
    clocks = "SELECT count(*) FROM deadline_clock WHERE code = 'drive.close' AND stopped_at IS NULL"
    assert await fetch_value(clocks) == 1
    await drives.move_drive(request, "close", by=season.by)
    assert await fetch_value(clocks) == 0
    steps = await history_of("drive", request, limit=10)
    assert sorted((s.event, s.to_state) for s in steps) == sorted(
        [
            ("plan", "planned"),
            ("open", "open"),
            ("close", "closed"),
        ]
    )


async def test_a_plan_that_cannot_be_is_refused_beside_its_field() -> None:
    season = await a_season(kits_made=0, opened=False)
    house, today = await a_federation(), clock.today()
    other = await stocking.an_item("BOX", name="礼箱", category=Category.KIT, life=None)
    for field, more in (
        ("ends_on", {"ends_on": today - timedelta(days=1)}),
        ("ends_on", {"ends_on": today + timedelta(days=400)}),
        ("per_person", {"per_person": 0}),
        ("targets", {"targets": {}}),
        ("targets", {"targets": {season.site: 0}}),
        ("item", {"item": other}),
    ):
        plan = a_plan(season.kit, {season.site: 10}, house)
        changed = drives.NewDrive(**{**{f: getattr(plan, f) for f in plan.__slots__}, **more})
        with pytest.raises(Invalid) as refused:
            await drives.plan_drive(changed, by=season.by, request=ids.new_id())
        assert refused.value.field == field
    assert await fetch_value("SELECT count(*) FROM goods_drive") == 1


async def test_what_an_open_drive_hands_out_stays() -> None:
    season = await a_season()
    house = await a_federation()
    with pytest.raises(Conflict):
        await drives.change_drive(season.drive, a_plan(season.kit, {season.site: 5}, house, per_person=2))
    with pytest.raises(asyncpg.CheckViolationError):
        async with atomic():
            await fetch("UPDATE goods_drive SET per_person = 3 WHERE id = {}", season.drive)
    other = await stocking.a_site("QY")
    await drives.change_drive(season.drive, a_plan(season.kit, {season.site: 5, other: 7}, house))
    assert (await queries.drive_by_id(season.drive)).target_people == 12
    await listed(season, somebody(site="DZ"))
    with pytest.raises(Conflict):
        await drives.change_drive(season.drive, a_plan(season.kit, {other: 7}, house))


async def test_people_are_sealed_on_the_list_and_shown_masked() -> None:
    season = await a_season()
    (one,) = await listed(season, somebody(name="演示张三", id_number=an_id_number(1), groups=("disabled",)))
    found = await receivers.receiver(one)
    assert (found.masked_name, found.masked_phone, found.masked_id_number) == (
        "演**三",
        "138****0001",
        "3714**************",
    )
    assert found.tokens == ("disabled", "elders", "men", "region:3714", "region:371400")
    row = await turn(one)
    assert not any("张三".encode() in bytes(value) for value in row.values() if isinstance(value, bytes))
    assert found.number.startswith("D") and found.number.endswith("-00001")


async def test_nobody_stands_twice_on_a_list_by_whatever_way_they_are_told() -> None:
    season = await a_season()
    both = somebody(1, id_number=an_id_number(7))
    await listed(season, both, somebody(2))
    again = [
        somebody(9, name="别名", id_number=an_id_number(7)),
        somebody(1, name=" 演示第1人 "),
        somebody(3),
        somebody(2, id_number=an_id_number(8)),
    ]
    with pytest.raises(ListRefused) as refused:
        await listed(season, *again)
    assert [error.row for error in refused.value.errors] == [2, 3, 5]
    assert dict(refused.value.errors[0].values)["number"].endswith("-00001")  # type: ignore[attr-defined]
    assert await fetch_value("SELECT count(*) FROM goods_entitlement") == 2
    for index in ("id_index", "contact_index"):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with atomic():
                await fetch(
                    f"""INSERT INTO goods_entitlement
                               (id, drive, site, number, name_enc, id_number_enc, id_index, contact_enc,
                                contact_index, region, tokens, state, listed_at, reason)
                        SELECT gen_random_uuid(), drive, site, 'X', name_enc,
                               {
                        "id_number_enc, id_index, NULL, NULL"
                        if index == "id_index"
                        else "NULL, NULL, contact_enc, contact_index"
                    },
                               region, tokens, 'listed', listed_at, ''
                          FROM goods_entitlement WHERE id_index IS NOT NULL"""
                )


async def test_who_is_struck_off_gets_nothing_and_may_be_listed_anew() -> None:
    season = await a_season()
    (one,) = await listed(season, somebody())
    with pytest.raises(Invalid):
        await entitlements.strike(one, reason=" ", by=season.by)
    await entitlements.strike(one, reason="已迁出", by=season.by)
    await entitlements.strike(one, reason="已迁出", by=season.by)
    with pytest.raises(Conflict):
        await give(season, one)
    (other,) = await listed(season, somebody())
    assert (await turn(other))["number"].endswith("-00002")
    await give(season, other)
    with pytest.raises(Conflict):
        await entitlements.strike(other, reason="误录", by=season.by)


async def test_a_turn_is_given_once_and_a_second_time_is_told_when_and_where() -> None:
    season = await a_season()
    (one,) = await listed(season, somebody())
    request = ids.new_id()
    done = await give(season, one, request=request)
    again = await give(season, one, request=request)
    assert (done.is_new, again.is_new, again.order_id) == (True, False, done.order_id)
    with pytest.raises(Conflict, match="DZ仓库"):
        await give(season, one)
    row = await turn(one)
    assert (row["state"], row["order_id"]) == ("given", done.order_id)
    assert await queries.pieces_of(season.drive) == (1, 0)
    with pytest.raises(asyncpg.CheckViolationError):
        async with atomic():
            await fetch("UPDATE goods_entitlement SET order_id = gen_random_uuid() WHERE id = {}", one)


async def test_a_form_of_one_person_gives_nothing_to_another() -> None:
    season = await a_season()
    one, other = await listed(season, somebody(1), somebody(2))
    request = ids.new_id()
    await give(season, one, request=request)
    with pytest.raises(Conflict):
        await give(season, other, request=request)
    assert (await turn(other))["state"] == "listed"


async def test_somebody_who_collects_for_another_is_written_down_with_the_reason() -> None:
    season = await a_season()
    (one,) = await listed(season, somebody())
    with pytest.raises(Invalid) as refused:
        await give(season, one, collector="演示李某")
    assert refused.value.field == "why"
    await give(season, one, collector="演示李某", why="子女代领，本人卧床")
    assert (await turn(one))["reason"] == "子女代领，本人卧床"
    assert await fetch_value("SELECT count(*) FROM goods_handover WHERE signer_enc IS NOT NULL") == 1


async def test_nothing_is_given_in_a_drive_that_is_not_open_nor_more_than_there_is() -> None:
    season = await a_season(kits_made=1, opened=False)
    one, other = await listed(season, somebody(1), somebody(2))
    with pytest.raises(Conflict):
        await give(season, one)
    await drives.move_drive(season.drive, "open", by=season.by)
    await give(season, one)
    with pytest.raises(Short):
        await give(season, other)
    assert (await turn(other))["state"] == "listed"
    await drives.move_drive(season.drive, "close", by=season.by)
    with pytest.raises(Conflict):
        await give(season, other)
    with pytest.raises(Conflict):
        await listed(season, somebody(3))
    assert (await queries.progress_of(season.drive))[season.site] == Progress(given=1, absent=0, waiting=1)


async def test_absent_people_come_on_a_later_day() -> None:
    season = await a_season()
    one, two, three = await listed(season, *(somebody(n) for n in range(1, 4)))
    today = clock.today()
    with pytest.raises(Invalid):
        await entitlements.note_absent(one, come_on=today - timedelta(days=1), by=season.by)
    await entitlements.note_absent(one, come_on=today + timedelta(days=3), by=season.by)
    await give(season, two)
    assert await entitlements.note_all_absent(season.drive, season.site, by=season.by) == 1
    found = {r.id: (r.state, r.come_on) for r in await receivers.receivers(season.drive)}
    assert found == {
        one: (EntitlementState.ABSENT, today + timedelta(days=3)),
        two: (EntitlementState.GIVEN, None),
        three: (EntitlementState.ABSENT, None),
    }
    await give(season, one)
    progress = queries.together(list((await queries.progress_of(season.drive)).values()))
    assert (progress, progress.percent) == (Progress(given=2, absent=1, waiting=0), 66)


async def test_people_are_found_by_slip_name_and_last_digits() -> None:
    season = await a_season()
    await listed(
        season,
        somebody(1, name="演示张三", phone=a_phone(12345678), id_number=an_id_number(21)),
        somebody(2, name="演示李四", phone=a_phone(87654321)),
    )
    number = (await receivers.search(season.drive, "张"))[0].number

    async def names(typed: str) -> list[str]:
        return [one.name for one in await receivers.search(season.drive, typed)]

    assert await names(number.lower()) == ["演示张三"]
    assert await names("00002") == ["演示李四"]
    assert await names("5678") == ["演示张三"]
    assert await names("4321") == ["演示李四"]
    assert await names(an_id_number(21)[-4:].lower()) == ["演示张三"]
    assert await names("演示") == ["演示张三", "演示李四"]
    assert await names("王") == await names("") == await names("56") == []


async def test_every_piece_of_a_drive_is_accounted_for() -> None:
    season = await a_season(kits_made=10)
    turns = await listed(season, *(somebody(n) for n in range(1, 5)))
    for one in turns[:3]:
        await give(season, one)
    (pick,) = await fetch(
        """SELECT p.id FROM goods_pick AS p JOIN goods_order_line AS l ON l.id = p.line
            WHERE l.goods_order = {}""",
        (await turn(turns[0]))["order_id"],
    )
    await take_back(
        pick["id"],
        quantity=1,
        condition=Condition.GOOD,
        reason="发错人，收回",
        by=season.by,
        request=ids.new_id(),
    )
    (left,) = [one for one in await queries.left_overs(season.drive) if one.bin == season.shelf]
    await stocking.move(Cause.SCRAP, Delta(left.lot, season.shelf, -2))
    account = await queries.account_of(season.drive)
    assert account == Account(
        came=10, handed_out=3, returned=1, elsewhere=0, taken_apart=0, damaged=2, left=6
    )
    assert account.is_whole
    assert sum(one.on_hand for one in await queries.left_overs(season.drive)) == 6
    assert await queries.pieces_of(season.drive) == (3, 1)
    (public,) = await queries.public_progress()
    assert (public.people, public.pieces, public.target_people) == (3, 2, 1_000)


async def test_a_list_names_its_row_for_every_error() -> None:
    season = await a_season()
    with pytest.raises(ListRefused) as refused:
        await listed(
            season, somebody(1, site="nowhere"), somebody(2), somebody(3, region="999999"), somebody(4)
        )
    assert [error.row for error in refused.value.errors] == [2, 4]
    assert await fetch_value("SELECT count(*) FROM goods_entitlement") == 0
    with pytest.raises(Invalid):
        await entitlements.add_person(season.drive, somebody(1), site=season.site)
        await entitlements.add_person(season.drive, somebody(1), site=season.site)
    assert driving.an_id_number(1)


async def test_the_public_sees_how_far_an_open_drive_is_and_where_to_give(client: httpx.AsyncClient) -> None:
    season = await a_season()
    first, _ = await listed(season, somebody(1), somebody(2))
    await give(season, first)
    shown = (await client.get("/warehouse")).text
    assert "暖冬行动（测试）" in shown and 'href="/goods/give"' in shown
    assert '<progress value="1" max="1000"' in shown
    assert "计划 1,000 人，已有 1 人领取，共发放 1 袋" in shown
    assert somebody(1).name not in shown
    await drives.move_drive(season.drive, "close", by=season.by)
    assert "暖冬行动（测试）" not in (await client.get("/warehouse")).text
