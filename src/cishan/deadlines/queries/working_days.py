"""The working days of a year: what is decreed, what is written down here, what is only assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cishan.kernel import workdays
from cishan.kernel.workdays import WorkCalendar
from cishan.plumbing.db import fetch

_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2004, 2100
"""The library knows no day before; nobody plans later."""
REMINDED_FROM_MONTH = 11
"""The State Council decrees the days of the next year in this month, as a rule."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is written down here of a day."""

    is_working: bool
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of the calendar."""

    day: date
    is_working: bool
    holiday: str
    """What the library calls the holiday (in Chinese, in English), with a bar between; empty: none."""
    written: Written | None
    is_assumed: bool

    @property
    def is_made_up(self) -> bool:
        """Tell whether offices work though it is a Saturday or a Sunday."""
        return self.is_working and self.day.weekday() >= 5

    @property
    def is_off(self) -> bool:
        """Tell whether offices are closed though it is a Monday to Friday, or a holiday on a weekend."""
        return not self.is_working and (self.day.weekday() < 5 or bool(self.holiday))


@dataclass(frozen=True, slots=True)
class Span:
    """Days that follow on each other and of which the same is written here, unlike in a plain week."""

    first: date
    last: date
    is_working: bool
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the calendar."""

    year: int
    is_assumed: bool
    """The decree of some of its days is missing."""
    months: tuple[tuple[DayView, ...], ...]
    spans: tuple[Span, ...]
    """What is written here and is not as in a plain week, the earliest first."""
    sources: tuple[str, ...]

    @property
    def working_days(self) -> int:
        """Return on how many days offices work."""
        return sum(day.is_working for month in self.months for day in month)


async def year(number: int) -> Year:
    """Return a year of the calendar with what is written down of it here."""
    rows = await fetch(
        "SELECT day, is_working, note, source FROM calendar_day WHERE day BETWEEN {} AND {} ORDER BY day",
        date(number, 1, 1),
        date(number, 12, 31),
    )
    written = {row["day"]: Written(row["is_working"], row["note"], row["source"]) for row in rows}
    calendar = WorkCalendar({day: one.is_working for day, one in written.items()})
    first = date(number, 1, 1)
    days = [_view(first + _DAY * n, calendar, written) for n in range((date(number + 1, 1, 1) - first).days)]
    return Year(
        year=number,
        is_assumed=any(day.is_assumed for day in days),
        months=tuple(tuple(day for day in days if day.day.month == month) for month in range(1, 13)),
        spans=tuple(_spans(written)),
        sources=tuple(dict.fromkeys(one.source for one in written.values())),
    )


def _view(day: date, calendar: WorkCalendar, written: Mapping[date, Written]) -> DayView:
    return DayView(
        day=day,
        is_working=workdays.is_working_day(day, calendar),
        holiday=workdays.holiday_name(day),
        written=written.get(day),
        is_assumed=workdays.is_assumed(day, day, calendar),
    )


def _spans(written: Mapping[date, Written]) -> list[Span]:
    found: list[Span] = []
    for day, one in written.items():
        if one.is_working == (day.weekday() < 5) and not one.note:
            continue
        last = found[-1] if found else None
        if last is not None and (last.last + _DAY, last.is_working, last.note, last.source) == (
            day,
            one.is_working,
            one.note,
            one.source,
        ):
            found[-1] = Span(last.first, day, last.is_working, last.note, last.source)
        else:
            found.append(Span(day, day, one.is_working, one.note, one.source))
    return found


async def year_to_enter(today: date) -> int | None:
    """Return the next year, from November on, while its decree is missing here and in the library."""
    if today.month < REMINDED_FROM_MONTH:
        return None
    following = today.year + 1
    rows = await fetch(
        "SELECT day, is_working FROM calendar_day WHERE day BETWEEN {} AND {}",
        date(following, 1, 1),
        date(following, 12, 31),
    )
    calendar = WorkCalendar({row["day"]: row["is_working"] for row in rows})
    missing = workdays.is_assumed(date(following, 1, 1), date(following, 12, 31), calendar)
    return following if missing else None
