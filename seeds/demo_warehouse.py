"""Three warehouses with some goods in them, from invented givers."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.identity.queries import regions
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.warehouse.actions import places, stock
from cishan.warehouse.queries import places as where
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.rules.catalogue import Item
from cishan.warehouse.rules.places import Bin, Purpose, Site
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
KEPT_DAYS = 20
"""So long ago what does not age began to come, each kind a fortnight apart; food came when it was made."""


async def load() -> None:
    await open_sites()
    for number, (site, code, pieces, age, fund, words) in enumerate(STOCK):
        await fill(
            f"{site}/{number}/{code}",
            code,
            pieces,
            bin_code=f"{site}-B-{number % SHELVES + 1:02}",
            fund=fund,
            age=age,
            days_ago=KEPT_DAYS + 14 * number if age is None else age - 2,
            words=words,
        )


async def open_sites() -> None:
    """Open the warehouses that are not open yet."""
    for code, name, organisation, region in SITES:
        if await where.site_by_code(code) is None:
            await _open(code, name, organisation, region)


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


async def fill(
    key: str,
    item_code: str,
    pieces: int,
    *,
    bin_code: str,
    fund: str,
    age: int | None = None,
    days_ago: int,
    words: Sequence[str] = (),
) -> None:
    """Put goods of an opening stock on a shelf, so many days after they were made (None: they do not age).

    The same key once more changes nothing.
    """
    item, shelf, row = await item_of(item_code), await bin_of(bin_code), _id(key)
    made = None if age is None else clock.today() - timedelta(days=age)
    with clock.fixed(days_before(days_ago)):
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
                    restrictions=tuple(words),
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


def days_before(days: int, hour: int = 9) -> datetime:
    """Return an hour of a day so many days ago, in China; of today, now."""
    if days <= 0:
        return clock.now()
    return datetime.combine(clock.today() - timedelta(days=days), time(hour, 30), clock.CHINA)


async def item_of(code: str) -> Item:
    """Return an item of the catalogue; raise LookupError."""
    found = await item_by_code(code)
    if found is None:
        raise LookupError(f"the catalogue does not know {code}")
    return found


async def site_of(code: str) -> Site:
    """Return one of the sites; raise LookupError."""
    found = await where.site_by_code(code)
    if found is None:
        raise LookupError(f"the demonstration has no site {code}")
    return found


async def bin_of(code: str) -> Bin:
    """Return one of the bins; raise LookupError."""
    found = await where.bin_by_code(code)
    if found is None:
        raise LookupError(f"the demonstration has no bin {code}")
    return found


def _expiry(made: date | None, life: int | None) -> date | None:
    return made + timedelta(days=life) if made and life else None


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-warehouse/{name}")
