"""Three warehouses with some goods in them, from invented givers."""

from datetime import date, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.identity.queries import regions
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.warehouse.actions import places, stock
from cishan.warehouse.queries import places as where
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, NewLot, Source

SITES = (
    ("DZ", "德州市爱心仓库（演示）", "federation", ""),
    ("QY", "庆云县爱心仓库（演示）", "federation-371423", ""),
    ("QYZ", "庆云镇爱心仓库（演示）", "federation-371423", "371423100"),
)
STOCK: tuple[tuple[str, str, int, int | None, str, tuple[str, ...]], ...] = (
    ("DZ", "RICE10", 400, 30, "F-NDXD", ()),
    ("DZ", "RICE10", 120, 310, "F-NDXD", ()),
    ("DZ", "OIL5", 300, 45, "F-NDXD", ()),
    ("DZ", "NOODLES1", 900, 60, "F-NDXD", ()),
    ("DZ", "QUILT", 260, None, "F-NDXD", ()),
    ("DZ", "THERMALS", 240, None, "F-NDXD", ()),
    ("DZ", "DOWN-C", 80, None, "F-FPZX", ("children",)),
    ("DZ", "SCHOOLBAG", 150, None, "F-FPZX", ("students",)),
    ("DZ", "MASKS50", 500, 200, "GEN", ()),
    ("DZ", "WHEELCHAIR", 12, None, "F-YYJZ", ()),
    ("QY", "RICE10", 90, 20, "F-CSC", ()),
    ("QY", "MILK24", 40, 135, "F-CSC", ("elders",)),
    ("QY", "BLANKET", 60, None, "F-CSC", ()),
    ("QYZ", "QUILT", 15, None, "F-CSC", ()),
)
"""Site, kind of goods, pieces, days since they were made (None: they do not age), fund, restrictions."""
SHELVES = 12


async def load() -> None:
    for code, name, organisation, region in SITES:
        if await where.site_by_code(code) is None:
            await _open(code, name, organisation, region)
    for number, row in enumerate(STOCK):
        await _fill(number, row)


async def _open(code: str, name: str, organisation: str, region: str) -> None:
    house = await regions.organisation_named(organisation)
    async with atomic():
        site = await places.open_site(
            code=code, name=name, organisation_id=house.id, region=region or house.region
        )
        await places.open_zone(
            site,
            code="B",
            name="B货架区",
            purpose=Purpose.SHELF,
            bins=[f"{code}-B-{shelf:02}" for shelf in range(1, SHELVES + 1)],
            walk_from=1100,
        )
        if code == "DZ":
            await places.open_zone(
                site, code="C", name="冷藏区", purpose=Purpose.COLD, bins=["DZ-C-01"], walk_from=1900
            )


async def _fill(number: int, given: tuple[str, str, int, int | None, str, tuple[str, ...]]) -> None:
    site_code, item_code, pieces, age, fund, words = given
    item = await item_by_code(item_code)
    shelf = await where.bin_by_code(f"{site_code}-B-{number % SHELVES + 1:02}")
    if item is None or shelf is None:
        raise LookupError(f"the seeds of the warehouse do not name {item_code} and its shelf")
    row = _id(f"{site_code}/{number}/{item_code}")
    made = None if age is None else clock.today() - timedelta(days=age)
    async with atomic():
        if await stock.is_posted(row):
            return
        lot = await stock.open_lot(
            NewLot(
                item=item.id,
                quantity=pieces,
                cost_fen=pieces * item.typical_value_fen,
                basis=Basis.FAIR,
                fund=fund,
                source=Source.OPENING,
                source_id=row,
                made_on=made,
                expires_on=_expiry(made, item.shelf_life_days),
                restrictions=words,
            )
        )
        await stock.post(
            Cause.RECEIVE,
            [Delta(lot, shelf.id, pieces)],
            by=None,
            subject=("opening", row),
            request=row,
            reason="演示：期初库存",
        )


def _expiry(made: date | None, life: int | None) -> date | None:
    return made + timedelta(days=life) if made and life else None


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-warehouse/{name}")
