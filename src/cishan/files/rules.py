"""What files there may be: of whose, for what, of which kind, how many, how large, and who may read them."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cishan.identity.rules.accounts import Visitor
from cishan.kernel.text import N_

MAX_NAME = 100
ORPHAN_AFTER = timedelta(days=2)
"""Content that no row refers to stays so long: its row may be on its way."""
CONTENT_STAYS = timedelta(days=30)
"""So long the content of a removed file is still there, should the removal have been a mistake."""


class Kind(StrEnum):
    """What a file is, told by its bytes."""

    PICTURE = "picture"
    PDF = "pdf"
    SHEET = "sheet"


MEDIA_TYPES = {
    "image/jpeg": Kind.PICTURE,
    "image/png": Kind.PICTURE,
    "application/pdf": Kind.PDF,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Kind.SHEET,
}
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
ACCEPT = {
    Kind.PICTURE: "image/jpeg,image/png,image/webp",
    Kind.PDF: "application/pdf,.pdf",
    Kind.SHEET: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,.xlsx",
}
"""What a browser's chooser offers."""
KIND_NAMES = {
    Kind.PICTURE: N_("Photo (JPEG, PNG, WebP)"),
    Kind.PDF: N_("PDF"),
    Kind.SHEET: N_("XLSX sheet"),
}

MayRead = Callable[[Visitor | None, UUID], Awaitable[bool]]
"""Whether who is signed in, or nobody, may read the files of the owner with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What some files of an owner are for, and the limits that hold for them."""

    code: str
    kinds: tuple[Kind, ...] = (Kind.PICTURE, Kind.PDF)
    max_count: int = 10
    """Of one owner at a time."""
    max_bytes: int = 10_000_000
    """Of one file."""
    max_side_pixels: int = 2400
    """Larger pictures are made smaller: a page of A4 stays readable at 2400."""
    public: bool = False
    """Whoever may read at all gets it as a thing for everybody: caches may keep it."""
    sensitive: bool = True
    """Each look is written down, and can be shown to the person concerned."""

    @property
    def accept(self) -> str:
        """Return what a browser's chooser shall offer."""
        return ",".join(ACCEPT[kind] for kind in self.kinds)

    @property
    def body_limit(self) -> int:
        """Return how many bytes a form with such files may have."""
        return self.max_count * self.max_bytes + 1_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """A kind of thing that has files."""

    kind: str
    may_read: MayRead
    purposes: dict[str, Purpose]


OWNERS: dict[str, Owner] = {}


def register(owner_kind: str, *purposes: Purpose, may_read: MayRead) -> None:
    """Declare what files a kind of thing has, and who may read them; once, where the slice is imported."""
    assert owner_kind not in OWNERS, f"files of {owner_kind} are declared twice"
    assert purposes, "a thing with files has a purpose for them"
    OWNERS[owner_kind] = Owner(owner_kind, may_read, {p.code: p for p in purposes})


def purpose_of(owner_kind: str, code: str) -> Purpose:
    """Return the limits of one purpose; it is our own bug to ask for one that nobody declared."""
    return OWNERS[owner_kind].purposes[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that is kept."""

    id: UUID
    name: str
    """As it was called when it came, made harmless; it may hold the name of a person."""
    media_type: str
    size_bytes: int | None
    """None: it was kept before sizes were written down."""
    sha256: str
    owner_kind: str
    owner_id: UUID
    purpose: str
    public: bool
    uploaded_by: UUID | None
    """A person; None: the platform itself."""
    uploaded_at: datetime
    width: int | None = None
    height: int | None = None
    """In pixels, of pictures."""

    @property
    def url(self) -> str:
        """Return where it is read."""
        return f"/files/{self.id}"

    @property
    def is_picture(self) -> bool:
        """Tell whether a page may show it."""
        return MEDIA_TYPES.get(self.media_type) is Kind.PICTURE

    @property
    def kind(self) -> Kind:
        """Return what it is."""
        return MEDIA_TYPES[self.media_type]


_SEPARATORS = re.compile(r'[/\\:*?"<>|]+')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def harmless_name(sent: str, suffix: str) -> str:
    """Return a file's name without path, control and direction marks, with the suffix of what it is."""
    name = re.split(r"[/\\]", sent)[-1]
    name = "".join(
        c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] not in "CZ" or c == " "
    )
    name = " ".join(_SEPARATORS.sub("_", name).split()).rstrip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 5:
        stem = name
    stem = stem[:MAX_NAME].strip(". ") or "file"
    return f"{'_' if _DEVICES.fullmatch(stem) else ''}{stem}{suffix}"
