"""Many bins at once by the first and the last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel.errors import Invalid
from cishan.warehouse.rules import bin_patterns

ROWS = st.tuples(st.sampled_from("ABCDEFGHIJ"), st.sampled_from("ABCDEFGHIJ")).map(sorted)
NUMBERS = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(sorted)


def test_the_rightmost_part_runs_fastest() -> None:
    assert bin_patterns.expand("A-01-09", "B-01-11") == [
        *("A-01-09", "A-01-10", "A-01-11"),
        *("B-01-09", "B-01-10", "B-01-11"),
    ]
    assert bin_patterns.expand(" a-01 ") == ["A-01"]


@given(ROWS, NUMBERS, NUMBERS)
def test_every_place_is_named_once_in_order(rows: list[str], racks: list[int], levels: list[int]) -> None:
    first = f"{rows[0]}-{racks[0]:02}-{levels[0]:02}"
    last = f"{rows[1]}-{racks[1]:02}-{levels[1]:02}"
    count = (ord(rows[1]) - ord(rows[0]) + 1) * (racks[1] - racks[0] + 1) * (levels[1] - levels[0] + 1)
    if count > bin_patterns.LIMIT:
        with pytest.raises(Invalid, match="more than"):
            bin_patterns.expand(first, last)
        return
    found = bin_patterns.expand(first, last)
    assert (len(found), found[0], found[-1]) == (count, first, last)
    assert found == sorted(set(found))


@given(st.text(max_size=25), st.text(max_size=25))
def test_whatever_is_typed_is_bins_or_a_message(first: str, last: str) -> None:
    try:
        found = bin_patterns.expand(first, last)
    except Invalid as refused:
        assert refused.field in {"first", "last"}
    else:
        assert 1 <= len(found) <= bin_patterns.LIMIT
        assert all(code == code.upper() and len(code) <= bin_patterns.LONGEST for code in found)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("", "", "first"),
        ("A_01", "", "first"),
        ("A-01", "A-1-02", "last"),
        ("A-01", "A-002", "last"),
        ("A-05", "A-04", "last"),
        ("AA-01", "AC-01", "last"),
        ("A-0001", "A-9999", "last"),
        ("A01-01", "", "first"),
    ],
)
def test_what_cannot_be_counted_is_told_beside_its_field(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        bin_patterns.expand(first, last)
    assert refused.value.field == field
