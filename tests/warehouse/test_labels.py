"""Labels: what is printed can be read back, by a scanner and by people, and never runs over its edge."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pypdf
import pypdfium2
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cishan.plumbing import qr
from cishan.warehouse.queries import label_sheets
from cishan.warehouse.rules import labels
from cishan.warehouse.rules.labels import PAPERS, Format, Label

AT = datetime(2026, 11, 22, tzinfo=UTC)
BASE = "https://give.example.org"
RICE = Label(
    code="L261122-0001A",
    title="东北长粒香大米 5kg",
    facts=("到期 2027-05-01", "A 级 · 200 袋"),
    marks=("限60岁以上老人", "限德州市"),
)
LONG = Label(
    code="W" * 40,
    title="W" * 200,
    facts=("加长款加厚保暖防寒服" * 10, "M" * 90, "仓" * 90, "第四行"),
    marks=("限未满18岁的未成年人" * 5,),
)


def pictures(pdf: bytes) -> Iterator[Image.Image]:
    """Every page as a printer of 300 dots an inch would draw it."""
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            yield page.render(scale=300 / 72).to_pil()


def scanned(pdf: bytes) -> list[list[str]]:
    """The codes on every page, in reading order."""
    found = []
    for picture in pictures(pdf):
        codes = zxingcpp.read_barcodes(picture)
        ordered = sorted(codes, key=lambda c: (round(c.position.top_left.y / 100), c.position.top_left.x))
        found.append([code.text for code in ordered])
    return found


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text().split()) for page in pages).replace("\u200b", "")


async def printed(several: Sequence[Label], paper: Format, start: int = 1, base: str = BASE) -> bytes:
    return await label_sheets.sheet(
        several, paper, start=start, base=base, author="某某慈善总会", written_at=AT
    )


@pytest.mark.parametrize("paper", Format)
async def test_a_label_is_read_by_scanners_and_by_people(paper: Format) -> None:
    pdf = await printed([RICE], paper)
    assert scanned(pdf) == [["https://give.example.org/s/L261122-0001A"]]
    words = text_of(pdf)
    for part in (
        "东北长粒香大米5kg",
        "到期2027-05-01",
        "A级·200袋",
        "限60岁以上老人、限德州市",
        "L261122-0001A",
    ):
        assert part in words
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    millimetres = tuple(
        round(float(edge) / 72 * 25.4) for edge in (page.mediabox.width, page.mediabox.height)
    )
    assert millimetres == PAPERS[paper].page


@pytest.mark.parametrize("paper", Format)
async def test_the_longest_words_stay_on_their_label(paper: Format) -> None:
    several = [LONG] * (PAPERS[paper].places + 1)
    pdf = await printed(several, paper)
    assert [len(page) for page in scanned(pdf)] == [PAPERS[paper].places, 1]
    short = labels.on_paper(LONG)
    words = text_of(pdf)
    for part in (short.title, *short.facts, *short.marks, short.code):
        assert words.count("".join(part.split())) == len(several)


async def test_a_sheet_that_was_begun_is_used_up(subtests: None = None) -> None:
    several = [Label(code=f"A-{n:02}", title=f"货位 {n}") for n in range(1, 21)]
    pdf = await printed(several, Format.SMALL, start=10)
    first, second = scanned(pdf)
    assert first == [f"{BASE}/s/A-{n:02}" for n in range(1, 16)]
    assert second == [f"{BASE}/s/A-{n:02}" for n in range(16, 21)]
    picture = next(pictures(pdf))
    left = picture.crop((0, 0, picture.width, picture.height * 3 // 8))
    assert left.getextrema() == ((255, 255), (255, 255), (255, 255))


async def test_a_site_that_no_phone_reaches_prints_the_bare_code() -> None:
    pdf = await printed([RICE], Format.ROLL, base="http://127.0.0.1:8000")
    assert scanned(pdf) == [["L261122-0001A"]]


def test_labels_hold_no_micro_code_which_phones_do_not_read() -> None:
    assert segno.make("A-01").is_micro
    assert 'class="' not in qr.svg("A-01")
    drawn = Image.open(io.BytesIO(_png("A-01")))
    assert [code.text for code in zxingcpp.read_barcodes(drawn)] == ["A-01"]


def _png(text: str) -> bytes:
    out = io.BytesIO()
    qr.code(text).save(out, kind="png", scale=8, border=4)
    return out.getvalue()


@given(st.text(max_size=120), st.integers(12, 60))
def test_a_shortened_text_fits_and_keeps_its_beginning_and_end(text: str, units: int) -> None:
    whole = " ".join(text.split())
    short = labels.shorten(text, units)
    assert labels.width(short) <= units
    if short != whole:
        head, _, tail = short.rpartition("…")
        assert whole.startswith(head)
        assert whole.endswith(tail)


@given(st.integers(1, 60), st.integers(-3, 30), st.sampled_from(Format))
def test_every_label_has_one_place(count: int, start: int, paper: Format) -> None:
    several = [Label(code=f"B-{n}", title="x") for n in range(count)]
    pages = labels.pages_of(several, PAPERS[paper], start=start)
    assert [one.code for page in pages for one in page if one is not None] == [one.code for one in several]
    assert all(len(page) <= PAPERS[paper].places for page in pages)
    assert all(any(page) for page in pages)
