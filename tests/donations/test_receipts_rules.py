"""Amounts in words, what a gift's receipts must sum to, and what is typed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.donations.rules import receipts as rules
from cishan.donations.rules.receipts import Correction, Moved, SheetLine, Written
from cishan.kernel.errors import Invalid

AT = datetime(2026, 11, 22, tzinfo=UTC)
DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("amount_fen", "words"),
    [
        (1, "人民币壹分"),
        (10, "人民币壹角"),
        (100, "人民币壹元整"),
        (105, "人民币壹元零伍分"),
        (1_000, "人民币壹拾元整"),
        (100_010, "人民币壹仟元壹角"),
        (100_500, "人民币壹仟零伍元整"),
        (1_005_005, "人民币壹万零伍拾元零伍分"),
        (1_234_567, "人民币壹万贰仟叁佰肆拾伍元陆角柒分"),
        (10_000_000, "人民币壹拾万元整"),
        (10_000_000_000, "人民币壹亿元整"),
        (10_001_000_101, "人民币壹亿零壹万零壹元零壹分"),
        (-2_000, "人民币（负数）贰拾元整"),
    ],
)
def test_an_amount_is_written_in_the_figures_of_vouchers(amount_fen: int, words: str) -> None:
    assert rules.amount_words(amount_fen) == words


def _whole(words: str) -> int:
    """Read a whole number in the figures of vouchers."""
    for name, size in (("亿", 10**8), ("万", 10**4)):
        if name in words:
            high, low = words.rsplit(name, 1)
            return _whole(high) * size + _whole(low)
    total = digit = 0
    for character in words:
        if character in UNITS:
            total, digit = total + digit * UNITS[character], 0
        else:
            digit = DIGITS.index(character)
    return total + digit


def _read(words: str) -> int:
    """Read an amount in words back, by rules of our own."""
    found = re.fullmatch(r"人民币(?:(.+)元)?(整)?零?(?:(.)角)?零?(?:(.)分)?", words)
    assert found is not None, words
    yuan, whole, jiao, fen = found.groups()
    assert bool(whole) == (not jiao and not fen)
    return (
        _whole(yuan or "") * 100
        + (DIGITS.index(jiao) if jiao else 0) * 10
        + (DIGITS.index(fen) if fen else 0)
    )


@given(st.integers(min_value=1, max_value=10**13))
def test_words_say_exactly_the_amount(amount_fen: int) -> None:
    assert _read(rules.amount_words(amount_fen)) == amount_fen


def _moved(*amounts: int) -> list[Moved]:
    return [Moved(f"txn_{n}", a, AT + timedelta(minutes=n)) for n, a in enumerate(amounts, 1)]


def test_each_refund_has_its_own_red_receipt() -> None:
    due = rules.corrections(10_000, _moved(-3_000, -2_000), [Written(10_000, ())])
    assert due == [Correction(-3_000, ("txn_1",)), Correction(-2_000, ("txn_2",))]


def test_what_is_written_is_not_written_again() -> None:
    written = [Written(10_000, ()), Written(-3_000, ("txn_1",))]
    assert rules.corrections(10_000, _moved(-3_000), written) == []


def test_a_refund_that_failed_restores_the_receipt() -> None:
    written = [Written(10_000, ()), Written(-3_000, ("txn_1",))]
    assert rules.corrections(10_000, _moved(-3_000, 3_000), written) == [Correction(3_000, ("txn_2",))]


def test_a_refund_and_a_dispute_over_the_same_money_reverse_it_once() -> None:
    due = rules.corrections(10_000, _moved(-10_000, -10_000), [Written(10_000, ())])
    assert due == [Correction(-10_000, ("txn_1", "txn_2"))]


@given(st.integers(1, 10_000), st.lists(st.integers(-10_000, 10_000).filter(bool), max_size=6), st.randoms())
def test_whatever_becomes_known_when_receipts_sum_to_what_is_held(
    gift_fen: int,
    amounts: list[int],
    random: "st.Random",  # type: ignore[name-defined]
) -> None:
    moved = _moved(*amounts)
    told = random.sample(moved, len(moved))
    written = [Written(gift_fen, ())]
    for count in range(1, len(told) + 1):
        known = told[:count]
        written += [Written(c.amount_fen, c.covers) for c in rules.corrections(gift_fen, known, written)]
        assert sum(w.amount_fen for w in written) == rules.held_fen(gift_fen, known)
        assert 0 <= rules.held_fen(gift_fen, known) <= gift_fen
        assert rules.corrections(gift_fen, known, written) == []


def test_the_lines_of_a_correction_sum_to_it() -> None:
    lines = [SheetLine("A", "甲", "元", 1, 3_333, 3_333), SheetLine("B", "乙", "元", 1, 6_667, 6_667)]
    red = rules.corrected_lines(lines, -1_001)
    assert [(x.quantity, x.standard_fen, x.amount_fen) for x in red] == [(-1, 334, -334), (-1, 667, -667)]


@pytest.mark.parametrize("typed", ["91371400MA0000000Q", "91371400ma0000000q"])
def test_a_social_credit_code_is_read(typed: str) -> None:
    assert rules.require_uscc(typed) == "91371400MA0000000Q"


@pytest.mark.parametrize("typed", ["91371400MA0000000R", "9135", "<script>", "91371400MA0000000Q OR 1=1"])
def test_a_social_credit_code_with_a_wrong_check_digit_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="unified social credit code"):
        rules.require_uscc(typed)


def test_check_codes_differ_and_are_read_as_people_type_them() -> None:
    codes = {rules.new_check_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", code) for code in codes)
    assert rules.read_check_code(" 7k3f-9qxm ") == "7K3F9QXM"
