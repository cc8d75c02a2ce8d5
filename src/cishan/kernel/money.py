"""Amounts of money: whole 分 in an int, and the ways people write them."""

import re
import unicodedata
from decimal import Decimal

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

FEN_PER_YUAN = 100
_AMOUNT = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")


def parse_yuan(text: str) -> int:
    """Return the 分 of an amount typed in yuan ("¥1,234.5", "１２元"); raise Invalid if it is none."""
    folded = unicodedata.normalize("NFKC", text).strip()
    folded = folded.removeprefix("¥").removeprefix("￥").removesuffix("元")
    folded = folded.replace(",", "").replace(" ", "")
    match = _AMOUNT.fullmatch(folded)
    if match is None or not folded.isascii():
        raise Invalid(N_("Enter an amount in yuan, for example 50 or 88.80."))
    yuan, cents = match.groups()
    return int(yuan) * FEN_PER_YUAN + int((cents or "").ljust(2, "0"))


def yuan(amount_fen: int) -> Decimal:
    """Return the amount in yuan, exact, with two places."""
    return Decimal(amount_fen).scaleb(-2)


def share(amount_fen: int, weights: list[int]) -> list[int]:
    """Split an amount by whole weights so that the parts sum to it; the largest remainders get the odd 分."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    parts = [amount_fen * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount_fen * weights[i] % total), i))
    for index in by_remainder[: amount_fen - sum(parts)]:
        parts[index] += 1
    return parts
