"""Amounts as people type them, and splits that lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel import money
from cishan.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("50", 5000),
        ("¥1,234.5", 123450),
        ("１２元", 1200),
        (" 88.80 ", 8880),
        ("0.01", 1),
        ("10 000", 1_000_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, fen: int) -> None:
    assert money.parse_yuan(typed) == fen


@pytest.mark.parametrize(
    "typed", ["", "-5", "1.234", "1e5", "NaN", "五十", "1..2", "٣", "9" * 13, "0x10", "+5"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        money.parse_yuan(typed)


@given(st.integers(0, 10**15))
def test_what_is_shown_in_yuan_reads_back_as_the_same_fen(amount_fen: int) -> None:
    if amount_fen < 10**14:
        assert money.parse_yuan(f"{money.yuan(amount_fen):.2f}") == amount_fen


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_shares_sum_to_the_whole_and_are_fair_to_one_fen(amount_fen: int, weights: list[int]) -> None:
    parts = money.share(amount_fen, weights)
    assert sum(parts) == amount_fen
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount_fen * weight) < sum(weights)
