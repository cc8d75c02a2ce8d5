"""Clocks of things: started, paused, stopped, coloured and escalated."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime
from uuid import UUID

import asyncpg
import pytest

from cishan.deadlines import actions, queries
from cishan.deadlines.actions import working_days
from cishan.deadlines.rules import Colour, Level, Outcome, Pause
from cishan.kernel import clock, ids
from cishan.kernel.clock import CHINA
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from seeds import deadlines as seeds


def on(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CHINA)


@pytest.fixture
async def seeded(db: None) -> AsyncIterator[None]:
    """The deadlines of the law are known."""
    await seeds.load()
    yield


async def begin(code: str, at: datetime, *, subject: UUID | None = None, kind: str = "complaint") -> UUID:
    """Start a clock and return its subject."""
    subject = subject or ids.new_id()
    await actions.start(code, subject_kind=kind, subject_id=subject, at=at)
    return subject


async def test_a_complaint_is_answered_in_time(seeded: None) -> None:
    subject = await begin("complaint.reply_fundraising", on(9, 28))
    (view,) = await queries.clocks_of("complaint", subject)
    assert (view.title, view.due_on, view.is_assumed) == ("募捐页面投诉答复", date(2026, 10, 10), False)
    assert [view.colour(on(10, day)) for day in (8, 9, 11)] == [Colour.GREEN, Colour.YELLOW, Colour.RED]
    outcome = await actions.stop(
        "complaint.reply_fundraising", subject_kind="complaint", subject_id=subject, at=on(10, 10, 23)
    )
    assert outcome is Outcome.MET
    (view,) = await queries.clocks_of("complaint", subject)
    assert (view.outcome, view.stopped_at) == (Outcome.MET, on(10, 10, 23))
    assert view.colour(on(12, 1)) is Colour.YELLOW  # as it stood when it stopped


async def test_starting_twice_is_the_same_as_once_and_stopping_nothing_says_so(seeded: None) -> None:
    subject = await begin("refund.review", on(9, 28))
    first = await queries.clocks_of("complaint", subject)
    await begin("refund.review", on(9, 30), subject=subject)
    assert await queries.clocks_of("complaint", subject) == first
    stopped = await actions.stop("refund.pay", subject_kind="complaint", subject_id=subject)
    assert stopped is None
    assert await queries.clocks_of("complaint", subject) == first


async def test_what_is_done_after_the_last_day_is_late(seeded: None) -> None:
    subject = await begin("refund.review", on(9, 28))
    outcome = await actions.stop(
        "refund.review", subject_kind="complaint", subject_id=subject, at=on(10, 9, 0)
    )
    assert outcome is Outcome.LATE


async def test_a_pause_keeps_the_colour_and_moves_the_last_day(seeded: None) -> None:
    subject = await begin("grant.survey", on(9, 14), kind="grant")
    me = {"subject_kind": "grant", "subject_id": subject}
    await actions.pause("grant.survey", **me, reason=Pause.SUPPLEMENT, note="缺身份证明", at=on(9, 15))  # type: ignore[arg-type]
    (view,) = await queries.clocks_of("grant", subject)
    assert (view.due_on, view.pause_reason, view.colour(on(12, 1))) == (
        date(2026, 9, 20),
        "supplement",
        Colour.GREEN,
    )
    with clock.fixed(on(12, 1)):
        assert await queries.overdue() == []
    moments = await actions.resume("grant.survey", **me, at=on(9, 17))  # type: ignore[arg-type]
    assert moments.due_on == date(2026, 9, 22)  # the 16th and 17th are given back
    (view,) = await queries.clocks_of("grant", subject)
    assert (view.due_on, view.paused_at) == (date(2026, 9, 22), None)
    (pause,) = await fetch("SELECT reason, note, since, until FROM deadline_pause WHERE clock = {}", view.id)
    assert pause == {"reason": "supplement", "note": "缺身份证明", "since": on(9, 15), "until": on(9, 17)}


async def test_a_clock_is_paused_only_for_a_reason_of_its_rule(seeded: None) -> None:
    subject = await begin("wish.deliver", on(9, 14), kind="wish")
    with pytest.raises(Conflict, match="may not be paused"):
        await actions.pause(
            "wish.deliver", subject_kind="wish", subject_id=subject, reason=Pause.PUBLIC_NOTICE
        )
    with pytest.raises(Conflict, match="not paused"):
        await actions.resume("wish.deliver", subject_kind="wish", subject_id=subject)
    assert await fetch_value("SELECT count(*) FROM deadline_pause") == 0
    (view,) = await queries.clocks_of("wish", subject)
    assert view.paused_at is None


async def test_a_long_campaign_gets_a_clock_for_each_report(seeded: None) -> None:
    campaign = ids.new_id()
    started = await actions.start_series(
        "campaign.interim_report",
        subject_kind="campaign",
        subject_id=campaign,
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 11, 30),
    )
    views = await queries.clocks_of("campaign", campaign)
    assert [view.id for view in views] == started
    assert [(v.occurrence, v.due_on) for v in views] == [(1, date(2026, 6, 1)), (2, date(2026, 9, 1))]
    assert views[1].started_at == datetime(2026, 6, 1, tzinfo=CHINA)
    await actions.stop("campaign.interim_report", subject_kind="campaign", subject_id=campaign, at=on(5, 20))
    assert [v.occurrence for v in await queries.clocks_of("campaign", campaign) if not v.outcome] == [2]
    again = await actions.start_series(
        "campaign.interim_report",
        subject_kind="campaign",
        subject_id=campaign,
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 12, 1),
    )
    assert again[0] == started[1]  # the first report is done, the second goes on, the third is new
    running = [v for v in await queries.clocks_of("campaign", campaign) if not v.outcome]
    assert [(v.occurrence, v.due_on) for v in running] == [(2, date(2026, 9, 1)), (3, date(2026, 12, 1))]


async def test_a_rule_that_looks_ahead_needs_the_day_of_its_event(seeded: None) -> None:
    campaign = ids.new_id()
    with pytest.raises(Invalid, match="before its event"):
        await begin("campaign.file", on(8, 1), subject=campaign, kind="campaign")
    assert await queries.clocks_of("campaign", campaign) == []
    await actions.start(
        "campaign.file", subject_kind="campaign", subject_id=campaign, at=on(8, 1), event_on=date(2026, 9, 1)
    )
    (view,) = await queries.clocks_of("campaign", campaign)
    assert view.due_on == date(2026, 8, 22)


async def test_colours_of_things_agree_with_every_single_clock(seeded: None) -> None:
    subjects = [await begin("complaint.reply_fundraising", on(9, day)) for day in (14, 17, 18, 21, 28)]
    with clock.fixed(on(9, 24, 12)):
        views = [(await queries.clocks_of("complaint", subject))[0] for subject in subjects]
        wanted = {c: [v.id for v in views if v.colour(clock.now()) is c] for c in Colour}
        assert [len(wanted[c]) for c in Colour] == [2, 1, 2]
        began = {v.id for v in views if v.started_at <= clock.now()}
        running = {c: [i for i in found if i in began] for c, found in wanted.items()}
        assert await queries.colours_within(("true", ())) == {c: len(running[c]) for c in Colour}
        worst = await queries.colours_of("complaint", subjects)
        assert worst == {v.subject_id: v.colour(clock.now()) for v in views if v.id in began}
        assert [v.id for v in await queries.overdue()] == running[Colour.RED]


async def test_what_is_overdue_is_told_to_each_level_once(seeded: None) -> None:
    subject = await begin("refund.review", on(9, 14))  # due on the 17th
    told: list[tuple[int, int]] = []
    for day in (17, 18, 18, 20, 21, 22, 24, 24):
        with clock.fixed(on(9, day)):
            told.append((day, await actions.escalate()))
    # The 18th is the first working day past it, the 20th (made up for) the second, the 21st the third.
    assert told == [(17, 0), (18, 1), (18, 0), (20, 0), (21, 1), (22, 0), (24, 1), (24, 0)]
    (view,) = await queries.clocks_of("complaint", subject)
    assert view.level is Level.CITY
    with clock.fixed(on(9, 24)):
        assert [v.id for v in await queries.overdue(level=Level.CITY)] == [view.id]
        await actions.cancel(subject_kind="complaint", subject_id=subject)
        assert await queries.overdue() == []
    assert await fetch_value("SELECT count(*) FROM procrastinate_jobs") == 0


async def test_the_job_catches_up_after_a_rest(seeded: None) -> None:
    await begin("refund.review", on(9, 14))
    with clock.fixed(on(11, 2)):
        async with atomic():
            await jobs.enqueue("deadlines.escalate")
            await jobs.enqueue("deadlines.escalate")
        await jobs.work_off()
    assert [r["level"] for r in await fetch("SELECT level FROM deadline_escalation ORDER BY position")] == [
        "town",
        "county",
        "city",
    ]


async def test_a_decree_moves_running_clocks_and_settles_what_was_assumed(seeded: None) -> None:
    subject = await begin("refund.review", on(12, 30))
    (view,) = await queries.clocks_of("complaint", subject)
    assert (view.due_on, view.is_assumed) == (date(2027, 1, 4), True)
    off = {date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3), date(2027, 1, 4)}
    made_up = {date(2027, 1, 9)}
    moved = await working_days.write_year(
        2027, days_off=off, make_up_days=made_up, source="国办发明电〔演示〕1号"
    )
    assert moved == 1
    (view,) = await queries.clocks_of("complaint", subject)
    assert (view.due_on, view.is_assumed) == (date(2027, 1, 6), False)


async def test_a_decree_that_contradicts_itself_changes_nothing(seeded: None) -> None:
    day = date(2027, 1, 2)
    with pytest.raises(Invalid, match="either off or made up"):
        await working_days.write_year(2027, days_off={day}, make_up_days={day}, source="x")
    with pytest.raises(Invalid, match="in the year 2027"):
        await working_days.write_year(2027, days_off={date(2028, 1, 1)}, make_up_days=set(), source="x")
    assert await fetch_value("SELECT count(*) FROM calendar_day") == 0


async def test_a_running_clock_keeps_the_version_under_which_it_began(seeded: None) -> None:
    subject = await begin("wish.deliver", on(9, 1), kind="wish")
    old = next(rule for rule in seeds.rules() if rule.code == "wish.deliver")
    new = type(old)(
        **{f: getattr(old, f) for f in old.__slots__ if f not in {"limit", "effective_from"}},
        limit=10,
        effective_from=date(2026, 10, 1),
    )
    await actions.set_rules([new])
    later = await begin("wish.deliver", on(10, 1), kind="wish")
    assert (await queries.clocks_of("wish", subject))[0].due_on == date(2026, 9, 16)
    assert (await queries.clocks_of("wish", later))[0].due_on == date(2026, 10, 11)
    assert [rule.limit for rule in await queries.versions_of("wish.deliver")] == [15, 10]
    assert (await queries.rule_in_force("wish.deliver", date(2026, 10, 1)))[1].limit == 10


async def test_what_a_version_counts_does_not_change(seeded: None) -> None:
    old = next(rule for rule in seeds.rules() if rule.code == "wish.deliver")
    other = type(old)(**{f: getattr(old, f) for f in old.__slots__ if f != "limit"}, limit=20)
    with pytest.raises(Conflict, match="write a new version"):
        await actions.set_rules([other])
    with pytest.raises(asyncpg.CheckViolationError, match="is fixed"):
        async with atomic():
            await fetch("UPDATE deadline_rule SET limit_count = 20 WHERE code = 'wish.deliver'")
    assert [rule.limit for rule in await queries.versions_of("wish.deliver")] == [15]


async def test_a_deadline_that_nobody_wrote_down_does_not_start(seeded: None) -> None:
    with pytest.raises(NotFound, match=r"No deadline no\.such is in force"):
        await begin("no.such", on(9, 1))
    with pytest.raises(NotFound, match="in force on 2019"):
        await begin("wish.deliver", datetime(2019, 1, 1, tzinfo=CHINA))
    assert await fetch_value("SELECT count(*) FROM deadline_clock") == 0


async def test_two_at_once_start_one_clock(racing: str) -> None:
    await seeds.load()
    subject = ids.new_id()

    async def one() -> UUID:
        async with atomic():
            return await actions.start("wish.deliver", subject_kind="wish", subject_id=subject)

    started = await asyncio.gather(*(one() for _ in range(5)))
    assert len(set(started)) == 1
    assert len(await queries.clocks_of("wish", subject)) == 1


async def test_clocks_do_not_move_outside_a_transaction(racing: str) -> None:
    await seeds.load()
    with pytest.raises(AssertionError, match="inside the transaction"):
        await begin("wish.deliver", on(9, 1))
    assert await fetch_value("SELECT count(*) FROM deadline_clock") == 0
