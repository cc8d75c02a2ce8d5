"""What is taken of the papers that people send, and with what words the rest is refused."""

import io
import zipfile

import hypothesis.strategies as st
import pytest
from hypothesis import given
from PIL import Image

from cishan.kernel.errors import Invalid
from cishan.plumbing import documents

PLAIN_PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
PARTS = {
    "[Content_Types].xml": b"<Types/>",
    "xl/workbook.xml": b"<workbook/>",
    "xl/worksheets/sheet1.xml": b"<s/>",
}


def _sheet(**more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, text in {**PARTS, **more}.items():
            parts.writestr(name, text)
    return out.getvalue()


def _refused(data: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        documents.accept(data, field="evidence")
    assert refusal.value.field == "evidence"
    return str(refusal.value)


def test_a_plain_pdf_and_a_plain_sheet_are_kept_as_they_are() -> None:
    assert documents.accept(PLAIN_PDF, field="x") == documents.Document(PLAIN_PDF, documents.PDF, ".pdf")
    sheet = _sheet()
    assert documents.accept(sheet, field="x") == documents.Document(sheet, documents.XLSX, ".xlsx")


def test_a_photo_loses_where_it_was_taken() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "canary"
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif)
    assert b"canary" in out.getvalue()
    kept = documents.accept(out.getvalue(), field="x")
    assert (kept.content_type, kept.suffix) == ("image/jpeg", ".jpg")
    assert b"canary" not in kept.data
    assert not Image.open(io.BytesIO(kept.data)).getexif()


@pytest.mark.parametrize(
    "word", [b"/JavaScript", b"/JS", b"/J#53", b"/Launch", b"/EmbeddedFile", b"/Encrypt", b"/#4aavaScript"]
)
def test_a_pdf_that_does_something_is_refused(word: bytes) -> None:
    assert "locked or contains programs" in _refused(PLAIN_PDF.replace(b"/Type", word))


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"%PDF-x", PLAIN_PDF[:-6], PLAIN_PDF + b"x" * 3000])
def test_a_damaged_pdf_is_refused(data: bytes) -> None:
    assert "damaged" in _refused(data)


@pytest.mark.parametrize(
    "more",
    [
        {"xl/vbaProject.bin": b"x"},
        {"xl/externalLinks/externalLink1.xml": b"<x/>"},
        {"../../etc/passwd": b"x"},
        {"xl/sharedStrings.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"},
        {"xl/bomb.xml": b"0" * 3_000_000},
        {"xl/many.xml": bytes(61_000_000)},
        {f"xl/{n}": b"" for n in range(1_000)},
    ],
    ids=["macro", "outside", "path", "entity", "bomb", "huge", "many"],
)
def test_a_sheet_with_more_than_cells_is_refused(more: dict[str, bytes]) -> None:
    assert "no plain XLSX" in _refused(_sheet(**more))


def test_other_archives_and_other_bytes_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("word/document.xml", "x")
    assert "no plain XLSX" in _refused(out.getvalue())
    assert "no plain XLSX" in _refused(_sheet()[:60])
    for data in (b"", b"MZ", b"<html>", b"<svg/>", b"GIF89a", b" %PDF-1.7"):
        assert "Send a photo" in _refused(data)
    assert "JPEG" in _refused(b"\xff\xd8\xff broken")
    assert "10 MB" in _refused(b"%PDF-1.7" + bytes(documents.MAX_BYTES))


@given(st.sampled_from([b"", b"%PDF-1.4", b"PK\x03\x04", b"RIFF", b"\xff\xd8\xff"]), st.binary(max_size=200))
def test_no_bytes_make_the_check_stumble(start: bytes, rest: bytes) -> None:
    with pytest.raises(Invalid):
        documents.accept(start + rest, field="x")


def test_a_private_file_is_saved_and_neither_shown_nor_kept() -> None:
    headers = documents.private_headers('证明"\r\nX: y.pdf')
    assert headers["content-disposition"] == (
        "attachment; filename=\"X_y.pdf\"; filename*=UTF-8''%E8%AF%81%E6%98%8E%22%0D%0AX%3A%20y.pdf"
    )
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
