"""Ids sort by time, names are masked, the clock is China's."""

from datetime import UTC, date, datetime

import pytest

from cishan.kernel import clock, ids, masking
from cishan.kernel.text import clean, fold


def test_new_ids_are_version_7_and_sort_by_the_millisecond() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert {i.version for i in made} == {7}
    assert len(set(made)) == 1000
    stamps = [i.int >> 80 for i in made]
    assert stamps == sorted(stamps)


def test_a_token_is_stored_only_as_its_hash() -> None:
    token = ids.new_token()
    assert len(token) == 43
    assert ids.token_hash(token) == ids.token_hash(token) != ids.token_hash(ids.new_token())
    assert len(ids.token_hash(token)) == 32


@pytest.mark.parametrize(
    ("full", "masked"), [("张三", "张*"), ("欧阳小明", "欧**明"), ("李小明", "李*明"), ("王", "*"), ("", "")]
)
def test_a_name_keeps_as_little_as_the_rule_says(full: str, masked: str) -> None:
    assert masking.name(full) == masked


def test_numbers_and_addresses_are_masked() -> None:
    assert masking.phone("138 1234 8000") == "138****8000"
    assert masking.phone("12345") == "*****"
    assert masking.email("ada@example.org") == "a**@example.org"
    assert masking.email("nonsense") == "**"


def test_the_day_changes_at_midnight_in_china() -> None:
    with clock.fixed(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)):
        assert clock.today() == date(2027, 1, 1)
    with clock.fixed(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)):
        assert clock.today() == date(2026, 12, 31)


def test_text_is_folded_for_search_and_cleaned_for_keeping() -> None:
    assert fold("  ＡＢＣ　慈善 ") == "abc 慈善"
    assert clean("ab\x00c\u202e\nd ") == "abc\nd"
