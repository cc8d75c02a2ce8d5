"""One proposes, others check, one more releases; the database refuses the rest, and then nothing changes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from cishan.approvals import actions, queries
from cishan.approvals.actions import Declared
from cishan.approvals.rules import Acting, Decision, Minutes, Payee, Relation, Stage, State
from cishan.audit import queries as audit
from cishan.deadlines import queries as deadlines
from cishan.identity.actions import posts
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.settings import Settings
from tests.approvals import making
from tests.approvals.making import MINUTES, NOON, Office, a_member, all_rows, propose, state_of
from tests.conftest import as_owner

PASS, RETURN, REJECT = Decision.PASS, Decision.RETURN, Decision.REJECT


@pytest.fixture
async def office(db: None, config: Settings) -> AsyncIterator[Office]:
    with clock.fixed(NOON):
        yield await making.an_office()


async def refused(work: object, kind: type[DomainError], words: str, code: str = "") -> None:
    """The step is refused with these words, by the database under its code, and nothing changed."""
    before = await all_rows()
    with pytest.raises(kind, match=words) as error:
        await work  # type: ignore[misc]
    assert await all_rows() == before
    if code:
        cause = error.value.__cause__
        assert isinstance(cause, asyncpg.PostgresError)
        assert cause.sqlstate == code


async def test_a_small_amount_is_proposed_by_one_and_checked_by_another(office: Office) -> None:
    approval_id = await propose(office, office.maker, 99_999)
    assert await state_of(approval_id) == "checking"
    assert making.approved == []
    assert await actions.check(approval_id, office.checker, PASS) is State.DONE
    assert making.approved == [(approval_id, 99_999)]
    view = await queries.approval(approval_id)
    assert (view.state, view.waits_for, view.round, view.previous_id) == (State.DONE, (), 1, None)
    assert (view.payee_name, view.facts, view.band.from_fen) == ("李某（演示）", (("Number", "D-1"),), 0)
    assert [(s.position, s.stage, s.role, s.person_id) for s in view.steps] == [
        (1, Stage.PROPOSE, "finance_maker", office.maker.person_id),
        (2, Stage.CHECK, "finance_checker", office.checker.person_id),
    ]


async def test_a_middle_amount_needs_one_check_of_each_role_in_any_order_and_a_release(
    office: Office,
) -> None:
    approval_id = await propose(office, office.officer, 100_000)
    assert (await queries.approval(approval_id)).waits_for == ("finance_checker", "council")
    await actions.check(approval_id, office.elder, PASS)
    assert (await queries.approval(approval_id)).waits_for == ("finance_checker",)
    await refused(actions.check(approval_id, office.sage, PASS), Forbidden, "another role", "AP004")
    await refused(actions.release(approval_id, office.cashier), Conflict, "not due", "AP007")
    assert await actions.check(approval_id, office.second, PASS) is State.RELEASING
    assert making.approved == []
    assert await actions.release(approval_id, office.cashier) is State.DONE
    assert making.approved == [(approval_id, 100_000)]


async def test_a_large_amount_is_decided_by_a_panel_with_minutes(office: Office) -> None:
    approval_id = await propose(office, office.maker, 1_000_000)
    assert await actions.check(approval_id, office.checker, PASS) is State.PANEL
    three = [office.elder.person_id, office.sage.person_id, office.third.person_id]

    async def panel(participants: list[UUID], minutes: Minutes | None = MINUTES) -> State:
        return await actions.decide_by_panel(
            approval_id, office.elder, PASS, participants=participants, minutes=minutes
        )

    await refused(panel(three, None), Invalid, "minutes", "AP008")
    await refused(panel(three[:2]), Invalid, "more members", "AP013")
    await refused(panel([*three[:2], three[1]]), Invalid, "more members", "AP013")
    await refused(panel([*three[1:], office.officer.person_id]), Invalid, "more members", "AP013")
    await refused(panel([*three, office.maker.person_id]), Forbidden, "acted", "AP001")
    await refused(panel([*three, office.checker.person_id]), Forbidden, "acted", "AP001")
    assert await panel(three) is State.RELEASING
    (step,) = [s for s in (await queries.approval(approval_id)).steps if s.stage is Stage.PANEL]
    assert (step.participants, step.minutes_file) == (tuple(three), MINUTES.file_id)
    cashier = await a_member(office, Role.CASHIER, person_id=office.sage.person_id)
    await refused(actions.release(approval_id, cashier), Forbidden, "acted", "AP001")
    assert await actions.release(approval_id, office.cashier) is State.DONE
    history = await audit.history_of("approval", approval_id)
    assert [(h.event, h.from_state, h.to_state, h.acting_role, h.evidence) for h in reversed(history)] == [
        ("propose", "draft", "checking", "finance_maker", ()),
        ("check", "checking", "panel", "finance_checker", ()),
        ("panel", "panel", "releasing", "council", (str(MINUTES.file_id),)),
        ("release", "releasing", "done", "cashier", ()),
    ]
    assert [h.actor for h in history] == [
        str(a.person_id) for a in (office.cashier, office.elder, office.checker, office.maker)
    ]
    clocks = sorted(await deadlines.clocks_of("approval", approval_id), key=lambda c: c.started_at)
    assert {(c.code, c.outcome) for c in clocks} == {
        ("approval.check", "met"),
        ("approval.panel", "met"),
        ("approval.release", "met"),
    }


async def test_nobody_checks_what_they_proposed_whatever_else_they_are(office: Office) -> None:
    both = await a_member(office, Role.FINANCE_CHECKER, person_id=office.maker.person_id)
    approval_id = await propose(office, office.maker)
    await refused(actions.check(approval_id, both, PASS), Forbidden, "twice", "AP001")
    assert making.approved == []
    assert await actions.check(approval_id, office.checker, PASS) is State.DONE


async def test_nobody_checks_and_releases(office: Office) -> None:
    councillor = await a_member(office, Role.COUNCIL)
    cashier = await a_member(office, Role.CASHIER, person_id=councillor.person_id)
    approval_id = await propose(office, office.maker, 100_000)
    await actions.check(approval_id, councillor, PASS)
    await actions.check(approval_id, office.checker, PASS)
    await refused(actions.release(approval_id, cashier), Forbidden, "twice", "AP001")
    assert await actions.release(approval_id, office.cashier) is State.DONE


async def test_a_post_that_ended_begins_later_was_taken_away_or_is_anothers_counts_for_nothing(
    office: Office,
) -> None:
    approval_id = await propose(office, office.maker)
    ended = await a_member(office, Role.FINANCE_CHECKER, ends_on=making.DAY - timedelta(days=1))
    later = await a_member(office, Role.FINANCE_CHECKER, starts_on=making.DAY + timedelta(days=1))
    taken = await a_member(office, Role.FINANCE_CHECKER)
    await posts.revoke(taken.grant_id, because="调离", by=None)
    borrowed = Acting(office.officer.person_id, office.checker.grant_id, Role.FINANCE_CHECKER)
    unknown = Acting(office.checker.person_id, ids.new_id(), Role.FINANCE_CHECKER)
    for who in (ended, later, taken, borrowed, unknown):
        await refused(actions.check(approval_id, who, PASS), Forbidden, "does not count", "AP003")
    last_day = await a_member(office, Role.FINANCE_CHECKER, ends_on=making.DAY)
    assert await actions.check(approval_id, last_day, PASS) is State.DONE


async def test_a_post_of_another_role_organisation_or_region_counts_for_nothing(office: Office) -> None:
    approval_id = await propose(office, office.maker, region=making.DECHENG)
    await refused(actions.check(approval_id, office.auditor, PASS), Forbidden, "another role", "AP004")
    pretended = Acting(office.auditor.person_id, office.auditor.grant_id, Role.FINANCE_CHECKER)
    await refused(actions.check(approval_id, pretended, PASS), Forbidden, "another role", "AP004")
    county = await a_member(office, Role.FINANCE_CHECKER, region=making.QINGYUN)
    await refused(actions.check(approval_id, county, PASS), Forbidden, "region", "AP005")
    other = await making.an_office(code="other")
    await refused(actions.check(approval_id, other.checker, PASS), Forbidden, "organisation", "AP005")
    own = await a_member(office, Role.FINANCE_CHECKER, region=making.DECHENG)
    assert await actions.check(approval_id, own, PASS) is State.DONE


async def test_who_may_not_propose_leaves_nothing_behind(office: Office) -> None:
    await refused(propose(office, office.checker), Forbidden, "another role", "AP004")
    await refused(propose(office, office.auditor), Forbidden, "another role", "AP004")
    assert await fetch("SELECT id FROM approval") == []


async def test_an_amount_that_no_band_takes_is_refused(office: Office) -> None:
    with clock.fixed(NOON - timedelta(days=365)):
        await refused(propose(office, office.maker), Conflict, "No rule", "AP011")


RELATIONS = (
    ("person", Payee(name="甲"), None),
    ("contact", Payee(name="乙", contact="+8613800000000"), "+8613800000000"),
    ("uscc", Payee(name="丙公司", uscc="91371400MA00000000"), "91371400MA00000000"),
)


@pytest.mark.parametrize(("by", "payee", "mark"), RELATIONS, ids=[r[0] for r in RELATIONS])
async def test_a_declared_relative_or_party_of_the_payee_decides_nothing(
    office: Office, by: str, payee: Payee, mark: str | None
) -> None:
    person_id = await making.a_person() if by == "person" else None
    if person_id:
        payee = Payee(name="甲", person_id=person_id)
    declared = Declared(
        relation=Relation.SIBLING,
        name=payee.name,
        person_id=person_id,
        contact=mark or "" if by == "contact" else "",
        uscc=mark or "" if by == "uscc" else "",
        since=making.DAY,
    )
    related_id = await actions.declare_related(office.checker.person_id, declared)
    approval_id = await propose(office, office.maker, payee=payee)
    await refused(actions.check(approval_id, office.checker, PASS), Forbidden, "related", "AP002")
    await actions.declare_related(office.officer.person_id, declared)
    await refused(propose(office, office.officer, payee=payee), Forbidden, "related", "AP002")
    assert await actions.check(approval_id, office.second, PASS) is State.DONE
    await actions.end_relation(related_id, office.checker.person_id, until=making.DAY)
    again = await propose(office, office.maker, payee=payee)
    await refused(actions.check(again, office.checker, PASS), Forbidden, "related", "AP002")
    with clock.fixed(NOON + timedelta(days=1)):
        assert await actions.check(again, office.checker, PASS) is State.DONE


async def test_the_payee_and_whom_the_payee_declared_decide_nothing(office: Office) -> None:
    payee = Payee(name="自己", person_id=office.checker.person_id)
    approval_id = await propose(office, office.maker, payee=payee)
    await refused(actions.check(approval_id, office.checker, PASS), Forbidden, "related", "AP002")
    declared = Declared(
        relation=Relation.SPOUSE, name="配偶", person_id=office.second.person_id, since=making.DAY
    )
    await actions.declare_related(office.checker.person_id, declared)
    await refused(actions.check(approval_id, office.second, PASS), Forbidden, "related", "AP002")


async def test_a_panel_member_who_is_related_must_leave_the_room(office: Office) -> None:
    payee = Payee(name="丙公司", uscc="91371400MA00000000")
    approval_id = await propose(office, office.maker, 1_000_000, payee=payee)
    await actions.check(approval_id, office.checker, PASS)
    declared = Declared(relation=Relation.OWNER, name="丙公司", uscc=payee.uscc, since=making.DAY)
    await actions.declare_related(office.third.person_id, declared)
    three = [office.elder.person_id, office.sage.person_id, office.third.person_id]
    work = actions.decide_by_panel(approval_id, office.elder, PASS, participants=three, minutes=MINUTES)
    await refused(work, Forbidden, "related", "AP002")


async def test_a_return_says_why_and_the_next_round_links_it(office: Office) -> None:
    thing = ids.new_id()
    first = await propose(office, office.maker, subject_id=thing)
    await refused(propose(office, office.maker, subject_id=thing), Conflict, "already", "AP010")
    await refused(actions.check(first, office.checker, RETURN, " "), Invalid, "Say why")
    assert await actions.check(first, office.checker, RETURN, "缺少付款凭证") is State.RETURNED
    await refused(actions.check(first, office.second, PASS), Conflict, "decided", "AP006")
    second = await propose(office, office.maker, 6_000, subject_id=thing)
    view = await queries.approval(second)
    assert (view.round, view.previous_id) == (2, first)
    assert await actions.check(second, office.checker, REJECT, "不符合规定") is State.REJECTED
    assert (making.approved, making.rejected) == ([], [second])
    third = await propose(office, office.officer, subject_id=thing)
    assert await actions.check(third, office.checker, PASS) is State.DONE
    await refused(propose(office, office.maker, subject_id=thing), Conflict, "already", "AP010")
    steps = (await queries.approval(first)).steps
    assert [(s.decision, s.reason) for s in steps] == [(PASS, ""), (RETURN, "缺少付款凭证")]


async def test_the_maker_alone_withdraws_and_only_while_it_is_open(office: Office) -> None:
    approval_id = await propose(office, office.maker)
    await refused(actions.withdraw(approval_id, office.officer), Forbidden, "Only the person", "AP009")
    assert await actions.withdraw(approval_id, office.maker, "金额有误") is State.WITHDRAWN
    await refused(actions.withdraw(approval_id, office.maker), Conflict, "decided", "AP006")
    await refused(actions.check(approval_id, office.checker, PASS), Conflict, "decided", "AP006")
    (one,) = await deadlines.clocks_of("approval", approval_id)
    assert (one.code, one.outcome) == ("approval.check", "cancelled")


async def test_a_band_version_of_a_later_day_is_not_used_before_it(office: Office) -> None:
    stricter = making.a_band(0, ("finance_checker", "council"), effective_from=date(2026, 12, 1))
    await actions.set_bands([stricter])
    today = await propose(office, office.maker)
    with clock.fixed(NOON + timedelta(days=20)):
        later = await propose(office, office.maker)
    assert (await queries.approval(today)).waits_for == ("finance_checker",)
    assert (await queries.approval(later)).waits_for == ("finance_checker", "council")
    with pytest.raises(Conflict, match="new version"):
        await actions.set_bands([making.a_band(0, ("council",))])


BEHIND_THE_BACK = (
    "UPDATE approval SET state = 'done', waits_for = '{}'",
    "UPDATE approval SET state = 'releasing'",
    "UPDATE approval SET amount_fen = amount_fen + 1",
    "UPDATE approval SET payee_person = (SELECT id FROM person LIMIT 1)",
    "UPDATE approval SET payee_contact_enc = 'x'",
    "DELETE FROM approval",
    "UPDATE approval_step SET person = (SELECT id FROM person ORDER BY id LIMIT 1)",
    "DELETE FROM approval_step",
    "TRUNCATE approval_step",
    "UPDATE approval_band SET check_roles = '{council}'",
    "DELETE FROM approval_band",
    "UPDATE related_party SET since = since + 1",
    "UPDATE related_party SET related_person = NULL",
    "DELETE FROM related_party",
)


@pytest.mark.parametrize("sql", BEHIND_THE_BACK)
async def test_not_even_the_owner_of_the_database_changes_what_stands(office: Office, sql: str) -> None:
    declared = Declared(
        relation=Relation.SPOUSE, name="配偶", person_id=office.second.person_id, since=making.DAY
    )
    await actions.declare_related(office.checker.person_id, declared)
    await propose(office, office.maker, 100_000)
    before = await all_rows()
    with pytest.raises(asyncpg.PostgresError) as error:
        async with as_owner(), atomic():
            await connection().execute(sql)
    assert error.value.sqlstate == "AP000"
    assert await all_rows() == before


async def at_once(*works: object) -> list[object]:
    return await asyncio.gather(*works, return_exceptions=True)  # type: ignore[call-overload, no-any-return]


async def test_of_two_checkers_at_once_one_decides(racing: str, config: Settings) -> None:
    office = await making.an_office()
    for _ in range(5):
        approval_id = await propose(office, office.maker)
        found = await at_once(
            actions.check(approval_id, office.checker, PASS), actions.check(approval_id, office.second, PASS)
        )
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "State"]
        steps = await fetch_value("SELECT count(*) FROM approval_step WHERE approval = {}", approval_id)
        assert (await state_of(approval_id), steps) == ("done", 2)
    assert len(making.approved) == 5


async def test_one_person_who_checks_twice_at_once_is_counted_once(racing: str, config: Settings) -> None:
    office = await making.an_office()
    council = await a_member(office, Role.COUNCIL, person_id=office.checker.person_id)
    for _ in range(5):
        approval_id = await propose(office, office.maker, 100_000)
        found = await at_once(
            actions.check(approval_id, office.checker, PASS), actions.check(approval_id, council, PASS)
        )
        assert sorted(type(one).__name__ for one in found) == ["Forbidden", "State"]
        assert await state_of(approval_id) == "checking"
    assert making.approved == []


async def test_a_thing_that_two_propose_at_once_is_proposed_once(racing: str, config: Settings) -> None:
    office = await making.an_office()
    for _ in range(5):
        thing = ids.new_id()
        found = await at_once(
            propose(office, office.maker, subject_id=thing), propose(office, office.officer, subject_id=thing)
        )
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "UUID"]
    assert await fetch_value("SELECT count(*) FROM approval") == 5


async def test_the_minutes_of_a_panel_are_a_file_that_is_there_and_stays(office: Office) -> None:
    approval_id = await propose(office, office.maker, 1_000_000)
    await actions.check(approval_id, office.checker, Decision.PASS)
    before = await all_rows()
    present = [person.person_id for person in (office.elder, office.sage, office.third)]
    nowhere = Minutes(ids.new_id(), b"\x07" * 32)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await actions.decide_by_panel(
            approval_id, office.elder, Decision.PASS, participants=present, minutes=nowhere
        )
    assert await all_rows() == before
    await actions.decide_by_panel(
        approval_id, office.elder, Decision.PASS, participants=present, minutes=making.MINUTES
    )
    async with as_owner() as owner:
        with pytest.raises(asyncpg.RestrictViolationError):
            async with owner.transaction():
                await owner.execute("ALTER TABLE stored_file DISABLE TRIGGER USER")
                await owner.execute("DELETE FROM stored_file WHERE id = $1", making.MINUTES.file_id)
