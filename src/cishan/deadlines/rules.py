"""What a deadline is, when it turns yellow and when it has passed."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, takewhile
from uuid import UUID

from cishan.identity.rules.regions import is_city
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, workdays
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.kernel.workdays import WorkCalendar

GREEN_PERCENT = 70
"""A clock is green until this part of its limit is used up (domain: 电子监察)."""
MAX_OCCURRENCES = 400
HOUSE_RULE = "本会规定"
"""The source of a limit that no law sets."""
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Unit(StrEnum):
    """In what a limit is counted."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    HOURS = "hours"


UNIT_LABELS: dict[str, str] = {
    Unit.CALENDAR_DAYS: N_("calendar days"),
    Unit.WORKING_DAYS: N_("working days"),
    Unit.MONTHS: N_("months"),
    Unit.HOURS: N_("hours"),
}


class Direction(StrEnum):
    """Whether the limit lies after its event (answer within) or before it (file ahead of)."""

    AFTER = "after"
    BEFORE = "before"


class Colour(StrEnum):
    """How a clock stands: at most 70 % used, more than that, past its limit."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


COLOUR_LABELS: dict[str, str] = {
    Colour.GREEN: N_("In time"),
    Colour.YELLOW: N_("Due soon"),
    Colour.RED: N_("Overdue"),
}


class Pause(StrEnum):
    """Why a clock may stand still."""

    SUPPLEMENT = "supplement"
    PUBLIC_NOTICE = "public_notice"
    EXTERNAL = "external"


class Outcome(StrEnum):
    """How a clock ended."""

    MET = "met"
    LATE = "late"
    CANCELLED = "cancelled"


OUTCOME_LABELS: dict[str, str] = {
    Outcome.MET: N_("Done in time"),
    Outcome.LATE: N_("Done late"),
    Outcome.CANCELLED: N_("No longer needed"),
}


class Level(StrEnum):
    """Who is told of a clock that has passed, from near to far."""

    TOWN = "town"
    COUNTY = "county"
    CITY = "city"


LEVEL_LABELS: dict[str, str] = {
    Level.TOWN: N_("Town or street level"),
    Level.COUNTY: N_("County level"),
    Level.CITY: N_("City level"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of one deadline."""

    code: str
    title: str
    """In Chinese; `title_en` in English."""
    title_en: str
    limit: int
    unit: Unit
    start_event: str
    source: str
    """The article that sets it; 'house rule' for one of our own."""
    effective_from: date
    effective_to: date | None = None
    """The last day on which clocks begin under this version."""
    direction: Direction = Direction.AFTER
    pause_reasons: tuple[Pause, ...] = ()
    repeats: bool = False
    """Due again and again after each limit until the thing ends (`schedule`)."""
    beyond_months: int | None = None
    """A repeating rule binds only what lasts longer than this."""


