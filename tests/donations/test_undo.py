"""Ten minutes to take a gift back, and after them a request with a reason."""

from datetime import date, timedelta
from typing import Any

from cishan.donations.actions import refunds
from cishan.donations.queries.refunds import refunds_of, waiting_requests
from cishan.donations.rules.giving import RefundKind, RefundStatus
from cishan.kernel import clock
from cishan.ledger import queries as ledger
from cishan.plumbing import db as database
from tests.approvals.refunding import approve
from tests.donations.conftest import Giver, counts, words, work


async def _session(giver: Giver, session_id: str) -> dict[str, Any]:
    from cishan.gateways import stripe

    found = await stripe.fetch_session(session_id)
    return {"status": found.status, "payment_status": found.payment_status}


async def test_a_paid_gift_is_undone_and_the_books_are_as_before(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    assert await ledger.fund_balance("F-CSC.01") == 8_880
    assert "可无理由撤销" in await giver.page(begun.path)
    reply = await giver.browser.post(f"{begun.path}/undo")
    assert reply.status_code == 303
    assert "正在撤销" in await giver.page(begun.path)
    await work()
    gift = await begun.now()
    assert (gift["status"], gift["refunded_fen"]) == ("refunded", 8_880)
    assert await ledger.fund_balance("F-CSC.01") == 0
    (refund,) = await refunds_of(begun.id)
    assert (refund.kind, refund.status, refund.amount_fen) == (RefundKind.UNDO, RefundStatus.DONE, 8_880)
    assert await database.fetch("SELECT * FROM public_gift") == []
    total = await database.fetch("SELECT raised_fen, refunded_fen, gift_count FROM campaign_total")
    assert total == [{"raised_fen": 0, "refunded_fen": 8_880, "gift_count": 0}]
    page = await giver.page(begun.path)
    assert "已退回" in page and "已从项目账目中冲减" in page


async def test_undoing_twice_refunds_once(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    for _ in range(2):
        assert (await giver.browser.post(f"{begun.path}/undo")).status_code == 303
    await work()
    assert (await giver.browser.post(f"{begun.path}/undo")).status_code == 303
    await work()
    assert (await counts())["refund_request"] == 1
    assert (await begun.now())["refunded_fen"] == 8_880


async def test_after_ten_minutes_undo_is_refused_and_changes_nothing(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    with clock.fixed(clock.now() + timedelta(minutes=10)):
        assert "可无理由撤销" not in await giver.page(begun.path)
        reply = await giver.browser.post(f"{begun.path}/undo")
        assert reply.status_code == 409
        assert "10 分钟撤销时间已过" in words(reply.text)
    assert (await begun.now())["status"] == "paid"
    assert (await counts())["refund_request"] == 0


async def test_a_gift_that_was_not_paid_is_dropped_and_its_payment_page_closed(giver: Giver) -> None:
    begun = await giver.gift()
    assert "放弃这笔捐赠" in await giver.page(begun.path)
    await giver.browser.post(f"{begun.path}/undo")
    await work()
    assert (await begun.now())["status"] == "expired"
    assert (await _session(giver, begun.session_id))["status"] == "expired"
    assert (await giver.browser.post(f"{begun.path}/pay")).status_code == 409
    assert (await counts())["refund_request"] == 0


async def test_a_gift_paid_while_it_was_being_undone_goes_back(giver: Giver) -> None:
    begun = await giver.gift()
    await giver.browser.post(f"{begun.path}/undo")
    giver.sandbox.pay(begun.session_id, method="card")
    await work()
    gift = await begun.now()
    assert (gift["status"], gift["refunded_fen"]) == ("refunded", 8_880)
    assert await ledger.fund_balance("F-CSC.01") == 0


async def test_a_refund_is_asked_for_with_a_ground_and_decided_by_a_person(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    with clock.fixed(clock.now() + timedelta(hours=1)):
        assert "申请退款" in await giver.page(begun.path)
        reply = await giver.browser.post(
            f"{begun.path}/refund", data={"ground": "mis_key", "words": "多打了一个零"}
        )
        assert reply.status_code == 303
        (request,) = await waiting_requests()
        assert request.due_on == date(2026, 11, 25)  # Sunday asked: Monday, Tuesday, Wednesday
        page = await giver.page(begun.path)
        assert "审核中" in page and "2026年11月25日" in page
        again = await giver.browser.post(f"{begun.path}/refund", data={"ground": "other"})
        assert again.status_code == 409
        assert (await counts())["refund_request"] == 1
        stored = await database.fetch_value("SELECT words_enc FROM refund_request")
        assert "多打了一个零".encode() not in bytes(stored)
        await approve(request.id, "已核实")
        await work()
    assert (await begun.now())["status"] == "refunded"
    assert await ledger.fund_balance("F-CSC.01") == 0


async def test_a_declined_request_leaves_the_gift_and_says_why(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    await giver.browser.post(f"{begun.path}/refund", data={"ground": "breach"})
    (request,) = await waiting_requests()
    await refunds.decide(request.id, approve=False, by="财务（演示）", note="款项已用于采购食材")
    await work()
    assert (await begun.now())["status"] == "paid"
    page = await giver.page(begun.path)
    assert "未通过" in page and "款项已用于采购食材" in page


async def test_a_request_without_a_ground_or_with_a_made_up_one_is_refused(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    for data in ({}, {"ground": "undo"}, {"ground": "x"}, {"ground": "other", "words": "好" * 501}):
        reply = await giver.browser.post(f"{begun.path}/refund", data=data)
        assert reply.status_code == 422, data
    assert (await counts())["refund_request"] == 0


async def test_an_unpaid_gift_cannot_be_asked_back(giver: Giver) -> None:
    begun = await giver.gift()
    assert (await giver.browser.get(f"{begun.path}/refund")).status_code == 409
    reply = await giver.browser.post(f"{begun.path}/refund", data={"ground": "other"})
    assert reply.status_code == 409
    assert (await counts())["refund_request"] == 0
