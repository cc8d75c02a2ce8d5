"""What a scanned text is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.warehouse.rules import codes
from cishan.warehouse.rules.codes import Kind

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
lots = st.from_regex(r"L[0-9]{6}-[0-9A-Z]{5}", fullmatch=True).filter(str.isascii)
places = st.from_regex(r"[A-Z0-9]{1,4}(-[A-Z0-9]{1,4}){1,4}", fullmatch=True).filter(str.isascii)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


@st.composite
def gtins(draw: st.DrawFn) -> str:
    body = draw(st.sampled_from([7, 11, 12, 13]).flatmap(digits))
    check = next(d for d in "0123456789" if codes.is_checked(body + d))
    return body + check


@st.composite
def spoiled(draw: st.DrawFn, of: st.SearchStrategy[str]) -> tuple[str, str]:
    """A code, and what keyboards, scanners and paper make of it."""
    code = draw(of)
    text = code
    if draw(st.booleans()):
        text = text.lower()
    if draw(st.booleans()):
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if draw(st.booleans()):
        text = re.sub("[-－]", draw(st.sampled_from("—–−‐－")), text)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from([" ", "  ", "\u3000", "\xa0"])) + text[at:]
    before = draw(st.sampled_from(["", " ", "\ufeff", "\t"]))
    after = draw(st.sampled_from(["", "\r", "\n", "\r\n", "\t", " \u200b"]))
    return code, before + text + after


@given(st.text(max_size=400))
def test_no_text_that_anybody_scans_is_an_error(text: str) -> None:
    code = codes.read(text)
    assert len(code.text) <= codes.TEXT_LIMIT
    assert len(set(code.kinds)) == len(code.kinds)
    assert not code.kinds or code.text.isascii()


@given(spoiled(lots))
def test_a_lot_is_known_whatever_the_keyboard_made_of_it(both: tuple[str, str]) -> None:
    number, scanned = both
    code = codes.read(scanned)
    assert code.number == number
    assert code.kinds[0] == Kind.LOT


@given(spoiled(places))
def test_the_code_of_a_bin_is_known_whatever_the_keyboard_made_of_it(both: tuple[str, str]) -> None:
    place, scanned = both
    code = codes.read(scanned)
    assert code.text == place
    assert Kind.BIN in code.kinds


@given(lots, st.sampled_from(["https://give.example.org", "http://127.0.0.1:8000", "HTTPS://OLD.EXAMPLE.CN"]))
def test_our_address_on_a_label_is_its_code_whichever_host_it_was_printed_with(lot: str, base: str) -> None:
    assert codes.read(f"{base}/s/{lot}") == codes.read(lot)
    assert codes.read(f"{base}/S/{lot.lower()}?from=camera\r\n") == codes.read(lot.lower())


@given(gtins())
def test_a_barcode_is_found_in_every_spelling_of_its_number(digits: str) -> None:
    if not digits.strip("0"):
        return
    code = codes.read(digits)
    assert code.gtin == digits.zfill(14)
    assert code.kinds[0] == Kind.BARCODE
    assert digits in code.spellings
    for spelling in code.spellings:
        assert codes.read(spelling).gtin == code.gtin
    assert code.barcode in code.spellings


@given(gtins(), st.integers(0, 7), st.integers(1, 9))
def test_a_barcode_with_a_wrong_digit_is_no_trade_item(digits: str, place: int, more: int) -> None:
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    if len(digits) == 8 and digits[0] in "01":
        return  # eight digits may be a UPC-E by chance
    code = codes.read(wrong)
    assert code.gtin in ("", wrong.zfill(14) if codes.is_checked(wrong) else "")
    assert not codes.is_checked(wrong)


@pytest.mark.parametrize(
    ("scanned", "gtin"),
    [
        ("6901234567892", "06901234567892"),
        ("036000291452", "00036000291452"),
        ("04252614", "00042100005264"),
        ("96385074", "00000096385074"),
        ("]E06901234567892", "06901234567892"),
        ("(01)06901234567892(17)261231(10)ABC", "06901234567892"),
        ("(10)A1(01)06901234567892", "06901234567892"),
        ("]C10106901234567892172612311012A", "06901234567892"),
        ("\x1d0106901234567892\x1d10AB", "06901234567892"),
        ("10AB-1\x1d0106901234567892", "06901234567892"),
        ("https://id.gs1.example/01/06901234567892/10/AB?17=261231", "06901234567892"),
    ],
)
def test_codes_of_the_trade_lead_to_their_item(scanned: str, gtin: str) -> None:
    assert codes.read(scanned).gtin == gtin
    assert Kind.BARCODE in codes.read(scanned).kinds


@pytest.mark.parametrize(
    "scanned",
    ["", "  \r\n", "大米", "https://example.com/campaigns/x", "http://[", "A" * 301, "<script>", "a b?c"],
)
def test_what_no_label_of_ours_holds_is_unknown(scanned: str) -> None:
    assert codes.read(scanned).kinds == ()


def test_the_maker_tells_small_letters_from_capitals() -> None:
    code = codes.read("Box.a/1")
    assert code.kinds == (Kind.BARCODE,)
    assert code.spellings == ("Box.a/1", "BOX.A/1")
    assert code.barcode == "Box.a/1"


def test_a_dash_that_was_left_out_is_put_in() -> None:
    assert codes.read("l2611220001a").number == "L261122-0001A"
    assert codes.read("l2611220001a").kinds[0] == Kind.LOT


def test_a_noun_adds_numbers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_numbers", dict(codes._numbers))
    assert codes.read("ZZ261122-0001A").kinds == (Kind.BIN, Kind.ITEM, Kind.BARCODE)
    codes.register("journey", r"ZZ[0-9]{6}-[0-9A-Z]{5}")
    assert codes.read("zz2611220001a").kinds[0] == "journey"


@given(st.integers(0, 8), st.sampled_from(LETTERS + "0123456789"))
def test_a_label_with_a_mistyped_character_is_no_label(place: int, letter: str) -> None:
    label = codes.new_label()
    assert codes.read(label.lower()).kinds[0] == Kind.LABEL
    wrong = label[:place] + letter + label[place + 1 :]
    assert codes.is_label(wrong) == (wrong == label)
