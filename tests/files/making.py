"""Files for tests, and a thing of which some people may read the files."""

import io
import zipfile
from typing import Any
from uuid import UUID

from PIL import ExifTags, Image

from cishan.files import rules
from cishan.files.rules import Kind, Purpose
from cishan.identity.rules.accounts import Visitor
from cishan.kernel import clock, ids
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch
from cishan.plumbing.uploads import Upload

KIND = "test_thing"
MINUTES = Purpose(code="minutes", kinds=(Kind.PDF, Kind.PICTURE), max_count=3, max_bytes=2_000_000)
SHEET = Purpose(code="sheet", kinds=(Kind.SHEET,), max_count=1, sensitive=False)
POSTER = Purpose(code="poster", kinds=(Kind.PICTURE,), public=True, sensitive=False, max_side_pixels=400)
READERS: dict[UUID, set[str]] = {}
"""Thing → the names of the accounts that may read its files; '' is everybody."""


async def _may_read(visitor: Visitor | None, owner_id: UUID) -> bool:
    names = READERS.get(owner_id, set())
    return "" in names or (visitor is not None and visitor.username in names)


rules.register(KIND, MINUTES, SHEET, POSTER, may_read=_may_read)

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def a_thing(*readers: str) -> UUID:
    """Return a new thing whose files these accounts may read."""
    thing = ids.new_id()
    READERS[thing] = set(readers)
    return thing


def picture(
    size: tuple[int, int] = (60, 40), kind: str = "JPEG", colour: str = "red", **options: Any
) -> bytes:
    """Return a picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def picture_with_place() -> bytes:
    """Return a picture whose camera wrote into it where it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SpyCam"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (37.0, 26.0, 1.0)
    return picture(exif=exif.tobytes())


def sheet(**more: bytes) -> bytes:
    """Return a sheet, with more parts than it needs."""
    parts = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", **more}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return out.getvalue()


def minutes(words: str = "one", name: str = "会议纪要.pdf") -> Upload:
    """Return a PDF unlike others."""
    return Upload(name, PDF.replace(b"9\n%%EOF", f"9\n% {words}\n%%EOF".encode()))


async def a_person(name: str = "测试李某") -> UUID:
    """Return a new person."""
    person = ids.new_id()
    await fetch(
        "INSERT INTO person (id, name_enc, created_at) VALUES ({}, {}, {})",
        person,
        crypto.seal(name, place="person.name_enc", row=person),
        clock.now(),
    )
    return person
