"""Working days: the oracles, and laws that hold on any calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel import workdays
from cishan.kernel.workdays import (
    WorkCalendar,
    add_working_days,
    is_assumed,
    is_working_day,
    subtract_working_days,
    working_days_between,
)

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
COUNTS = st.integers(0, 60)
CALENDARS = st.dictionaries(DAYS, st.booleans(), max_size=40).map(WorkCalendar)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 9, 28), 3, date(2026, 10, 8)),
        (date(2026, 9, 26), 10, date(2026, 10, 15)),
        (date(2026, 9, 1), 30, date(2026, 10, 19)),
    ],
)
def test_o10_working_days_run_through_the_holidays_of_autumn_2026(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count) == end
    assert working_days_between(start, end) == count


def test_make_up_days_are_worked_and_holidays_are_not() -> None:
    assert is_working_day(date(2026, 9, 20))  # a Sunday
    assert is_working_day(date(2026, 10, 10))  # a Saturday
    assert not is_working_day(date(2026, 10, 1))  # a Thursday


def test_a_year_without_decree_counts_monday_to_friday_and_says_so() -> None:
    assert is_working_day(date(2027, 1, 1))  # surely a holiday, but nobody has decreed it yet
    assert add_working_days(date(2026, 12, 30), 3) == date(2027, 1, 4)
    assert is_assumed(date(2026, 12, 30), date(2027, 1, 4))
    assert not is_assumed(date(2026, 12, 1), date(2026, 12, 31))


def test_what_is_written_down_comes_before_the_library() -> None:
    written = WorkCalendar({date(2027, 1, 1): False, date(2027, 1, 2): True, date(2026, 12, 31): False})
    assert add_working_days(date(2026, 12, 30), 1, written) == date(2027, 1, 2)
    assert is_assumed(date(2027, 1, 1), date(2027, 1, 2), written) is False
    assert is_assumed(date(2027, 1, 1), date(2027, 1, 3), written) is True


@given(DAYS, COUNTS, CALENDARS)
def test_subtracting_undoes_adding_from_a_working_day(day: date, count: int, calendar: WorkCalendar) -> None:
    start = add_working_days(day, 1, calendar)
    assert subtract_working_days(add_working_days(start, count, calendar), count, calendar) == start


@given(DAYS, st.integers(1, 60), CALENDARS)
def test_every_counted_day_is_worked_and_counted_once(day: date, count: int, calendar: WorkCalendar) -> None:
    end = add_working_days(day, count, calendar)
    assert is_working_day(end, calendar)
    assert working_days_between(day, end, calendar) == count
    assert working_days_between(day, end - timedelta(days=1), calendar) == count - 1


@given(DAYS, DAYS, DAYS, CALENDARS)
def test_counting_is_additive(one: date, two: date, three: date, calendar: WorkCalendar) -> None:
    parts = working_days_between(one, two, calendar) + working_days_between(two, three, calendar)
    assert parts == working_days_between(one, three, calendar)


@given(DAYS, DAYS, COUNTS, COUNTS, CALENDARS)
def test_adding_is_monotone_and_additive(
    one: date, two: date, fewer: int, more: int, calendar: WorkCalendar
) -> None:
    early, late = sorted((one, two))
    assert add_working_days(early, fewer, calendar) <= add_working_days(late, fewer, calendar)
    there = add_working_days(add_working_days(one, fewer, calendar), more, calendar)
    assert there == add_working_days(one, fewer + more, calendar)


def test_nobody_counts_backwards_by_accident() -> None:
    with pytest.raises(AssertionError):
        add_working_days(date(2026, 1, 1), -1)
    assert workdays.MAX_DAYS == 3_700
