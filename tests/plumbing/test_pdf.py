"""PDFs: tagged, self-contained, the same bytes each time, and data never become template."""

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from cishan.plumbing import pdf

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(font: "Noto Sans SC", lang: "zh")
= #data.title
#strong(data.words)

#data.words
"""
HOSTILE = [
    '#panic("evaluated")',
    '#import "@preview/x:1.0.0": *',
    "$ sqrt(x) $ *fett* _kursiv_ `roh` <label> @ref // no comment /* none */",
    "= Heading\n- list\n+ more",
    '"); #read("/etc/passwd")',
    "\\u{41} \\# #1 [x](y) {{ 7*7 }}",
]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small template in a folder of its own."""
    (tmp_path / "words.typ").write_text(TEMPLATE)
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)
    return "words.typ"


async def _read(template: str, words: str) -> PdfReader:
    made = await pdf.write(template, {"title": "测试", "words": words}, written_at=AT)
    return PdfReader(io.BytesIO(made))


async def test_a_document_is_tagged_and_carries_its_fonts(template: str) -> None:
    reader = await _read(template, "暖冬行动")
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "zh"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert reader.metadata is not None
    assert reader.metadata.title == "测试"
    assert reader.xmp_metadata is not None
    resources: Any = reader.pages[0]["/Resources"]
    fonts = resources["/Font"]
    names = [fonts[name].get_object()["/BaseFont"] for name in fonts]
    assert len(names) == 2
    assert all(name[7] == "+" and "NotoSansSC" in name for name in names)  # subsets have a prefix
    assert "暖冬行动" in reader.pages[0].extract_text()


async def test_the_same_input_gives_the_same_bytes(template: str) -> None:
    data = {"title": "测试", "words": "一"}
    first, again = [await pdf.write(template, data, written_at=AT) for _ in range(2)]
    assert first == again
    assert first != await pdf.write(template, {**data, "words": "二"}, written_at=AT)


@pytest.mark.parametrize("words", HOSTILE)
async def test_what_looks_like_markup_stays_text(template: str, words: str) -> None:
    text = (await _read(template, words)).pages[0].extract_text()
    assert "".join(words.split()) in "".join(text.split())


async def test_characters_without_a_glyph_become_a_box(template: str) -> None:
    text = (await _read(template, "谢谢😀 שלום م")).pages[0].extract_text()
    assert "谢谢□ □□□□ □" in text
    assert pdf.printable({"a": ["😀", 1, None]}) == {"a": ["□", 1, None]}


async def test_a_character_that_only_the_regular_font_has_is_shown_in_bold_too(template: str) -> None:
    assert "㎡✓" in (await _read(template, "㎡✓")).pages[0].extract_text()


async def test_a_template_that_does_not_compile_is_named(template: str) -> None:
    with pytest.raises(pdf.BadTemplate, match=r"words\.typ: .*title"):
        await pdf.write(template, {"words": "one value is missing"}, written_at=AT)


async def test_many_at_once_come_out_right(template: str) -> None:
    words = list("甲乙丙丁戊己庚辛壬癸子丑")
    texts = await asyncio.gather(*(_read(template, w) for w in words))
    assert [w in t.pages[0].extract_text() for w, t in zip(words, texts, strict=True)] == [True] * 12


async def test_a_picture_of_the_page_is_a_png(template: str) -> None:
    made = await pdf.picture(template, {"title": "测试", "words": "图"}, written_at=AT)
    assert made.startswith(b"\x89PNG")
