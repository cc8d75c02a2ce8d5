"""One letter of each kind, for tests and for looking at."""

from datetime import UTC, date, datetime
from typing import Literal, get_args

from cishan.notify import rules

DAY, NEXT = date(2026, 11, 22), date(2026, 12, 22)
GIFT, PLAN = "https://cishan.example/g/secret-of-the-gift", "https://cishan.example/m/secret-of-the-plan"

CHANGES: tuple[Literal["amount", "day", "paused", "resumed", "cancelled"], ...] = (
    "amount",
    "day",
    "paused",
    "resumed",
    "cancelled",
)
DECISIONS: tuple[Literal["approved", "refused", "released"], ...] = ("approved", "refused", "released")
PAPERS: tuple[Literal["receipt", "red", "thanks"], ...] = ("receipt", "red", "thanks")
LOCKS: tuple[Literal["expired", "recalled"], ...] = ("expired", "recalled")
THANKS = rules.GiftThanks(
    gift_number="G20261122-7K3F9Q",
    amount_fen=5000,
    given_on=DAY,
    purposes=("暖冬行动", "扶贫助学基金"),
    gift_url=GIFT,
    monthly=False,
    receipt_number="SJ2026-00000001",
)
MOMENT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
HERE = "https://cishan.example/staff/approvals/1"
CHECK = rules.CheckWanted(
    step="check", title="2026-0017", amount_fen=2000, proposed_by="演示·项目专员", url=HERE
)
EVERY_LETTER: list[rules.Letter] = [
    THANKS,
    *(
        rules.AccountSafety(
            change=change, at=MOMENT, device=device, account_url="https://cishan.example/account"
        )
        for change, device in zip(get_args(rules.Safety), ("微信", *[""] * 9), strict=True)
    ),
    CHECK,
    rules.CheckWanted(step="release", title="2026-0018", amount_fen=None, proposed_by="演示·会计", url=HERE),
    *(
        rules.ProposalDecided(
            decision=decision, title="2026-0017", amount_fen=2000, reason="材料不全", url=HERE
        )
        for decision in DECISIONS
    ),
    *(
        rules.GoodsNews(
            step=step,
            number="W261122-7K3F9Q",
            lines=(
                rules.GoodsLine(name="棉被1.5×2m", quantity="20", declined=""),
                rules.GoodsLine(name="大米", quantity="10", declined="保质期剩余不足"),
            ),
            appointed_on=DAY,
            appointed_from="09:00",
            appointed_until="11:30",
            site="演示仓库",
            address="演示路1号",
            url=GIFT,
        )
        for step in get_args(rules.GoodsStep)
    ),
    *(
        rules.GoodsPaper(
            kind=paper,
            number="W261122-7K3F9Q",
            receipt_number="" if paper == "thanks" else "SJ2026-00000002",
            amount_fen=0 if paper == "thanks" else 240_000,
            lines=(rules.GoodsLine(name="棉被", quantity="20", declined=""),),
            url=GIFT,
        )
        for paper in PAPERS
    ),
    rules.DeadlinePassed(
        title="项目进展公开",
        title_en="Publish how the project goes on",
        place="天衢街道",
        place_en="Tianqu Subdistrict",
        due_on=DAY,
        source="《慈善法》第八十二条",
        url=HERE,
    ),
    rules.ReservationLost(
        order_number="CK261122-0007",
        goods=(("大米10kg", "L261122-7KQ2M", "3 袋"),),
        why="Their last day of use has passed.",
        url=HERE,
    ),
    *(
        rules.GoodsLocked(
            cause=cause,
            lots=(rules.LockedLot(number="L261122-7KQ2M", item="大米10kg", left="12 袋", where="DZ-A-01"),),
            url=HERE,
        )
        for cause in LOCKS
    ),
    rules.StaffInvitation(
        name="演示新人",
        role="Cashier",
        organisation="演示市慈善总会",
        region="演示市",
        accept_url="https://cishan.example/invitation/Zk3vQ0XyT1mN8bL2rW5c7A",
        expires_at=MOMENT,
    ),
    rules.SignInCode(code="042137", minutes=10, sign_in_url="https://cishan.example/sign-in"),
    rules.ReceiptReady(
        gift_number="G20261122-7K3F9Q",
        receipt_number="SJ2026-00000001",
        amount_fen=5000,
        gift_url=GIFT,
        verify_url="https://cishan.example/receipts/SJ2026-00000001/7K3F9QXM",
    ),
    rules.RefundDone(
        gift_number="G20261122-7K3F9Q",
        refunded_fen=2000,
        kept_fen=3000,
        gift_url=GIFT,
        red_receipt_number="SJ2026-00000002",
    ),
    rules.MonthlyStarted(amount_fen=2000, purpose="暖冬行动", next_on=NEXT, by_card=False, plan_url=PLAN),
    *(
        rules.MonthlyChanged(
            change=change,
            amount_fen=3000,
            purpose="暖冬行动",
            next_on=None if change in {"paused", "cancelled"} else NEXT,
            plan_url=PLAN,
        )
        for change in CHANGES
    ),
    rules.MonthlyReminder(
        amount_fen=2000, purpose="暖冬行动", due_on=DAY, pay_url=PLAN + "/pay", plan_url=PLAN, is_last=True
    ),
    rules.MonthlyNotice(amount_fen=2000, purpose="暖冬行动", debit_on=NEXT, plan_url=PLAN),
    rules.MonthSkipped(purpose="暖冬行动", skipped_on=DAY, next_on=NEXT, plan_url=PLAN),
    rules.CardRepair(
        amount_fen=2000, purpose="暖冬行动", repair_url=PLAN + "/card", plan_url=PLAN, next_try_on=NEXT
    ),
    rules.MyGifts(
        gifts=(
            rules.GiftLink(
                number="G20261122-7K3F9Q", given_on=DAY, amount_fen=5000, purpose="暖冬行动", url=GIFT
            ),
        ),
        plans=(rules.PlanLink(amount_fen=2000, purpose="暖冬行动", url=PLAN),),
        years=(rules.YearLink(year=2026, url="https://cishan.example/receipts/yearly/c/2026/secret"),),
    ),
]
