"""Fees, refunds, disputes, payouts: what moves the balance, by how much and when."""

import json

import pytest
import stripe

from paysandbox.config import Config

from .conftest import NOON, Sandbox, new_sandbox


@pytest.mark.parametrize(
    ("method", "amount", "fee", "kind"),
    [
        ("card", 10_000, 320, "charge"),
        ("alipay", 10_000, 60, "payment"),
        ("wechat_pay", 8_333, 50, "payment"),
    ],
)
async def test_a_gift_is_booked_with_its_fee(
    sandbox: Sandbox, method: str, amount: int, fee: int, kind: str
) -> None:
    intent = await sandbox.gift(amount, method)
    assert isinstance(intent.latest_charge, stripe.Charge)
    txn = intent.latest_charge.balance_transaction
    assert isinstance(txn, stripe.BalanceTransaction)
    assert (txn.amount, txn.fee, txn.net, txn.type) == (amount, fee, amount - fee, kind)
    assert (txn.reporting_category, txn.status, txn.source) == ("charge", "pending", intent.latest_charge.id)
    assert [(part.amount, part.type) for part in txn.fee_details] == [(fee, "stripe_fee")]
    assert await sandbox.balance() == amount - fee
    await sandbox.books_are_right()


async def test_the_balance_transaction_comes_after_charge_succeeded(sandbox: Sandbox) -> None:
    await sandbox.gift()
    told = {one["type"]: one for one in await sandbox.webhooks()}
    early = stripe.Event.construct_from(_json(told["charge.succeeded"]["body"]), "sk_test_1").data.object
    later = stripe.Event.construct_from(_json(told["charge.updated"]["body"]), "sk_test_1").data.object
    assert early["balance_transaction"] is None
    assert later["balance_transaction"].startswith("txn_")


def _json(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text)
    return found


async def test_the_money_of_a_late_capture_is_booked_once_though_a_refund_comes_first() -> None:
    sandbox = new_sandbox(Config(frozen_at=NOON, capture_delay=600))
    intent = await sandbox.gift(10_000)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.balance_transaction is None
    assert await sandbox.balance() == 0
    await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1_000})
    await sandbox.command("clock", seconds=600)
    rows = (await sandbox.api.v1.balance_transactions.list_async()).data
    assert [row.net for row in rows] == [-1_000, 9_680]
    await sandbox.books_are_right()
    sandbox.world.store.close()


async def test_a_refund_at_the_dashboard_and_evidence_are_told_too(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000)
    await sandbox.webhooks()
    await sandbox.command("refunds", payment_intent=intent.id, amount=1_000)
    assert await sandbox.event_types() == ["refund.created", "charge.refunded"]
    dispute = await sandbox.command("disputes", payment_intent=intent.id)
    assert dispute["amount"] == 9_000
    await sandbox.webhooks()
    answered = await sandbox.api.v1.disputes.update_async(dispute["id"], {"evidence": {"receipt": "file_1"}})
    assert (answered.status, answered.evidence_details.has_evidence) == ("under_review", True)
    assert await sandbox.event_types() == ["charge.dispute.updated"]
    await sandbox.books_are_right()


async def test_several_partial_refunds_and_never_more_than_the_charge(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000)
    for amount in (3_000, 3_000):
        refund = await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": amount})
        assert (refund.status, refund.amount) == ("succeeded", amount)
    before = await sandbox.balance()
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": 4_001})
    assert await sandbox.balance() == before
    rest = await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id})
    assert rest.amount == 4_000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert await sandbox.balance() == -320
    await sandbox.books_are_right()


async def test_a_wallets_refund_is_pending_and_then_arrives(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000, "alipay")
    await sandbox.webhooks()
    refund = await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1_000})
    assert refund.status == "pending"
    assert await sandbox.event_types() == ["refund.created", "charge.refunded"]
    await sandbox.command("clock", seconds=10)
    assert await sandbox.event_types() == ["charge.refund.updated", "refund.updated"]
    assert (await sandbox.api.v1.refunds.retrieve_async(refund.id)).status == "succeeded"


@pytest.mark.parametrize("settled_first", [True, False])
async def test_a_failed_refund_gives_the_money_back(sandbox: Sandbox, settled_first: bool) -> None:
    intent = await sandbox.gift(10_000, "wechat_pay")
    before = await sandbox.balance()
    refund = await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1_000})
    if settled_first:
        await sandbox.command("clock", seconds=10)
    await sandbox.webhooks()
    await sandbox.command(f"refunds/{refund.id}/fail", reason="lost_or_stolen_card")
    assert await sandbox.event_types() == ["charge.refund.updated", "refund.updated", "refund.failed"]
    failed = await sandbox.api.v1.refunds.retrieve_async(
        refund.id, {"expand": ["failure_balance_transaction"]}
    )
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    txn = failed.failure_balance_transaction
    assert isinstance(txn, stripe.BalanceTransaction)
    assert (txn.type, txn.reporting_category, txn.net) == ("refund_failure", "refund_failure", 1_000)
    assert await sandbox.balance() == before
    await sandbox.books_are_right()


