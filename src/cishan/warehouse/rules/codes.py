"""What a scanned or typed text is: a number of ours, a code on a bin, goods or a label, or a maker's barcode.

A phone's camera, a scanner that acts as a keyboard, and fingers all end here. What a keyboard made of a code
(full-width forms, odd dashes, spaces, small letters, the scanner's Enter) is undone; what remains may still
be of several kinds, and whoever looks it up tries them in the order of `Code.kinds`.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from stdnum.iso7064 import mod_37_36

TEXT_LIMIT = 300
"""Characters; more than any code of goods holds."""


class Kind(StrEnum):
    """Codes that the warehouse knows from the start. Nouns with numbers of their own add theirs."""

    LABEL = "label"
    """Printed ahead, stuck on first, bound later."""
    LOT = "lot"
    BIN = "bin"
    ITEM = "item"
    BARCODE = "barcode"
    """Of the maker: EAN, UPC, GTIN, or whatever stands on the box."""


@dataclass(frozen=True, slots=True)
class Code:
    """A text understood. `kinds` is empty when it is nothing that we could know."""

    typed: str
    """Without spaces, in the letters as they came: the maker's own codes tell small from capital."""
    text: str
    """In capitals, without spaces."""
    number: str
    """The same as our numbers are written: with the dash that somebody left out."""
    kinds: tuple[str, ...]
    """What it may be, the likeliest first."""
    gtin: str = ""
    """The 14 digits of a trade item, if it is one."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return the ways in which this barcode may have been written down, each once."""
        found = [self.typed, self.text]
        if self.gtin:
            zeros = len(self.gtin) - len(self.gtin.lstrip("0"))
            found += [self.gtin[14 - length :] for length in (14, 13, 12, 8) if zeros >= 14 - length]
        return tuple(dict.fromkeys(found))

    @property
    def is_of_maker(self) -> bool:
        """Whether it may be a barcode that somebody else printed."""
        return bool(self.gtin) or self.kinds == (Kind.BARCODE,)

    @property
    def barcode(self) -> str:
        """Return how the barcode is to be kept: a trade item's with 13 digits, where it has no more."""
        if not self.gtin:
            return self.typed
        return self.gtin[1:] if self.gtin.startswith("0") else self.gtin


