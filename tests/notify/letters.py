"""One letter of each kind, for tests and for looking at."""

from datetime import date
from typing import Literal

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
THANKS = rules.GiftThanks(
    gift_number="G20261122-7K3F9Q",
    amount_fen=5000,
    given_on=DAY,
    purposes=("暖冬行动", "扶贫助学基金"),
    gift_url=GIFT,
    monthly=False,
    receipt_number="SJ2026-00000001",
)
EVERY_LETTER: list[rules.Letter] = [
    THANKS,
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