async def test_a_wallets_refund_window_closes(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000, "alipay")
    await sandbox.command("clock", days=91)
    with pytest.raises(stripe.InvalidRequestError, match="90 days"):
        await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id})


@pytest.mark.parametrize(("outcome", "left"), [("won", 9_680 - 10_000), ("lost", 9_680 - 10_000 - 10_000)])
async def test_a_dispute_takes_the_money_and_gives_it_back_when_won(
    sandbox: Sandbox, outcome: str, left: int
) -> None:
    intent = await sandbox.gift(10_000)
    await sandbox.webhooks()
    dispute = await sandbox.command("disputes", payment_intent=intent.id)
    assert await sandbox.event_types() == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.updated",
    ]
    assert await sandbox.balance() == 9_680 - 10_000 - 10_000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    await sandbox.command(f"disputes/{dispute['id']}/close", outcome=outcome)
    types = await sandbox.event_types()
    assert types == [
        "charge.dispute.closed",
        *(["charge.dispute.funds_reinstated"] if outcome == "won" else []),
    ]
    assert await sandbox.balance() == left
    found = await sandbox.api.v1.disputes.retrieve_async(dispute["id"])
    taken = found.balance_transactions[0]
    assert (taken.type, taken.amount, taken.fee) == ("adjustment", -10_000, 10_000)
    await sandbox.books_are_right()


async def test_wallets_know_no_disputes(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000, "alipay")
    answer = await sandbox.browser.post("/_sandbox/disputes", json={"payment_intent": intent.id})
    assert answer.status_code == 400
    assert await sandbox.balance() == 9_940


async def test_a_payout_sends_what_is_available_and_can_be_itemised_once_reconciled(sandbox: Sandbox) -> None:
    await sandbox.gift(10_000)
    await sandbox.gift(5_000, "alipay")
    await sandbox.webhooks()
    assert (await sandbox.api.v1.balance.retrieve_async()).available[0].amount == 0
    midnight = (sandbox.world.now // 86_400 + 2) * 86_400
    await sandbox.command("clock", to=midnight)
    payout = (await sandbox.api.v1.payouts.list_async()).data[0]
    assert (payout.amount, payout.status) == (9_680 + 4_970, "in_transit")
    assert payout.reconciliation_status == "in_progress"
    assert (await sandbox.api.v1.balance_transactions.list_async({"payout": payout.id})).data == []
    assert await sandbox.balance() == 0
    await sandbox.command("clock", days=1)
    found = await sandbox.api.v1.balance_transactions.list_async(
        {"payout": payout.id, "expand": ["data.source"]}
    )
    assert sorted(txn.net for txn in found.data) == [-14_650, 4_970, 9_680]
    assert (await sandbox.api.v1.payouts.retrieve_async(payout.id)).status == "paid"
    types = [one for one in await sandbox.event_types() if one.startswith(("payout", "balance"))]
    assert types == [
        "balance.available",
        "payout.created",
        "payout.updated",
        "payout.reconciliation_completed",
        "payout.updated",
        "payout.paid",
    ]
    await sandbox.books_are_right()


async def test_a_payout_that_comes_back_is_sent_again(sandbox: Sandbox) -> None:
    await sandbox.gift(10_000)
    await sandbox.command("clock", days=5)
    first = (await sandbox.api.v1.payouts.list_async()).data[0]
    assert first.status == "paid"
    failed = await sandbox.command(f"payouts/{first.id}/fail")
    assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
    assert await sandbox.balance() == 9_680
    await sandbox.command("clock", days=1)
    assert [payout.amount for payout in (await sandbox.api.v1.payouts.list_async()).data] == [9_680, 9_680]
    assert await sandbox.balance() == 0
    await sandbox.books_are_right()


async def test_movements_that_nobody_has_met_before_can_be_booked(sandbox: Sandbox) -> None:
    await sandbox.command("movements", amount=-777, type="stripe_fee", reporting_category="fee")
    await sandbox.command("movements", amount=-1, type="contribution", reporting_category="unheard_of")
    listed = await sandbox.api.v1.balance_transactions.list_async({"type": "stripe_fee"})
    assert [txn.net for txn in listed.data] == [-777]
    assert await sandbox.balance() == -778
    await sandbox.books_are_right()


async def test_transactions_are_found_by_source_type_and_time(sandbox: Sandbox) -> None:
    intent = await sandbox.gift(10_000)
    first = sandbox.world.now
    await sandbox.command("clock", seconds=100)
    await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    api = sandbox.api.v1.balance_transactions
    assert [txn.type for txn in (await api.list_async({"created": {"gt": first}})).data] == ["refund"]
    assert [txn.type for txn in (await api.list_async({"created": {"lte": first}})).data] == ["charge"]
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert len((await api.list_async({"source": intent.latest_charge.id})).data) == 1
    assert [txn.type for txn in (await api.list_async({"currency": "cny"})).data] == ["refund", "charge"]
