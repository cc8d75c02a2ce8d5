"""A site with its zones, as its page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cishan.identity.queries import regions
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.places import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of a site and how much is in it."""

    id: UUID
    code: str
    name: str
    purpose: Purpose
    bins: int
    filled: int
    """Bins in which something lies."""
    pieces: int


async def zones_of(site: UUID) -> list[Zone]:
    """Return the zones of a site in walking order, counted from balances: one query."""
    rows = await fetch(
        """SELECT z.id, z.code, z.name, z.purpose, count(b.id) FILTER (WHERE b.active) AS bins,
                  count(b.id) FILTER (WHERE s.pieces > 0) AS filled, coalesce(sum(s.pieces), 0) AS pieces
             FROM stock_zone AS z LEFT JOIN stock_bin AS b ON b.zone = z.id
             LEFT JOIN LATERAL (SELECT sum(x.on_hand) AS pieces
                                  FROM stock_balance AS x WHERE x.bin = b.id) AS s ON true
            WHERE z.site = {} GROUP BY z.id ORDER BY min(b.walk_order) NULLS LAST, z.code""",
        site,
    )
    return [Zone(**{**row, "purpose": Purpose(row["purpose"])}) for row in rows]


async def codes_of(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the codes of sites and bins by their ids."""
    rows = await fetch(
        """SELECT id, code FROM stock_site WHERE id = ANY({}::uuid[])
            UNION ALL SELECT id, code FROM stock_bin WHERE id = ANY({}::uuid[])""",
        list(ids),
        list(ids),
    )
    return {row["id"]: row["code"] for row in rows}


async def zone_name(zone: UUID) -> str:
    """Return what a zone is called."""
    rows = await fetch("SELECT name FROM stock_zone WHERE id = {}", zone)
    return str(rows[0]["name"]) if rows else ""


async def organisation_name(organisation: UUID) -> str:
    """Return what the organisation of a site is called."""
    rows = await fetch("SELECT name FROM organisation WHERE id = {}", organisation)
    return str(rows[0]["name"]) if rows else ""


async def places_to_open(patterns: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the organisations and regions (pairs of value and name) in which somebody may open a site."""
    found = [one for one in await regions.subtree(await _root()) if _fits(one.code, patterns)]
    organisations = [
        one for one in await regions.organisations(within=await _root()) if _fits(one.region, patterns)
    ]
    indent = {"city": "", "county": "", "town": "　", "village": "　　"}
    return (
        [(str(one.id), one.name) for one in organisations],
        [
            (one.code, f"{indent[one.level]}{regions.shown_name(one)}")
            for one in found
            if one.level != "village"
        ],
    )


async def _root() -> str:
    rows = await fetch("SELECT code FROM region WHERE parent IS NULL ORDER BY code LIMIT 1")
    return str(rows[0]["code"]) if rows else ""


def _fits(code: str, patterns: Sequence[str]) -> bool:
    return any(code.startswith(pattern.rstrip("%")) for pattern in patterns)
