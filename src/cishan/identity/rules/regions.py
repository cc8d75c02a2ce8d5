"""The tree of regions, and what an organisation is."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_


class Level(StrEnum):
    """How far down the tree a region lies."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    """A town, a street office or a township."""
    VILLAGE = "village"


class OrganisationKind(StrEnum):
    """What an organisation is for."""

    FEDERATION = "federation"
    """慈善总会"""
    CIVIL_AFFAIRS = "civil_affairs"
    """民政局 or a town's 民政办"""
    SERVICE = "service"
    """社工站, school, hospital, home: whoever serves people"""
    VOLUNTEERS = "volunteers"
    WAREHOUSE = "warehouse"


@dataclass(frozen=True, slots=True)
class Region:
    """A place of the tree. Codes have the shape of GB/T 2260 (6 digits) and GB/T 10114 (9 and 12)."""

    code: str
    parent: str | None
    level: Level
    name: str
    name_en: str
    """Empty: the place has no English name of its own."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation and the region that it is attached to."""

    id: UUID
    code: str
    name: str
    kind: OrganisationKind
    region: str


_CODES = {
    Level.CITY: re.compile(r"[0-9]{4}00"),
    Level.COUNTY: re.compile(r"[0-9]{4}(?!00)[0-9]{2}"),
    Level.TOWN: re.compile(r"[0-9]{6}(?!000)[0-9]{3}"),
    Level.VILLAGE: re.compile(r"[0-9]{9}(?!000)[0-9]{3}"),
}


def parent_code(code: str, level: Level) -> str | None:
    """Return the code of the region above; None above a city."""
    match level:
        case Level.CITY:
            return None
        case Level.COUNTY:
            return f"{code[:4]}00"
        case Level.TOWN | Level.VILLAGE:
            return code[:-3]


def require_region(region: Region) -> None:
    """Refuse a region whose code does not fit its level and its parent."""
    if not _CODES[region.level].fullmatch(region.code):
        raise Invalid(N_("The division code {code} does not fit its level."), code=region.code)
    if region.parent != parent_code(region.code, region.level):
        raise Invalid(N_("The division code {code} does not lie in its parent."), code=region.code)
    if not region.name.strip():
        raise Invalid(N_("The division {code} has no name."), code=region.code)


def is_city(code: str) -> bool:
    """Tell whether a code is that of a whole city."""
    return len(code) == 6 and code.endswith("00")


def pattern(code: str) -> str:
    """Return the SQL pattern of the codes of a region and of all that lies in it."""
    return f"{code[:4] if is_city(code) else code}%"


def covers(outer: str, inner: str) -> bool:
    """Tell whether a region is the outer one or lies in it, by their codes alone."""
    return inner.startswith(pattern(outer)[:-1])
