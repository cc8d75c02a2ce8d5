"""Whole numbers are read however people write them, and nothing else is."""

import pytest

from cishan.kernel.errors import Invalid
from cishan.kernel.numbers import whole_number


@pytest.mark.parametrize(
    "typed", ["1200", " 1200 ", "1,200", "1 200", "１２００", "１，２００", "1，200", "01200"]
)
def test_a_whole_number_is_read_however_it_is_written(typed: str) -> None:
    assert whole_number(typed) == whole_number(typed, limit=1200) == 1200


@pytest.mark.parametrize("typed", ["", " ", ",", "-1", "+1", "1.5", "1e3", "二", "٣", "1_000", "1" * 10])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match=r"^Enter a whole number\.$"):
        whole_number(typed)
    with pytest.raises(Invalid, match="from 1 to"):
        whole_number(typed, limit=1_000_000_000)


def test_its_limits_are_told_in_the_message() -> None:
    assert whole_number("0", limit=5, least=0) == 0
    assert whole_number("5", limit=5) == 5
    with pytest.raises(Invalid) as refused:
        whole_number("0", limit=2000)
    assert (refused.value.message, refused.value.values) == (
        "Enter a whole number from 1 to {limit}.",
        {"limit": "2,000"},
    )
    with pytest.raises(Invalid) as refused:
        whole_number("6", limit=5, least=0)
    assert (refused.value.message, refused.value.values) == (
        "Enter a whole number from 0 to {limit}.",
        {"limit": "5"},
    )
