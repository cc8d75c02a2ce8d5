"""Every edge of the campaign's life, and when it takes gifts."""

from datetime import date, timedelta

import pytest

from cishan.campaigns import rules
from cishan.campaigns.rules import State
from cishan.kernel.errors import Conflict, Invalid

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("edge", rules.STEPS, ids=lambda s: f"{s.origin}-{s.event}")
def test_every_step_leads_where_the_table_says(edge: rules.Step) -> None:
    assert rules.step(edge.origin, edge.event, "because").to == edge.to
    if edge.needs_reason:
        with pytest.raises(Invalid):
            rules.step(edge.origin, edge.event, "  ")


def test_an_event_means_one_step_in_each_state() -> None:
    edges = [(s.origin, s.event) for s in rules.STEPS]
    assert len(set(edges)) == len(edges)


def test_what_is_not_in_the_table_is_refused() -> None:
    known = {(s.origin, s.event) for s in rules.STEPS}
    events = {s.event for s in rules.STEPS}
    for state in State:
        for event in events:
            if (state, event) not in known:
                with pytest.raises(Conflict):
                    rules.step(state, event, "because")


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    while True:
        further = {s.to for s in rules.STEPS if s.origin in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(State)


def test_every_label_is_there() -> None:
    assert set(rules.STATE_LABELS) == set(State)
    assert set(rules.THEME_LABELS) == set(rules.Theme)
    assert set(rules.PHASE_LABELS) == set(rules.Phase)
    assert set(rules.SORT_LABELS) == set(rules.Sort)


@pytest.mark.parametrize(
    ("state", "start", "end", "raised", "over", "reason"),
    [
        (State.LIVE, -10, 10, 0, "continue", ""),
        (State.LIVE, 0, 1, 0, "continue", ""),
        (State.LIVE, -1, 0, 0, "continue", ""),
        (State.LIVE_UNFILED, -1, 1, 0, "continue", ""),
        (State.LIVE, -10, 10, 200, "continue", ""),
        (State.LIVE, -10, 10, 100, "stop", rules.CLOSED_FULL),
        (State.LIVE, 1, 10, 0, "continue", rules.CLOSED_NOT_STARTED),
        (State.LIVE, -10, -1, 0, "continue", rules.CLOSED_ENDED),
        (State.FILED, -10, 10, 0, "continue", rules.CLOSED_NOT_STARTED),
        (State.SUSPENDED, -10, 10, 0, "continue", rules.CLOSED_SUSPENDED),
        (State.AMENDMENT_PENDING, -10, 10, 0, "continue", rules.CLOSED_AMENDING),
        (State.TERMINATED, -10, 10, 0, "continue", rules.CLOSED_TERMINATED),
        (State.SETTLED, -10, 10, 0, "continue", rules.CLOSED_ENDED),
        (State.DRAFT, -10, 10, 0, "continue", rules.CLOSED_NOT_PUBLIC),
    ],
)
def test_gifts_are_taken_only_while_the_filed_plan_runs(  # noqa: PLR0917
    state: State, start: int, end: int, raised: int, over: str, reason: str
) -> None:
    found = rules.closed_reason(
        state=state,
        starts_on=TODAY + timedelta(days=start),
        ends_on=TODAY + timedelta(days=end),
        today=TODAY,
        raised_fen=raised,
        goal_fen=100,
        over_target=over,
    )
    assert found == reason


@pytest.mark.parametrize(("raised", "percent"), [(0, 0), (99_999, 99), (100_000, 100), (130_000, 130)])
def test_a_hundred_percent_means_reached(raised: int, percent: int) -> None:
    assert rules.percent(raised, 100_000) == percent


@pytest.mark.parametrize(("ends", "left"), [(0, 1), (1, 2), (10, 11), (-1, 0), (-9, 0)])
def test_the_last_day_is_a_day(ends: int, left: int) -> None:
    assert rules.days_left(TODAY + timedelta(days=ends), TODAY) == left
