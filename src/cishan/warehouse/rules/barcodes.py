"""Barcodes of goods as they are kept: those of the trade with a right check digit, own codes as they are."""

import re
from dataclasses import dataclass

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.warehouse.rules import codes

PIECES_LIMIT = 100_000
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z./_-]{2,63}")
_TRADE_LENGTHS = (8, 12, 13, 14)
"""EAN-8, UPC-A, EAN-13 and GTIN-14: digits alone of these lengths end in a check digit."""


@dataclass(frozen=True, slots=True, order=True)
class Barcode:
    """A code on goods or on their box, and for how many pieces it stands."""

    code: str
    quantity: int = 1

    def text(self) -> str:
        """Return how it is written in a sheet or a form."""
        return self.code if self.quantity == 1 else f"{self.code}×{self.quantity}"


def require_code(text: str, *, field: str = "barcodes") -> str:
    """Return a barcode as it is kept; raise Invalid for one that is mistyped or none at all."""
    found = codes.read(text)
    if found.gtin:
        return found.barcode
    typed = found.typed
    if not _PLAIN.fullmatch(typed):
        raise Invalid(
            N_("“{code}” is no barcode: 3 to 64 letters, digits, or one of . / _ -"),
            field=field,
            code=text[:80],
        )
    if typed.isascii() and typed.isdigit() and len(typed) in _TRADE_LENGTHS:
        raise Invalid(
            N_("The check digit of {code} is wrong: a digit was mistyped or misread."),
            field=field,
            code=typed,
        )
    return typed


def require_quantity(quantity: int, *, field: str = "barcodes") -> int:
    """Return for how many pieces a barcode stands; raise Invalid for what cannot be."""
    if not 1 <= quantity <= PIECES_LIMIT:
        raise Invalid(N_("Enter a whole number from 1 to {limit}."), field=field, limit=f"{PIECES_LIMIT:,}")
    return quantity


_WRITTEN = re.compile(r"(.+?)(?:\s*[×*]\s*([0-9]{1,7}))?")


def read(text: str, *, field: str = "barcodes") -> tuple[Barcode, ...]:
    """Read barcodes with their pieces, such as “6901234567892; 16901234567899×12”; in order of codes."""
    found: dict[str, int] = {}
    for part in re.split(r"[;；,，、\n]", text):
        if not part.strip():
            continue
        match = _WRITTEN.fullmatch(part.strip())
        assert match is not None
        code = require_code(match[1], field=field)
        if code in found:
            raise Invalid(N_("The barcode {code} stands there twice."), field=field, code=code)
        found[code] = require_quantity(int(match[2] or 1), field=field)
    return tuple(sorted(Barcode(code, quantity) for code, quantity in found.items()))


def write(several: tuple[Barcode, ...]) -> str:
    """Return barcodes as `read` reads them."""
    return "; ".join(one.text() for one in several)
