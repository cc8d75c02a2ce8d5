"""An offer of goods from the form to the shelf, step by step."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from cishan import settings
from cishan.deadlines import queries as deadlines
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.warehouse.actions import new_offers, offers, places, receiving, stock
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.queries.places import bin_by_code
from cishan.warehouse.rules.offers import (
    Decision,
    Fate,
    Grade,
    Graded,
    NewOffer,
    Reason,
    State,
    Valued,
)
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta
from tests.conftest import as_owner
from tests.warehouse import offering, ordering
from tests.warehouse.offering import DAY, a_house, accepted, an_offer, counted, graded, line, valued
from tests.warehouse.stocking import a_keeper


@pytest.fixture(autouse=True)
def _configured(config: settings.Settings) -> None:
    """The platform has its settings, and so its keys."""


async def _lines_of_books(offer_id: UUID) -> list[tuple[str, str, int]]:
    rows = await fetch(
        """SELECT a.gl_code, f.code AS fund, l.amount FROM books.entry AS e
             JOIN books.line AS l ON l.entry_id = e.id JOIN books.account AS a ON a.id = l.account_id
             JOIN books.fund AS f ON f.id = a.fund_id
             JOIN stock_cause AS c ON e.source = 'warehouse' AND e.source_key = c.id::text
            WHERE c.subject_id = {} AND a.unit = 'CNY' ORDER BY l.amount DESC, 1""",
        offer_id,
    )
    return [(row["gl_code"], row["fund"], row["amount"]) for row in rows]


async def _counts() -> dict[str, int]:
    names = (
        *("goods_offer", "goods_offer_line", "goods_count", "goods_count_line", "goods_grade"),
        *("goods_value", "goods_booking", "stock_lot", "stock_cause", "books.entry", "procrastinate_jobs"),
    )
    return {name: await fetch_value(f"SELECT count(*) FROM {name}") for name in names}


async def test_the_same_form_sent_twice_is_one_offer_with_one_clock(db: None) -> None:
    with clock.fixed(DAY):
        house = await a_house()
        new = NewOffer(lines=(await line(),), giver="爱心网友", phone=offering.PHONE, site=house)
        request = uuid4()
        first = await new_offers.offer(new, request=request)
        again = await new_offers.offer(new, request=request)
    assert first == again
    assert first.number.startswith("W260801-")
    assert (await _counts())["goods_offer"] == 1
    (running,) = await deadlines.clocks_of("goods_offer", first.id)
    assert (running.code, running.due_on.isoformat(), running.source) == (
        *("goods.answer_offer", "2026-08-05"),
        "本会规定",
    )
    found = await intake.offer_by_token(first.path.rpartition("/")[2])
    assert (found.id, found.state) == (first.id, State.OFFERED)
    with pytest.raises(NotFound):
        await intake.offer_by_token("x" * 43)


async def test_the_gate_refuses_before_anything_is_written(db: None) -> None:
    with clock.fixed(DAY):
        house = await a_house()
        old = await line("RICE10", 50, made_on=offering.day("2026-01-10"))
        before = await _counts()
        with pytest.raises(new_offers.Refused) as refused:
            await an_offer(house, await line(), old)
    welcome, rice = refused.value.judged
    assert (welcome.verdict.value, rice.verdict.value) == ("welcome", "refused")
    assert (rice.left_days, rice.left_percent) == (162, 44)
    assert await _counts() == before


async def test_the_numbers_of_the_gate_are_those_of_the_day(db: None) -> None:
    await fetch(
        "INSERT INTO goods_policy VALUES"
        " (gen_random_uuid(), '2026-09-01', '本会规定', 100, 60, 180, 40, 60, 5)"
    )
    august, september = await intake.policy_on(DAY.date()), await intake.policy_on(offering.day("2026-09-01"))
    assert (august.least_days, august.food_percent) == (180, 60)
    assert (september.least_days, september.food_percent) == (100, 40)


async def test_frozen_food_comes_only_where_a_cold_store_is(db: None) -> None:
    with clock.fixed(DAY):
        house = await a_house()
        dumplings = await line("DUMPLINGS25", 10, made_on=offering.day("2026-07-20"))
        with pytest.raises(new_offers.Refused):
            await an_offer(house, dumplings)
        await places.open_zone(house, code="C", name="冷藏区", purpose=Purpose.COLD, bins=["DZ-C-01"])
        assert (await an_offer(house, dumplings)).state is State.OFFERED


async def test_names_numbers_and_the_receiver_are_sealed(db: None) -> None:
    house = await a_house()
    found = await an_offer(house, receiver="庆云镇 张某某", email=offering.EMAIL)
    (row,) = await fetch("SELECT * FROM goods_offer")
    told = " ".join(str(value) for value in row.values())
    assert "张某" not in told and "1234" not in told.replace(row["number"], "") and "example.org" not in told
    assert row["phone_index"] == crypto.blind_index(offering.PHONE, purpose="phone")
    giver = await intake.giver_of(found.id)
    assert (giver.name, giver.phone, giver.email) == ("爱心网友", offering.PHONE, offering.EMAIL)
    assert giver.receiver == "庆云镇 张某某"


async def test_an_offer_is_answered_line_by_line_and_once(db: None) -> None:
    with clock.fixed(DAY):
        house, keeper = await a_house(), await a_keeper("zhou")
        found = await an_offer(house, await line(), await line("BASKETBALL", 3))
        quilts, balls = found.lines
        with pytest.raises(Invalid, match="every line"):
            await offers.answer(found.id, [Decision(line=quilts.id)], by=keeper)
        with pytest.raises(Invalid, match="words that the giver understands"):
            await offers.answer(
                found.id,
                [Decision(line=quilts.id), Decision(line=balls.id, reason=Reason.OTHER)],
                by=keeper,
            )
        assert (await intake.offer_by_id(found.id)).state is State.OFFERED
        said = [Decision(line=quilts.id), Decision(line=balls.id, reason=Reason.NOT_NEEDED, words="球场已有")]
        assert await offers.answer(found.id, said, by=keeper) is State.ACCEPTED
        assert await offers.answer(found.id, said, by=keeper) is State.ACCEPTED
    found = await intake.offer_by_id(found.id)
    assert [one.decision for one in found.lines] == ["accepted", "declined"]
    assert found.lines[1].reason == "目前没有人需要: 球场已有"
    (stopped,) = await deadlines.clocks_of("goods_offer", found.id)
    assert stopped.outcome == "met"
    with pytest.raises(Conflict, match="not due"):
        await offers.answer(
            found.id, [Decision(line=one.id, reason=Reason.NO_ROOM) for one in found.lines], by=keeper
        )


async def test_goods_without_a_name_in_the_catalogue_get_one_and_are_judged_by_it(db: None) -> None:
    with clock.fixed(DAY):
        house, keeper = await a_house(), await a_keeper("zhou")
        found = await an_offer(house, replace(await line(), item=None, words="自家地里的小米"))
        (one,) = found.lines
        with pytest.raises(Invalid, match="in our catalogue"):
            await offers.answer(found.id, [Decision(line=one.id)], by=keeper)
        millet = (await line("MILLET25")).item
        with pytest.raises(Invalid, match="made or how long"):
            await offers.answer(found.id, [Decision(line=one.id, item=millet)], by=keeper)
        quilt = (await line()).item
        await offers.answer(found.id, [Decision(line=one.id, item=quilt)], by=keeper)
    assert (await intake.offer_by_id(found.id)).lines[0].item == quilt


async def test_fresh_goods_need_a_list_of_the_same_week(db: None) -> None:
    with clock.fixed(DAY):
        house, keeper = await a_house(), await a_keeper("zhou")
        eggs = await line("EGGS30", 40, made_on=offering.day("2026-07-28"))
        found = await an_offer(house, eggs)
        (one,) = found.lines
        for wrong in (
            Decision(line=one.id),
            Decision(line=one.id, fresh_list="发放单 12"),
            Decision(line=one.id, fresh_list="发放单 12", hand_out_by=offering.day("2026-08-09")),
            Decision(line=one.id, fresh_list="发放单 12", hand_out_by=offering.day("2026-07-31")),
        ):
            with pytest.raises(Invalid):
                await offers.answer(found.id, [wrong], by=keeper)
        assert (await intake.offer_by_id(found.id)).state is State.OFFERED
        found = await accepted(found, keeper, fresh_list="发放单 12", hand_out_by=offering.day("2026-08-06"))
        second = await a_keeper("wu")
        found = await valued(await graded(await counted(found, keeper, second), keeper), keeper, 100_000)
        await receiving.book(found.id, request=uuid4(), by=second)
        (lying,) = await arrivals.lying(found.id)
        assert (lying.purpose, lying.is_fresh, lying.suggested) == ("receiving", True, "")
        with pytest.raises(Conflict, match="not shelved"):
            await receiving.shelve(found.id, lying.lot, "DZ-A-01", 1, request=uuid4(), by=keeper)


async def test_an_appointment_has_a_place_a_window_and_a_clock(db: None) -> None:
    with clock.fixed(DAY):
        house, keeper = await a_house(), await a_keeper("zhou")
        found = await accepted(await an_offer(house), keeper)
        on = offering.day("2026-08-07")
        with pytest.raises(Invalid, match="still to come"):
            await offers.appoint(
                *(found.id,),
                on=offering.day("2026-07-31"),
                from_time="09:00",
                until_time="10:00",
                site=house,
                by=keeper,
            )
        with pytest.raises(Invalid, match="ends after"):
            await offers.appoint(
                found.id, on=on, from_time="10:00", until_time="09:00", site=house, by=keeper
            )
        for _ in range(2):
            await offers.appoint(
                found.id, on=on, from_time="09:00", until_time="11:00", site=house, by=keeper
            )
    found = await intake.offer_by_id(found.id)
    assert (found.appointed_on, found.appointed_from, found.appointed_until) == (on, "09:00", "11:00")
    clocks = {one.code: one for one in await deadlines.clocks_of("goods_offer", found.id)}
    assert clocks["goods.appointment"].due_on.isoformat() == "2026-08-10"
    steps = await fetch_value(
        "SELECT count(*) FROM audit.transition WHERE subject_id = {} AND event = 'appoint'", str(found.id)
    )
    assert steps == 1


async def test_two_people_count_blind_and_count_again_when_they_differ(db: None) -> None:
    house = await a_house()
    first, second = await a_keeper("zhou"), await a_keeper("wu")
    found = await accepted(await an_offer(house), first)
    (one,) = found.accepted
    request = uuid4()
    said = await receiving.count(found.id, {one.id: 20}, request=request, by=first)
    assert (said.state, said.differs) == (State.ACCEPTED, False)
    assert await receiving.count(found.id, {one.id: 20}, request=request, by=first) == said
    with pytest.raises(Forbidden, match="somebody else"):
        async with atomic():
            await receiving.count(found.id, {one.id: 20}, request=uuid4(), by=first)
    now = await arrivals.counting(found.id, second.person_id)
    assert (now.round, now.counted, now.i_counted, now.differed) == (1, 1, False, False)
    assert not hasattr(now, "quantities")
    assert (await receiving.count(found.id, {one.id: 19}, request=uuid4(), by=second)).differs
    assert (await intake.offer_by_id(found.id)).state is State.ACCEPTED
    assert (await arrivals.counting(found.id, second.person_id)).round == 2
    await receiving.count(found.id, {one.id: 19}, request=uuid4(), by=second)
    ended = await receiving.count(found.id, {one.id: 19}, request=uuid4(), by=first)
    assert (ended.state, ended.differs) == (State.COUNTED, False)
    assert (await intake.offer_by_id(found.id)).lines[0].counted == 19


async def test_the_database_refuses_the_same_counter_twice(db: None) -> None:
    house, keeper = await a_house(), await a_keeper("zhou")
    found = await accepted(await an_offer(house), keeper)
    insert = (
        "INSERT INTO goods_count (id, offer, round, position, person, acting_role, request, at)"
        " VALUES (gen_random_uuid(), $1, 1, $2, $3, 'warehouse_keeper', gen_random_uuid(), now())"
    )
    async with as_owner() as owner:
        await owner.execute(insert, found.id, 1, keeper.person_id)
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.UniqueViolationError, match="goods_count_each_once"):
            await owner.execute(insert, found.id, 2, keeper.person_id)
        await owner.execute("ROLLBACK TO attempt")


@pytest.mark.parametrize("quantity", [-1, 1_000_001])
async def test_a_count_that_cannot_be_changes_nothing(db: None, quantity: int) -> None:
    house, keeper = await a_house(), await a_keeper("zhou")
    found = await accepted(await an_offer(house), keeper)
    before = await _counts()
    with pytest.raises(Invalid):
        await receiving.count(found.id, {found.lines[0].id: quantity}, request=uuid4(), by=keeper)
    with pytest.raises(Invalid, match="every line"):
        await receiving.count(found.id, {}, request=uuid4(), by=keeper)
    assert await _counts() == before


async def test_what_is_short_or_unfit_has_a_reason_and_never_becomes_stock(db: None) -> None:
    house = await a_house()
    first, second = await a_keeper("zhou"), await a_keeper("wu")
    found = await counted(await accepted(await an_offer(house), first), first, second, 19)
    (one,) = found.accepted
    pieces = [
        Graded(line=one.id, grade=Grade.A, quantity=15),
        Graded(line=one.id, grade=Grade.B, quantity=3),
        Graded(line=one.id, grade=Grade.X, quantity=1, reason="受潮", fate=Fate.RETURNED),
    ]
    with pytest.raises(Invalid, match="20 were offered and 19 came"):
        async with atomic():
            await receiving.grade(found.id, pieces, {}, by=first)
    with pytest.raises(Invalid, match="sum to 18"):
        async with atomic():
            await receiving.grade(found.id, pieces[:2], {one.id: "少一件"}, by=first)
    assert (await _counts())["goods_grade"] == 0
    assert await receiving.grade(found.id, pieces, {one.id: "少一件"}, by=first) is State.GRADED
    found = await intake.offer_by_id(found.id)
    a, b, x = found.grades
    assert (x.reason, x.fate) == ("受潮", "returned")
    values = [
        Valued(graded=a.id, basis=Basis.FAIR, value_fen=180_000, source="演示询价"),
        Valued(graded=b.id, basis=Basis.MEMO, value_fen=0),
    ]
    await receiving.value(found.id, values, by=first)
    await receiving.book(found.id, request=uuid4(), by=second)
    lots = await fetch("SELECT grade, quantity, cost_fen, basis, source_id FROM stock_lot ORDER BY grade")
    assert [(r["grade"], r["quantity"], r["cost_fen"], r["basis"]) for r in lots] == [
        ("A", 15, 180_000, "fair"),
        ("B", 3, 0, "memo"),
    ]
    assert {r["source_id"] for r in lots} == {found.id}
    assert await _lines_of_books(found.id) == [("1201", "GEN", 180_000), ("410101", "GEN", -180_000)]


async def test_goods_of_which_nothing_is_fit_end_there(db: None) -> None:
    house = await a_house()
    first, second = await a_keeper("zhou"), await a_keeper("wu")
    found = await counted(await accepted(await an_offer(house), first), first, second)
    found = await graded(found, first, Grade.X)
    assert found.state is State.CLOSED
    assert (await _counts())["stock_lot"] == 0


async def test_who_valued_does_not_book_and_the_same_form_books_once(db: None) -> None:
    with clock.fixed(DAY):
        house = await a_house()
        first, second = await a_keeper("zhou"), await a_keeper("wu")
        found = await accepted(await an_offer(house, fund="F-NDXD", restrictions=("children",)), first)
        found = await valued(await graded(await counted(found, first, second), first), first)
        before = await _counts()
        with pytest.raises(Forbidden, match="You valued"):
            async with atomic():
                await receiving.book(found.id, request=uuid4(), by=first)
        assert await _counts() == before
        assert (await intake.offer_by_id(found.id)).state is State.VALUED
        request = uuid4()
        assert await receiving.book(found.id, request=request, by=second) is State.BOOKED
        assert await receiving.book(found.id, request=request, by=second) is State.BOOKED
        with pytest.raises(Conflict, match="not due"):
            await receiving.book(found.id, request=uuid4(), by=second)
    (lot,) = await fetch("SELECT * FROM stock_lot")
    assert (lot["quantity"], lot["cost_fen"], lot["fund_code"], lot["entrusted"]) == (
        20,
        240_000,
        "F-NDXD",
        False,
    )
    assert lot["restrictions"] == ["children"]
    assert await _lines_of_books(found.id) == [("1201", "F-NDXD", 240_000), ("410102", "F-NDXD", -240_000)]
    (lying,) = await arrivals.lying(found.id)
    assert (lying.bin_code, lying.on_hand, lying.suggested) == ("DZ-IN-01", 20, "DZ-A-01")
    asked = await fetch(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'donations.issue_goods_receipt'"
    )
    assert len(asked) == 1


async def test_what_is_booked_is_not_valued_anew_even_behind_the_actions(db: None) -> None:
    found = await offering.a_booked_offer(await a_house())
    with pytest.raises(Conflict, match="not due"):
        await valued(found, await a_keeper("zheng"))
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.PostgresError, match="in the books"):
            await owner.execute(
                "INSERT INTO goods_value SELECT gen_random_uuid(), graded, 2, basis, value_fen, source,"
                " person, acting_role, at FROM goods_value"
            )
        await owner.execute("ROLLBACK TO attempt")


BEHIND = [
    "UPDATE goods_count_line SET quantity = 1",
    "DELETE FROM goods_count",
    "UPDATE goods_value SET value_fen = 1",
    "DELETE FROM goods_booking",
    "UPDATE goods_policy SET least_days = 1",
    "UPDATE goods_offer_line SET quantity = 1",
    "UPDATE goods_offer_line SET counted = 1",
    "UPDATE goods_grade SET quantity = 1",
    "DELETE FROM goods_offer",
]


@pytest.mark.parametrize("sql", BEHIND)
async def test_what_was_counted_valued_and_booked_stays(db: None, sql: str) -> None:
    await offering.a_booked_offer(await a_house())
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError)):
            await owner.execute(sql)
        await owner.execute("ROLLBACK TO attempt")


async def test_goods_for_a_named_receiver_are_passed_on_and_no_income(db: None) -> None:
    house = await a_house()
    found = await offering.a_booked_offer(house, receiver="庆云镇敬老院", wants_receipt=True)
    (lot,) = await fetch("SELECT id, number, fund_code, entrusted FROM stock_lot")
    assert (lot["fund_code"], lot["entrusted"]) == ("A-AGENT", True)
    assert await _lines_of_books(found.id) == [("1801", "A-AGENT", 240_000), ("2601", "A-AGENT", -240_000)]
    assert not found.wants_receipt
    assert not await intake.names_another(found.id, " 庆云镇 敬老院")
    assert await intake.names_another(found.id, "别的敬老院")


async def test_goods_without_a_value_are_noted_and_not_booked_as_income(db: None) -> None:
    found = await offering.a_booked_offer(await a_house(), value_fen=0, basis=Basis.MEMO)
    assert await _lines_of_books(found.id) == []
    assert await fetch_value("SELECT on_hand FROM stock_lot") == 20


async def test_pieces_are_shelved_by_the_code_of_a_bin_once(db: None) -> None:
    house = await a_house()
    found = await offering.a_booked_offer(house)
    (lying,) = await arrivals.lying(found.id)
    keeper, request = await a_keeper("zheng"), uuid4()
    for code, quantity, words in (
        ("NO-SUCH", 1, "No bin"),
        ("DZ-OUT-01", 1, "no place"),
        ("DZ-A-01", 0, "whole number"),
        ("DZ-A-01", 21, "whole number"),
    ):
        with pytest.raises(Invalid, match=words):
            await receiving.shelve(found.id, lying.lot, code, quantity, request=uuid4(), by=keeper)
    for _ in range(2):
        await receiving.shelve(found.id, lying.lot, "dz-a-01", 12, request=request, by=keeper)
    places_now = {one.bin_code: one.on_hand for one in await arrivals.lying(found.id)}
    assert places_now == {"DZ-IN-01": 8, "DZ-A-01": 12}


async def test_the_trail_counts_what_reached_people_and_takes_back_what_came_back(db: None) -> None:
    house = await a_house()
    found = await offering.a_booked_offer(house)
    (lying,) = await arrivals.lying(found.id)
    keeper = await a_keeper("zheng")
    await receiving.shelve(found.id, lying.lot, "DZ-A-01", 20, request=uuid4(), by=keeper)
    shelf = await bin_by_code("DZ-A-01")
    assert shelf is not None
    causes = []
    async with atomic():
        for pieces in (3, 2):
            posted = await stock.post(
                Cause.ISSUE,
                [Delta(lying.lot, shelf.id, -pieces)],
                by=keeper,
                subject=("goods_order", uuid4()),
                request=uuid4(),
            )
            causes.append(posted.cause_id)
    (line_id,) = [one.id for one in found.lines]
    given = (await arrivals.given_out(found.id))[line_id]
    assert (given.pieces, given.receivers, given.left) == (5, 2, 15)
    async with atomic():
        await stock.post(
            Cause.RETURN,
            [Delta(lying.lot, shelf.id, 2)],
            by=keeper,
            subject=("goods_order", uuid4()),
            request=uuid4(),
            reverses=causes[1],
        )
    given = (await arrivals.given_out(found.id))[line_id]
    assert (given.pieces, given.receivers, given.left) == (3, 1, 17)


async def test_an_offer_ends_when_its_giver_withdraws_and_its_clocks_with_it(db: None) -> None:
    with clock.fixed(DAY):
        house, keeper = await a_house(), await a_keeper("zhou")
        found = await an_offer(house)
        await offers.withdraw(found.id)
        await offers.withdraw(found.id)
        assert (await intake.offer_by_id(found.id)).state is State.WITHDRAWN
        (stopped,) = await deadlines.clocks_of("goods_offer", found.id)
        assert stopped.outcome == "cancelled"
        other = await accepted(await an_offer(house), keeper)
        await receiving.count(other.id, {other.lines[0].id: 20}, request=uuid4(), by=keeper)
        with pytest.raises(Conflict, match="begun to count"):
            await offers.withdraw(other.id)


async def test_an_offer_that_nobody_answers_turns_red_after_three_working_days(db: None) -> None:
    with clock.fixed(DAY):
        found = await an_offer(await a_house())
    (running,) = await deadlines.clocks_of("goods_offer", found.id)
    assert running.colour(DAY + timedelta(days=1)).value == "green"
    assert running.colour(DAY + timedelta(days=5)).value == "red"


async def test_an_order_for_entrusted_goods_is_for_the_receiver_whom_their_giver_named(db: None) -> None:
    house = await a_house()
    found = await offering.a_booked_offer(house, receiver="张某某")
    keeper = await a_keeper("zheng")
    item = found.lines[0].item
    assert item is not None
    with pytest.raises(Invalid, match="another receiver"):
        await ordering.requested(house, keeper, (item, 1), entrusted_to=found.id, name="李某某")
    assert await fetch_value("SELECT count(*) FROM goods_order") == 0
    await ordering.requested(house, keeper, (item, 1), entrusted_to=found.id, name="张 某某")
    assert await fetch_value("SELECT count(*) FROM goods_order") == 1
