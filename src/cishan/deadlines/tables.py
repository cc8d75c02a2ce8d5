"""What is kept of rules, clocks, their pauses and escalations, and of working days."""

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
    Date,
    ForeignKey,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class CalendarDay(Table, tablename="calendar_day"):
    """A day that the library does not know, or knows wrongly."""

    id = UUID(primary_key=True, default=None)
    day = Date(default=None, unique=True)
    is_working = Boolean(default=None)
    note = Varchar(length=100, default="")
    source = Varchar(length=200, default=None)


class DeadlineRule(Table, tablename="deadline_rule"):
    """One version of one deadline."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=60, default=None)
    title = Varchar(length=100, default=None)
    title_en = Varchar(length=160, default=None)
    limit_count = SmallInt(default=None)
    unit = Varchar(length=16, default=None)
    direction = Varchar(length=8, default=None)
    start_event = Varchar(length=80, default=None)
    pause_reasons = Array(base_column=Varchar(), default=list)
    repeats = Boolean(default=None)
    beyond_months = SmallInt(default=None, null=True)
    source = Varchar(length=200, default=None)
    effective_from = Date(default=None)
    effective_to = Date(default=None, null=True)

    deadline_rule_version = Unique([code, effective_from])
    deadline_rule_limit = Check("limit_count BETWEEN 1 AND 3650")
    deadline_rule_unit = Check("unit IN ('calendar_days', 'working_days', 'months', 'hours')")
    deadline_rule_direction = Check("direction IN ('after', 'before')")
    deadline_rule_pauses = Check(
        "pause_reasons <@ ARRAY['supplement', 'public_notice', 'external']::varchar[]"
    )
    deadline_rule_span = Check("effective_to >= effective_from")
    deadline_rule_beyond = Check("beyond_months IS NULL OR repeats")


class DeadlineClock(Table, tablename="deadline_clock"):
    """A deadline that runs, or ran, for one thing."""

    id = UUID(primary_key=True, default=None)
    rule = ForeignKey(DeadlineRule, on_delete=OnDelete.restrict, null=False, index=True)
    code = Varchar(length=60, default=None)
    subject_kind = Varchar(length=40, default=None)
    subject_id = Varchar(length=80, default=None)
    region = Varchar(length=12, default="")
    occurrence = SmallInt(default=None)
    event_at = Timestamptz(default=None)
    started_at = Timestamptz(default=None)
    green_until = Timestamptz(default=None)
    due_on = Date(default=None)
    due_at = Timestamptz(default=None)
    is_assumed = Boolean(default=None)
    paused_at = Timestamptz(default=None, null=True)
    stopped_at = Timestamptz(default=None, null=True)
    outcome = Varchar(length=12, default=None, null=True)

    deadline_clock_outcome = Check("outcome IN ('met', 'late', 'cancelled')")
    deadline_clock_ends_once = Check("(outcome IS NULL) = (stopped_at IS NULL)")
    deadline_clock_turns = Check("green_until <= due_at")
    deadline_clock_occurrence = Check("occurrence >= 1")


class DeadlinePause(Table, tablename="deadline_pause"):
    """A stretch during which a clock stood still, and why."""

    id = UUID(primary_key=True, default=None)
    clock = ForeignKey(DeadlineClock, on_delete=OnDelete.cascade, null=False, index=True)
    reason = Varchar(length=20, default=None)
    note = Text(default="")
    since = Timestamptz(default=None)
    until = Timestamptz(default=None, null=True)

    deadline_pause_reason = Check("reason IN ('supplement', 'public_notice', 'external')")
    deadline_pause_span = Check("until >= since")


class EscalationRung(Table, tablename="escalation_rung"):
    """Which level is told, after how many working days past a limit."""

    id = UUID(primary_key=True, default=None)
    position = SmallInt(default=None, unique=True)
    level = Varchar(length=8, default=None, unique=True)
    after_workdays = SmallInt(default=None)

    escalation_rung_level = Check("level IN ('town', 'county', 'city')")
    escalation_rung_after = Check("after_workdays BETWEEN 0 AND 250")


class DeadlineEscalation(Table, tablename="deadline_escalation"):
    """A level was told of a clock that has passed; once per level."""

    id = UUID(primary_key=True, default=None)
    clock = ForeignKey(DeadlineClock, on_delete=OnDelete.cascade, null=False, index=True)
    level = Varchar(length=8, default=None)
    position = SmallInt(default=None)
    at = Timestamptz(default=None)

    deadline_escalation_once = Unique([clock, level])
    deadline_escalation_level = Check("level IN ('town', 'county', 'city')")
