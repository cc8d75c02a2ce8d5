"""The public figures: monotonic unless a refund is shown, and gifts without identities."""

from datetime import UTC, datetime

from cishan.campaigns import actions, queries
from cishan.campaigns.tables import PublicGift
from cishan.kernel import ids
from tests.campaigns import making

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


async def test_older_sums_do_not_make_the_total_fall(db: None) -> None:
    card = await making.a_live_campaign()
    await actions.set_progress(card.id, raised_fen=5000, refunded_fen=0, gift_count=2, giver_count=2)
    await actions.set_progress(card.id, raised_fen=3000, refunded_fen=0, gift_count=1, giver_count=1)
    now = await queries.campaign_by_id(card.id)
    assert (now.raised_fen, now.giver_count) == (5000, 2)


async def test_a_refund_makes_the_total_fall(db: None) -> None:
    card = await making.a_live_campaign()
    await actions.set_progress(card.id, raised_fen=5000, refunded_fen=0, gift_count=2, giver_count=2)
    await actions.set_progress(card.id, raised_fen=3000, refunded_fen=2000, gift_count=1, giver_count=1)
    now = await queries.campaign_by_id(card.id)
    assert (now.raised_fen, now.giver_count) == (3000, 1)


async def test_a_gift_shown_twice_stands_once(db: None) -> None:
    card = await making.a_live_campaign()
    gift_id = ids.new_id()
    for message in ("", "加油"):
        await actions.show_gift(
            gift_id=gift_id,
            line_no=1,
            campaign_id=card.id,
            display_name="",
            amount_fen=8800,
            message=message,
            tribute="",
            given_at=AT,
        )
    rows = await PublicGift.select().where(PublicGift.gift_id == gift_id)
    assert [(r["display_name"], r["amount_fen"], r["message"]) for r in rows] == [("", 8800, "加油")]
    await actions.hide_gift(gift_id)
    await actions.hide_gift(gift_id)
    assert not await PublicGift.exists().where(PublicGift.gift_id == gift_id)


async def test_open_campaigns_are_those_that_take_gifts(db: None) -> None:
    card = await making.a_live_campaign()
    other = await making.a_live_campaign(slug="other", title="另一个项目")
    await actions.move(other.id, "suspend", actor="test", reason="投诉核查")
    assert [c.id for c in await queries.open_campaigns()] == [card.id]
    assert (await queries.by_ids([card.id, other.id]))[other.id].open is False
