"""How much waits at which site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from cishan import gateways
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.places import sites
from cishan.warehouse.rules import tasks
from cishan.warehouse.rules.places import Purpose, Site
from cishan.warehouse.rules.tasks import Line


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line at one site."""

    label: str
    href: str
    count: int
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class SiteTasks:
    """What waits at a site; `site` is None for what is at no site yet."""

    site: Site | None
    lines: tuple[Waiting, ...]


async def waiting_for(staff: Staff) -> list[SiteTasks]:
    """Return what waits for somebody at each site in their reach: one query a line, however many sites."""
    reach = scope_of(staff, Action.STOCK_READ).regions
    mine = await sites(regions=reach)
    places: dict[UUID | None, Site] = {site.id: site for site in mine}
    found: dict[UUID | None, list[Waiting]] = {None: [], **{site.id: [] for site in mine}}
    for line in tasks.lines():
        patterns = scope_of(staff, line.action).regions
        if not patterns:
            continue
        for site, count in (await line.count(patterns)).items():
            if count and site in found:
                found[site].append(Waiting(line.label, _href(line, places.get(site)), count, line.is_urgent))
    everywhere = [SiteTasks(None, tuple(found[None]))] if found[None] else []
    return everywhere + [SiteTasks(site, tuple(found[site.id])) for site in mine]


def _href(line: Line, site: Site | None) -> str:
    name = quote(site.name) if site else ""
    return line.href.format(site=site.id if site else "", name=name, today=clock.today().isoformat())


async def _to_shelve(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    return await _counted(
        """SELECT b.site, count(DISTINCT s.lot) AS number
             FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
             JOIN stock_site AS w ON w.id = b.site JOIN stock_lot AS l ON l.id = s.lot
            WHERE b.purpose = {} AND s.on_hand > s.reserved AND l.state = 'open' AND w.active
              AND w.region LIKE ANY({}::text[]) GROUP BY b.site""",
        Purpose.RECEIVING,
        list(regions),
    )


async def _near_expiry(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    today = clock.today()
    return await _counted(
        """SELECT b.site, count(DISTINCT s.lot) AS number
             FROM stock_lot AS l JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
             JOIN stock_site AS w ON w.id = b.site
            WHERE l.state = 'open' AND l.on_hand > 0 AND l.expires_on BETWEEN {} AND {} AND s.on_hand > 0
              AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY b.site""",
        today,
        today + timedelta(days=gateways.settings().near_expiry_days),
        list(regions),
    )


async def _locked(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    return await _counted(
        """SELECT b.site, count(DISTINCT s.lot) AS number
             FROM stock_lot AS l JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
             JOIN stock_site AS w ON w.id = b.site
            WHERE l.on_hand > 0 AND s.on_hand > 0 AND l.state <> 'open'
              AND w.active AND w.region LIKE ANY({}::text[]) GROUP BY b.site""",
        list(regions),
    )


async def _counted(sql: str, *values: object) -> Mapping[UUID | None, int]:
    return {row["site"]: row["number"] for row in await fetch(sql, *values)}


for _line in (
    Line(
        N_("To put on shelves"),
        "/staff/warehouse/stock?site={site}&purpose=receiving",
        _to_shelve,
        Action.STOCK_WORK,
        30,
    ),
    Line(
        N_("Near their last day of use"),
        "/staff/near-expiry?site={name}",
        _near_expiry,
        Action.STOCK_READ,
        70,
    ),
    Line(
        N_("Locked: expired, recalled or in quarantine"),
        "/staff/warehouse/lots?site={site}&locked=1",
        _locked,
        Action.STOCK_READ,
        80,
    ),
):
    tasks.register(_line)
