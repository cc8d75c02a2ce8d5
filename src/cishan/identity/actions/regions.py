"""Making regions and organisations known."""

from collections.abc import Sequence
from itertools import count
from uuid import UUID

from cishan.identity.rules.regions import OrganisationKind, Region, require_region
from cishan.kernel import clock, ids
from cishan.plumbing.db import atomic, fetch, fetch_value


async def set_regions(regions: Sequence[Region]) -> None:
    """Make regions known, each after its parent and in order; a second call only renames."""
    for region in regions:
        require_region(region)
    order = count()
    async with atomic():
        for region in regions:
            await fetch(
                """INSERT INTO region (code, parent, level, name, name_en, position)
                   VALUES ({}, {}, {}, {}, {}, {})
                   ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                                                    position = excluded.position""",
                region.code,
                region.parent,
                region.level,
                region.name,
                region.name_en,
                next(order),
            )


async def set_organisation(*, code: str, name: str, kind: OrganisationKind, region: str) -> UUID:
    """Make an organisation known by its code, or bring it up to date; return its id."""
    made: UUID = await fetch_value(
        """INSERT INTO organisation (id, code, name, kind, region, active, created_at)
           VALUES ({}, {}, {}, {}, {}, true, {})
           ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind,
                                            region = excluded.region
           RETURNING id""",
        ids.new_id(),
        code,
        name,
        kind,
        region,
        clock.now(),
    )
    return made
