"""A year of a warehouse of a demonstration: gifts that came, hand-outs that were confirmed, least stocks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.plumbing.uploads import Upload
from cishan.warehouse.actions import handovers, orders, stock
from cishan.warehouse.actions.figures import set_level
from cishan.warehouse.queries.figures import summed_until
from cishan.warehouse.rules.orders import (
    ORDER,
    Confirmed,
    Kind,
    NewOrder,
    Receiver,
    ReceiverKind,
    Second,
    WantedLine,
)
from seeds import demo_pictures
from seeds.demo_goods import Line, accept, begin, take_in
from seeds.demo_staff import keepers
from seeds.demo_warehouse import days_before, fill, item_of, open_sites, site_of

FIRST_POLICY = date(2026, 1, 5)
"""Before the house had rules for what it takes, nobody could offer on line: earlier gifts come that day."""


@dataclass(frozen=True, slots=True)
class Gift:
    """What one giver brought, so many days ago."""

    days_ago: int
    giver: str
    fund: str
    lines: tuple[Line, ...]


OPENING = (("QUILT", 90), ("COAT", 70), ("SOAP4", 220), ("TOWEL", 260), ("SALT400", 300), ("BLANKET", 60))
"""What lay there when the year began, and was handed out in its course."""
OPENED_DAYS = 350
GIFTS = (
    Gift(318, "爱心网友甲", "F-NDXD", (Line("GLOVES", 120), Line("SHOES", 90))),
    Gift(284, "演示超市", "F-CSC", (Line("OIL5", 110, 14), Line("SUGAR500", 180, 20))),
    Gift(251, "爱心网友乙", "F-CSC", (Line("RICE10", 130, 9), Line("NOODLES1", 240, 12))),
    Gift(223, "演示学校家委会", "F-FPZX", (Line("STATIONERY", 160), Line("BOOKS10", 40))),
    Gift(190, "演示纺织厂", "F-CSC", (Line("BEDSET", 70), Line("PILLOW", 120))),
    Gift(161, "爱心网友丙", "F-CSC", (Line("FAN", 45), Line("DETERGENT3", 150, 30))),
    Gift(127, "演示粮油店", "F-CSC", (Line("RICE10", 160, 7), Line("OIL5", 80, 25))),
    Gift(96, "爱心网友丁", "GEN", (Line("TISSUE10", 200, 40), Line("HANDWASH500", 180, 35))),
    Gift(68, "演示医疗器械商行", "F-YYJZ", (Line("CANE", 40), Line("BPMETER", 24, 60))),
    Gift(37, "演示被服厂", "F-NDXD", (Line("QUILT", 110), Line("COAT", 60))),
    Gift(11, "爱心网友戊", "F-NDXD", (Line("HEATER", 36), Line("EBLANKET", 50, 45))),
)
SHELF = {"OIL5": 3, "RICE10": 1, "NOODLES1": 4, "QUILT": 5, "COAT": 6, "STATIONERY": 8, "BOOKS10": 8}
"""Where goods lie, by the number of the shelf; everything else is spread over the first ten."""
RECEIVERS = (
    ("演示·胡家村村委会", "371423100", ()),
    ("演示·岔河敬老院", "371402001", ("elders",)),
    ("演示·庆云镇小学", "371423100", ("children", "students")),
    ("演示·向阳社区居委会", "371402001", ()),
    ("演示·康复站", "371402001", ("disabled",)),
)
OUT: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = (
    (341, (("QUILT", 24), ("COAT", 20), ("TOWEL", 40))),
    (327, (("BLANKET", 30), ("SALT400", 60))),
    (312, (("GLOVES", 40), ("SHOES", 30), ("QUILT", 26))),
    (298, (("GLOVES", 32), ("COAT", 22))),
    (279, (("OIL5", 24), ("SALT400", 80))),
    (263, (("OIL5", 26), ("SUGAR500", 60), ("SOAP4", 50))),
    (248, (("RICE10", 30), ("NOODLES1", 60))),
    (233, (("RICE10", 36), ("TOWEL", 80))),
    (219, (("STATIONERY", 60), ("BOOKS10", 12))),
    (204, (("NOODLES1", 70), ("OIL5", 20), ("SOAP4", 60))),
    (188, (("BEDSET", 20), ("PILLOW", 40))),
    (172, (("RICE10", 28), ("SUGAR500", 50))),
    (157, (("FAN", 20), ("DETERGENT3", 40))),
    (143, (("FAN", 14), ("TOWEL", 60), ("SALT400", 70))),
    (125, (("RICE10", 40), ("OIL5", 22))),
    (110, (("NOODLES1", 60), ("DETERGENT3", 30), ("SOAP4", 60))),
    (94, (("TISSUE10", 50), ("HANDWASH500", 60))),
    (79, (("RICE10", 38), ("OIL5", 24), ("STATIONERY", 60))),
    (64, (("CANE", 12), ("BPMETER", 8))),
    (51, (("TISSUE10", 40), ("RICE10", 30), ("BOOKS10", 10))),
    (35, (("QUILT", 30), ("COAT", 20))),
    (24, (("QUILT", 34), ("BEDSET", 18), ("GLOVES", 22))),
    (15, (("OIL5", 26), ("RICE10", 34), ("TISSUE10", 30))),
    (9, (("HEATER", 10), ("COAT", 16), ("SHOES", 24))),
    (4, (("QUILT", 28), ("PILLOW", 20))),
)
"""Days ago and pieces: one hand-out each, the receivers in turn."""
LEVELS = {
    "DZ": {
        "RICE10": 300, "OIL5": 200, "FLOUR10": 120, "NOODLES1": 300, "QUILT": 260, "COAT": 120,
        "NAPPIES10": 60, "MILKPOWDER-S": 40, "WHEELCHAIR": 15, "SCHOOLBAG": 100, "KIT-WINTER": 30,
    },
    "QY": {"RICE10": 120, "MILK24": 30, "BLANKET": 80, "HEATER": 20},
    "QYZ": {"QUILT": 20, "RICE10": 30},
}  # fmt: skip
"""How many pieces a site should always have; some are missing, and the public page asks for them."""


async def load() -> None:
    """Tell the year once, and only where no day of it was summed up: nothing is dated back into such days."""
    await open_sites()
    first, second = await keepers()
    papers = await files.bring(
        [Upload("signature.png", demo_pictures.signature())],
        owner_kind=ORDER,
        purpose="signature",
        field="signature",
    )
    if await summed_until() is None:
        async with atomic():
            await _live(first, second, papers)
    for site, levels in LEVELS.items():
        where = await site_of(site)
        for code, minimum in levels.items():
            await set_level(where.id, (await item_of(code)).id, minimum, by=first)


async def is_told() -> bool:
    """Tell whether this installation has the year; one that is older than it has not."""
    return await stock.is_posted(uuid5(_id(0), "issue"))


async def _live(first: Acting, second: Acting, papers: list[Brought]) -> None:
    for number, (code, pieces) in enumerate(OPENING, 1):
        await fill(
            f"year/{code}", code, pieces, bin_code=_shelf(code), fund="F-CSC", days_ago=OPENED_DAYS - number
        )
    events: list[tuple[datetime, Gift | int]] = [(_day(gift.days_ago), gift) for gift in GIFTS]
    events += [(days_before(days, 15), number) for number, (days, _) in enumerate(OUT)]
    for moment, what in sorted(events, key=lambda pair: pair[0]):
        if isinstance(what, Gift):
            await _came(what, moment, first, second)
        else:
            await _went(what, moment, first, second, papers)


def _day(days_ago: int) -> datetime:
    early = datetime(FIRST_POLICY.year, FIRST_POLICY.month, FIRST_POLICY.day, 9, 30, tzinfo=clock.CHINA)
    return max(days_before(days_ago), min(early, days_before(1)))


async def _came(gift: Gift, moment: datetime, first: Acting, second: Acting) -> None:
    """Let a gift be offered, accepted, counted by two, valued by one, booked by the other, and shelved."""
    key = f"year/{gift.days_ago}"
    with clock.fixed(moment):
        offer = await begin(key, gift.giver, gift.lines, site="DZ", fund=gift.fund)
        if offer is None:
            return
        await accept(offer, by=first)
    with clock.fixed(moment + timedelta(hours=5)):
        shelves = {line.item: _shelf(line.item) for line in gift.lines}
        await take_in(key, offer, first, second, shelves=shelves)


async def _went(number: int, moment: datetime, first: Acting, second: Acting, papers: list[Brought]) -> None:
    """Let goods be handed out before two people, and somebody else ask by telephone whether they came."""
    name, region, tokens = RECEIVERS[number % len(RECEIVERS)]
    new = NewOrder(
        site=(await site_of("DZ")).id,
        kind=Kind.REQUEST,
        receiver=Receiver(kind=ReceiverKind.ORGANISATION, name=name, region=region, tokens=tokens),
        lines=tuple([WantedLine((await item_of(code)).id, pieces) for code, pieces in OUT[number][1]]),
        purpose="演示：日常发放",
    )
    with clock.fixed(moment):
        given = await orders.hand_out(
            new, by=first, second=Second(person=second.person_id), signature=papers, request=_id(number)
        )
    with clock.fixed(min(moment + timedelta(days=3), clock.now())):
        if given.is_new:
            await handovers.confirm(given.order_id, how=Confirmed.PHONE, by=second)


def _shelf(code: str) -> str:
    return f"DZ-B-{SHELF.get(code, 1 + sum(code.encode()) % 10):02}"


def _id(number: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-year/{number}")
