"""Money finds its gift, or suspense: refunds, disputes, wrong amounts, strangers, what comes too early."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from cishan.deadlines.queries import clocks_of
from cishan.donations.actions import settling
from cishan.donations.tables.gifts import Donation
from cishan.donations.tables.refunds import RefundRequest
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.ledger import actions as ledger
from cishan.ledger.rules import channel_fee
from cishan.payments import actions, queries, rules
from cishan.plumbing import db as database
from paysandbox import commands
from tests.history import tell
from tests.payments.conftest import (
    FUND,
    NOON,
    Sandbox,
    a_gift,
    balances,
    gift_row,
    keep,
    open_fund,
    store_gift,
)


@pytest.fixture(autouse=True)
async def fund(db: None, sandbox: Sandbox) -> None:
    await open_fund()
    await open_fund("F0002")


async def hear(sandbox: Sandbox) -> rules.Drained:
    """Take in and work off all that the service tells."""
    await keep(sandbox.messages())
    return await actions.drain()


async def suspense() -> list[tuple[int, str]]:
    rows = await database.fetch(
        "SELECT amount_fen, problem FROM donation_movement WHERE donation IS NULL ORDER BY at, txn_id"
    )
    return [(row["amount_fen"], row["problem"]) for row in rows]


async def test_a_refund_in_parts_leaves_every_fund_whole(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 3_000), ("F0002", 1_000))
    intent = sandbox.pay(gift.session_id, method="card")
    await hear(sandbox)
    sandbox.tell(commands.refund, {"payment_intent": intent, "amount": 1_000})
    await hear(sandbox)
    row = await gift_row(gift.id)
    assert (row["status"], row["refunded_fen"]) == ("partly_refunded", 1_000)
    assert (await balances())["1009", FUND] == 2_250
    assert (await balances())["1009", "F0002"] == 750
    refund = sandbox.tell(commands.refund, {"payment_intent": intent})
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "refunded"
    fee = -146  # 2.9 % and 0.30 yuan; the service keeps it
    assert await balances() == {("1009", "GEN"): fee, ("5401", "GEN"): -fee}
    sandbox.tell(commands.fail_refund, id=refund["id"])
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "partly_refunded"
    assert (await balances())["1009", FUND] == 2_250


async def test_our_own_refund_is_done_when_its_money_has_moved(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    intent = sandbox.pay(gift.session_id, method="card")
    await hear(sandbox)
    request_id = ids.new_id()
    await RefundRequest.insert(
        RefundRequest(
            id=request_id,
            donation=gift.id,
            created_at=clock.now(),
            kind="undo",
            ground="undo",
            amount_fen=2_000,
            status="approved",
        )
    )
    await tell("refund", request_id, "", "approved")
    made = await stripe.create_refund(str(request_id), intent, 2_000)
    again = await stripe.create_refund(str(request_id), intent, 2_000)
    assert made.id == again.id
    # The message overtakes our own note of the refund's id: the gift waits for it.
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "refund_pending"
    await tell("refund", request_id, "approved", "sent")
    await RefundRequest.update({RefundRequest.status: "sent", RefundRequest.stripe_refund_id: made.id}).where(
        RefundRequest.id == request_id
    )
    applied = await settling.refetch_payment(payment_intent_id=intent)
    assert applied is not None
    assert applied.status == "partly_refunded"
    assert await database.fetch_value("SELECT status FROM refund_request WHERE id = {}", request_id) == "done"


async def test_a_dispute_is_borne_by_the_general_fund_and_written_off_when_lost(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 50_000))
    intent = sandbox.pay(gift.session_id, method="card")
    await hear(sandbox)
    whole = (await balances())["1009", FUND]
    dispute = sandbox.tell(commands.dispute, {"payment_intent": intent})
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "disputed"
    assert (await balances())["1009", FUND] == whole
    assert (await balances())["1122", "GEN"] == 50_000
    sandbox.tell(commands.close_dispute, {"outcome": "lost"}, id=dispute["id"])
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "charged_back"
    held = await balances()
    assert ("1122", "GEN") not in held
    assert held["5901", "GEN"] == 50_000
    assert await actions.reconcile() == []


async def test_a_dispute_that_is_won_leaves_a_paid_gift(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 50_000))
    intent = sandbox.pay(gift.session_id, method="card")
    dispute = sandbox.tell(commands.dispute, {"payment_intent": intent})
    sandbox.tell(commands.close_dispute, {"outcome": "won"}, id=dispute["id"])
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "paid"
    assert ("1122", "GEN") not in await balances()
    assert await actions.reconcile() == []


async def test_another_amount_than_the_gifts_goes_to_suspense(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000), order={"amount_fen": 4_000})
    sandbox.pay(gift.session_id)
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "awaiting_payment"
    assert await suspense() == [(4_000, "amount")]
    assert (await balances())["2209", "GEN"] == -4_000
    found = await actions.reconcile()
    assert [(d.kind.value, d.channel_fen, d.note) for d in found] == [("suspense", 4_000, "amount")]


async def test_money_that_nobody_asked_for_goes_to_suspense(sandbox: Sandbox) -> None:
    sandbox.tell(commands.gifts, {"count": 1, "amount": 700, "metadata": {"shop": "of somebody else"}})
    await hear(sandbox)
    assert await suspense() == [(700, "unidentified")]
    await actions.poll()
    assert await suspense() == [(700, "unidentified")]
    txn = await database.fetch_value("SELECT txn_id FROM donation_movement WHERE donation IS NULL")
    (waiting,) = await clocks_of("suspense", txn)
    # Ten working days after Sunday, 22 November.
    assert (waiting.code, waiting.due_on) == ("donation.identify", date(2026, 12, 4))


async def test_a_gift_paid_twice_counts_once(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    sandbox.pay(gift.session_id)
    metadata = {"donation_id": str(gift.id)}
    sandbox.tell(commands.gifts, {"count": 1, "amount": 5_000, "metadata": metadata})
    await hear(sandbox)
    assert (await gift_row(gift.id))["status"] == "paid"
    assert (await balances())["410102", FUND] == -5_000
    assert await suspense() == [(5_000, "paid_twice")]


async def test_a_message_waits_for_its_gift_and_gives_up_into_suspense(sandbox: Sandbox) -> None:
    early, never = uuid4(), uuid4()
    for gift_id in (early, never):
        metadata = {"donation_id": str(gift_id)}
        sandbox.tell(commands.gifts, {"count": 1, "amount": 5_000, "metadata": metadata})
    drained = await hear(sandbox)
    assert (drained.booked, drained.done, drained.parked) == (0, 0, 0)
    assert drained.waiting > 0
    await store_gift(((FUND, 5_000),), id=early)
    moment = NOON
    for _ in range(rules.MAX_TRIES + 1):
        moment += timedelta(hours=1)
        with clock.fixed(moment):
            await actions.drain()
    assert (await gift_row(early))["status"] == "paid"
    assert await suspense() == [(5_000, "unidentified")]
    assert await queries.count_waiting() == 0


async def test_a_gift_that_the_books_refuse_is_parked_alone(sandbox: Sandbox) -> None:
    good, bad = await a_gift((FUND, 5_000)), await a_gift(("F0404", 5_000))  # there is no such fund
    for gift in (good, bad):
        sandbox.pay(gift.session_id)
    drained = await hear(sandbox)
    assert (await gift_row(good.id))["status"] == "paid"
    assert (await gift_row(bad.id))["status"] == "awaiting_payment"
    parked = await queries.parked()
    assert drained.parked == len(parked) > 0
    assert "fund" in parked[0].last_error
    await open_fund("F0404")
    for event in parked:
        await actions.replay(event.id)
    assert (await actions.drain()).booked == 1
    assert (await gift_row(bad.id))["status"] == "paid"


async def test_a_gift_that_breaks_the_settling_is_parked_alone(sandbox: Sandbox) -> None:
    good, broken = await a_gift((FUND, 5_000)), await store_gift((), amount_fen=5_000)  # it has no lines
    sandbox.pay(good.session_id)
    metadata = {"donation_id": str(broken)}
    sandbox.tell(commands.gifts, {"count": 1, "amount": 5_000, "metadata": metadata})
    drained = await hear(sandbox)
    assert drained.booked == 1
    assert drained.parked == len(await queries.parked()) > 0
    assert (await gift_row(good.id))["status"] == "paid"


async def test_money_in_another_currency_waits_in_suspense(sandbox: Sandbox) -> None:
    sandbox.tell(commands.movement, {"amount": 900, "currency": "hkd", "reporting_category": "charge"})
    assert await actions.poll() == 1
    assert await suspense() == [(900, "category")]
    assert [d.kind.value for d in await actions.reconcile()] == ["suspense"]


async def test_a_service_that_does_not_answer_is_asked_again_later(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    sandbox.pay(gift.session_id)
    sandbox.tell(commands.fault, {"place": "request", "kind": "429", "path": "/v1/*", "times": 0})
    drained = await hear(sandbox)
    assert (drained.done, drained.parked) == (0, 0)
    sandbox.tell(commands.clear_faults)
    with clock.fixed(NOON + timedelta(minutes=1)):
        assert (await actions.drain()).booked == 1
    assert (await gift_row(gift.id))["status"] == "paid"


async def test_the_poller_alone_books_everything(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    intent = sandbox.pay(gift.session_id, method="card")
    sandbox.tell(commands.refund, {"payment_intent": intent, "amount": 1_000})
    sandbox.tell(commands.movement, {"amount": -250})
    sandbox.messages()  # none of them arrives
    assert await actions.poll() == 3
    row = await gift_row(gift.id)
    assert (row["status"], row["channel"], row["refunded_fen"]) == ("partly_refunded", "card", 1_000)
    assert await actions.poll() == 0
    assert await actions.reconcile() == []


async def test_a_payout_moves_each_funds_part_and_a_failed_one_brings_it_back(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    sandbox.pay(gift.session_id)
    await hear(sandbox)
    payout = sandbox.tell(commands.pay_out, {"all": True})["payout"]
    await hear(sandbox)
    assert ("1002", FUND) not in await balances()  # it cannot be itemised yet
    assert await actions.reconcile() == []  # and is no difference
    sandbox.advance(seconds=3_700)
    with clock.fixed(NOON + timedelta(seconds=3_700)):
        await hear(sandbox)
        held = await balances()
        assert (held["1002", FUND], held["1002", "GEN"]) == (5_000, -30)
        assert ("1009", FUND) not in held
        sandbox.tell(commands.fail_payout, id=payout["id"])
        await hear(sandbox)
        assert (await balances())["1009", FUND] == 5_000
        assert await actions.reconcile() == []


async def test_reconciliation_names_every_planted_difference(sandbox: Sandbox) -> None:
    gift = await a_gift((FUND, 5_000))
    sandbox.pay(gift.session_id)
    await hear(sandbox)
    async with database.atomic():
        await ledger.post(
            [
                channel_fee(
                    source="stripe", source_key="txn_invented", effective_date=clock.today(), fee_fen=77
                )
            ]
        )
    found = {(d.kind.value, d.key): (d.channel_fen, d.books_fen) for d in await actions.reconcile()}
    assert found == {
        ("missing_at_channel", "txn_invented"): (None, -77),
        ("balance", "cny"): (4_970, 4_893),
    }
    kept = await queries.open_differences()
    assert [(d.kind.value, d.key) for d in kept] == [
        ("balance", "cny"),
        ("missing_at_channel", "txn_invented"),
    ]
    last = await queries.last_reconciliation()
    assert last is not None
    assert (last.channel_fen, last.books_fen, last.differences) == (4_970, 4_893, 2)


async def test_gifts_beyond_a_few_are_asked_about_together(sandbox: Sandbox) -> None:
    gifts = [await a_gift((FUND, 5_000)) for _ in range(20)]
    for gift in gifts:
        sandbox.pay(gift.session_id)
    await hear(sandbox)
    statuses = [(await gift_row(gift.id))["status"] for gift in gifts]
    assert statuses == ["paid"] * 20
    assert (await balances())["410102", FUND] == -100_000


async def test_a_closed_checkout_closes_the_gift_but_not_one_that_was_paid_elsewhere(
    sandbox: Sandbox,
) -> None:
    left, paid = await a_gift((FUND, 5_000)), await a_gift((FUND, 5_000))
    sandbox.pay(left.session_id, outcome="expired")
    sandbox.pay(paid.session_id)
    await Donation.update({Donation.stripe_session_id: "cs_another"}).where(Donation.id == paid.id)
    await hear(sandbox)
    assert (await gift_row(left.id))["status"] == "expired"
    assert (await gift_row(paid.id))["status"] == "paid"
