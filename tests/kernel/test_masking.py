"""What is left of names, numbers and addresses when they are shown; what check digits refuse."""

import re
from datetime import date

import hypothesis.strategies as st
import pytest
from hypothesis import given
from stdnum import luhn
from stdnum.cn import ric

from cishan.kernel import masking, numbers
from cishan.kernel.errors import Invalid

TODAY = date(2026, 11, 22)
GOOD = "11010519491231002X"  # the example of GB 11643
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
DIGITS = st.text("0123456789", min_size=0, max_size=30)


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("张三", "张某"),
        ("欧阳小明", "欧阳某"),
        ("欧阳", "欧某"),
        ("Ada Example", "A*"),
        ("", ""),
        (" 李 四 ", "李某"),
    ],
)
def test_only_the_family_name_stays(full: str, shown: str) -> None:
    assert masking.family_name(full) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("山东省德州市德城区新湖街道东方红路12号3单元", "山东省德州市德城区新湖街道"),
        ("山东省德州市庆云县尚堂镇某某村7号", "山东省德州市庆云县尚堂镇"),
        ("德州市乐陵市郑店镇演示村1组", "德州市乐陵市郑店镇"),
        ("德城区幸福大街5号", "德城区"),
        ("德州市天衢新区宋官屯街道演示小区", "德州市天衢新区宋官屯街道"),
        ("内蒙古自治区锡林郭勒盟东乌珠穆沁旗某某苏木5号", "内蒙古自治区锡林郭勒盟东乌珠穆沁旗某某苏木"),
        ("山东省济南市市中区演示路1号", "山东省济南市市中区"),
        ("河南省南阳市镇平县演示乡一队", "河南省南阳市镇平县演示乡"),
        ("东方红路12号", ""),
        ("1 Example Road", ""),
    ],
)
def test_an_address_ends_at_the_town(address: str, shown: str) -> None:
    assert masking.to_town(address) == shown


@given(st.text(max_size=60))
def test_what_is_left_of_an_address_is_its_beginning_without_numbers(address: str) -> None:
    shown = masking.to_town(address)
    assert "".join(address.split()).startswith(shown)
    assert not re.search(r"[0-9]", shown)


@given(DIGITS)
def test_of_numbers_at_most_seven_digits_stay(digits: str) -> None:
    for mask in (masking.phone, masking.id_number, masking.bank_card):
        shown = re.sub(r"[^0-9]", "", mask(digits))
        assert len(shown) <= 7
        assert len(shown) < max(1, len(digits) * 4 // 5)


def test_numbers_are_masked_as_the_rule_says() -> None:
    assert masking.phone("+86 138 1234 8000") == "138****8000"
    assert masking.phone("0534-1234567") == "053****4567"
    assert masking.phone("12345678") == "****5678"
    assert masking.id_number(GOOD) == "1101**************"
    assert masking.id_number("123") == "***"
    assert masking.bank_card("6222 0000 0000 1234") == "**** 1234"
    assert masking.bank_card("1234") == "****"


@given(HAN)
def test_of_a_name_there_is_never_more_than_its_ends(full: str) -> None:
    masked = masking.name(full)
    assert len(masked) == len(full)
    assert len(masked.replace("*", "")) <= 2
    if len(full) > 1:
        assert "*" in masked
        assert masking.family_name(full).endswith("某")


@given(st.integers(1, 10_000_000))
def test_a_child_is_a_code(number: int) -> None:
    code = masking.child(number)
    assert masking.is_child_code(code)
    assert int(code.removeprefix("C-")) == number


def test_codes_of_children_begin_at_one() -> None:
    assert (masking.child(1), masking.child(12345)) == ("C-0001", "C-12345")
    assert not masking.is_child_code("C-001")
    with pytest.raises(ValueError, match="from 1"):
        masking.child(0)


def test_an_id_number_tells_the_day_of_birth() -> None:
    read = numbers.citizen_id(" 11010519491231002x ", today=TODAY)
    assert (read.number, read.region, read.born_on, read.is_male) == (
        GOOD,
        "110105",
        date(1949, 12, 31),
        False,
    )


@given(st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_of_an_id_number_is_noticed(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    if changed == GOOD:
        assert numbers.citizen_id(changed, today=TODAY).number == GOOD
    else:
        with pytest.raises(Invalid):
            numbers.citizen_id(changed, today=TODAY)


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999))
def test_every_well_made_id_number_is_read(born_on: date, serial: int) -> None:
    body = f"371402{born_on:%Y%m%d}{serial:03}"
    number = body + ric.calc_check_digit(body + "0")
    read = numbers.citizen_id(number, today=TODAY)
    assert (read.born_on, read.is_male) == (born_on, serial % 2 == 1)


@pytest.mark.parametrize(
    "text", ["", "371402", "37140220991231001X", "371402199002300011", "中" * 18, "x" * 18]
)
def test_what_is_no_id_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        numbers.citizen_id(text, today=TODAY)


@given(st.text(max_size=24))
def test_no_text_makes_the_checks_stumble(text: str) -> None:
    for check in (numbers.organisation_code, numbers.bank_card, lambda t: numbers.citizen_id(t, today=TODAY)):
        try:
            check(text)
        except Invalid:
            continue


def test_the_check_digits_of_organisations_and_cards() -> None:
    assert numbers.organisation_code("91110000600037341l") == "91110000600037341L"
    with pytest.raises(Invalid):
        numbers.organisation_code("91110000600037341M")
    card = "622200000000123" + luhn.calc_check_digit("622200000000123")
    assert numbers.bank_card(f"{card[:4]} {card[4:8]} {card[8:]}") == card
    with pytest.raises(Invalid):
        numbers.bank_card(card[:-1] + str((int(card[-1]) + 1) % 10))
