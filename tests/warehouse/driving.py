"""Drives, lists of people and hand-outs, as tests need them. Nobody in them exists."""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import xlsxwriter

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch
from cishan.warehouse.actions import assembling, distributing, drives, entitlements, kits
from cishan.warehouse.actions.drives import NewDrive
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.entitlements import Entry
from cishan.warehouse.rules.kits import Part
from cishan.warehouse.rules.orders import HandedOut, Second
from tests.identity.staffing import CITY, a_federation
from tests.warehouse import stocking
from tests.warehouse.ordering import brought, clocks

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def an_id_number(count: int, *, born: str = "19500101", region: str = "371423") -> str:
    """Return a number with a right check digit; the persons are made up, the order codes count from 001."""
    digits = f"{region}{born}{count % 1000:03}"
    rest = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


def a_phone(count: int) -> str:
    """Return a mobile number of a range that nobody is given."""
    return f"+86138{count:08}"


class Season:
    """A site with kits of a blanket and a coat, a drive that hands out one each, and two people."""

    site: UUID
    shelf: UUID
    kit: UUID
    version: UUID
    drive: UUID
    by: Acting
    second: Second


async def a_season(
    *,
    kits_made: int = 5,
    per_person: int = 1,
    opened: bool = True,
    name: str = "DZ",
    region: str = CITY,
    by: Acting | None = None,
) -> Season:
    """Make a season with so many kits on the shelf."""
    await clocks()
    made = Season()
    made.site = await stocking.a_site(name, region=region)
    made.shelf = (await stocking.a_bin(made.site)).id
    blanket = await stocking.an_item("BLANKET", name="毛毯", category=Category.BEDDING, life=None)
    coat = await stocking.an_item("COAT", name="羽绒服", category=Category.CLOTHING, life=None)
    made.kit = await stocking.an_item("WARM", name="暖冬包", category=Category.KIT, life=None)
    made.version = await kits.set_kit(made.kit, [Part(blanket, 1), Part(coat, 1)])
    made.by = by or await stocking.a_keeper(region=region)
    made.second = Second(name="志愿者甲")
    made.drive = await drives.plan_drive(
        a_plan(
            made.kit,
            {made.site: 1_000},
            await a_federation(region),
            per_person=per_person,
            region=region,
        ),
        by=made.by,
        request=ids.new_id(),
    )
    if kits_made:
        await stocking.a_lot(blanket, made.shelf, kits_made, cost_fen=kits_made * 8_000)
        await stocking.a_lot(coat, made.shelf, kits_made, cost_fen=kits_made * 28_000)
        await assemble(made, kits_made)
    if opened:
        await drives.move_drive(made.drive, "open", by=made.by)
    return made


def a_plan(item: UUID, targets: dict[UUID, int], organisation: UUID, **more: Any) -> NewDrive:
    today = clock.today()
    given: dict[str, Any] = {
        "title": "暖冬行动（测试）",
        "item": item,
        "per_person": 1,
        "fund": stocking.FUND,
        "starts_on": today,
        "ends_on": today + timedelta(days=60),
        "organisation": organisation,
        "region": CITY,
        "targets": targets,
    }
    return NewDrive(**(given | more))


async def assemble(season: Season, quantity: int) -> UUID:
    """Put kits together for the drive and return their lot."""
    made = await assembling.assemble(
        season.version,
        site=season.site,
        bin_id=season.shelf,
        quantity=quantity,
        fund=stocking.FUND,
        drive=season.drive,
        by=season.by,
        request=ids.new_id(),
    )
    return (await kit_queries.made(made)).lot


def somebody(count: int = 1, **more: Any) -> Entry:
    """Return a person for a list, told by name and telephone unless more is said."""
    given: dict[str, Any] = {"name": f"演示第{count}人", "phone": a_phone(count)}
    return Entry(**(given | more))


async def listed(season: Season, *entries: Entry) -> list[UUID]:
    """Put people onto the list and return their turns."""
    return await entitlements.add_people(season.drive, list(enumerate(entries, start=2)))


async def give(season: Season, turn: UUID, *, request: UUID | None = None, **more: Any) -> HandedOut:
    """Hand out what somebody gets."""
    return await distributing.hand_to(
        turn,
        by=season.by,
        second=season.second,
        signature=await brought(),
        request=request or ids.new_id(),
        **more,
    )


async def turn(entitlement: UUID) -> dict[str, Any]:
    (row,) = await fetch("SELECT * FROM goods_entitlement WHERE id = {}", entitlement)
    return row


def a_sheet(*rows: Sequence[object]) -> bytes:
    """Return an XLSX file with these rows."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("名单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, [str(cell) if isinstance(cell, date) else cell for cell in row])
    return file.getvalue()
