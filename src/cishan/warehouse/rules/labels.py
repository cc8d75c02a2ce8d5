"""Labels: what stands on them, on which paper, and how names are shortened so that nothing is cut off."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from cishan.kernel.text import N_

MOST = 480
"""Labels in one file: twenty sheets of the smallest."""
TITLE_UNITS = 44
FACT_UNITS = 40
"""Half widths of a Chinese character; what the smallest label holds in its smallest type."""
FACTS = 3
TAIL_UNITS = 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Format(StrEnum):
    """The paper."""

    SMALL = "a4-3x8"
    LARGE = "a4-2x5"
    ROLL = "roll-60x40"


class What(StrEnum):
    """Which labels to print."""

    CODES = "codes"
    BINS = "bins"
    FRESH = "fresh"
    """Of the lots that came in lately and wait to be shelved."""
    AHEAD = "ahead"
    """That stand for nothing yet."""


WHATS: dict[str, str] = {
    What.CODES: N_("Of the codes below"),
    What.BINS: N_("Of all bins of a site"),
    What.FRESH: N_("Of all lots in the receiving area of a site"),
    What.AHEAD: N_("Blank ones, bound later"),
}

FORMATS: dict[str, str] = {
    Format.SMALL: N_("A4 sheet, 24 labels of 70 × 37 mm"),
    Format.LARGE: N_("A4 sheet, 10 labels of 105 × 57 mm"),
    Format.ROLL: N_("Label printer, 60 × 40 mm"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """How labels lie on a page; millimetres."""

    page: tuple[int, int]
    columns: int
    rows: int
    width: float
    height: float
    top: float = 0
    """Above the first row; the last one has as much below it."""

    @property
    def places(self) -> int:
        """Return how many labels one page has."""
        return self.columns * self.rows


PAPERS: dict[Format, Paper] = {
    Format.SMALL: Paper((210, 297), 3, 8, 70, 37, 0.5),
    Format.LARGE: Paper((210, 297), 2, 5, 105, 57, 6),
    Format.ROLL: Paper((60, 40), 1, 1, 60, 40),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label: a code to scan, and the same for people."""

    code: str
    title: str
    facts: tuple[str, ...] = ()
    """Where, until when, how many: three at most."""
    marks: tuple[str, ...] = ()
    """What nobody may overlook: for whom the goods are meant."""


def shorten(text: str, units: int) -> str:
    """Return a text of at most so many half widths: its middle is left out, as the end tells sizes apart."""
    text = " ".join(text.split())
    if width(text) <= units:
        return text
    tail = _fitting(text[::-1], min(TAIL_UNITS, units // 3))[::-1].lstrip()
    return _fitting(text, units - 2 - width(tail)).rstrip() + "…" + tail


def width(text: str) -> int:
    """Return the width in halves of a Chinese character; what may be wide counts as wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" or c in "MW@%" else 1 for c in text)


def _fitting(text: str, units: int) -> str:
    kept, used = "", 0
    for character in text:
        used += width(character)
        if used > units:
            break
        kept += character
    return kept


def on_paper(label: Label) -> Label:
    """Return a label of which everything fits on the smallest paper."""
    return Label(
        code=label.code,
        title=shorten(label.title, TITLE_UNITS),
        facts=tuple(shorten(fact, FACT_UNITS) for fact in label.facts if fact.strip())[:FACTS],
        marks=(shorten("、".join(label.marks), FACT_UNITS),) if label.marks else (),
    )


def pages_of(labels: Sequence[Label], paper: Paper, *, start: int) -> list[list[Label | None]]:
    """Return what lies on each place of each page, the first label on place `start` (from 1) of the first."""
    places: list[Label | None] = [None] * (min(max(start, 1), paper.places) - 1)
    places += [on_paper(label) for label in labels]
    return [places[at : at + paper.places] for at in range(0, len(places), paper.places)]


def address_of(code: str, base: str) -> str:
    """Return what the QR code holds: our address of it, so that any camera opens it; the bare code where the
    site has no address that a phone could reach.
    """
    host = urlsplit(base).hostname or ""
    return code if host in LOOPBACK or not host else f"{base}/s/{code}"