_numbers: dict[str, re.Pattern[str]] = {}
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of labels: without those that people mistake for another."""
_LABEL = re.compile(rf"Q[{_LETTERS}]{{7}}[0-9A-Z]")
_PLACE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,39}")
_ITEM = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")
_BARCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z./_-]{2,63}")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－ー"), "-")
_GAPS = re.compile(r"[^\S\x1d]+")
_UNDASHED = re.compile(r"([A-Z]{1,3}[0-9]{6})([0-9A-Z]{4,6})")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
"""What some scanners put before a code to say how it was drawn (ISO/IEC 15424)."""
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
"""Fields of GS1 codes that have no end mark, and their lengths (GS1 General Specifications 3)."""
_VARIABLE = ("10", "21", "30", "37")


def register(kind: str, pattern: str) -> None:
    """Let numbers of this form be of a kind: whole numbers, in capitals and with their dash."""
    _numbers[kind] = re.compile(pattern)


register(Kind.LOT, r"L[0-9]{6}-[0-9A-Z]{5}")


def read(scanned: str) -> Code:
    """Say what a text may be. Nothing that anybody scans is an error."""
    typed = _plain(scanned[: TEXT_LIMIT + 1])
    if not typed.isascii() or not typed or len(typed) > TEXT_LIMIT:
        return Code("", "", "", ())
    gtin = _gs1(typed)
    if "://" in typed:
        typed, gtin = _from_address(typed)
    typed = _SYMBOLOGY.sub("", typed, count=1) if typed.startswith("]") else typed
    typed = typed.replace("\x1d", "")
    gtin = gtin or _gtin(typed)
    text = typed.upper()
    dashed = _UNDASHED.fullmatch(text)
    number = f"{dashed[1]}-{dashed[2]}" if dashed else text
    return Code(typed, text, number, tuple(_kinds(typed, text, number, gtin)), gtin)


def _plain(scanned: str) -> str:
    """Return the text without what keyboards, scanners and paper add to it."""
    text = unicodedata.normalize("NFKC", scanned).translate(_DASHES if "/" not in scanned else {})
    kept = "".join(c for c in text if c == "\x1d" or c.isspace() or unicodedata.category(c)[0] != "C")
    return _GAPS.sub("", kept)


def _kinds(typed: str, text: str, number: str, gtin: str) -> list[str]:
    found: list[str] = [kind for kind, pattern in _numbers.items() if pattern.fullmatch(number)]
    if is_label(text):
        found.append(Kind.LABEL)
    if gtin:
        found.append(Kind.BARCODE)
    if _PLACE.fullmatch(text):
        found.append(Kind.BIN)
    if _ITEM.fullmatch(text):
        found.append(Kind.ITEM)
    if not gtin and _BARCODE.fullmatch(typed):
        found.append(Kind.BARCODE)
    return found


def _from_address(address: str) -> tuple[str, str]:
    """Return the code and the trade item in an address: of our labels, whatever host they were printed with,
    or of a GS1 Digital Link.
    """
    try:
        parts = [unquote(part) for part in urlsplit(address).path.split("/") if part]
    except ValueError:
        return "", ""
    for name, value in pairwise(parts):
        if name == "01" and (gtin := _gtin(value)):
            return gtin, gtin
    if len(parts) >= 2 and parts[-2].lower() == "s":
        return _plain(parts[-1]), ""
    return "", ""


def _gs1(text: str) -> str:
    """Return the trade item of a GS1 code that says more than that, as in `(01)…(17)…` or with end marks."""
    text = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    if text.startswith("("):
        named = re.match(r"(?:\([0-9]{2,4}\)[^()]+)*?\(0[12]\)([0-9]{14})(?:\(|$)", text)
        return _gtin(named[1]) if named else ""
    text = text.lstrip("\x1d")
    while len(text) > 16 or text.startswith(("01", "02")):
        field, rest = text[:2], text[2:]
        if field in ("01", "02"):
            return _gtin(rest[:14]) if len(rest) >= 14 else ""
        if field in _FIXED:
            text = rest[_FIXED[field] :].lstrip("\x1d")
        elif field in _VARIABLE and "\x1d" in rest:
            text = rest.partition("\x1d")[2]
        else:
            return ""
    return ""


def _gtin(digits: str) -> str:
    """Return the 14 digits of an EAN-8, UPC-A, EAN-13 or GTIN-14, or of a UPC-E; empty if it is none."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14)) or not digits.strip(
        "0"
    ):
        return ""
    if is_checked(digits):
        return digits.zfill(14)
    if len(digits) == 8 and digits[0] in "01" and is_checked(wide := _widened(digits)):
        return wide.zfill(14)
    return ""


def is_checked(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (GS1, modulo 10)."""
    weighed = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(digits)))
    return weighed % 10 == 0


def _widened(short: str) -> str:
    """Return the UPC-A of a UPC-E, whose zeros are left out by the rule that its last digit but one names."""
    system, d, rule, check = short[0], short[1:6], short[6], short[7]
    match rule:
        case "0" | "1" | "2":
            middle = d[:2] + rule + "0000" + d[2:]
        case "3":
            middle = d[:3] + "00000" + d[3:]
        case "4":
            middle = d[:4] + "00000" + d[4]
        case _:
            middle = d + "0000" + rule
    return system + middle + check


def new_label() -> str:
    """Return a code for a label that is bound later: nine characters, the last of which checks the others."""
    body = "Q" + "".join(secrets.choice(_LETTERS) for _ in range(7))
    return body + str(mod_37_36.calc_check_digit(body))


def is_label(text: str) -> bool:
    """Tell whether a text is the code of such a label, with no character mistyped."""
    return _LABEL.fullmatch(text) is not None and bool(mod_37_36.is_valid(text))
