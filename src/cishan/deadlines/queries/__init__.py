"""Reads of rules, clocks and working days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.deadlines.rules import (
    COLOUR_LABELS,
    LEVEL_LABELS,
    OUTCOME_LABELS,
    ClockView,
    Colour,
    Direction,
    Level,
    Outcome,
    Pause,
    Rule,
    Rung,
    StoodStill,
    Unit,
)
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.kernel.workdays import WorkCalendar
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.plumbing.lists import Choice, Column, Condition, Days, Flag, Kind, List, Row, Text, View

PAGE = 100
"""How many clocks a list shows if nobody says otherwise."""

_CLOCK = """
    SELECT c.id, c.code, rule.title, rule.title_en, rule.source, rule.unit, c.subject_kind,
           c.subject_id, c.region, c.occurrence,
           c.started_at, c.due_on, c.due_at, c.green_until, c.is_assumed, c.paused_at, c.stopped_at,
           c.outcome,
           (SELECT p.reason FROM deadline_pause AS p
             WHERE p.clock = c.id AND p.until IS NULL) AS pause_reason,
           (SELECT e.level FROM deadline_escalation AS e
             WHERE e.clock = c.id ORDER BY e.position DESC LIMIT 1) AS level
      FROM deadline_clock AS c JOIN deadline_rule AS rule ON rule.id = c.rule"""
_RULE = """
    SELECT id, code, title, title_en, limit_count, unit, direction, start_event, pause_reasons, repeats,
           beyond_months, source, effective_from, effective_to FROM deadline_rule"""
# How a clock stands at a moment, exactly as `rules.colour_of` says it.
_COLOUR = """CASE WHEN coalesce(c.paused_at, {}) > c.due_at THEN 'red'
                  WHEN coalesce(c.paused_at, {}) > c.green_until THEN 'yellow' ELSE 'green' END"""


async def calendar() -> WorkCalendar:
    """Return the official working days with what is written down here."""
    rows = await fetch("SELECT day, is_working FROM calendar_day")
    return WorkCalendar({row["day"]: row["is_working"] for row in rows})


async def rule_in_force(code: str, on: date) -> tuple[UUID, Rule]:
    """Return the version of a rule under which clocks begin on the day, and its id."""
    rows = await fetch(
        _RULE + " WHERE code = {} AND effective_from <= {} AND coalesce(effective_to, {}) >= {}"
        " ORDER BY effective_from DESC LIMIT 1",
        code,
        on,
        on,
        on,
    )
    if not rows:
        raise NotFound(N_("No deadline {code} is in force on {day}."), code=code, day=on.isoformat())
    return rows[0]["id"], _rule(rows[0])


async def versions_of(code: str) -> list[Rule]:
    """Return the versions of a rule, the oldest first."""
    return [_rule(row) for row in await fetch(_RULE + " WHERE code = {} ORDER BY effective_from", code)]


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(
        code=row["code"],
        title=row["title"],
        title_en=row["title_en"],
        limit=row["limit_count"],
        unit=Unit(row["unit"]),
        direction=Direction(row["direction"]),
        start_event=row["start_event"],
        pause_reasons=tuple(Pause(reason) for reason in row["pause_reasons"]),
        repeats=row["repeats"],
        beyond_months=row["beyond_months"],
        source=row["source"],
        effective_from=row["effective_from"],
        effective_to=row["effective_to"],
    )


def _view(row: dict[str, Any]) -> ClockView:
    outcome, level = row.pop("outcome"), row.pop("level")
    return ClockView(
        **{**row, "unit": Unit(row["unit"])},
        outcome=Outcome(outcome) if outcome else None,
        level=Level(level) if level else None,
    )


async def clocks_of(subject_kind: str, subject_id: UUID | str) -> list[ClockView]:
    """Return every clock of a thing, running ones first, each by its last day."""
    rows = await fetch(
        _CLOCK + " WHERE c.subject_kind = {} AND c.subject_id = {}"
        " ORDER BY c.stopped_at IS NOT NULL, c.due_at, c.id LIMIT 1000",
        subject_kind,
        str(subject_id),
    )
    return [_view(row) for row in rows]


async def clocks(clock_ids: Sequence[UUID]) -> list[ClockView]:
    """Return clocks by their ids."""
    rows = await fetch(_CLOCK + " WHERE c.id = ANY({}::uuid[])", list(clock_ids))
    return [_view(row) for row in rows]


async def due_days(code: str, subject_kind: str, subject_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Return until when each thing has time by its running clock of a rule."""
    rows = await fetch(
        "SELECT subject_id, min(due_on) AS due_on FROM deadline_clock WHERE code = {} AND subject_kind = {}"
        " AND subject_id = ANY({}::varchar[]) AND stopped_at IS NULL GROUP BY subject_id",
        code,
        subject_kind,
        [str(one) for one in subject_ids],
    )
    return {UUID(row["subject_id"]): row["due_on"] for row in rows}


