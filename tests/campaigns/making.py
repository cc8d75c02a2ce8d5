"""Campaigns for tests: complete plans, and the steps to where a test wants them."""

from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

from cishan.campaigns import actions, queries, rules

USCC = "51371400MJ0000001L"
_serial = count(1)

PLAN = rules.Plan(
    slug="warm-meals",
    title="孝老助餐 暖心饭桌",
    summary="让独居老人每天吃上一顿热饭。",
    story="天冷了，社区食堂的炉火为老人们留着。",
    theme="hardship",
    county="371423",
    fund_code="F-CSC.01",
    purpose="为独居和空巢老人提供每日热餐。",
    starts_on=date(2026, 9, 1),
    ends_on=date(2027, 8, 31),
    region="山东省德州市",
    office="项目部 主任",
    office_address="山东省德州市（演示地址）",
    contact="0534-0000000",
    receiving_methods="网上捐赠、银行转账、现场捐赠",
    bank_name="演示银行德州分行",
    bank_account_masked="**** **** **** 0001",
    goal_fen=1_000_000,
    beneficiary_scope="庆云县独居、空巢老人",
    beneficiary_count=120,
    beneficiary_unit="people",
    beneficiary_selection="村（社区）申报，镇街核实，公示七天后确定。",
    use_of_funds="采购食材、餐盒和配送服务。",
    cost_note="募捐成本不超过募捐总额的3%，由一般基金承担。",
    surplus_rule="剩余财产用于相同目的的助餐项目，并向社会公布。",
    over_target="continue",
    over_target_rule="超出目标的部分用于增加助餐人数。",
    budget=(
        rules.BudgetLine(item="食材", basis="120人×50元", amount_fen=600_000),
        rules.BudgetLine(item="配送", basis="20次×200元", amount_fen=400_000),
    ),
)


async def counties() -> None:
    """Make two county-level units known."""
    await actions.set_counties([("371400", "德州市", "Dezhou City"), ("371423", "庆云县", "Qingyun County")])


def filing(title: str = PLAN.title, **changes: Any) -> actions.Filing:
    """Return an acceptance with a number of its own."""
    n = next(_serial) % 1000
    filed = actions.Filing(
        filing_no=f"{USCC}A26{n:03d}",
        filed_name=title,
        filed_on=date(2026, 8, 20),
        certificate_no=USCC,
        uscc=USCC,
    )
    return replace(filed, **changes)


async def a_draft(**changes: Any) -> UUID:
    """Write down a complete plan that differs from PLAN in the given fields."""
    await counties()
    return await actions.draft(replace(PLAN, **changes))


async def a_filed_campaign(**changes: Any) -> UUID:
    """Bring a campaign up to the filing number."""
    campaign_id = await a_draft(**changes)
    for event in ("submit", "pass", "file"):
        await actions.move(campaign_id, event, actor="test")
    await actions.move(campaign_id, "accept", actor="test", filing=filing(changes.get("title", PLAN.title)))
    return campaign_id


async def a_live_campaign(**changes: Any) -> queries.GivingCard:
    """Publish a campaign; it takes gifts on 2026-11-22."""
    campaign_id = await a_filed_campaign(**changes)
    await actions.add_platform(
        campaign_id, platform="示例指定平台", url=f"https://platform.example/{campaign_id}"
    )
    await actions.move(campaign_id, "publish", actor="test")
    return await queries.campaign_by_id(campaign_id)
