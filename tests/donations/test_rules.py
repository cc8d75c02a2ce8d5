"""Decisions about gifts: dates of monthly plans, limits, words, refunds, company codes."""

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cishan.donations.forms.giving import company_code
from cishan.donations.rules import monthly, refunds, wording
from cishan.donations.rules.giving import (
    GiftStatus,
    MessageState,
    PlanMethod,
    PlanStatus,
    WordRuleKind,
)
from cishan.donations.rules.monthly import EDGES, Reminding
from cishan.kernel import workdays
from cishan.kernel.contacts import email, phone
from cishan.kernel.errors import Conflict, Invalid

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "day", "expected"),
    [
        (date(2026, 11, 22), 23, date(2026, 11, 23)),
        (date(2026, 11, 22), 22, date(2026, 12, 22)),
        (date(2026, 11, 22), 1, date(2026, 12, 1)),
        (date(2026, 12, 31), 28, date(2027, 1, 28)),
        (date(2027, 1, 31), 28, date(2027, 2, 28)),
    ],
)
def test_the_next_date_is_the_first_such_day_afterwards(after: date, day: int, expected: date) -> None:
    assert monthly.next_date(after, day) == expected


@given(st.dates(date(2020, 1, 1), date(2099, 1, 1)), st.integers(1, 28))
def test_dates_are_a_month_apart_on_the_same_day(after: date, day: int) -> None:
    dates = monthly.next_dates(monthly.next_date(after, day), day, 12)
    assert {d.day for d in dates} == {day}
    assert [(d.year * 12 + d.month) for d in dates] == list(
        range(dates[0].year * 12 + dates[0].month, dates[0].year * 12 + dates[0].month + 12)
    )
    assert after < dates[0] <= after + timedelta(days=31)


@pytest.mark.parametrize(
    ("paid_on", "due", "expected"),
    [
        (date(2026, 12, 5), date(2026, 12, 5), date(2027, 1, 5)),
        (date(2026, 12, 9), date(2026, 12, 5), date(2027, 1, 5)),
        (date(2026, 12, 1), date(2026, 12, 5), date(2027, 1, 5)),
        (date(2026, 11, 20), date(2026, 12, 5), date(2026, 12, 5)),
        (date(2027, 2, 20), date(2026, 12, 5), date(2027, 3, 5)),
        (date(2026, 12, 5), None, date(2027, 1, 5)),
        (date(2026, 12, 5), date(2027, 1, 5), date(2027, 1, 5)),
    ],
)
def test_a_payment_settles_its_month_and_no_missed_one(
    paid_on: date, due: date | None, expected: date
) -> None:
    assert monthly.date_after_payment(paid_on, due=due, plan_day=5) == expected


def test_every_event_of_a_plan_is_allowed_exactly_where_the_table_says() -> None:
    for event, (sources, target) in EDGES.items():
        for status in PlanStatus:
            assert monthly.can(event, status) is (status in sources)
            if status in sources:
                assert monthly.require_edge(event, status) == target
            else:
                with pytest.raises(Conflict):
                    monthly.require_edge(event, status)


@pytest.mark.parametrize(
    ("sent", "weeks", "due"), [(0, 0, 1), (1, 3, None), (1, 4, 2), (2, 25, None), (2, 26, 3), (3, 60, None)]
)
def test_reminders_keep_their_distance(sent: int, weeks: int, due: int | None) -> None:
    day = date(2026, 12, 5)
    plan = Reminding(PlanMethod.REMIND, PlanStatus.ACTIVE, day, sent)
    assert monthly.reminder_due(plan, day + timedelta(weeks=weeks)) == due
    assert monthly.reminder_due(plan, day - timedelta(days=1)) is None
    paused = Reminding(PlanMethod.REMIND, PlanStatus.PAUSED, day, sent)
    assert monthly.reminder_due(paused, day + timedelta(weeks=weeks)) is None


def test_undo_ends_to_the_second_ten_minutes_after_the_payment() -> None:
    gift = refunds.Undoing(GiftStatus.PAID, NOON, None, True)
    assert refunds.can_undo(gift, NOON + timedelta(minutes=9, seconds=59))
    assert not refunds.can_undo(gift, NOON + timedelta(minutes=10))
    assert not refunds.can_undo(refunds.Undoing(GiftStatus.PAID, NOON, None, False), NOON)
    assert not refunds.can_undo(refunds.Undoing(GiftStatus.REFUNDED, NOON, None, True), NOON)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 20), date(2026, 11, 25)),  # Friday: Monday, Tuesday, Wednesday
        (date(2026, 9, 30), date(2026, 10, 10)),  # the holiday, and the Saturday that makes up for it
        (date(2029, 3, 2), date(2029, 3, 7)),  # a year without a decree: Monday to Friday
    ],
)
def test_three_working_days(day: date, expected: date) -> None:
    assert workdays.add_working_days(day, 3) == expected


RULES = [
    wording.WordRule(WordRuleKind.WORD, "加微信"),
    wording.WordRule(WordRuleKind.PATTERN, r"(?:https?://|www\.)"),
    wording.WordRule(WordRuleKind.PATTERN, r"1[3-9](?:[\s-]?\d){9}"),
]


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("", MessageState.NONE),
        ("愿冬天不冷", MessageState.SHOWN),
        ("加 微-信", MessageState.PENDING),
        ("ｗｗｗ．example．com", MessageState.PENDING),
        ("电话 138-0013-8000", MessageState.PENDING),
        ("２０２６年加油", MessageState.SHOWN),
    ],
)
def test_a_message_is_held_however_it_is_disguised(message: str, state: MessageState) -> None:
    assert wording.message_state(RULES, message) == state


def test_codes_addresses_and_numbers_are_judged() -> None:
    assert email(" Ada@Example.ORG ") == "ada@example.org"
    assert phone("138 0013 8000") == "+8613800138000"
    for wrong in ("a@b", "@b.cn", "a b@c.cn", "a@b.cn,c@d.cn", "a@" + "b" * 300 + ".cn"):
        with pytest.raises(Invalid):
            email(wrong)
    for wrong in ("1", "abc", "138001380001234567"):
        with pytest.raises(Invalid):
            phone(wrong)
    with pytest.raises(Invalid):
        company_code("51371400MJ0000001X")
