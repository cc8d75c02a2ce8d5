"""Gifts and pay-outs of a demonstration: every campaign reaches the figure of its data, nobody is real.

Names are invented and masked, companies say that they are examples, and their codes only check.
"""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stdnum.cn import uscc

from cishan.campaigns import queries as campaigns
from cishan.donations.actions import offline, totals
from cishan.donations.queries.offline import has_lines
from cishan.donations.rules.answers import GENERAL, AnswerLine, Answers
from cishan.donations.rules.giving import Anonymity, DonorKind, Tribute
from cishan.donations.rules.offline import BankGift
from cishan.kernel import clock
from cishan.ledger import actions as ledger
from cishan.ledger import rules as vouchers
from cishan.plumbing.db import atomic

DATA = Path(__file__).parent / "data"
GENERAL_FEN = 12_860_000
PERSONS = 34
COMPANIES = 5
SURNAMES = "张王李赵刘陈杨孙周吴郑冯于马高林何郭"
ALIASES = (
    "一盏灯", "鬲津河畔的风", "晨光里的面包店", "路过的骑手", "晚自习的星星", "马颊河边", "一碗热汤",
    "三班全体同学", "老街邻居", "枣花香", "小满", "退休的老教师", "种树的人", "广场舞二队", "把爱传下去",
    "夜班护士", "岔河的柳", "一家四口", "不留名的朋友", "社区志愿者",
)  # fmt: skip
MESSAGES = (
    "愿冬天不冷。", "一点心意，请收下。", "孩子们加油！", "希望老人家都能吃上热饭。", "祝早日康复。",
    "涓涓细流，汇成江河。", "看到账目公开，放心了。", "和同事们一起捐的。", "生日这天，想做点好事。",
    "辛苦每一位志愿者。", "替远方的家人捐一份。", "明年还来。",
)  # fmt: skip
TRADES = ("置业", "食品", "纺织", "机械", "农业科技", "物流", "医药", "新能源", "建材", "文化传媒")
PAYEES = ("演示供应商甲", "演示医院乙", "演示学校丙")
SMALL = (2000, 2000, 5000, 5000, 5000, 10_000, 10_000, 20_000, 6600, 8800, 30_000, 50_000)


async def load() -> None:
    facts = json.loads((DATA / "campaigns.json").read_text())
    for fact in facts:
        await _campaign(fact)
    if not await has_lines("DEMO-general-"):
        begin = clock.now() - timedelta(days=180)
        chance = random.Random("general")  # noqa: S311 - the same demonstration each time
        gifts = list(_gifts(chance, GENERAL, GENERAL_FEN, begin, clock.now() - timedelta(days=1)))
        await offline.record_bank_gifts(gifts)


async def _campaign(fact: dict[str, Any]) -> None:
    slug, total = fact["slug"], fact["demo_raised_fen"]
    if not total or await has_lines(f"DEMO-{slug}-"):
        return
    card = await campaigns.for_giving(slug)
    chance = random.Random(slug)  # noqa: S311 - the same demonstration each time
    begin = datetime.combine(card.starts_on, datetime.min.time(), clock.CHINA) + timedelta(hours=10)
    end = min(
        datetime.combine(card.ends_on, datetime.min.time(), clock.CHINA), clock.now() - timedelta(hours=20)
    )
    async with atomic():
        gift_ids = await offline.record_bank_gifts(list(_gifts(chance, slug, total, begin, end)))
        await _pay_out(chance, fund=card.fund_code, slug=slug, total=total, begin=begin, end=end)
        await totals.show(gift_ids)
        await totals.refresh(card.id)


def _gifts(
    chance: random.Random, slug: str, total: int, begin: datetime, end: datetime
) -> Iterator[BankGift]:
    amounts = _amounts(chance, total)
    span = (end - begin).total_seconds()
    for number, (amount, company) in enumerate(amounts, 1):
        at = begin + timedelta(seconds=int(span * chance.random()))
        answers = _of_company(chance, slug, amount) if company else _of_person(chance, slug, amount)
        yield BankGift(f"DEMO-{slug}-{number:03d}", at, answers)


def _amounts(chance: random.Random, total: int) -> list[tuple[int, bool]]:
    """Return amounts that sum to the total exactly: many small ones of persons, a few of companies."""
    small = [chance.choice(SMALL) for _ in range(PERSONS)]
    while sum(small) * 2 > total:
        small.pop()
    rest = total - sum(small)
    shares = [chance.randint(2, 9) for _ in range(COMPANIES)]
    large = [rest * share // sum(shares) // 100_000 * 100_000 for share in shares]
    large[0] += rest - sum(large)
    return [(a, False) for a in small] + [(a, True) for a in large if a > 0]


def _of_person(chance: random.Random, slug: str, amount: int) -> Answers:
    kind = chance.random()
    if kind < 0.45:
        anonymity, name = Anonymity.HIDDEN, ""
    elif kind < 0.75:
        anonymity, name = Anonymity.ALIAS, chance.choice(SURNAMES) + "**"
    else:
        anonymity, name = Anonymity.ALIAS, chance.choice(ALIASES)
    memory = chance.random() < 0.03
    return Answers(
        lines=(AnswerLine(slug, amount),),
        anonymity=anonymity,
        display_name=name,
        message=chance.choice(MESSAGES) if chance.random() < 0.3 else "",
        tribute_kind=Tribute.MEMORY if memory else Tribute.NONE,
        tribute_name="一位老党员（演示）" if memory else "",
    )


def _of_company(chance: random.Random, slug: str, amount: int) -> Answers:
    name = f"德州示例{chance.choice(TRADES)}{chance.randint(1, 99)}号有限公司"
    code = "91371499MA" + "".join(chance.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    return Answers(
        lines=(AnswerLine(slug, amount),),
        anonymity=Anonymity.NAME,
        display_name=name,
        donor_kind=DonorKind.COMPANY,
        company_name=name,
        company_uscc=code + uscc.calc_check_digit(code),
    )


async def _pay_out(
    chance: random.Random, *, fund: str, slug: str, total: int, begin: datetime, end: datetime
) -> None:
    """Spend a good part of what was raised, in two or three pay-outs after most of the gifts have come."""
    times = chance.randint(2, 3)
    for number in range(1, times + 1):
        amount = total * chance.randint(14, 24) // 100 // 100_000 * 100_000
        if amount <= 0:
            continue
        on = clock.china_day(begin + (end - begin) * (0.5 + 0.5 * number / (times + 1)))
        common: dict[str, Any] = {
            "effective_date": on,
            "fund": fund,
            "amount_fen": amount,
            "payee": chance.choice(PAYEES),
            "memo": f"第{number}批救助款（演示）",
        }
        subject = f"demo:{slug}:{number}"
        entry = vouchers.disbursement_approved(
            source="demo", source_key=f"{slug}:{number}:approved", **common
        )
        await ledger.approve(entry, subject=subject, maker="项目专员（演示）", checker="财务（演示）")
        await ledger.post(
            [
                vouchers.disbursement_sent(source="demo", source_key=f"{slug}:{number}:sent", **common),
                vouchers.disbursement_confirmed(source="demo", source_key=f"{slug}:{number}:paid", **common),
            ]
        )
