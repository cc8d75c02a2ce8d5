"""The legal clocks of a campaign: which of them a step starts, stops or makes needless."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from cishan.campaigns.rules import REPORT_CLOCKS, NewsKind, State, Step
from cishan.deadlines import actions as deadlines
from cishan.kernel import clock

KIND = "campaign"
FILE, FILE_EMERGENCY = "campaign.file", "campaign.file_emergency"
_STOPPED_BY: dict[str, tuple[str, ...]] = {
    "file": (FILE, "campaign.complete_filing"),
    "accept": (FILE_EMERGENCY,),
    "resume": ("campaign.file_change",),
    "disclose": ("campaign.final_report",),
}
_OVER = frozenset({State.ENDED, State.TERMINATED})


class Period(NamedTuple):
    """When and where a campaign raises."""

    starts_on: date | None
    ends_on: date | None
    county: str


async def turn(campaign_id: UUID, step: Step, period: Period) -> None:
    """Start and stop what a step starts and stops, in its transaction."""
    for code in _STOPPED_BY.get(step.event, ()):
        await deadlines.stop(code, subject_kind=KIND, subject_id=campaign_id)
    if step.to is State.INTERNAL_REVIEW:
        await _start(FILE, campaign_id, period, period.starts_on)
    elif step.to is State.DRAFT:
        await deadlines.cancel(subject_kind=KIND, subject_id=campaign_id, code=FILE)
    elif step.to is State.RETURNED:
        await _start("campaign.complete_filing", campaign_id, period)
    elif step.to is State.AMENDMENT_PENDING:
        await _start("campaign.file_change", campaign_id, period)
    elif step.event == "publish":
        await _series(REPORT_CLOCKS[NewsKind.INTERIM_REPORT], campaign_id, period)
    elif step.event == "publish_emergency":
        await deadlines.cancel(subject_kind=KIND, subject_id=campaign_id, code=FILE)
        await _start(FILE_EMERGENCY, campaign_id, period, period.starts_on)
        for code in REPORT_CLOCKS.values():
            await _series(code, campaign_id, period)
    elif step.to in _OVER:
        await deadlines.cancel(subject_kind=KIND, subject_id=campaign_id, overdue_too=False)
        assert period.ends_on is not None, "a published plan has its period"
        ended = min(clock.today(), period.ends_on)
        await _start("campaign.final_report", campaign_id, period, ended)
    elif step.to in {State.WITHDRAWN, State.DISCLOSED}:
        await deadlines.cancel(subject_kind=KIND, subject_id=campaign_id)


async def reported(campaign_id: UUID, kind: NewsKind) -> None:
    """Stop the clock that a report keeps, the earliest that runs."""
    if kind in REPORT_CLOCKS:
        await deadlines.stop(REPORT_CLOCKS[kind], subject_kind=KIND, subject_id=campaign_id)


async def _start(code: str, campaign_id: UUID, period: Period, event_on: date | None = None) -> None:
    await deadlines.start(
        code, subject_kind=KIND, subject_id=campaign_id, event_on=event_on, region=period.county
    )


async def _series(code: str, campaign_id: UUID, period: Period) -> None:
    assert period.starts_on is not None and period.ends_on is not None, "a published plan has its period"
    await deadlines.start_series(
        code,
        subject_kind=KIND,
        subject_id=campaign_id,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        region=period.county,
    )
