"""Barcodes: check digits, what is kept, and what is told of a mistyped one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from cishan.kernel.errors import Invalid
from cishan.warehouse.rules import barcodes
from cishan.warehouse.rules.barcodes import Barcode

DIGITS = st.text("0123456789", min_size=12, max_size=12).filter(lambda digits: digits.strip("0"))


@given(DIGITS)
def test_every_ean_with_its_check_digit_is_kept(digits: str) -> None:
    whole = digits + ean.calc_check_digit(digits)
    assert barcodes.require_code(whole) == whole


@given(DIGITS, st.integers(0, 12), st.integers(1, 9))
def test_one_mistyped_digit_never_passes(digits: str, place: int, by: int) -> None:
    whole = digits + ean.calc_check_digit(digits)
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    if wrong.strip("0"):
        with pytest.raises(Invalid, match="check digit"):
            barcodes.require_code(wrong)


def test_a_upc_and_its_ean_are_one_barcode() -> None:
    assert barcodes.require_code("036000291452") == "0036000291452"
    assert barcodes.require_code("0036000291452") == "0036000291452"
    assert barcodes.require_code("6901234 567892") == "6901234567892"


@pytest.mark.parametrize("text", ["DZ-0001", "a/b.c_d", "12345", "123456789"])
def test_own_codes_are_kept_as_they_are(text: str) -> None:
    assert barcodes.require_code(text) == text


@pytest.mark.parametrize("text", ["", "ab", "大米", "a" * 65, "<script>", "6901234567893", "96385075"])
def test_what_is_no_barcode_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        barcodes.require_code(text)
    assert refused.value.field == "barcodes"


CODES = st.dictionaries(
    st.from_regex(r"[A-Z]{3}[0-9]{3}", fullmatch=True), st.integers(1, 100_000), max_size=8
)


@given(CODES)
def test_what_is_written_is_read_back(several: dict[str, int]) -> None:
    kept = tuple(sorted(Barcode(code, quantity) for code, quantity in several.items()))
    assert barcodes.read(barcodes.write(kept)) == kept


def test_pieces_stand_behind_a_cross_and_nothing_stands_twice() -> None:
    assert barcodes.read("6901234567892；ABC-1 × 12\n") == (Barcode("6901234567892"), Barcode("ABC-1", 12))
    with pytest.raises(Invalid, match="twice"):
        barcodes.read("036000291452; 0036000291452")
    with pytest.raises(Invalid, match="whole number"):
        barcodes.read("ABC-1×0")