async def colours_of(subject_kind: str, subject_ids: Sequence[UUID | str]) -> dict[str, Colour]:
    """Return the worst colour of each thing that has a running clock, for the rows of a list."""
    now = clock.now()
    rows = await fetch(
        f"SELECT c.subject_id, array_agg(DISTINCT {_COLOUR}) AS colours FROM deadline_clock AS c"
        " WHERE c.stopped_at IS NULL AND c.started_at <= {} AND c.subject_kind = {}"
        " AND c.subject_id = ANY({}::varchar[]) GROUP BY c.subject_id",
        now,
        now,
        now,
        subject_kind,
        [str(one) for one in subject_ids],
    )
    worst = (Colour.RED, Colour.YELLOW, Colour.GREEN)
    return {row["subject_id"]: next(c for c in worst if c.value in row["colours"]) for row in rows}


async def overdue(
    *,
    level: Level | None = None,
    subject_kind: str | None = None,
    code: str | None = None,
    limit: int = PAGE,
    offset: int = 0,
) -> list[ClockView]:
    """Return the running clocks past their limit, the longest past first; of a level: what it was told."""
    rows = await fetch(
        _CLOCK + " WHERE c.stopped_at IS NULL AND coalesce(c.paused_at, {}) > c.due_at"
        " AND c.subject_kind = coalesce({}, c.subject_kind) AND c.code = coalesce({}, c.code)"
        " AND ({}::varchar IS NULL OR EXISTS (SELECT 1 FROM deadline_escalation AS told"
        "      WHERE told.clock = c.id AND told.level = {})) ORDER BY c.due_at, c.id LIMIT {} OFFSET {}",
        clock.now(),
        subject_kind,
        code,
        level.value if level else None,
        level.value if level else None,
        limit,
        offset,
    )
    return [_view(row) for row in rows]


async def done_occurrences(
    code: str, subject_kind: str, subject_id: UUID | str, event_at: datetime
) -> set[int]:
    """Return which occurrences of a repeating rule, counted from the event, are done for a thing."""
    rows = await fetch(
        "SELECT occurrence FROM deadline_clock WHERE code = {} AND subject_kind = {} AND subject_id = {}"
        " AND event_at = {} AND outcome IN ('met', 'late')",
        code,
        subject_kind,
        str(subject_id),
        event_at,
    )
    return {row["occurrence"] for row in rows}


@dataclass(frozen=True, slots=True)
class Running:
    """What is needed to reckon a clock anew."""

    id: UUID
    rule: Rule
    occurrence: int
    event_at: datetime
    started_at: datetime
    pauses: tuple[StoodStill, ...]


async def running(*, clock_ids: Sequence[UUID] | None = None) -> list[Running]:
    """Return the given clocks, or all that run on working days, with the pauses that are over."""
    rows = await fetch(
        "SELECT c.id AS clock_id, c.occurrence, c.event_at, c.started_at, rule.*,"
        " ARRAY(SELECT p.since FROM deadline_pause AS p WHERE p.clock = c.id AND p.until IS NOT NULL"
        "        ORDER BY p.since, p.id) AS since,"
        " ARRAY(SELECT p.until FROM deadline_pause AS p WHERE p.clock = c.id AND p.until IS NOT NULL"
        "        ORDER BY p.since, p.id) AS until"
        " FROM deadline_clock AS c JOIN deadline_rule AS rule ON rule.id = c.rule"
        " WHERE c.stopped_at IS NULL AND (c.id = ANY({}::uuid[])"
        "       OR ({}::uuid[] IS NULL AND rule.unit = 'working_days'))",
        clock_ids,
        clock_ids,
    )
    return [
        Running(
            row["clock_id"],
            _rule(row),
            row["occurrence"],
            row["event_at"],
            row["started_at"],
            tuple(StoodStill(*pair) for pair in zip(row["since"], row["until"], strict=True)),
        )
        for row in rows
    ]


async def rungs() -> list[Rung]:
    """Return the levels that are told of what is overdue, the nearest first."""
    rows = await fetch("SELECT position, level, after_workdays FROM escalation_rung ORDER BY position")
    return [Rung(row["position"], Level(row["level"]), row["after_workdays"]) for row in rows]


_COLOUR_NOW = """CASE WHEN coalesce(c.stopped_at, c.paused_at, $NOW) > c.due_at THEN 'red'
                      WHEN coalesce(c.stopped_at, c.paused_at, $NOW) > c.green_until THEN 'yellow'
                      ELSE 'green' END"""
