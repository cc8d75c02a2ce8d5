"""Many bins at once: every code from one such as A-01-01 to one such as C-04-06, in the order of walking."""

import re
from itertools import product

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

LIMIT = 500
"""Bins that one form makes."""
STEP = 10
"""Between two bins in walking order, so that a later one fits between."""
LONGEST = 19
_PART = re.compile(r"[A-Z]+|[0-9]+")


def _read(text: str, field: str) -> list[str]:
    code = text.strip().upper()
    parts = code.split("-")
    if not code or len(code) > LONGEST or not all(_PART.fullmatch(part) for part in parts):
        raise Invalid(N_("Write a bin such as A-01-01: letters or digits, parted by dashes."), field=field)
    return parts


def _span(first: str, last: str) -> list[str]:
    """Return what one part runs through."""
    if first == last:
        return [first]
    if first.isdigit() and last.isdigit() and len(first) == len(last) and first < last:
        low, high = int(first), int(last)
        return [f"{n:0{len(first)}}" for n in range(low, min(high, low + LIMIT) + 1)]
    if first.isalpha() and last.isalpha() and len(first) == len(last) == 1 and first < last:
        return [chr(n) for n in range(ord(first), ord(last) + 1)]
    raise Invalid(
        N_("From {first} to {last} cannot be counted: same number of digits, or one letter, and upwards."),
        field="last",
        first=first,
        last=last,
    )


def expand(first: str, last: str = "") -> list[str]:
    """Return every bin from the first to the last, the rightmost part running fastest; alone, the first."""
    low = _read(first, "first")
    high = _read(last, "last") if last.strip() else low
    if len(low) != len(high):
        raise Invalid(N_("The first and the last bin must have the same number of parts."), field="last")
    spans = [_span(a, b) for a, b in zip(low, high, strict=True)]
    count = 1
    for span in spans:
        count *= len(span)
    if count > LIMIT:
        raise Invalid(N_("These are more than {limit} bins at once."), field="last", limit=LIMIT)
    return ["-".join(parts) for parts in product(*spans)]
