"""Twenty-seven campaigns of a demonstration. All of it is invented; no text names a person.

Dates count from the day of the first loading, so that a demonstration is always in the middle of its life.
"""

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cishan import gateways
from cishan.campaigns import actions, artwork, queries, rules
from cishan.kernel import clock
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing.db import atomic
from cishan.settings import Organisation

DATA = Path(__file__).parent / "data"
PLATFORM = "示例指定平台（演示）"
LABEL = "【演示数据】本项目为演示而编写，并非真实募捐。"
OFFICE = {
    "medical_care": "医养救助部 主任",
    "education": "助学项目部 主任",
    "wishes": "微心愿服务部 主任",
    "warm_winter": "物资保障部 主任",
    "emergency": "应急救助部 主任",
    "pairing": "结对帮扶部 主任",
}
SELECTION = {
    "medical_care": "村（社区）发现或本人申请，两名工作人员入户核实，县级复核后确定；涉及病情，不作公示。",
    "education": "学籍与困难身份由教育、民政数据比对产生，学校与镇街复核后确定；涉及未成年人，不作公示。",
    "wishes": "由儿童主任、网格员收集，两名工作人员核实需求真实、合法、单价合规后确定，以编号管理。",
    "emergency": "急难发生地镇街核实，两名负责人共同决定先行救助，十个工作日内补齐手续。",
}
SELECTION_DEFAULT = "村（社区）申报，镇街入户核实，县级复核，公示七天无异议后确定。"


async def load() -> None:
    campaigns = json.loads((DATA / "campaigns.json").read_text())
    organisation = gateways.settings().organisation
    for serial, facts in enumerate(campaigns, start=1):
        if await queries.id_of(facts["slug"]) is None:
            await _one(serial, facts, organisation)


async def _one(serial: int, facts: dict[str, Any], organisation: Organisation) -> None:
    async with atomic():
        plan = _plan(serial, facts, organisation)
        await ledger.open_fund(
            plan.fund_code,
            name=plan.title,
            restriction=Restriction.RESTRICTED,
            opened_on=plan.starts_on - timedelta(days=30),
            parent_code=facts["fund"],
        )
        filed = _at(plan, -20)
        with clock.fixed(filed):
            campaign_id = await actions.draft(plan)
            await actions.add_platform(
                campaign_id, platform=PLATFORM, url=f"https://platform.example/projects/{facts['slug']}"
            )
            for event, actor in (("submit", "项目专员"), ("pass", "财务与法务"), ("file", "秘书处")):
                await actions.move(campaign_id, event, actor=actor)
            filing = actions.Filing(
                filing_no=f"{organisation.uscc}A{filed.year % 100:02d}{serial:03d}",
                filed_name=plan.title,
                filed_on=clock.china_day(filed),
                certificate_no=organisation.certificate_no,
                uscc=organisation.uscc,
            )
            await actions.move(campaign_id, "accept", actor="民政备案", filing=filing)
        if facts["phase"] != "filed":
            with clock.fixed(_at(plan, 0)):
                await actions.move(campaign_id, "publish", actor="秘书处")
        await _updates(campaign_id, facts)
        await _afterwards(campaign_id, plan, facts)


def _at(plan: rules.Plan, days: int) -> datetime:
    return datetime.combine(plan.starts_on + timedelta(days=days), time(9, 30), clock.CHINA)


def _plan(serial: int, facts: dict[str, Any], organisation: Organisation) -> rules.Plan:
    today = clock.today()
    goal = facts["goal_fen"]
    more = facts["over_target"] == "continue"
    return rules.Plan(
        slug=facts["slug"],
        title=facts["title"],
        summary=facts["summary"],
        story="\n\n".join([*facts["story"], LABEL]),
        theme=facts["theme"],
        county=facts["county"],
        fund_code=f"{facts['fund']}.{serial:03d}",
        purpose=facts["purpose"],
        starts_on=today + timedelta(days=facts["starts_in_days"]),
        ends_on=today + timedelta(days=facts["ends_in_days"]),
        region="中华人民共和国境内（互联网公开募捐）",
        office=f"{organisation.short_name} {OFFICE.get(facts['theme'], '项目部 主任')}",
        office_address=organisation.address,
        contact=f"{organisation.phone}　{organisation.email}",
        receiving_methods="指定平台和本站网上捐赠（银行卡、支付宝、微信支付）、银行转账、现场捐赠",
        bank_name="演示银行德州分行",
        bank_account_masked=f"**** **** **** {serial:04d}",
        goal_fen=goal,
        beneficiary_scope=facts["beneficiary_scope"],
        beneficiary_count=facts["beneficiary_count"],
        beneficiary_unit=facts["beneficiary_unit"],
        beneficiary_selection=SELECTION.get(facts["theme"], SELECTION_DEFAULT),
        use_of_funds=facts["use_of_funds"],
        cost_note="募捐成本不超过募捐总额的3%，由非限定性一般基金承担，不从本项目捐款中列支，也不转嫁给受益人。",
        surplus_rule="项目结束后如有剩余财产，用于目的相同或者相近的慈善项目，并在三个月内向社会公布。",
        over_target=facts["over_target"],
        over_target_rule="达到目标后继续接受捐款，超出部分用于扩大本项目的受益人数。"
        if more
        else "达到目标后不再接受捐款。",
        budget=tuple(rules.BudgetLine(**line) for line in facts["budget"]),
    )


async def _updates(campaign_id: UUID, facts: dict[str, Any]) -> None:
    for number, news in enumerate(facts["updates"]):
        photos = [
            actions.NewPhoto(artwork.png(facts["theme"], f"{facts['slug']} {number} {n}"), caption)
            for n, caption in enumerate(news["photos"])
        ]
        with clock.fixed(clock.now() - timedelta(days=news["days_ago"], hours=number)):
            await actions.publish_update(
                campaign_id, title=news["title"], body=news["body"], photos=photos, signed_by="项目组"
            )


async def _afterwards(campaign_id: UUID, plan: rules.Plan, facts: dict[str, Any]) -> None:
    if facts["phase"] == "suspended":
        with clock.fixed(clock.now() - timedelta(days=15)):
            await actions.move(campaign_id, "suspend", actor="秘书处", reason=facts["reason"])
    if facts["phase"] in {"ended", "settled"}:
        ended = datetime.combine(plan.ends_on + timedelta(days=1), time(9), clock.CHINA)
        with clock.fixed(ended):
            await actions.move(campaign_id, "end", actor="秘书处")
        if facts["phase"] == "settled":
            with clock.fixed(ended + timedelta(days=5)):
                await actions.move(campaign_id, "settle", actor="财务")
                await actions.move(campaign_id, "close_books", actor="财务")
