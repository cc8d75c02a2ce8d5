"""What happens to a gift's money stands in its history, in its order and by whom."""

import pytest

from cishan.audit import queries
from cishan.donations.actions import refunds
from cishan.donations.rules.giving import RefundGround
from paysandbox import commands
from tests.approvals.refunding import approve
from tests.payments.conftest import FUND, Sandbox, a_gift, open_fund
from tests.payments.test_settling import hear


@pytest.fixture(autouse=True)
async def fund(db: None, sandbox: Sandbox) -> None:
    await open_fund()


async def steps(gift_id: object) -> list[tuple[str, str, str, str]]:
    """Return event, from, to and actor of a gift's steps, the oldest first."""
    history = await queries.history_of("donation", str(gift_id))
    return [(s.event, s.from_state, s.to_state, s.actor) for s in reversed(history)]


async def test_a_gift_that_is_paid_and_sent_back_in_parts_tells_each_step_once(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 4_000))
    assert await steps(gift.id) == []
    intent = sandbox.pay(gift.session_id, method="card")
    await hear(sandbox)
    await hear(sandbox)  # the same again is no step
    sandbox.tell(commands.refund, {"payment_intent": intent, "amount": 1_000})
    await hear(sandbox)
    assert await steps(gift.id) == [
        ("settle", "awaiting_payment", "paid", "stripe"),
        ("settle", "paid", "partly_refunded", "stripe"),
    ]
    assert (await queries.verify()).findings == ()


async def test_a_refund_names_who_asked_and_who_approved(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 4_000))
    sandbox.pay(gift.session_id, method="card")
    await hear(sandbox)
    asked = await refunds.request_refund(gift.id, ground=RefundGround.MIS_KEY, words="多按了一个零")
    cashier = await approve(asked, "核实无误")
    newest = (await queries.history_of("donation", str(gift.id)))[0]
    assert (newest.event, newest.from_state, newest.to_state) == ("approve_refund", "paid", "refund_pending")
    assert (newest.actor, newest.reason) == (str(cashier.person_id), "核实无误")
