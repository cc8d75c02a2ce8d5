"""A winter drive of a demonstration: kits on the shelf, and a list of people who do not exist."""

from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.identity.queries import posts
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.warehouse.actions import assembling, drives, entitlements, stock
from cishan.warehouse.actions.drives import NewDrive
from cishan.warehouse.queries import kits, places
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.queries.drives import drive_by_id
from cishan.warehouse.rules.drives import DriveState
from cishan.warehouse.rules.entitlements import Entry
from cishan.warehouse.rules.places import Purpose, Site
from cishan.warehouse.rules.stock import Basis, Cause, Delta, NewLot, Source

FUND, ITEM, KITS = "F-NDXD", "KIT-WINTER", 60
GIVEN = {"DZ": (("DOWN-A", 80), ("QUILT", 80)), "QY": (("DOWN-A", 40), ("QUILT", 40))}
PEOPLE = 24
"""On the list of each site; they are called 演示人员 with a number, and nobody has such a telephone."""


async def load() -> None:
    by = await _keeper()
    sites = [site for code in GIVEN if (site := await places.site_by_code(code)) is not None]
    if by is None or len(sites) < len(GIVEN):
        raise LookupError("the staff and the sites of the demonstration come first")
    for site in sites:
        await _give(site)
    await _run(by, sites)


async def _keeper() -> Acting | None:
    for _, person_id in await posts.holders([Role.WAREHOUSE_KEEPER]):
        for post in await posts.posts_of(person_id):
            if post.role is Role.WAREHOUSE_KEEPER:
                return Acting(person_id, post.grant_id, post.role)
    return None


async def _give(site: Site) -> None:
    shelf = await places.first_bin(site.id, Purpose.SHELF)
    for code, pieces in GIVEN[site.code]:
        item, row = await item_by_code(code), _id(f"{site.code}/{code}")
        if item is None:
            raise LookupError(f"the catalogue does not know {code}")
        async with atomic():
            if await stock.is_posted(row):
                continue
            lot = await stock.open_lot(
                NewLot(
                    item=item.id,
                    quantity=pieces,
                    cost_fen=pieces * item.typical_value_fen,
                    basis=Basis.FAIR,
                    fund=FUND,
                    source=Source.OPENING,
                    source_id=row,
                )
            )
            await stock.post(
                Cause.RECEIVE,
                [Delta(lot, shelf.id, pieces)],
                by=None,
                subject=("opening", row),
                request=row,
                reason="演示：暖冬行动备货",
            )


async def _run(by: Acting, sites: list[Site]) -> None:
    item = await item_by_code(ITEM)
    kit = await kits.in_force(item.id) if item else None
    if item is None or kit is None:
        raise LookupError("the kits of the house come first")
    drive_id, today = _id("drive"), clock.today()
    new = NewDrive(
        title=f"{today.year}暖冬行动（演示）",
        title_en=f"Warm winter {today.year} (example)",
        item=item.id,
        per_person=1,
        fund=FUND,
        starts_on=today - timedelta(days=7),
        ends_on=today + timedelta(days=60),
        organisation=sites[0].organisation,
        region=sites[0].region,
        targets={site.id: KITS // len(sites) for site in sites},
    )
    await drives.plan_drive(new, by=by, request=drive_id)
    drive = await drive_by_id(drive_id)
    if drive.state is not DriveState.PLANNED:
        return
    for number, site in enumerate(sites):
        shelf = await places.first_bin(site.id, Purpose.SHELF)
        await assembling.assemble(
            kit.id,
            site=site.id,
            bin_id=shelf.id,
            quantity=KITS // len(sites),
            fund=FUND,
            drive=drive_id,
            by=by,
            request=_id(f"kits/{site.code}"),
        )
        people = [
            Entry(name=f"演示人员{n}", phone=f"+86138{n:08}", groups=("elders",), site=site.code)
            for n in range(1 + number * PEOPLE, 1 + (number + 1) * PEOPLE)
        ]
        await entitlements.add_people(drive_id, list(enumerate(people, start=2)))
    await drives.move_drive(drive_id, "open", by=by)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-drives/{name}")