_RUNNING = "c.stopped_at IS NULL AND c.started_at <= $NOW"


async def _titles(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["title"] = row["title_zh"] if chinese else row["title_en"]


CLOCKS = List(
    code="clocks",
    title=N_("Deadlines"),
    source="deadline_clock AS c JOIN deadline_rule AS rule ON rule.id = c.rule",
    key="c.id",
    order="due_at",
    more=_titles,
    views=(
        View(N_("Overdue"), "running=1&colour=red"),
        View(N_("Due soon"), "running=1&colour=yellow"),
        View(N_("In time"), "running=1&colour=green"),
        View(N_("Done late"), "outcome=late&sort=-due_at"),
    ),
    columns=(
        Column(code="title", title=N_("Deadline"), wide=True, link="/staff/go/{kind}/{subject}"),
        Column(code="title_zh", title="", sql="rule.title", on_screen=False, in_file=False),
        Column(code="title_en", title="", sql="rule.title_en", on_screen=False, in_file=False),
        Column(
            code="colour",
            title=N_("Stands"),
            kind=Kind.CHOICE,
            sql=_COLOUR_NOW,
            words=COLOUR_LABELS,
            tones={Colour.RED: "bad", Colour.YELLOW: "warn", Colour.GREEN: "good"},
        ),
        Column(code="due_at", title=N_("Until"), kind=Kind.MOMENT, sql="c.due_at", sorts=True),
        Column(
            code="started_at", title=N_("Running since"), kind=Kind.MOMENT, sql="c.started_at", sorts=True
        ),
        Column(code="kind", title=N_("Kind of thing"), sql="c.subject_kind"),
        Column(code="subject", title=N_("Thing"), sql="c.subject_id", on_screen=False),
        Column(
            code="level",
            title=N_("Told"),
            kind=Kind.CHOICE,
            sql="(SELECT e.level FROM deadline_escalation AS e WHERE e.clock = c.id"
            " ORDER BY e.position DESC LIMIT 1)",
            words=LEVEL_LABELS,
        ),
        Column(code="outcome", title=N_("Outcome"), kind=Kind.CHOICE, sql="c.outcome", words=OUTCOME_LABELS),
        Column(code="source", title=N_("Source"), sql="rule.source", on_screen=False),
    ),
    filters=(
        Flag(code="running", title=N_("Only running ones"), sql=_RUNNING),
        Choice(code="colour", title=N_("Stands"), sql=f"{_COLOUR_NOW} = {{}}", words=COLOUR_LABELS),
        Choice(code="outcome", title=N_("Outcome"), sql="c.outcome = {}", words=OUTCOME_LABELS),
        Text(code="code", title=N_("Code of the rule"), sql="c.code LIKE {}", begins=True),
        Days(code="due", title=N_("Until"), sql="c.due_on"),
    ),
    empty=N_("No deadline fits these filters."),
)


TASKS = replace(
    CLOCKS,
    code="tasks",
    title=N_("My tasks"),
    base=_RUNNING,
    views=(),
    columns=(
        replace(CLOCKS.columns[0], sql="", on_screen=True),
        *CLOCKS.columns[1:5],
        Column(code="thing", title=N_("Thing"), wide=True, link="/staff/go/{kind}/{subject}"),
        *(replace(c, on_screen=c.code == "level") for c in CLOCKS.columns[5:9]),
    ),
    filters=CLOCKS.filters[1:2],
    empty=N_("No task of this colour waits for you."),
)
"""The running clocks; the desk fills in `thing` and narrows them to what somebody is to act on."""


def concerning(kind: str, regions: Sequence[str], *, whole: bool) -> Condition:
    """Return the condition that keeps the clocks of a kind of things within regions (patterns of codes)."""
    return (
        "c.subject_kind = {} AND (c.region <> '' AND c.region LIKE ANY ({}::text[]) OR {} AND c.region = '')",
        (kind, list(regions), whole),
    )


async def colours_within(scope: Condition) -> dict[Colour, int]:
    """Count the running clocks within a scope by their colour."""
    now = clock.now()
    rows = await fetch(
        f"SELECT {_COLOUR} AS colour, count(*) AS n FROM deadline_clock AS c WHERE c.stopped_at IS NULL"
        f" AND c.started_at <= {{}} AND ({scope[0]}) GROUP BY 1",
        now,
        now,
        now,
        *scope[1],
    )
    counted = {row["colour"]: row["n"] for row in rows}
    return {colour: counted.get(colour.value, 0) for colour in Colour}