@dataclass(frozen=True, slots=True)
class StoodStill:
    """A stretch during which a clock was paused."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Reckoned:
    """When a clock turns yellow and when it has passed."""

    green_until: datetime
    """The last moment of green."""
    due_on: date
    """The last day in time, in China."""
    due_at: datetime
    """The last moment in time."""
    is_assumed: bool
    """A year without a decree was counted Monday to Friday: the day may still move."""


def reckon(
    rule: Rule,
    *,
    event_at: datetime,
    running_from: datetime,
    occurrence: int = 1,
    pauses: Sequence[StoodStill] = (),
    calendar: WorkCalendar = workdays.DECREED,
) -> Reckoned:
    """Return the moments of a clock on the calendar of its rule.

    `event_at` is what the limit is counted from (or towards), `running_from` when the time began to be used.
    The day of the event does not count, the last day counts wholly. Of a pause the day on which it begins
    counts, the day on which it ends does not. A repeating rule's nth occurrence is n limits from the event.
    """
    limit = rule.limit * occurrence
    if rule.unit is Unit.HOURS:
        return _in_hours(rule, limit, event_at, running_from, pauses)
    event_on, began_on = clock.china_day(event_at), clock.china_day(running_from)
    still = [(clock.china_day(p.since), clock.china_day(p.until)) for p in pauses]
    on_workdays = rule.unit is Unit.WORKING_DAYS
    due_on = _moved(rule, event_on, limit, calendar)
    due_on = _extended(due_on, still, calendar, on_workdays=on_workdays)
    total = _used(began_on, due_on, still, calendar, on_workdays=on_workdays)

    def percent_used(days: int) -> int:
        return 100 * _used(began_on, began_on + _DAY * days, still, calendar, on_workdays=on_workdays)

    span = range(max((due_on - began_on).days, 0) + 1)
    green_days = bisect_right(span, total * GREEN_PERCENT, key=percent_used) - 1
    green_on = min(began_on + _DAY * green_days, due_on)
    first, last = min(began_on, event_on, due_on), max(event_on, due_on)
    assumed = on_workdays and workdays.is_assumed(first, last, calendar)
    return Reckoned(_end_of(green_on), due_on, _end_of(due_on), assumed)


def _in_hours(
    rule: Rule, limit: int, event_at: datetime, running_from: datetime, pauses: Sequence[StoodStill]
) -> Reckoned:
    sign = 1 if rule.direction is Direction.AFTER else -1
    stood, due_at = timedelta(), event_at + sign * timedelta(hours=limit)
    for pause in pauses:
        if pause.since <= due_at:
            stood += pause.until - pause.since
            due_at += pause.until - pause.since
    green = running_from + stood + max(due_at - stood - running_from, timedelta()) * GREEN_PERCENT / 100
    return Reckoned(min(green, due_at), clock.china_day(due_at), due_at, is_assumed=False)


def _moved(rule: Rule, day: date, limit: int, calendar: WorkCalendar) -> date:
    ahead = rule.direction is Direction.AFTER
    if rule.unit is Unit.MONTHS:
        return add_months(day, limit if ahead else -limit)
    if rule.unit is Unit.CALENDAR_DAYS:
        return day + _DAY * (limit if ahead else -limit)
    move = workdays.add_working_days if ahead else workdays.subtract_working_days
    return move(day, limit, calendar)


Stretches = Sequence[tuple[date, date]]


def _extended(due_on: date, still: Stretches, calendar: WorkCalendar, *, on_workdays: bool) -> date:
    """Add to the last day what was stood still before it; the stretches come in order."""
    for since, until in still:
        if since > due_on:
            continue
        if on_workdays:
            lost = workdays.working_days_between(since, until, calendar)
            due_on = workdays.add_working_days(due_on, lost, calendar)
        else:
            due_on += until - since
    return due_on


def _used(start: date, end: date, still: Stretches, calendar: WorkCalendar, *, on_workdays: bool) -> int:
    def counted(first: date, last: date) -> int:
        if last <= first:
            return 0
        return workdays.working_days_between(first, last, calendar) if on_workdays else (last - first).days

    stood = sum(counted(max(since, start), min(until, end)) for since, until in still)
    return counted(start, end) - stood


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or its last day if that is too short (民法典 art. 202)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + _DAY * (day.day - 1), following - _DAY)


def schedule(rule: Rule, starts_on: date, ends_on: date, calendar: WorkCalendar) -> list[date]:
    """Return the last days of a repeating rule from the start to the end of a thing, both included.

    Empty if the thing is not long enough for the rule.
    """
    if not rule.repeats:
        raise Invalid(N_("This deadline does not repeat."))
    if rule.beyond_months is not None and ends_on < add_months(starts_on, rule.beyond_months):
        return []
    due = (_moved(rule, starts_on, rule.limit * n, calendar) for n in count(1))
    days = list(takewhile(lambda day: day <= ends_on, due))
    if len(days) > MAX_OCCURRENCES:
        raise Invalid(N_("This deadline would come round too many times."))
    return days


def colour_of(
    *, now: datetime, green_until: datetime, due_at: datetime, paused_at: datetime | None
) -> Colour:
    """Return the colour of a running clock; while paused it keeps the colour that it had."""
    moment = paused_at or now
    if moment > due_at:
        return Colour.RED
    return Colour.YELLOW if moment > green_until else Colour.GREEN


def outcome_of(*, at: datetime, due_at: datetime, paused_at: datetime | None) -> Outcome:
    """Tell whether what is done now is done in time."""
    return Outcome.LATE if (paused_at or at) > due_at else Outcome.MET


def require_pause(rule_reasons: Sequence[str], reason: str) -> None:
    """Refuse a pause for a reason that the rule does not know."""
    if reason not in rule_reasons:
        raise Conflict(N_("This clock may not be paused for that reason."))


def escalates_if_due_by(today: date, after_workdays: int, calendar: WorkCalendar) -> date:
    """Return the latest last day since which at least that many working days have gone by."""
    day = today - _DAY
    while workdays.working_days_between(day, today, calendar) < after_workdays:
        day -= _DAY
    return day


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the escalation: which level is told after how many working days past the limit."""

    position: int
    level: Level
    after_workdays: int


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock as a page shows it."""

    id: UUID
    code: str
    title: str
    title_en: str
    source: str
    unit: Unit
    subject_kind: str
    subject_id: str
    region: str
    """Whose staff are concerned; empty: the whole charity."""
    occurrence: int
    started_at: datetime
    due_on: date
    due_at: datetime
    green_until: datetime
    is_assumed: bool
    paused_at: datetime | None
    pause_reason: str | None
    stopped_at: datetime | None
    outcome: Outcome | None
    level: Level | None
    """The highest level that was told."""

    @property
    def is_house_rule(self) -> bool:
        """Tell whether we set this limit ourselves and no law does."""
        return self.source == HOUSE_RULE

    def left(self, today: date, calendar: WorkCalendar) -> int:
        """Return the days left until the last day (0 on it), or how many it is past, negative.

        They are working days if the rule counts so, else calendar days. A clock that stands still keeps them.
        """
        day = clock.china_day(self.paused_at) if self.paused_at else today
        if self.unit is Unit.WORKING_DAYS:
            return workdays.working_days_between(day, self.due_on, calendar)
        return (self.due_on - day).days

    def colour(self, now: datetime) -> Colour:
        """Return how the clock stands, or stood when it was stopped."""
        return colour_of(
            now=self.stopped_at or now,
            green_until=self.green_until,
            due_at=self.due_at,
            paused_at=self.paused_at,
        )


def _end_of(day: date) -> datetime:
    return datetime.combine(day + _DAY, time(), clock.CHINA) - _INSTANT


ANSWER_FOR_CLOCKS = (Role.PROJECT_OFFICER,)
"""Who is told of what is overdue in the region of their post."""


def place_at(level: Level, region: str) -> str:
    """Return the region of a level in which a region lies, or the region itself if it lies higher."""
    if level is Level.CITY or not region:
        return f"{region[:4]}00" if region else ""
    return region[: 9 if level is Level.TOWN else 6]


def who_answers(level: Level, region: str, posts: Sequence[tuple[str, UUID]]) -> list[UUID]:
    """Return who is told, of people by the region of their post: those of the place, or of the next above.

    What concerns the whole charity (no region) concerns those whose post is for a whole city.
    """
    here = place_at(level, region)
    while True:
        found = [person for place, person in posts if (place == here if here else is_city(place))]
        if found or not here or is_city(here):
            return list(dict.fromkeys(found))
        here = here[:-3] if len(here) > 6 else f"{here[:4]}00"


def spans_of_days(spans: Sequence[str]) -> set[date]:
    """Return the days of spans as people type them: 2027-01-01, or 2027-01-01..2027-01-03."""
    found: set[date] = set()
    for span in spans:
        first, _, last = (part.strip() for part in span.partition(".."))
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise Invalid(N_("{span} is no day and no span of days."), span=span) from None
        if not 0 <= (end - begin).days < 366:
            raise Invalid(N_("{span} does not run forward, or is too long."), span=span)
        found |= {begin + _DAY * n for n in range((end - begin).days + 1)}
    return found
