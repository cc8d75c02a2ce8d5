"""Gifts by bank transfer: one line of the statement is one gift and one voucher."""

from datetime import timedelta

import pytest

from cishan.donations.actions.offline import record_bank_gift
from cishan.donations.queries import contacts
from cishan.donations.queries.refunds import waiting_requests
from cishan.donations.rules.answers import AnswerLine, Answers
from cishan.donations.rules.offline import BankGift
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.ledger import queries as ledger
from tests.donations.conftest import Giver, counts, work

ANSWERS = Answers(lines=(AnswerLine("warm-meals", 1_234_500), AnswerLine("general", 500)))


async def test_a_bank_line_is_booked_once_and_shown(giver: Giver) -> None:
    line = BankGift("BANK-2026-0001", clock.now() - timedelta(days=1), ANSWERS)
    first, again = await record_bank_gift(line), await record_bank_gift(line)
    assert first == again
    await work()
    assert (await counts())["donation"] == 1
    assert await ledger.fund_balance("F-CSC.01") == 1_234_500
    (entry,) = await ledger.postings_for("bank", ["BANK-2026-0001"])
    assert sorted((p.gl, p.fund, p.amount) for p in entry.lines) == [
        ("1002", "F-CSC.01", 1_234_500),
        ("1002", "GEN", 500),
        ("410101", "GEN", -500),
        ("410102", "F-CSC.01", -1_234_500),
    ]
    page = await giver.page(contacts.gift_path(first))
    assert "银行转账" in page and "¥12,350.00" in page
    assert "可无理由撤销" not in page


async def test_a_line_that_cannot_be_a_gift_changes_nothing(giver: Giver) -> None:
    before = await counts()
    now = clock.now()
    nothing = Answers(lines=(AnswerLine("warm-meals", 0),))
    unknown = Answers(lines=(AnswerLine("nope", 100),))
    for wrong in (
        BankGift(" ", now, ANSWERS),
        BankGift("x" * 61, now, ANSWERS),
        BankGift("A1", now + timedelta(seconds=1), ANSWERS),
        BankGift("A1", now, nothing),
        BankGift("A1", now, unknown),
    ):
        with pytest.raises((Invalid, NotFound)):
            await record_bank_gift(wrong)
    assert await counts() == before


async def test_a_bank_gift_is_not_returned_through_the_payment_service(giver: Giver) -> None:
    from cishan.donations.actions import refunds

    gift = await record_bank_gift(BankGift("A1", clock.now(), ANSWERS))
    await giver.browser.post(f"{contacts.gift_path(gift)}/refund", data={"ground": "mis_key"})
    (request,) = await waiting_requests()
    with pytest.raises(Conflict, match="bank"):
        await refunds.decide(request.id, approve=True, by="财务（演示）", note="")
    assert [r.id for r in await waiting_requests()] == [request.id]
