"""Papers that people send: told by their bytes, refused when they are not what they say or too much for us.

What a PDF may do when it is opened is not ours to judge to the end; so papers are only ever handed out as
attachments that no browser shows within our site (`private_headers`).
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from urllib.parse import quote

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.pictures import MAX_SIDE, draw_anew

MAX_BYTES = 10_000_000
PICTURE = "image/jpeg"
"""What every photo becomes."""
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_PARTS = 1_000
MAX_UNPACKED = 60_000_000
MAX_RATIO = 150
"""Real sheets shrink to a tenth or a thirtieth; bombs to a thousandth."""
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|Encrypt)(?![A-Za-z])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Document:
    """A paper as we keep it."""

    data: bytes
    content_type: str
    suffix: str
    width: int | None = None
    height: int | None = None
    """In pixels, of photos."""


def looks_like(data: bytes) -> str:
    """Return PICTURE, PDF or XLSX by how the bytes begin; the empty string for anything else."""
    if data.startswith(_PICTURE_STARTS):
        return PICTURE
    return PDF if data.startswith(b"%PDF-") else XLSX if data.startswith(b"PK\x03\x04") else ""


def accept(data: bytes, *, field: str, max_side: int = MAX_SIDE) -> Document:
    """Return what was sent if it is a photo (drawn anew), a PDF or an XLSX sheet; raise Invalid otherwise."""
    if len(data) > MAX_BYTES:
        raise Invalid(N_("A file may have {limit} MB at most."), field=field, limit=MAX_BYTES // 1_000_000)
    if data.startswith(_PICTURE_STARTS):
        try:
            picture = draw_anew(data, max_side=max_side)
        except Invalid as error:
            raise Invalid(error.message, field=field, **error.values) from None
        return Document(picture.data, picture.content_type, ".jpg", picture.width, picture.height)
    if data.startswith(b"%PDF-"):
        _require_plain_pdf(data, field)
        return Document(data, PDF, ".pdf")
    if data.startswith(b"PK\x03\x04"):
        _require_sheet(data, field)
        return Document(data, XLSX, ".xlsx")
    raise Invalid(N_("Send a photo (JPEG, PNG, WebP), a PDF or an XLSX sheet."), field=field)


def _require_plain_pdf(data: bytes, field: str) -> None:
    if not re.match(rb"%PDF-[12]\.\d", data) or b"startxref" not in data or b"%%EOF" not in data[-2048:]:
        raise Invalid(N_("This PDF is damaged; save it again and send it once more."), field=field)
    names = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), data)
    if _ACTIVE.search(names):
        raise Invalid(
            N_("This PDF is locked or contains programs or other files; print it to a new PDF."), field=field
        )


def _require_sheet(data: bytes, field: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            whole = _is_harmless(parts, len(data))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        whole = False
    if not whole:
        raise Invalid(
            N_("This is no plain XLSX sheet: no macros, no links to other files, not too large."), field=field
        )


def _is_harmless(parts: zipfile.ZipFile, size: int) -> bool:
    """Tell whether a packed sheet is a sheet, of bearable size, without macros, outside links and entities.

    What a part says of its size is believed, because no more than that is ever unpacked of it.
    """
    known = parts.infolist()
    names = {part.filename for part in known}
    unpacked = sum(part.file_size for part in known)
    if len(known) > MAX_PARTS or len(names) < len(known) or unpacked > min(MAX_UNPACKED, MAX_RATIO * size):
        return False
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        return False
    if any(n.startswith("/") or ".." in n or "\\" in n or "vbaProject" in n for n in names):
        return False
    if any(n.startswith(("xl/externalLinks/", "xl/embeddings/", "xl/activeX/")) for n in names):
        return False
    xml = (part for part in known if part.filename.endswith((".xml", ".rels")))
    return not any(b"<!DOCTYPE" in (text := parts.read(part)) or b"<!ENTITY" in text for part in xml)


def private_headers(filename: str) -> dict[str, str]:
    """Return the headers of a private file: saved by the browser, never shown, never kept on the way."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", filename).strip("._") or "file"
    whole = quote(filename, safe="")
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "content-security-policy": "sandbox; default-src 'none'",
    }
