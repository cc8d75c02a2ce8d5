"""Due days, colours and schedules: exact values."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.deadlines import rules
from cishan.deadlines.rules import Colour, Direction, Rule, StoodStill, Unit
from cishan.kernel import workdays
from cishan.kernel.clock import CHINA
from cishan.kernel.workdays import WorkCalendar
from seeds import deadlines as seeds

BY_CODE = {rule.code: rule for rule in seeds.rules()}


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA)


def reckon(rule: Rule, day: date, **more: object) -> rules.Reckoned:
    moment = at(day)
    return rules.reckon(rule, **{"event_at": moment, "running_from": moment, **more})  # type: ignore[arg-type]


def a_rule(limit: int, unit: Unit, direction: Direction = Direction.AFTER) -> Rule:
    return Rule(
        code="test",
        title="试",
        title_en="Test",
        limit=limit,
        unit=unit,
        direction=direction,
        start_event="test",
        source="test",
        effective_from=date(2026, 1, 1),
    )


def colour(moments: rules.Reckoned, now: datetime) -> Colour:
    return rules.colour_of(now=now, green_until=moments.green_until, due_at=moments.due_at, paused_at=None)


def test_o8_a_long_campaign_reports_every_three_months_and_fully_within_three_months_of_its_end() -> None:
    start, end = date(2026, 3, 1), date(2026, 11, 30)
    interim = rules.schedule(BY_CODE["campaign.interim_report"], start, end, workdays.DECREED)
    assert interim == [date(2026, 6, 1), date(2026, 9, 1)]
    assert reckon(BY_CODE["campaign.final_report"], end).due_on == date(2027, 2, 28)


def test_a_campaign_of_six_months_makes_no_interim_report_and_one_day_more_does() -> None:
    rule = BY_CODE["campaign.interim_report"]
    assert rules.schedule(rule, date(2026, 3, 1), date(2026, 8, 31), workdays.DECREED) == []
    assert len(rules.schedule(rule, date(2026, 3, 1), date(2026, 9, 1), workdays.DECREED)) == 2


def test_o9_the_plan_is_filed_ten_days_before_the_start() -> None:
    moments = reckon(BY_CODE["campaign.file"], date(2026, 8, 1), event_at=datetime(2026, 9, 1, tzinfo=CHINA))
    assert moments.due_on == date(2026, 8, 22)
    assert colour(moments, at(date(2026, 8, 15))) is Colour.GREEN  # 14 of 21 days
    assert colour(moments, at(date(2026, 8, 16))) is Colour.YELLOW  # 15 of 21
    assert colour(moments, at(date(2026, 8, 23))) is Colour.RED


def test_o9_an_unfiled_emergency_campaign_is_red_from_the_twelfth_of_september() -> None:
    moments = reckon(BY_CODE["campaign.file_emergency"], date(2026, 9, 1))
    assert moments.due_on == date(2026, 9, 11)
    assert colour(moments, datetime(2026, 9, 11, 23, 59, 59, tzinfo=CHINA)) is Colour.YELLOW
    assert colour(moments, datetime(2026, 9, 12, 0, 0, 0, tzinfo=CHINA)) is Colour.RED


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        (date(2026, 9, 28), 3, date(2026, 10, 8)),
        (date(2026, 9, 26), 10, date(2026, 10, 15)),
        (date(2026, 9, 1), 30, date(2026, 10, 19)),
    ],
)
def test_o10_working_day_limits_know_the_holidays(start: date, limit: int, due: date) -> None:
    moments = reckon(a_rule(limit, Unit.WORKING_DAYS), start)
    assert (moments.due_on, moments.is_assumed) == (due, False)


def test_yellow_begins_on_the_working_day_after_seventy_percent() -> None:
    moments = reckon(a_rule(10, Unit.WORKING_DAYS), date(2026, 9, 26))
    assert colour(moments, at(date(2026, 10, 12))) is Colour.GREEN  # the seventh working day
    assert colour(moments, at(date(2026, 10, 13))) is Colour.YELLOW  # the eighth
    assert colour(moments, at(date(2026, 10, 15), 23)) is Colour.YELLOW
    assert colour(moments, at(date(2026, 10, 16), 0)) is Colour.RED


def test_a_pause_adds_the_working_days_that_it_took() -> None:
    still = (StoodStill(at(date(2026, 9, 29)), at(date(2026, 10, 9))),)  # takes 30th, 8th, 9th
    moments = reckon(a_rule(3, Unit.WORKING_DAYS), date(2026, 9, 28), pauses=still)
    assert moments.due_on == date(2026, 10, 12)  # 29th, then 10th (made up for) and 12th


def test_hours_run_by_the_clock() -> None:
    moments = reckon(a_rule(10, Unit.HOURS), date(2026, 9, 28))
    assert moments.due_at == at(date(2026, 9, 28), 19)
    assert colour(moments, at(date(2026, 9, 28), 16)) is Colour.GREEN
    assert colour(moments, at(date(2026, 9, 28), 16) + timedelta(seconds=1)) is Colour.YELLOW
    assert colour(moments, at(date(2026, 9, 28), 19) + timedelta(seconds=1)) is Colour.RED


def test_a_deadline_in_a_year_without_decree_says_that_it_may_move() -> None:
    rule = a_rule(5, Unit.WORKING_DAYS)
    assert reckon(rule, date(2026, 12, 30)).is_assumed is True
    decreed = WorkCalendar({date(2027, 1, n): n > 3 for n in range(1, 12)})
    moments = reckon(rule, date(2026, 12, 30), calendar=decreed)
    assert (moments.due_on, moments.is_assumed) == (date(2027, 1, 7), False)


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    assert rules.add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert rules.add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert rules.add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)
    assert rules.add_months(date(2026, 12, 15), 12) == date(2027, 12, 15)


DAYS = st.dates(date(2025, 1, 1), date(2026, 10, 31))


@given(DAYS, st.integers(1, 90), st.sampled_from([Unit.CALENDAR_DAYS, Unit.WORKING_DAYS]), DAYS)
def test_colours_follow_the_share_of_the_limit_that_is_used(
    start: date, limit: int, unit: Unit, today: date
) -> None:
    moments = reckon(a_rule(limit, unit), start)
    worked, gone = workdays.working_days_between(start, today), (today - start).days
    used = worked if unit is Unit.WORKING_DAYS else gone
    expected = Colour.GREEN if used * 100 <= limit * 70 else Colour.YELLOW
    assert colour(moments, at(today, 12)) is (Colour.RED if today > moments.due_on else expected)


@given(DAYS, st.integers(1, 60), st.integers(0, 30), st.integers(0, 40))
def test_a_pause_never_shortens_and_a_later_end_never_shortens_either(
    start: date, limit: int, offset: int, length: int
) -> None:
    rule, since = a_rule(limit, Unit.WORKING_DAYS), at(start + timedelta(days=offset))

    def due(days: int) -> date:
        return reckon(rule, start, pauses=(StoodStill(since, since + timedelta(days=days)),)).due_on

    assert due(0) == reckon(rule, start).due_on <= due(length) <= due(length + 1)


def test_the_seeded_rules_are_what_the_law_says() -> None:
    wanted = {
        "campaign.file": (10, Unit.CALENDAR_DAYS, Direction.BEFORE),
        "campaign.file_emergency": (10, Unit.CALENDAR_DAYS, Direction.AFTER),
        "campaign.emergency_receipts": (5, Unit.CALENDAR_DAYS, Direction.AFTER),
        "disclosure.major_matter": (30, Unit.CALENDAR_DAYS, Direction.AFTER),
        "complaint.reply_fundraising": (5, Unit.WORKING_DAYS, Direction.AFTER),
        "refund.review": (3, Unit.WORKING_DAYS, Direction.AFTER),
        "refund.pay": (3, Unit.WORKING_DAYS, Direction.AFTER),
        "approval.check": (3, Unit.WORKING_DAYS, Direction.AFTER),
        "approval.panel": (10, Unit.WORKING_DAYS, Direction.AFTER),
        "approval.release": (2, Unit.WORKING_DAYS, Direction.AFTER),
        "grant.public_notice": (7, Unit.CALENDAR_DAYS, Direction.AFTER),
        "wish.deliver": (15, Unit.CALENDAR_DAYS, Direction.AFTER),
        "volunteer.hours": (10, Unit.WORKING_DAYS, Direction.AFTER),
        "emergency.papers": (10, Unit.WORKING_DAYS, Direction.AFTER),
    }
    assert {c: (BY_CODE[c].limit, BY_CODE[c].unit, BY_CODE[c].direction) for c in wanted} == wanted
    assert len(BY_CODE) == len(seeds.rules()) == 58
