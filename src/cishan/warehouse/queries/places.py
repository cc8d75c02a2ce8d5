"""Sites and bins."""

from typing import Any
from uuid import UUID

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.places import Bin, Purpose, Site

_SITE = "SELECT id, code, name, organisation, region, address, active FROM stock_site"
_BIN = "SELECT id, site, zone, code, purpose, walk_order, frozen_by, active FROM stock_bin"


def _bin(row: dict[str, Any]) -> Bin:
    return Bin(**{**row, "purpose": Purpose(row["purpose"])})


async def site_by_id(site_id: UUID) -> Site:
    """Return a site; raise NotFound."""
    rows = await fetch(_SITE + " WHERE id = {}", site_id)
    if not rows:
        raise NotFound(N_("There is no such site."))
    return Site(**rows[0])


async def site_by_code(code: str) -> Site | None:
    """Return the site of a code."""
    rows = await fetch(_SITE + " WHERE code = {}", code.strip().upper())
    return Site(**rows[0]) if rows else None


async def sites(*, regions: tuple[str, ...] = ("%",)) -> list[Site]:
    """Return the sites in use whose region is like one of the patterns (`Reach.regions`)."""
    rows = await fetch(_SITE + " WHERE active AND region LIKE ANY({}::text[]) ORDER BY code", list(regions))
    return [Site(**row) for row in rows]


async def bin_by_id(bin_id: UUID) -> Bin:
    """Return a bin; raise NotFound."""
    rows = await fetch(_BIN + " WHERE id = {}", bin_id)
    if not rows:
        raise NotFound(N_("There is no such bin."))
    return _bin(rows[0])


async def bin_by_code(code: str) -> Bin | None:
    """Return the bin of a label."""
    rows = await fetch(_BIN + " WHERE code = {}", code.strip().upper())
    return _bin(rows[0]) if rows else None


async def bins_of(site: UUID, *purposes: Purpose) -> list[Bin]:
    """Return the bins in use at a site in walking order, of some purposes if they are named."""
    rows = await fetch(
        _BIN + " WHERE site = {} AND active AND purpose = ANY({}::varchar[]) ORDER BY walk_order, code",
        site,
        list(purposes or Purpose),
    )
    return [_bin(row) for row in rows]


async def first_bin(site: UUID, purpose: Purpose) -> Bin:
    """Return the first bin of a purpose at a site; raise NotFound."""
    found = await bins_of(site, purpose)
    if not found:
        raise NotFound(N_("The site has no bin for that."))
    return found[0]
