"""A winter drive of a demonstration: kits of two versions, and invented people, half of them served."""

from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.plumbing.uploads import Upload
from cishan.warehouse.actions import assembling, distributing, drives, entitlements, kits
from cishan.warehouse.actions.drives import NewDrive
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries import places
from cishan.warehouse.queries.drives import drive_by_id
from cishan.warehouse.queries.entitlements import receivers
from cishan.warehouse.rules.drives import DriveState
from cishan.warehouse.rules.entitlements import Entry
from cishan.warehouse.rules.kits import Part
from cishan.warehouse.rules.orders import ORDER, Second
from cishan.warehouse.rules.places import Purpose, Site
from seeds import demo_pictures
from seeds.demo_staff import keepers
from seeds.demo_warehouse import days_before, fill, item_of, site_of

FUND, ITEM = "F-NDXD", "KIT-WINTER"
KITS = {"DZ": (15, 15), "QY": (0, 30)}
"""Kits of the first version and of the second, by site."""
GIVEN = {
    "DZ": (("DOWN-A", 80), ("QUILT", 80), ("GLOVES", 60)),
    "QY": (("DOWN-A", 40), ("QUILT", 40), ("GLOVES", 40)),
}
SECOND_VERSION = ("DOWN-A", "QUILT", "GLOVES")
PEOPLE = 24
"""On the list of each site; they are called 演示人员 with a number, and nobody has such a telephone."""
SERVED = {"DZ": 13, "QY": 5}
ABSENT = 2
"""After those who were served, at each site."""


async def load() -> None:
    first, second = await keepers()
    sites = [await site_of(code) for code in GIVEN]
    for site in sites:
        shelf = await places.first_bin(site.id, Purpose.SHELF)
        for code, pieces in GIVEN[site.code]:
            await fill(f"drive/{site.code}/{code}", code, pieces, bin_code=shelf.code, fund=FUND, days_ago=18)
    papers = await files.bring(
        [Upload("signature.png", demo_pictures.signature())],
        owner_kind=ORDER,
        purpose="signature",
        field="signature",
    )
    async with atomic():
        await _run(first, second, sites, papers)


async def _run(first: Acting, second: Acting, sites: list[Site], papers: list[Brought]) -> None:
    item, drive_id, today = await item_of(ITEM), _id("drive"), clock.today()
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
        targets={site.id: sum(KITS[site.code]) for site in sites},
    )
    with clock.fixed(days_before(14)):
        await drives.plan_drive(new, by=first, request=drive_id)
    if (await drive_by_id(drive_id)).state is not DriveState.PLANNED:
        return
    for number, site in enumerate(sites):
        people = [
            Entry(name=f"演示人员{n}", phone=f"+86138{n:08}", groups=("elders",), site=site.code)
            for n in range(1 + number * PEOPLE, 1 + (number + 1) * PEOPLE)
        ]
        with clock.fixed(days_before(13)):
            await entitlements.add_people(drive_id, list(enumerate(people, start=2)))
    await _assemble(drive_id, item.id, sites, first)
    with clock.fixed(days_before(7)):
        await drives.move_drive(drive_id, "open", by=first)
    for site in sites:
        await _hand_out(drive_id, site, first, second, papers)


async def _assemble(drive_id: UUID, item: UUID, sites: list[Site], by: Acting) -> None:
    """Put kits together as they are, then write a version with gloves and put kits of that together."""
    for version in (0, 1):
        with clock.fixed(days_before(12 - 2 * version)):
            if version:
                parts = [Part((await item_of(code)).id, 1) for code in SECOND_VERSION]
                await kits.set_kit(item, parts)
            kit = await kit_queries.in_force(item)
            if kit is None:
                raise LookupError("the kits of the house come first")
            for site in sites:
                if not KITS[site.code][version]:
                    continue
                await assembling.assemble(
                    kit.id,
                    site=site.id,
                    bin_id=(await places.first_bin(site.id, Purpose.SHELF)).id,
                    quantity=KITS[site.code][version],
                    fund=FUND,
                    drive=drive_id,
                    by=by,
                    request=_id(f"kits/{site.code}/{version + 1}"),
                )


async def _hand_out(drive_id: UUID, site: Site, first: Acting, second: Acting, papers: list[Brought]) -> None:
    """Serve some of the list on two days, note two as absent, and strike one off who moved away."""
    turns = await receivers(drive_id, site.id)
    served = SERVED[site.code]
    for number, turn in enumerate(turns[:served]):
        with clock.fixed(days_before(6 if number < served // 2 else 2, 10)):
            await distributing.hand_to(
                turn.id,
                by=first,
                second=Second(person=second.person_id),
                signature=papers,
                request=_id(f"turn/{site.code}/{number}"),
            )
    with clock.fixed(days_before(2, 16)):
        for turn in turns[served : served + ABSENT]:
            await entitlements.note_absent(turn.id, come_on=clock.today() + timedelta(days=9), by=first)
        await entitlements.strike(turns[-1].id, reason="已搬离本地", by=first)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-drives/{name}")
