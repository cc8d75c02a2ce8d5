from datetime import date
from typing import Any

import pytest

from cishan.kernel.errors import Invalid
from cishan.ledger import rules
from cishan.ledger.rules import AccountRef, Entry, Kind, Line
from tests.ledger.books import DAY, FUND, a_gift

CAUSE: dict[str, Any] = {"source": "stripe", "source_key": "txn_9", "effective_date": DAY}


def lines_of(entry: Entry) -> list[tuple[str, str, int]]:
    return [(line.account.gl, line.account.fund, line.amount) for line in entry.lines]


def test_a_gift_is_income_in_full_and_the_general_fund_bears_the_fee() -> None:
    assert lines_of(a_gift(gross=10_000, fee=60)) == [
        ("1009", FUND, 10_000),
        ("410102", FUND, -10_000),
        ("5401", "GEN", 60),
        ("1009", "GEN", -60),
    ]


def test_a_gift_without_a_fee_has_two_lines() -> None:
    assert lines_of(a_gift(fee=0)) == [("1009", FUND, 10_000), ("410102", FUND, -10_000)]


def test_a_gift_to_the_general_fund_is_unrestricted_income() -> None:
    assert lines_of(a_gift(fund="GEN", fee=0))[1] == ("410101", "GEN", -10_000)


def test_money_for_a_named_person_is_a_liability_and_no_income() -> None:
    assert lines_of(a_gift(fund="A-AGENT", fee=0))[1] == ("2601", "A-AGENT", -10_000)


def test_a_refund_of_an_earlier_year_goes_against_net_assets() -> None:
    this_year = rules.refund(**CAUSE, fund=FUND, amount_fen=300)
    earlier = rules.refund(**CAUSE, fund=FUND, amount_fen=300, earlier_year=True)
    assert lines_of(this_year) == [("410102", FUND, 300), ("1009", FUND, -300)]
    assert lines_of(earlier) == [("3201", FUND, 300), ("1009", FUND, -300)]


def test_a_dispute_burdens_the_general_fund_alone() -> None:
    entry = rules.dispute_withdrawn(**CAUSE, amount_fen=10_000, fee_fen=1_500)
    assert lines_of(entry) == [
        ("1122", "GEN", 10_000),
        ("1009", "GEN", -10_000),
        ("5401", "GEN", 1_500),
        ("1009", "GEN", -1_500),
    ]


def test_a_payout_moves_each_fund_by_its_own_sum_and_skips_the_empty_ones() -> None:
    entry = rules.payout(**CAUSE, parts={FUND: 9_000, "GEN": -54, "C-1": 0})
    assert lines_of(entry) == [
        ("1002", FUND, 9_000),
        ("1009", FUND, -9_000),
        ("1002", "GEN", -54),
        ("1009", "GEN", 54),
    ]


def test_goods_are_booked_by_value_and_by_number() -> None:
    entry = rules.goods_received(
        **CAUSE, fund="F-NDXD", stock_code="coat", lot="L1", quantity=20, value_fen=400_000
    )
    assert [
        (line.account.gl, line.account.unit, line.account.counterparty, line.amount) for line in entry.lines
    ] == [
        ("1201", "CNY", "L1", 400_000),
        ("410102", "CNY", "", -400_000),
        ("1201", "SKU:coat", "L1", 20),
        ("410102", "SKU:coat", "", -20),
    ]


def test_closing_a_year_sends_bound_income_to_3102_and_costs_to_3101() -> None:
    entry = rules.close_year(
        **CAUSE,
        balances={
            AccountRef("410102", FUND): -10_000,
            AccountRef("5101", FUND): 4_000,
            AccountRef("4201", FUND): 0,
        },
    )
    assert lines_of(entry) == [
        ("410102", FUND, 10_000),
        ("3102", FUND, -10_000),
        ("5101", FUND, -4_000),
        ("3101", FUND, 4_000),
    ]


def test_money_may_leave_suspense_only_to_where_it_belongs() -> None:
    assert lines_of(rules.identified(**CAUSE, fund=FUND, amount_fen=70)) == [
        ("2209", "GEN", 70),
        ("1009", "GEN", -70),
        ("1009", FUND, 70),
        ("410102", FUND, -70),
    ]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([("1009", "GEN", 5)], "at least two lines"),
        ([("1009", "GEN", 5), ("410101", "GEN", -4)], "fund GEN is off by 1 CNY"),
        ([("1009", "GEN", 5), ("410102", FUND, -5)], "does not balance"),
        ([("1009", "GEN", 0), ("410101", "GEN", 0)], "amount 0"),
        ([("1009", "GEN", 10**15 + 1), ("410101", "GEN", -(10**15) - 1)], "cannot be booked"),
        ([("1009", "GEN", True), ("410101", "GEN", -1)], "cannot be booked"),
        ([("1009", "GEN", 1), ("410101", "GEN", -1)] * 501, "at most a thousand"),
    ],
)
def test_an_unsound_entry_cannot_be_built(lines: list[tuple[str, str, int]], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        Entry(
            Kind.MANUAL,
            DAY,
            "test",
            "1",
            tuple(Line(AccountRef(gl, fund), amount) for gl, fund, amount in lines),
        )


def test_units_balance_each_by_itself() -> None:
    mixed = (Line(AccountRef("1201", FUND, "SKU:coat"), 5), Line(AccountRef("410102", FUND, "CNY"), -5))
    with pytest.raises(Invalid, match="does not balance"):
        Entry(Kind.MANUAL, DAY, "test", "1", mixed)


def test_the_hash_of_a_body_forgets_the_order_of_lines_and_the_memo_and_nothing_else() -> None:
    entry = a_gift()
    twin = Entry(entry.kind, DAY, "other", "key", entry.lines[::-1], "words")
    assert twin.body_hash == entry.body_hash
    changed = [
        a_gift(gross=10_001),
        a_gift(fee=61),
        a_gift(fund="C-1"),
        a_gift(day=date(2026, 11, 23)),
        Entry(Kind.MANUAL, DAY, "stripe", "txn_1", entry.lines),
    ]
    assert entry.body_hash not in {other.body_hash for other in changed}


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_no_gift(amount: int) -> None:
    with pytest.raises(Invalid, match="more than zero"):
        a_gift(gross=amount)
