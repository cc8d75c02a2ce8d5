"""Opening sites, zones and bins."""

from collections.abc import Sequence
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.rules.places import Purpose

FIRST_ZONES: tuple[tuple[str, str, Purpose], ...] = (
    ("IN", "收货区", Purpose.RECEIVING),
    ("A", "货架区", Purpose.SHELF),
    ("OUT", "备货区", Purpose.PACKING),
    ("Q", "隔离区", Purpose.QUARANTINE),
    ("WAY", "在途", Purpose.TRANSIT),
)
"""What every site has from its first day: code, name and purpose of a zone with one bin each."""


async def open_site(*, code: str, name: str, organisation_id: UUID, region: str, address: str = "") -> UUID:
    """Open a warehouse with a zone and a bin for every purpose it needs; once for a code. Return its id."""
    async with atomic():
        found: UUID | None = await connection().fetchval("SELECT id FROM stock_site WHERE code = $1", code)
        if found is not None:
            return found
        site_id = ids.new_id()
        await connection().execute(
            """INSERT INTO stock_site (id, code, name, organisation, region, address, active, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, true, $7)""",
            site_id,
            code,
            name,
            organisation_id,
            region,
            address,
            clock.now(),
        )
        for number, (zone, label, purpose) in enumerate(FIRST_ZONES):
            await open_zone(
                site_id,
                code=zone,
                name=label,
                purpose=purpose,
                bins=[f"{code}-{zone}-01"],
                walk_from=number * 1000,
            )
        return site_id


async def open_zone(
    site: UUID, *, code: str, name: str, purpose: Purpose, bins: Sequence[str] = (), walk_from: int = 0
) -> UUID:
    """Open a zone at a site with its first bins, in the order in which one walks past them. Return its id."""
    async with atomic():
        zone_id = ids.new_id()
        await connection().execute(
            "INSERT INTO stock_zone (id, site, code, name, purpose) VALUES ($1, $2, $3, $4, $5)",
            zone_id,
            site,
            code,
            name,
            purpose,
        )
        await connection().executemany(
            """INSERT INTO stock_bin (id, site, zone, code, purpose, walk_order, active)
               VALUES ($1, $2, $3, $4, $5, $6, true)""",
            [
                (ids.new_id(), site, zone_id, bin_code, purpose, walk_from + number)
                for number, bin_code in enumerate(bins)
            ],
        )
        return zone_id
