"""Time ends campaigns and suspends what was not filed in time."""

from datetime import timedelta

from cishan.audit import queries as audit
from cishan.audit.rules import SYSTEM
from cishan.campaigns import actions, queries
from cishan.campaigns.queries import details
from cishan.kernel import clock
from tests.campaigns import making


async def test_a_campaign_ends_after_its_last_day(db: None) -> None:
    card = await making.a_live_campaign(ends_on=clock.today() + timedelta(days=1))
    assert await actions.turn_clock() == 0
    with clock.fixed(clock.now() + timedelta(days=2)):
        assert await actions.turn_clock() == 1
        assert await actions.turn_clock() == 0
        assert (await details.view(card.slug)).state == "ended"
        assert (await queries.for_giving(card.slug)).open is False


async def test_an_emergency_campaign_without_a_number_is_suspended_on_the_eleventh_day(db: None) -> None:
    campaign_id = await making.a_draft(starts_on=clock.today())
    for event in ("submit", "pass"):
        await actions.move(campaign_id, event, actor="test")
    await actions.add_platform(campaign_id, platform="示例指定平台", url="https://platform.example/e")
    await actions.declare_emergency(campaign_id, decree_no="演示应急〔2026〕1号", certificate_no=making.USCC)
    await actions.move(campaign_id, "publish_emergency", actor="test", reason="突发暴雨")
    with clock.fixed(clock.now() + timedelta(days=10)):
        assert await actions.turn_clock() == 0
        assert (await queries.campaign_by_id(campaign_id)).open is True
    with clock.fixed(clock.now() + timedelta(days=11)):
        assert await actions.turn_clock() == 1
        view = await details.view(making.PLAN.slug)
    assert view.state == "suspended"
    assert "备案" in view.state_reason
    await actions.move(campaign_id, "accept", actor="test", filing=making.filing())
    assert (await details.view(making.PLAN.slug)).state == "live"


async def test_every_step_of_a_campaign_stands_in_its_history(db: None) -> None:
    card = await making.a_live_campaign(ends_on=clock.today() + timedelta(days=1))
    with clock.fixed(clock.now() + timedelta(days=2)):
        await actions.turn_clock()
    steps = await audit.history_of("campaign", card.id)
    assert [(s.event, s.from_state, s.to_state) for s in steps[:2]] == [
        ("end", "live", "ended"),
        ("publish", "filed", "live"),
    ]
    assert steps[0].actor == SYSTEM
    events = ["draft", "submit", "pass", "file", "accept", "publish", "end"]
    assert [s.event for s in steps][::-1] == events
    assert (steps[-1].from_state, steps[-1].to_state) == ("", "draft")
