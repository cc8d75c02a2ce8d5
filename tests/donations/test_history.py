"""What happens to a gift, its plan, refund and receipts stands in the history, with who did it."""

from datetime import timedelta
from uuid import UUID

import pytest

from cishan.audit import queries
from cishan.donations.actions import moderation, monthly, offline, receipts, refunds
from cishan.donations.rules.answers import AnswerLine, Answers
from cishan.donations.rules.giving import RefundGround
from cishan.donations.rules.offline import BankGift
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict
from cishan.kernel.payments import Kind
from cishan.plumbing.db import atomic, fetch_value
from tests.donations.conftest import Giver, work
from tests.donations.paid_gifts import a_gift, money_moved

Words = tuple[str, str, str, str, str]


async def words(kind: str, subject: UUID) -> list[Words]:
    """Return event, from, to, actor and reason of every step, the oldest first."""
    steps = await queries.history_of(kind, subject)
    return [(s.event, s.from_state, s.to_state, s.actor, s.reason) for s in reversed(steps)]


async def a_plan(giver: Giver) -> UUID:
    gift = await giver.paid(
        rhythm="monthly", monthly_by="remind", day="5", amount="30", email="a@example.org"
    )
    await work()
    plan = (await gift.now())["plan"]
    assert isinstance(plan, UUID)
    return plan


async def test_a_monthly_gift_is_told_from_its_promise_to_its_end(giver: Giver) -> None:
    plan = await a_plan(giver)
    await monthly.change(plan, amount_fen=5_000, day=8)
    await monthly.change(plan, amount_fen=5_000, day=8)
    await monthly.pause(plan)
    await monthly.pause(plan)
    await monthly.resume(plan)
    await monthly.note_problem(plan)
    await monthly.repaired(plan)
    await monthly.cancel(plan)
    await monthly.cancel(plan)
    assert await words("monthly_plan", plan) == [
        ("begin", "", "pending", "giver", ""),
        ("activate", "pending", "active", "stripe", ""),
        ("change", "active", "active", "giver", "¥30.00 → ¥50.00, 5 → 8"),
        ("pause", "active", "paused", "giver", ""),
        ("resume", "paused", "active", "giver", ""),
        ("problem", "active", "payment_problem", "stripe", ""),
        ("repair", "payment_problem", "active", "giver", ""),
        ("cancel", "active", "cancelled", "giver", ""),
    ]
    with pytest.raises(Conflict):
        await monthly.pause(plan)
    assert len(await words("monthly_plan", plan)) == 8


async def test_a_refused_refund_is_told_with_the_reason(config: object, db: None) -> None:
    gift = await a_gift(5_000)
    request = await refunds.request_refund(gift, ground=RefundGround.OTHER, words="")
    with pytest.raises(Conflict, match="unidentified money"):
        await refunds.decide(request, approve=True, by="p-7", note="同意")
    await refunds.decide(request, approve=False, by="p-7", note="项目已执行")
    assert await words("refund", request) == [
        ("request", "", "requested", "giver", ""),
        ("refuse", "requested", "refused", "p-7", "项目已执行"),
    ]


async def test_a_refund_is_told_until_its_money_has_arrived(giver: Giver) -> None:
    gift = await giver.paid()
    await giver.browser.post(f"{gift.path}/undo")
    await work()
    request = await fetch_value("SELECT id FROM refund_request")
    assert await words("refund", request) == [
        ("undo", "", "approved", "giver", ""),
        ("send", "approved", "sent", "system", ""),
        ("arrive", "sent", "done", "stripe", ""),
    ]


async def test_a_receipt_is_told_when_it_is_issued_sent_and_reversed(config: object, db: None) -> None:
    gift = await a_gift(5_000)
    (original,) = await receipts.write_due(gift)
    async with atomic():
        await receipts.tell_sent(original.id, template="receipt_ready")
    await money_moved(gift, Kind.REFUND, -5_000, "txn_r1")
    (red,) = await receipts.write_due(gift)
    assert await words("receipt", red.id) == [("issue", "", "issued", "system", red.number)]
    assert await words("receipt", original.id) == [
        ("issue", "", "issued", "system", original.number),
        ("send", "issued", "issued", "system", "receipt_ready"),
        ("reverse", "issued", "issued", "system", red.number),
    ]


async def test_a_letter_that_carries_a_receipt_is_told_once(giver: Giver) -> None:
    await giver.paid(wants_receipt="on", receipt_title="张某", email="b@example.org")
    await work()
    receipt = await fetch_value("SELECT id FROM receipt")
    assert [w[0] for w in await words("receipt", receipt)] == ["issue", "send"]


async def test_a_judged_message_is_told_with_who_judged_it(giver: Giver) -> None:
    await giver.paid(anonymity="alias", display_name="网友", message="加油13900001111")
    gift, staff = await fetch_value("SELECT id FROM donation WHERE message_state = 'pending'"), ids.new_id()
    await moderation.judge_message(gift, shown=False, staff_id=staff, staff_name="项目部")
    await moderation.judge_message(gift, shown=False, staff_id=staff, staff_name="项目部")
    assert await words("gift_message", gift) == [("refuse", "pending", "refused", str(staff), "")]
    with pytest.raises(Conflict):
        await moderation.judge_message(gift, shown=True, staff_id=staff, staff_name="项目部")
    assert len(await words("gift_message", gift)) == 1


async def test_a_gift_by_bank_transfer_is_told_with_its_line(giver: Giver) -> None:
    answers = Answers(lines=(AnswerLine("warm-meals", 500),))
    line = BankGift("BANK-2026-0001", clock.now() - timedelta(days=1), answers)
    gift = await offline.record_bank_gift(line)
    await offline.record_bank_gift(line)
    assert await words("donation", gift) == [("bank_transfer", "", "paid", "system", "BANK-2026-0001")]
    (step,) = await queries.history_of("donation", gift)
    assert step.at == line.received_at
