"""Starting, pausing and stopping clocks, and keeping rules; `calendar` keeps working days.

The verbs on clocks belong into the transaction of the step that causes them and refuse to run outside one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from cishan.deadlines import queries, rules
from cishan.deadlines.rules import Direction, Level, Outcome, Pause, Reckoned, Rule, Rung
from cishan.deadlines.tables import DeadlineClock, DeadlinePause, DeadlineRule, EscalationRung
from cishan.deadlines.telling import tell
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch, in_transaction


async def start(
    code: str,
    *,
    subject_kind: str,
    subject_id: UUID | str,
    at: datetime | None = None,
    event_on: date | None = None,
    region: str = "",
) -> UUID:
    """Let a clock run for a thing and return its id; one that runs already is the same as once.

    It runs from `at` (now) under the rule's version of that day. `event_on` is the day that the limit is
    counted from or, for a rule that looks ahead ("file ten days before the start"), must name. `region` is
    the place whose staff are concerned; none: the whole charity.
    """
    begun = at or clock.now()
    rule_id, rule = await queries.rule_in_force(code, clock.china_day(begun))
    if rule.repeats:
        raise Invalid(N_("This deadline repeats: it needs the end of what it watches."))
    if rule.direction is Direction.BEFORE and event_on is None:
        raise Invalid(N_("This deadline lies before its event: say on which day that is."))
    begins = _Begin(1, begun, _midnight(event_on) if event_on else begun)
    subject = _Subject(subject_kind, str(subject_id), region)
    return (await _begin(rule_id, rule, subject, [begins]))[0]


async def start_series(
    code: str, *, subject_kind: str, subject_id: UUID | str, starts_on: date, ends_on: date, region: str = ""
) -> list[UUID]:
    """Let one clock run for each time a repeating rule comes round from start to end; maybe none.

    Again, or with a later end, is the same as once: what is done already does not begin anew. Returns the ids
    of those that run.
    """
    rule_id, rule = await queries.rule_in_force(code, starts_on)
    days = rules.schedule(rule, starts_on, ends_on, await queries.calendar())
    begins = [starts_on, *days][: len(days)]
    done = await queries.done_occurrences(code, subject_kind, subject_id, _midnight(starts_on))
    series = [
        _Begin(n, _midnight(day), _midnight(starts_on))
        for n, day in enumerate(begins, start=1)
        if n not in done
    ]
    return await _begin(rule_id, rule, _Subject(subject_kind, str(subject_id), region), series)


@dataclass(frozen=True, slots=True)
class _Begin:
    occurrence: int
    started_at: datetime
    event_at: datetime


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    id: str
    region: str


async def _begin(rule_id: UUID, rule: Rule, subject: _Subject, begins: Sequence[_Begin]) -> list[UUID]:
    _require_transaction()
    calendar = await queries.calendar()
    found = []
    for begin in begins:
        moments = rules.reckon(
            rule,
            event_at=begin.event_at,
            running_from=begin.started_at,
            occurrence=begin.occurrence,
            calendar=calendar,
        )
        rows = await fetch(
            """INSERT INTO deadline_clock (id, rule, code, subject_kind, subject_id, region, occurrence,
                                           event_at, started_at, green_until, due_on, due_at, is_assumed)
               VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
                   ON CONFLICT (subject_kind, subject_id, code, occurrence) WHERE stopped_at IS NULL
                   DO UPDATE SET code = excluded.code RETURNING id""",
            ids.new_id(),
            rule_id,
            rule.code,
            subject.kind,
            subject.id,
            subject.region,
            begin.occurrence,
            begin.event_at,
            begin.started_at,
            moments.green_until,
            moments.due_on,
            moments.due_at,
            moments.is_assumed,
        )
        found.append(rows[0]["id"])
    return found


async def pause(
    code: str,
    *,
    subject_kind: str,
    subject_id: UUID | str,
    reason: Pause,
    note: str = "",
    at: datetime | None = None,
) -> None:
    """Let a clock stand still for one of its rule's reasons; a clock that stands still already goes on so."""
    clock_id, row = await _lock(code, subject_kind, subject_id)
    rules.require_pause(row["pause_reasons"], reason)
    if row["paused_at"] is not None:
        return
    since = at or clock.now()
    await DeadlinePause.insert(
        DeadlinePause(id=ids.new_id(), clock=clock_id, reason=reason.value, note=note, since=since)
    )
    await DeadlineClock.update({DeadlineClock.paused_at: since}).where(DeadlineClock.id == clock_id)


