"""The legal clocks of a campaign run by themselves: filing, reports, the emergency; oracles O8 and O9."""

from datetime import date, datetime
from uuid import UUID

import pytest

from cishan.campaigns import actions, queries
from cishan.campaigns.rules import NewsKind
from cishan.deadlines import actions as deadlines
from cishan.deadlines.queries import clocks_of
from cishan.deadlines.rules import Colour, Level, Outcome
from cishan.kernel import clock
from cishan.kernel.clock import CHINA
from cishan.kernel.errors import Conflict
from tests.campaigns import making


def on(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=CHINA)


async def standing(campaign_id: UUID) -> list[tuple[str, date, str]]:
    """Return rule, last day and outcome (or 'runs') of every clock, by rule and day."""
    views = await clocks_of("campaign", campaign_id)
    return sorted((v.code, v.due_on, v.outcome or "runs") for v in views)


async def a_filed_campaign_at(filed: datetime, **dates: date) -> UUID:
    with clock.fixed(filed):
        campaign_id = await making.a_filed_campaign(**dates)
        await actions.add_platform(campaign_id, platform="示例指定平台", url="https://platform.example/c")
    return campaign_id


async def test_a_plan_is_filed_ten_days_before_its_start(db: None) -> None:
    with clock.fixed(on(2026, 8, 1)):
        campaign_id = await making.a_draft(starts_on=date(2026, 9, 1))
        assert await standing(campaign_id) == []
        await actions.move(campaign_id, "submit", actor="test")
        assert await standing(campaign_id) == [("campaign.file", date(2026, 8, 22), "runs")]
        await actions.move(campaign_id, "send_back", actor="test", reason="缺预算")
        await actions.move(campaign_id, "submit", actor="test")
        await actions.move(campaign_id, "pass", actor="test")
    (running, *_) = await clocks_of("campaign", campaign_id)
    assert running.region == making.PLAN.county
    with clock.fixed(on(2026, 8, 22, 23)):
        await actions.move(campaign_id, "file", actor="test")
    assert await standing(campaign_id) == [
        ("campaign.file", date(2026, 8, 22), "cancelled"),
        ("campaign.file", date(2026, 8, 22), "met"),
    ]
    with clock.fixed(on(2026, 8, 24)):
        await actions.move(campaign_id, "return", actor="test", reason="缺验资报告")
    with clock.fixed(on(2026, 8, 30)):
        await actions.move(campaign_id, "file", actor="test")
    assert ("campaign.complete_filing", date(2026, 8, 29), "late") in await standing(campaign_id)


async def test_a_long_campaign_reports_every_three_months_and_at_its_end(db: None) -> None:
    period = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 11, 30)}
    campaign_id = await a_filed_campaign_at(on(2026, 2, 1), **period)
    with clock.fixed(on(2026, 3, 1)):
        await actions.move(campaign_id, "publish", actor="test")
    code = "campaign.interim_report"
    reports = [c for c in await standing(campaign_id) if c[0] == code]
    assert reports == [(code, date(2026, 6, 1), "runs"), (code, date(2026, 9, 1), "runs")]
    news = {"title": "三个月", "body": "收支如下。", "photos": [], "signed_by": "项目部"}
    with clock.fixed(on(2026, 5, 20)):
        await actions.publish_update(campaign_id, **news)  # type: ignore[arg-type]
        assert (code, date(2026, 6, 1), "runs") in await standing(campaign_id)
        await actions.publish_update(campaign_id, **news, kind=NewsKind.INTERIM_REPORT)  # type: ignore[arg-type]
    with clock.fixed(on(2026, 12, 1)):
        await actions.move(campaign_id, "end", actor="test")
    reports = [c for c in await standing(campaign_id) if "report" in c[0]]
    assert reports == [
        ("campaign.final_report", date(2027, 2, 28), "runs"),
        (code, date(2026, 6, 1), "met"),
        (code, date(2026, 9, 1), "runs"),  # it was never published, and still must be
    ]
    with clock.fixed(on(2027, 2, 1)):
        for event in ("settle", "close_books", "disclose"):
            await actions.move(campaign_id, event, actor="test")
    assert [v.outcome for v in await clocks_of("campaign", campaign_id) if v.outcome is None] == []
    assert ("campaign.final_report", date(2027, 2, 28), "met") in await standing(campaign_id)


async def test_the_final_report_is_due_by_the_last_day_of_february(db: None) -> None:
    period = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 11, 30)}
    campaign_id = await a_filed_campaign_at(on(2026, 2, 1), **period)
    with clock.fixed(on(2026, 3, 1)):
        await actions.move(campaign_id, "publish", actor="test")
    with clock.fixed(on(2026, 12, 1, 0)):
        await actions.turn_clock()
    (final,) = [v for v in await clocks_of("campaign", campaign_id) if v.code == "campaign.final_report"]
    assert final.due_on == date(2027, 2, 28)


