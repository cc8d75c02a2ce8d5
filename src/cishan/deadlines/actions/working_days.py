"""Keeping the working days that the library does not know, or knows wrongly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.deadlines import queries
from cishan.deadlines.actions import reckon_again
from cishan.deadlines.tables import CalendarDay
from cishan.kernel import ids, workdays
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic

_DAY = timedelta(days=1)
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar and whether offices work on it."""

    day: date
    is_working: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class By:
    """Who writes into the calendar, as the history names them."""

    actor: str = SYSTEM
    acting_role: str = ""


COMMAND = By()
"""Whoever types at the terminal of the installation."""


async def write_days(days: Sequence[Day], *, source: str, by: By = COMMAND, event: str = "write_days") -> int:
    """Write days of one year into the calendar and reckon running clocks anew; return how many run on it."""
    if not source.strip():
        raise Invalid(N_("Say which decree says so."), field="source")
    if not days or len(days) > MAX_DAYS or len({day.day.year for day in days}) > 1:
        raise Invalid(N_("All days must lie in one year."), field="last")
    async with atomic():
        for day in days:
            row = CalendarDay(
                id=ids.new_id(), day=day.day, is_working=day.is_working, note=day.note, source=source
            )
            await CalendarDay.insert(row).on_conflict(
                target=CalendarDay.day,
                action="DO UPDATE",
                values=[CalendarDay.is_working, CalendarDay.note, CalendarDay.source],
            )
        await audit.record(
            Transition(
                subject_kind="calendar",
                subject_id=str(days[0].day.year),
                event=event,
                from_state="",
                to_state="written",
                actor=by.actor,
                acting_role=by.acting_role,
                reason=_told(days, source),
            )
        )
        return len(await reckon_again(None))


def _told(days: Sequence[Day], source: str) -> str:
    """Return in one line what is written: the span, the days that are not as in a plain week, the source."""
    first, last = min(day.day for day in days), max(day.day for day in days)
    span = first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"
    off = sum(not day.is_working and day.day.weekday() < 5 for day in days)
    made_up = sum(day.is_working and day.day.weekday() >= 5 for day in days)
    return f"{span} 休{off} 班{made_up} {days[0].note} {source}".replace("  ", " ")[:500]


async def write_span(
    first: date, last: date, *, is_working: bool, note: str, source: str, by: By = COMMAND
) -> int:
    """Write down that offices work, or do not, from one day to another; return how many clocks run on it.

    Of a year of which nothing is known the whole decree is written, by `write_year`.
    """
    if last < first:
        raise Invalid(N_("The end lies before the beginning."), field="last")
    if first.year != last.year:
        raise Invalid(N_("All days must lie in one year."), field="last")
    calendar = await queries.calendar()
    if workdays.is_assumed(date(first.year, 1, 1), date(first.year, 12, 31), calendar):
        raise Invalid(
            N_("Of the year {year} nothing is known yet. Enter its whole decree first."),
            field="first",
            year=first.year,
        )
    days = [Day(first + _DAY * n, is_working, note) for n in range((last - first).days + 1)]
    return await write_days(days, source=source, by=by)


async def write_year(
    year: int, *, days_off: set[date], make_up_days: set[date], source: str, by: By = COMMAND
) -> int:
    """Write the decree of a whole year: its days are then known and no longer assumed."""
    if any(day.year != year for day in days_off | make_up_days):
        raise Invalid(N_("Every day must lie in the year {year}."), field="off", year=year)
    if days_off & make_up_days:
        raise Invalid(N_("A day is either off or made up for."), field="make_up")
    if any(day.weekday() < 5 for day in make_up_days):
        raise Invalid(N_("Only Saturdays and Sundays are made up for."), field="make_up")
    first = date(year, 1, 1)
    days = [first + _DAY * n for n in range((date(year + 1, 1, 1) - first).days)]
    written = [Day(d, d in make_up_days or (d.weekday() < 5 and d not in days_off)) for d in days]
    return await write_days(written, source=source, by=by, event="write_year")
