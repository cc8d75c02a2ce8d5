"""What becomes of a gift by what the payment service says: every state, and the vouchers to the fen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.donations.rules import settling as rules
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.settling import DisputeState, Gift, Kind, Movement, Payment, Problem, State
from cishan.ledger.rules import Entry

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
GIFT = Gift(
    id=UUID(int=1),
    number="G1",
    amount_fen=10_000,
    status=GiftStatus.AWAITING_PAYMENT,
    payment_intent_id="pi_1",
    session_id="cs_1",
    invoice_id="",
    plan_id=None,
    lines=(("F0001", 6_667), ("GEN", 3_333)),
)


def movement(kind: Kind, amount: int, *, fee: int = 0, txn: str = "", source: str = "x") -> Movement:
    return Movement(txn or f"txn_{kind}", kind, amount, fee, "cny", AT, source, "pi_1", kind)


CHARGE = movement(Kind.CHARGE, 10_000, fee=320)
REFUND = movement(Kind.REFUND, -10_000, source="re_1")
FAILURE = movement(Kind.REFUND_FAILURE, 10_000, source="re_1")
DISPUTE = movement(Kind.DISPUTE, -10_000, fee=10_000, source="dp_1")
REVERSAL = movement(Kind.DISPUTE_REVERSAL, 10_000, source="dp_1")


def paid(*movements: Movement, dispute: DisputeState = DisputeState.NONE) -> Payment:
    return Payment(
        "pi_1", State.SUCCEEDED, 10_000, "cny", "card", dispute=dispute, movements=(CHARGE, *movements)
    )


@pytest.mark.parametrize(
    ("state", "present", "expected"),
    [
        (State.OPEN, "awaiting_payment", "awaiting_payment"),
        (State.OPEN, "failed", "awaiting_payment"),
        (State.OPEN, "expired", "expired"),
        (State.PROCESSING, "awaiting_payment", "processing"),
        (State.SUCCEEDED, "awaiting_payment", "processing"),  # the money is not on the balance yet
        (State.FAILED, "processing", "failed"),
        (State.EXPIRED, "awaiting_payment", "expired"),
        (State.UNKNOWN, "failed", "failed"),
    ],
)
def test_without_money_a_gift_is_not_paid(state: State, present: str, expected: str) -> None:
    gift = replace(GIFT, status=GiftStatus(present))
    settlement = rules.settle(gift, Payment("pi_1", state, 10_000, "cny"), today=TODAY)
    assert settlement.status == expected
    assert settlement.entries == ()
    assert settlement.paid_at is None


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        (paid(), "paid"),
        (paid(REFUND), "refunded"),
        (paid(movement(Kind.REFUND, -1, source="re_2")), "partly_refunded"),
        (paid(REFUND, FAILURE), "paid"),
        (paid(DISPUTE, dispute=DisputeState.OPEN), "disputed"),
        (paid(DISPUTE, dispute=DisputeState.LOST), "charged_back"),
        (paid(DISPUTE, REVERSAL, dispute=DisputeState.WON), "paid"),
        (paid(REFUND, DISPUTE, dispute=DisputeState.OPEN), "disputed"),
    ],
)
def test_the_movements_say_how_a_paid_gift_stands(payment: Payment, expected: str) -> None:
    settlement = rules.settle(GIFT, payment, today=TODAY)
    assert settlement.status == expected
    again = rules.settle(rules.after(GIFT, settlement), payment, today=TODAY)
    assert (again.status, again.fresh, again.entries) == (expected, (), ())


def test_each_fund_gets_its_part_and_the_general_fund_bears_the_fee() -> None:
    (entry,) = rules.settle(GIFT, paid(), today=TODAY).entries
    lines = {(account.gl, account.fund, amount) for account, amount in entry.lines}
    assert lines == {
        ("1009", "F0001", 6_667),
        ("410102", "F0001", -6_667),
        ("1009", "GEN", 3_333),
        ("410101", "GEN", -3_333),
        ("5401", "GEN", 320),
        ("1009", "GEN", -320),
    }
    assert (entry.source, entry.source_key, entry.effective_date) == ("stripe", CHARGE.txn_id, TODAY)


def test_a_refund_of_last_years_gift_goes_against_the_net_assets() -> None:
    late = replace(REFUND, at=AT + timedelta(days=60))
    entries = rules.settle(GIFT, paid(late), today=TODAY).entries
    assert {account.gl for account, _ in entries[1].lines} == {"3201", "1009"}


@given(st.permutations([CHARGE, REFUND, FAILURE, DISPUTE, REVERSAL]), st.data())
def test_the_order_of_the_movements_does_not_matter(movements: list[Movement], data: st.DataObject) -> None:
    gift = GIFT
    entries: list[Entry] = []
    while movements:
        some = data.draw(st.integers(1, len(movements)))
        # Whoever tells of a later movement tells of the charge as well: it is on the same payment.
        told = paid(*(m for m in movements[:some] if m is not CHARGE))
        settlement = rules.settle(gift, told, today=TODAY)
        entries += settlement.entries
        gift = rules.after(gift, settlement)
        movements = movements[some:]
    expected = rules.settle(GIFT, paid(REFUND, FAILURE, DISPUTE, REVERSAL), today=TODAY)
    assert gift.status == expected.status == GiftStatus.PAID
    assert {e.key: e.body_hash for e in entries} == {e.key: e.body_hash for e in expected.entries}


@pytest.mark.parametrize(
    ("gift", "payment", "problem"),
    [
        (GIFT, paid(), Problem.NONE),
        (None, paid(), Problem.UNIDENTIFIED),
        (GIFT, replace(paid(), amount_fen=9_999), Problem.AMOUNT),
        (GIFT, replace(paid(), movements=(replace(CHARGE, amount_fen=1),)), Problem.AMOUNT),
        (GIFT, replace(paid(), currency="usd"), Problem.CURRENCY),
        (GIFT, replace(paid(), movements=(replace(CHARGE, currency="hkd"),)), Problem.CURRENCY),
        (
            rules.after(GIFT, rules.settle(GIFT, paid(), today=TODAY)),
            replace(paid(), payment_intent_id="pi_2"),
            Problem.PAID_TWICE,
        ),
    ],
)
def test_money_that_cannot_be_the_gifts_has_a_reason(
    gift: Gift | None, payment: Payment, problem: Problem
) -> None:
    assert rules.problem_of(gift, payment) is problem


def test_a_checkout_that_was_given_up_says_nothing_of_another() -> None:
    assert rules.is_stale(GIFT, Payment("pi_2", State.EXPIRED))
    assert not rules.is_stale(GIFT, Payment("pi_2", State.SUCCEEDED))
    assert rules.is_stale(GIFT, Payment("", State.EXPIRED, session_id="cs_2"))
    assert not rules.is_stale(GIFT, Payment("", State.EXPIRED, session_id="cs_1"))