async def test_a_change_of_the_plan_is_filed_within_ten_days(db: None) -> None:
    card = await making.a_live_campaign()
    with clock.fixed(on(2026, 11, 23)):
        await actions.move(card.id, "amend", actor="test", reason="延长")
        assert ("campaign.file_change", date(2026, 12, 3), "runs") in await standing(card.id)
    with clock.fixed(on(2026, 11, 30)):
        await actions.move(card.id, "resume", actor="test")
    assert ("campaign.file_change", date(2026, 12, 3), "met") in await standing(card.id)


async def test_an_emergency_campaign_files_within_ten_days_and_tells_its_receipts_every_five(
    db: None,
) -> None:
    with clock.fixed(on(2026, 9, 1)):
        start = date(2026, 9, 1)
        campaign_id = await making.a_draft(starts_on=start, ends_on=date(2026, 9, 30))
        for event in ("submit", "pass"):
            await actions.move(campaign_id, event, actor="test")
        await actions.add_platform(campaign_id, platform="示例指定平台", url="https://platform.example/e")
        decree = "演示应急〔2026〕1号"
        await actions.declare_emergency(campaign_id, decree_no=decree, certificate_no=making.USCC)
        await actions.move(campaign_id, "publish_emergency", actor="test", reason="突发暴雨")
    code = "campaign.emergency_receipts"
    assert await standing(campaign_id) == [
        *((code, date(2026, 9, day), "runs") for day in (6, 11, 16, 21, 26)),
        ("campaign.file", date(2026, 8, 22), "cancelled"),
        ("campaign.file_emergency", date(2026, 9, 11), "runs"),
    ]
    with clock.fixed(on(2026, 9, 6)):
        news = {"title": "收支", "body": "收入与支出。", "photos": [], "signed_by": "项目部"}
        await actions.publish_update(campaign_id, **news, kind=NewsKind.EMERGENCY_RECEIPTS)  # type: ignore[arg-type]
    assert (code, date(2026, 9, 6), "met") in await standing(campaign_id)
    with clock.fixed(on(2026, 9, 11, 23)):
        assert await actions.turn_clock() == 0
    with clock.fixed(on(2026, 9, 12, 0)):
        assert await actions.turn_clock() == 1  # O9
        assert await actions.turn_clock() == 0
    assert (await queries.campaign_by_id(campaign_id)).open is False
    with clock.fixed(on(2026, 9, 14)):
        await actions.move(campaign_id, "accept", actor="test", filing=making.filing())
    assert ("campaign.file_emergency", date(2026, 9, 11), "late") in await standing(campaign_id)


async def test_a_step_that_is_refused_moves_no_clock(db: None) -> None:
    card = await making.a_live_campaign()
    before = await standing(card.id)
    with pytest.raises(Conflict):
        await actions.move(card.id, "return", actor="test", reason="x")
    assert await standing(card.id) == before


async def test_a_report_turns_yellow_and_red_and_is_told_from_level_to_level(db: None) -> None:
    period = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 11, 30)}
    campaign_id = await a_filed_campaign_at(on(2026, 2, 1), **period)
    with clock.fixed(on(2026, 3, 1)):
        await actions.move(campaign_id, "publish", actor="test")

    seen = []
    for month, day in ((3, 2), (5, 4), (5, 5), (6, 1), (6, 2), (6, 4), (6, 9)):
        with clock.fixed(on(2026, month, day)):
            await deadlines.escalate()
            view = next(v for v in await clocks_of("campaign", campaign_id) if v.due_on == date(2026, 6, 1))
            seen.append((day, view.colour(clock.now()), view.level))
    assert seen == [
        (2, Colour.GREEN, None),
        (4, Colour.GREEN, None),  # 64 of 92 days are used
        (5, Colour.YELLOW, None),
        (1, Colour.YELLOW, None),
        (2, Colour.RED, Level.TOWN),
        (4, Colour.RED, Level.COUNTY),  # three working days past it
        (9, Colour.RED, Level.CITY),
    ]
    with clock.fixed(on(2026, 6, 10)):
        news = {"title": "中期报告", "body": "收支。", "photos": [], "signed_by": "项目部"}
        await actions.publish_update(campaign_id, **news, kind=NewsKind.INTERIM_REPORT)  # type: ignore[arg-type]
    stopped = next(v for v in await clocks_of("campaign", campaign_id) if v.due_on == date(2026, 6, 1))
    assert stopped.outcome is Outcome.LATE
