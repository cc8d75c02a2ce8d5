"""A county with its warehouse, in which forms are filled in and sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from cishan.approvals.rules import Acting
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.rules.places import Bin
from seeds import approvals as bands
from seeds import deadlines
from seeds import warehouse as catalogue
from tests.identity import staffing
from tests.warehouse import counting, stocking
from tests.warehouse.ordering import a_picture
from tests.warehouse.test_scraps import a_checker

HERE, ELSEWHERE = staffing.COUNTY, staffing.OTHER
NAME, PHONE, ADDRESS = "测试受助人壹", "+8613800007766", "庆云县庆云镇不存在村7号"
"""A receiver's; planted wherever receivers are written down."""


@dataclass
class Sent:
    """A form as a browser sends it."""

    path: str
    data: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass
class World:
    """A county with two sites, goods on a shelf, and the people of its warehouse."""

    client: httpx.AsyncClient
    site: UUID
    other: UUID
    shelf: Bin
    item: UUID
    lot: UUID
    ada: Acting
    bea: Acting
    checker: Acting
    walker: Acting
    organisation: UUID
    mark: str = ""
    """Stands behind the codes of what is unique."""

    @property
    def house(self) -> counting.House:
        """What helpers of stocktakes ask for."""
        return counting.House(
            self.site, self.shelf.id, self.item, self.ada, self.bea, self.checker, self.organisation
        )


async def a_world(client: httpx.AsyncClient) -> World:
    """Make the county; the browser is the walker's, who is keeper and project officer there."""
    await deadlines.load()
    await bands.load()
    await catalogue.load()
    site, other = await stocking.a_site("QY", region=HERE), await stocking.a_site("QZ", region=HERE)
    shelf = await stocking.a_bin(site)
    item = await stocking.an_item()
    lot = await stocking.a_lot(
        item, shelf.id, 60, made_on=clock.today(), expires_on=clock.today() + timedelta(days=300)
    )
    ada, bea = await stocking.a_keeper("ada", region=HERE), await stocking.a_keeper("bea", region=HERE)
    checker = await a_checker("cleo", region=HERE)
    person = await staffing.a_member(
        "walker", Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER, name="巡库员", region=HERE
    )
    grant = await fetch_value(
        "SELECT id FROM role_grant WHERE person = {} AND role = 'warehouse_keeper'", person
    )
    walker = Acting(person, grant, Role.WAREHOUSE_KEEPER)
    client.cookies.set("session", await staffing.a_session("walker"))
    organisation = await staffing.a_federation(HERE)
    return World(client, site, other, shelf, item, lot, ada, bea, checker, walker, organisation)


async def beside(world: World, mark: str) -> World:
    """Make two more sites with goods for the same people."""
    site = await stocking.a_site(f"QY{mark}", region=HERE)
    other = await stocking.a_site(f"QZ{mark}", region=HERE)
    shelf = await stocking.a_bin(site)
    lot = await stocking.a_lot(
        world.item, shelf.id, 60, made_on=clock.today(), expires_on=clock.today() + timedelta(days=300)
    )
    return replace(world, site=site, other=other, shelf=shelf, lot=lot, mark=mark)


def once() -> str:
    return str(ids.new_id())


def paper(name: str = "signature") -> dict[str, tuple[str, bytes]]:
    return {name: ("paper.png", a_picture().data)}


async def number_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


Case = Callable[[World], Awaitable[Sent]]


async def fingerprint() -> list[dict[str, Any]]:
    """Return count and digest of every table of stock, orders, books, papers, approvals and histories."""
    tables = await fetch(
        """SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
            WHERE schemaname IN ('books', 'audit')
               OR (schemaname = 'public' AND tablename ~ '^(stock|goods|approval|letter|stored|deadline)')
            ORDER BY 1"""
    )
    each = " UNION ALL ".join(
        f"SELECT '{row['name']}' AS name, count(*), sum(hashtext(t::text)::bigint) FROM {row['name']} AS t"
        for row in tables
    )
    return await fetch(each)
