"""Where a place lies, what lies in it, and which organisations there are."""

from collections.abc import Collection
from typing import Any

from cishan.identity.rules.regions import Level, Organisation, OrganisationKind, Region
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch


def _region(row: dict[str, Any]) -> Region:
    return Region(**{**row, "level": Level(row["level"])})


async def region(code: str) -> Region:
    """Return a region by its code; raise NotFound."""
    rows = await fetch("SELECT code, parent, level, name, name_en FROM region WHERE code = {}", code)
    if not rows:
        raise NotFound(N_("There is no such place."))
    return _region(rows[0])


async def children(code: str) -> list[Region]:
    """Return the regions right below one, in their official order."""
    rows = await fetch(
        "SELECT code, parent, level, name, name_en FROM region WHERE parent = {} ORDER BY position, code",
        code,
    )
    return [_region(row) for row in rows]


async def path(code: str) -> list[Region]:
    """Return a region and all above it, the city first; empty for an unknown code."""
    rows = await fetch(
        """WITH RECURSIVE up AS (
                SELECT region.*, 0 AS height FROM region WHERE code = {}
                UNION ALL
                SELECT region.*, up.height + 1 FROM region JOIN up ON region.code = up.parent)
            SELECT code, parent, level, name, name_en FROM up AS region ORDER BY height DESC""",
        code,
    )
    return [_region(row) for row in rows]


async def subtree(code: str) -> list[Region]:
    """Return a region and everything in it, each before what lies in it; empty for an unknown code."""
    rows = await fetch(
        """WITH RECURSIVE down AS (
                SELECT region.*, ARRAY[position] AS place FROM region WHERE code = {}
                UNION ALL
                SELECT region.*, down.place || region.position
                  FROM region JOIN down ON region.parent = down.code)
            SELECT code, parent, level, name, name_en FROM down AS region ORDER BY place, code""",
        code,
    )
    return [_region(row) for row in rows]


async def names(codes: Collection[str]) -> dict[str, str]:
    """Return the names of regions by their codes, in the language of the request."""
    rows = await fetch("SELECT code, name, name_en FROM region WHERE code = ANY({}::varchar[])", list(codes))
    return {row["code"]: shown(row["name"], row["name_en"]) for row in rows}


async def lies_in(code: str, outer: str) -> bool:
    """Tell whether a region is the outer one or lies somewhere in it."""
    return any(above.code == outer for above in await path(code))


def shown_name(found: Region) -> str:
    """Return the name in the language of the request, or the Chinese one if there is no other."""
    return shown(found.name, found.name_en)


def shown(name: str, name_en: str) -> str:
    """Return one of the two names of a region by the language of the request."""
    return name if i18n.language() == i18n.CHINESE or not name_en else name_en


async def organisations(*, within: str) -> list[Organisation]:
    """Return the active organisations attached to a region or to one inside it."""
    rows = await fetch(
        """WITH RECURSIVE down AS (
               SELECT code FROM region WHERE code = {}
               UNION ALL
               SELECT region.code FROM region JOIN down ON region.parent = down.code)
           SELECT organisation.id, organisation.code, organisation.name, organisation.kind,
                  organisation.region
             FROM organisation JOIN down ON down.code = organisation.region
            WHERE organisation.active ORDER BY organisation.region, organisation.code""",
        within,
    )
    return [Organisation(**{**row, "kind": OrganisationKind(row["kind"])}) for row in rows]


async def organisation_named(code: str) -> Organisation:
    """Return an active organisation by its code; raise NotFound."""
    rows = await fetch(
        "SELECT id, code, name, kind, region FROM organisation WHERE code = {} AND active", code
    )
    if not rows:
        raise NotFound(N_("There is no such organisation."))
    return Organisation(**{**rows[0], "kind": OrganisationKind(rows[0]["kind"])})
