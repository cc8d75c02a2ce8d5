"""A refund that its giver did not undo goes by maker, checker and cashier; the database lets no other go."""

from datetime import timedelta

import asyncpg
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals import queries
from cishan.approvals.actions import Declared
from cishan.approvals.rules import Decision, Relation, State
from cishan.donations.actions import refund_approvals, refunds
from cishan.donations.queries.refunds import refunds_of, waiting_requests
from cishan.donations.rules.giving import RefundGround, RefundStatus
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.ledger import queries as ledger
from cishan.plumbing.db import atomic, connection, fetch
from seeds import approvals as seeds
from tests.approvals import making
from tests.approvals.making import Office, all_rows
from tests.donations.conftest import Begun, Giver, campaign, giver, sandbox, work

__all__ = ["campaign", "giver", "sandbox"]


async def _asked(giver: Giver, **answers: object) -> tuple[Office, Begun]:
    office = await making.an_office()
    await seeds.load()
    begun = await giver.paid(method="card", **answers)
    reply = await giver.browser.post(f"{begun.path}/refund", data={"ground": "mis_key"})
    assert reply.status_code == 303
    return office, begun


async def test_a_request_goes_back_after_check_and_release(giver: Giver) -> None:
    office, begun = await _asked(giver)
    (request,) = await waiting_requests()
    approval_id = await refund_approvals.propose_refund(request.id, reason="多打了一个零", by=office.maker)
    view = await queries.approval(approval_id)
    assert (view.amount_fen, view.waits_for) == (8_880, ("finance_checker",))
    assert view.facts[0] == ("Gift number", begun.row["number"])
    await approvals.check(approval_id, office.checker, Decision.PASS)
    assert (await begun.now())["status"] == "paid"
    assert await approvals.release(approval_id, office.cashier) is State.DONE
    assert (await begun.now())["status"] == "refund_pending"
    await work()
    assert (await begun.now())["status"] == "refunded"
    assert await ledger.fund_balance("F-CSC.01") == 0
    (refund,) = await refunds_of(begun.id)
    assert (refund.status, refund.amount_fen, refund.decision_note) == (
        RefundStatus.DONE,
        8_880,
        "多打了一个零",
    )
    with pytest.raises(Conflict, match="decided already"):
        await refund_approvals.propose_refund(request.id, reason="再来", by=office.maker)


async def test_a_rejection_refuses_the_request_and_the_giver_reads_why(giver: Giver) -> None:
    office, begun = await _asked(giver)
    (request,) = await waiting_requests()
    approval_id = await refund_approvals.propose_refund(request.id, reason="捐赠人来电", by=office.officer)
    await approvals.check(approval_id, office.checker, Decision.REJECT, "款项已用于采购食材")
    assert (await begun.now())["status"] == "paid"
    page = await giver.page(begun.path)
    assert "未通过" in page
    assert "款项已用于采购食材" in page


async def test_no_refund_is_sent_that_was_not_approved_for_this_amount(giver: Giver) -> None:
    office, begun = await _asked(giver)
    (request,) = await waiting_requests()
    approval_id = await refund_approvals.propose_refund(request.id, reason="来电", by=office.maker)
    await approvals.check(approval_id, office.checker, Decision.PASS)
    for sql in (
        "UPDATE refund_request SET status = 'approved', decided_at = now(), decided_by = 'x'",
        "UPDATE refund_request SET kind = 'undo', status = 'approved'",
    ):
        with pytest.raises(asyncpg.PostgresError) as error:
            async with atomic():
                await connection().execute(sql)
        assert str(error.value.sqlstate) in {"AP015", "AP000"}
    with pytest.raises(asyncpg.PostgresError) as error:
        async with atomic():
            await refunds.decide(request.id, approve=True, by="x", note="")
    assert error.value.sqlstate == "AP015"
    assert (await begun.now())["status"] == "paid"
    assert [r.status for r in await refunds_of(begun.id)] == [RefundStatus.REQUESTED]


async def test_a_larger_refund_needs_a_council_member_too(giver: Giver) -> None:
    office, begun = await _asked(giver, amount="5000")
    (request,) = await waiting_requests()
    approval_id = await refund_approvals.propose_refund(request.id, reason="重复支付", by=office.maker)
    assert (await queries.approval(approval_id)).waits_for == ("finance_checker", "council")
    await approvals.check(approval_id, office.checker, Decision.PASS)
    with pytest.raises(Conflict):
        await approvals.release(approval_id, office.cashier)
    await approvals.check(approval_id, office.elder, Decision.PASS)
    await approvals.release(approval_id, office.cashier)
    assert (await begun.now())["status"] == "refund_pending"


async def test_staff_start_a_refund_that_the_giver_asked_for_by_telephone(giver: Giver) -> None:
    office = await making.an_office()
    await seeds.load()
    begun = await giver.paid(method="card")
    with clock.fixed(clock.now() + timedelta(hours=1)):
        with pytest.raises(Invalid, match="no gift"):
            await refund_approvals.start_refund(
                "D-0", ground=RefundGround.MIS_KEY, words="来电", by=office.maker
            )
        approval_id = await refund_approvals.start_refund(
            begun.row["number"], ground=RefundGround.MIS_KEY, words="来电", by=office.maker
        )
    assert (await queries.approval(approval_id)).state is State.CHECKING
    assert [r.ground for r in await waiting_requests()] == [RefundGround.MIS_KEY]


async def test_a_checker_who_declared_the_giver_a_relative_may_not_check(giver: Giver) -> None:
    office, _ = await _asked(giver, email="Giver@Example.org")
    declared = Declared(
        relation=Relation.SIBLING,
        name="捐赠人（演示）",
        contact="giver@example.org",
        since=clock.today(),
    )
    await approvals.declare_related(office.checker.person_id, declared)
    (request,) = await waiting_requests()
    approval_id = await refund_approvals.propose_refund(request.id, reason="来电", by=office.maker)
    before = await all_rows()
    with pytest.raises(Forbidden, match="related"):
        await approvals.check(approval_id, office.checker, Decision.PASS)
    assert await all_rows() == before
    await approvals.check(approval_id, office.second, Decision.PASS)
    assert await fetch("SELECT state FROM approval") == [{"state": "releasing"}]
