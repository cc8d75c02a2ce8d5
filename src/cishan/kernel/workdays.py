"""Working days of mainland China, with the days off and the make-up days that the State Council decrees.

One convention holds everywhere: the day from which is counted is never counted, the day that is reached is.
So three working days from Monday 28 September 2026 end on 8 October, after the holidays of the first week.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

MAX_DAYS = 3_700
"""More working days than this are nobody's deadline."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days offices work: what is written down here first, then the decrees that the library knows."""

    written: Mapping[date, bool] = field(default_factory=dict)
    """Days that say for themselves whether they are worked: later decrees, and corrections."""


DECREED = WorkCalendar()
"""The decrees that the library knows, and nothing else."""


@lru_cache(maxsize=8192)
def _decreed(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@lru_cache(maxsize=8192)
def holiday_name(day: date) -> str:
    """Return what the library calls a holiday, as 春节|Spring Festival; empty: none, or not known."""
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return ""
    return f"{chinese_calendar.Holiday(name).chinese}|{name}" if is_off and name else ""


def is_working_day(day: date, calendar: WorkCalendar = DECREED) -> bool:
    """Tell whether offices work on the day; a day of which nothing is decreed yet counts Monday to Friday."""
    written = calendar.written.get(day)
    if written is not None:
        return written
    decreed = _decreed(day)
    return day.weekday() < 5 if decreed is None else decreed


def is_assumed(first: date, last: date, calendar: WorkCalendar = DECREED) -> bool:
    """Tell whether a day from first to last is only assumed to be worked or not, as its decree is missing."""
    return any(
        day not in calendar.written and _decreed(day) is None
        for day in (first + _DAY * n for n in range((last - first).days + 1))
    )


def add_working_days(day: date, count: int, calendar: WorkCalendar = DECREED) -> date:
    """Return the day on which the given number of working days after `day` is reached; 0 gives the day."""
    return _walk(day, count, _DAY, calendar)


def subtract_working_days(day: date, count: int, calendar: WorkCalendar = DECREED) -> date:
    """Return the working day that lies the given number of working days before `day`; 0 gives the day."""
    return _walk(day, count, -_DAY, calendar)


def working_days_between(start: date, end: date, calendar: WorkCalendar = DECREED) -> int:
    """Count the working days after start up to and with end; backwards the same number, negative."""
    if end < start:
        return -working_days_between(end, start, calendar)
    return sum(is_working_day(start + _DAY * n, calendar) for n in range(1, (end - start).days + 1))


def _walk(day: date, count: int, step: timedelta, calendar: WorkCalendar) -> date:
    assert 0 <= count <= MAX_DAYS, count
    while count > 0:
        day += step
        count -= is_working_day(day, calendar)
    return day