async def resume(
    code: str, *, subject_kind: str, subject_id: UUID | str, at: datetime | None = None
) -> Reckoned:
    """Let a clock run on and return its new moments; what it stood still is added to its limit."""
    clock_id, row = await _lock(code, subject_kind, subject_id)
    if row["paused_at"] is None:
        raise Conflict(N_("This clock is not paused."))
    until = max(at or clock.now(), row["paused_at"])
    await DeadlinePause.update({DeadlinePause.until: until}).where(
        (DeadlinePause.clock == clock_id) & DeadlinePause.until.is_null()
    )
    await DeadlineClock.update({DeadlineClock.paused_at: None}).where(DeadlineClock.id == clock_id)
    return (await reckon_again([clock_id]))[clock_id]


async def stop(
    code: str, *, subject_kind: str, subject_id: UUID | str, at: datetime | None = None
) -> Outcome | None:
    """Note that what a clock waited for is done, and return whether in time; None if no such clock runs.

    Of a repeating rule the earliest occurrence is stopped.
    """
    try:
        clock_id, row = await _lock(code, subject_kind, subject_id)
    except NotFound:
        return None
    done_at = at or clock.now()
    outcome = rules.outcome_of(at=done_at, due_at=row["due_at"], paused_at=row["paused_at"])
    await _stop([clock_id], done_at, outcome)
    return outcome


async def cancel(
    *, subject_kind: str, subject_id: UUID | str, code: str | None = None, overdue_too: bool = True
) -> int:
    """Stop the clocks of a thing (or those of one rule) as no longer needed; return how many ran.

    What is overdue can be left running: it is still to be done.
    """
    _require_transaction()
    rows = await fetch(
        "SELECT id FROM deadline_clock WHERE subject_kind = {} AND subject_id = {} AND stopped_at IS NULL"
        " AND code = coalesce({}, code) AND ({} OR due_at >= {}) ORDER BY id FOR NO KEY UPDATE",
        subject_kind,
        str(subject_id),
        code,
        overdue_too,
        clock.now(),
    )
    await _stop([row["id"] for row in rows], clock.now(), Outcome.CANCELLED)
    return len(rows)


async def _lock(code: str, subject_kind: str, subject_id: UUID | str) -> tuple[UUID, dict[str, Any]]:
    _require_transaction()
    rows = await fetch(
        """SELECT c.id, c.paused_at, c.due_at, rule.pause_reasons
             FROM deadline_clock AS c JOIN deadline_rule AS rule ON rule.id = c.rule
            WHERE c.code = {} AND c.subject_kind = {} AND c.subject_id = {} AND c.stopped_at IS NULL
            ORDER BY c.occurrence LIMIT 1 FOR NO KEY UPDATE OF c""",
        code,
        subject_kind,
        str(subject_id),
    )
    if not rows:
        raise NotFound(N_("No such clock is running."))
    return rows[0]["id"], rows[0]


async def _stop(clock_ids: Sequence[UUID], at: datetime, outcome: Outcome) -> None:
    if not clock_ids:
        return
    await fetch(
        "UPDATE deadline_pause SET until = greatest(since, {})"
        " WHERE clock = ANY({}::uuid[]) AND until IS NULL",
        at,
        list(clock_ids),
    )
    await fetch(
        "UPDATE deadline_clock SET stopped_at = {}, outcome = {} WHERE id = ANY({}::uuid[])",
        at,
        outcome.value,
        list(clock_ids),
    )


