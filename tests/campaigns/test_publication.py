"""Publication without what the law requires is refused by the database itself."""

from typing import Any

import asyncpg
import pytest

from cishan.campaigns import actions, queries, rules
from cishan.campaigns.tables import Campaign
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.plumbing import db as database
from tests.campaigns import making
from tests.conftest import as_owner

EMPTY: dict[str, Any] = {
    **{name: "  " for name in rules.PLAN_TEXTS if name != "title"},
    "starts_on": None,
    "ends_on": None,
    "goal_fen": 0,
    "beneficiary_count": 1,
}


async def _state(campaign_id: object) -> tuple[str, int]:
    row = await database.fetch(
        "SELECT state, (SELECT count(*) FROM campaign_step WHERE campaign = campaign.id) AS steps"
        " FROM campaign WHERE id = {}",
        campaign_id,
    )
    return row[0]["state"], row[0]["steps"]


@pytest.mark.parametrize("field", sorted(EMPTY))
async def test_a_plan_with_a_gap_does_not_leave_the_desk(db: None, field: str) -> None:
    campaign_id = await making.a_draft(**{field: EMPTY[field]})
    with pytest.raises(Invalid) as refusal:
        await actions.move(campaign_id, "submit", actor="test")
    assert refusal.value.field in {field, "budget_of_its_goal"}
    assert await _state(campaign_id) == ("draft", 0)


@pytest.mark.parametrize("field", sorted([*EMPTY, "title"]))
async def test_the_database_refuses_to_empty_a_required_field_of_a_live_campaign(
    db: None, field: str
) -> None:
    card = await making.a_live_campaign()
    async with as_owner() as connection:
        await connection.execute("ALTER TABLE campaign DISABLE TRIGGER campaign_filed_plan_stays")
        with pytest.raises(asyncpg.CheckViolationError):
            async with database.atomic():
                await connection.execute(
                    f'UPDATE campaign SET "{field}" = $1 WHERE id = $2', EMPTY.get(field, ""), card.id
                )
    assert (await queries.campaign_by_id(card.id)).title == making.PLAN.title


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificate_no", ""),
        ("filing_no", None),
        ("filed_on", None),
        ("filed_name", "另一个名字"),
        ("published_at", None),
    ],
)
async def test_the_database_refuses_a_live_campaign_without_its_filing(
    db: None, field: str, value: object
) -> None:
    card = await making.a_live_campaign()
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch(f"UPDATE campaign SET {field} = {{}} WHERE id = {{}}", value, card.id)
    assert await _state(card.id) == ("live", 5)


@pytest.mark.parametrize(
    "number", ["51371400MJ0000001LA2600", "51371400MJ0000001LB26001", "51371400mj0000001LA26001", "A26001"]
)
async def test_a_filing_number_of_another_form_is_refused(db: None, number: str) -> None:
    campaign_id = await making.a_draft()
    for event in ("submit", "pass", "file"):
        await actions.move(campaign_id, event, actor="test")
    with pytest.raises(Invalid, match="filing number"):
        await actions.move(campaign_id, "accept", actor="test", filing=making.filing(filing_no=number))
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch(
                "UPDATE campaign SET state = 'filed', certificate_no = 'x', filed_name = title,"
                " filed_on = '2026-08-20', filing_no = {} WHERE id = {}",
                number,
                campaign_id,
            )
    assert await _state(campaign_id) == ("filing_submitted", 3)


async def test_a_filing_number_of_another_organisation_is_refused(db: None) -> None:
    other = making.filing(filing_no="52620600MJY949356HA26006")
    campaign_id = await making.a_draft()
    for event in ("submit", "pass", "file"):
        await actions.move(campaign_id, event, actor="test")
    with pytest.raises(Invalid, match="organisation's code"):
        await actions.move(campaign_id, "accept", actor="test", filing=other)


async def test_a_campaign_without_a_designated_platform_is_not_published(db: None) -> None:
    campaign_id = await making.a_filed_campaign()
    with pytest.raises(Invalid) as refusal:
        await actions.move(campaign_id, "publish", actor="test")
    assert refusal.value.field == "platform_link"
    assert await _state(campaign_id) == ("filed", 4)


async def test_the_last_platform_of_a_live_campaign_stays(db: None) -> None:
    card = await making.a_live_campaign()
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch("DELETE FROM campaign_platform_link WHERE campaign = {}", card.id)


async def test_a_budget_that_is_not_the_goal_does_not_leave_the_desk(db: None) -> None:
    campaign_id = await making.a_draft(budget=making.PLAN.budget[:1])
    with pytest.raises(Invalid, match="budget"):
        await actions.move(campaign_id, "submit", actor="test")
    assert await _state(campaign_id) == ("draft", 0)


async def test_a_budget_of_a_live_campaign_cannot_be_bent(db: None) -> None:
    card = await making.a_live_campaign()
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch(
                "UPDATE campaign_budget_line SET amount_fen = amount_fen + 1 WHERE campaign = {}", card.id
            )


@pytest.mark.parametrize(
    "change", [{"goal_fen": 2_000_000}, {"purpose": "其他"}, {"surplus_rule": "其他"}, {"title": "其他"}]
)
async def test_a_filed_plan_is_not_changed_without_an_amendment(db: None, change: dict[Any, Any]) -> None:
    card = await making.a_live_campaign()
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await Campaign.update({**change}).where(Campaign.id == card.id)


async def test_the_history_cannot_be_rewritten(db: None) -> None:
    card = await making.a_live_campaign()
    for statement in ("UPDATE campaign_step SET reason = 'x'", "DELETE FROM campaign_step"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.atomic():
                await database.fetch(statement)
    async with as_owner() as connection:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            async with database.atomic():
                await connection.execute("DELETE FROM campaign_step")
    assert (await _state(card.id))[1] == 5


async def test_a_period_of_more_than_three_years_is_refused(db: None) -> None:
    campaign_id = await making.a_draft(ends_on=making.PLAN.starts_on.replace(year=2030))
    with pytest.raises(Invalid) as refusal:
        await actions.move(campaign_id, "submit", actor="test")
    assert refusal.value.field == "period"


async def test_a_full_account_number_is_never_stored(db: None) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await making.a_draft(bank_account_masked="6222020000001234567")


async def test_nobody_outside_sees_a_draft(db: None) -> None:
    campaign_id = await making.a_draft()
    with pytest.raises(NotFound):
        await queries.for_giving(making.PLAN.slug)
    with pytest.raises(NotFound):
        await queries.campaign_by_id(campaign_id)
    assert (await queries.campaign_page(rules.Filter())).found == 0


async def test_a_slug_is_given_once(db: None) -> None:
    await making.a_draft()
    with pytest.raises(Conflict):
        await actions.draft(making.PLAN)