async def reckon_again(clock_ids: Sequence[UUID] | None) -> dict[UUID, Reckoned]:
    """Reckon the given clocks anew, or all that run on working days, in the running transaction."""
    calendar = await queries.calendar()
    found = {
        one.id: rules.reckon(
            one.rule,
            event_at=one.event_at,
            running_from=one.started_at,
            occurrence=one.occurrence,
            pauses=one.pauses,
            calendar=calendar,
        )
        for one in await queries.running(clock_ids=clock_ids)
    }
    moments = list(found.values())
    await fetch(
        """UPDATE deadline_clock AS c
              SET green_until = n.green, due_on = n.due_on, due_at = n.due_at, is_assumed = n.assumed
             FROM unnest({}::uuid[], {}::timestamptz[], {}::date[], {}::timestamptz[], {}::boolean[])
                  AS n (id, green, due_on, due_at, assumed)
            WHERE c.id = n.id""",
        list(found),
        [m.green_until for m in moments],
        [m.due_on for m in moments],
        [m.due_at for m in moments],
        [m.is_assumed for m in moments],
    )
    return found


async def escalate() -> int:
    """Tell each level of what is overdue by now in its regions, each once; return how often it is new."""
    now, today = clock.now(), clock.today()
    calendar = await queries.calendar()
    told: list[tuple[UUID, Level]] = []
    async with atomic():
        for rung in await queries.rungs():
            due_by = rules.escalates_if_due_by(today, rung.after_workdays, calendar)
            rows = await fetch(
                """INSERT INTO deadline_escalation (id, clock, level, position, at)
                   SELECT gen_random_uuid(), c.id, {}, {}, {} FROM deadline_clock AS c
                    WHERE c.stopped_at IS NULL AND coalesce(c.paused_at, {}) > c.due_at
                      AND (c.due_on <= {} OR {} = 0)
                       ON CONFLICT (clock, level) DO NOTHING RETURNING clock""",
                rung.level.value,
                rung.position,
                now,
                now,
                due_by,
                rung.after_workdays,
            )
            told += [(row["clock"], rung.level) for row in rows]
        await tell(told)
    return len(told)


async def set_rules(wanted: Sequence[Rule]) -> None:
    """Make versions of rules known; what a known version counts may not change: that is a new version."""
    async with atomic():
        for rule in wanted:
            known = {one.effective_from: one for one in await queries.versions_of(rule.code)}
            before = known.get(rule.effective_from)
            if before is not None and _terms(before) != _terms(rule):
                raise Conflict(
                    N_("Deadline {code} counts otherwise from {day} on; write a new version."),
                    code=rule.code,
                    day=rule.effective_from.isoformat(),
                )
            row = DeadlineRule(
                id=ids.new_id(),
                code=rule.code,
                title=rule.title,
                title_en=rule.title_en,
                limit_count=rule.limit,
                unit=rule.unit.value,
                direction=rule.direction.value,
                start_event=rule.start_event,
                pause_reasons=[reason.value for reason in rule.pause_reasons],
                repeats=rule.repeats,
                beyond_months=rule.beyond_months,
                source=rule.source,
                effective_from=rule.effective_from,
                effective_to=rule.effective_to,
            )
            await DeadlineRule.insert(row).on_conflict(
                target=(DeadlineRule.code, DeadlineRule.effective_from),
                action="DO UPDATE",
                values=[
                    DeadlineRule.title,
                    DeadlineRule.title_en,
                    DeadlineRule.start_event,
                    DeadlineRule.source,
                    DeadlineRule.pause_reasons,
                    DeadlineRule.effective_to,
                ],
            )


def _terms(rule: Rule) -> tuple[object, ...]:
    return (rule.limit, rule.unit, rule.direction, rule.repeats, rule.beyond_months)


async def set_rungs(wanted: Sequence[Rung]) -> None:
    """Say which levels are told of what is overdue, in place of what was said before."""
    async with atomic():
        await EscalationRung.delete(force=True)
        for rung in wanted:
            await EscalationRung.insert(
                EscalationRung(
                    id=ids.new_id(),
                    position=rung.position,
                    level=rung.level.value,
                    after_workdays=rung.after_workdays,
                )
            )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.CHINA)


def _require_transaction() -> None:
    assert in_transaction(), "clocks are moved inside the transaction of the step that moves them"
