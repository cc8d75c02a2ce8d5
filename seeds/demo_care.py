"""What needs care in a demonstration: short dates, a recall, a write-off, a count that differs."""

from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.plumbing.uploads import Upload
from cishan.warehouse.actions import (
    locking,
    lots,
    orders,
    places,
    recalls,
    scraps,
    stock,
    stocktake_endings,
    stocktakes,
)
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.queries import places as where
from cishan.warehouse.queries import recalls as recall_queries
from cishan.warehouse.queries import stocktakes as count_queries
from cishan.warehouse.queries.lying import Lying, lying
from cishan.warehouse.rules.orders import (
    ORDER,
    Kind,
    NewOrder,
    Receiver,
    ReceiverKind,
    Second,
    WantedLine,
)
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.recalls import Origin, Reached
from cishan.warehouse.rules.scraps import SCRAP, Ground
from seeds import demo_pictures
from seeds.demo_staff import keepers
from seeds.demo_warehouse import bin_of, days_before, fill, item_of, site_of

STOCK: tuple[tuple[str, int, int | None, int, str], ...] = (
    ("MILK24", 36, 168, 1, "F-CSC"),
    ("BISCUITS", 48, 252, 1, "F-CSC"),
    ("MOONCAKE", 20, 61, 1, "GEN"),
    ("MILLET25", 40, 90, 2, "F-CSC"),
    ("FIRSTAID", 30, 200, 3, "GEN"),
    ("CAREPADS20", 60, 300, 4, "F-YYJZ"),
    ("UNIFORM", 35, None, 4, "F-FPZX"),
)
"""Goods, pieces, days since they were made, bin of the zone D, fund. The mooncakes expired yesterday."""
ZONE = "D"


async def load() -> None:
    first, second = await keepers()
    papers = await files.bring(
        [Upload("signature.png", demo_pictures.signature())],
        owner_kind=ORDER,
        purpose="signature",
        field="signature",
    )
    photos = await files.bring(
        [Upload("damaged.png", demo_pictures.damaged_box())], owner_kind=SCRAP, purpose="photo", field="photo"
    )
    await _shelves()
    async with atomic():
        if await stock.is_posted(uuid5(_id("scrap"), "hold")):
            return
        await locking.lock_expired()
        (millet,) = await _lying("MILLET25")
        await lots.quarantine(millet.lot, by=first, reason="外包装受潮，等待复检")
        await _scrap(first, photos)
        await _recall(first, second, papers)
        await _count(first, second)


async def _shelves() -> None:
    """Open a zone of its own for what follows, and fill it."""
    site = await site_of("DZ")
    if await where.bin_by_code("DZ-D-01") is None:
        bins = [f"DZ-{ZONE}-{number:02}" for number in range(1, 7)]
        await places.open_zone(
            site.id, code=ZONE, name="D周转区", purpose=Purpose.SHELF, bins=bins, walk_from=2100
        )
    for code, pieces, age, shelf, fund in STOCK:
        days = 40 if age is None else min(age - 2, 40)
        await fill(
            f"care/{code}",
            code,
            pieces,
            bin_code=f"DZ-{ZONE}-{shelf:02}",
            fund=fund,
            age=age,
            days_ago=days,
        )


async def _lying(code: str) -> list[Lying]:
    return await lying(item=(await item_of(code)).id, site=(await site_of("DZ")).id)


async def _scrap(by: Acting, photos: list[Brought]) -> None:
    """Lay three torn boxes before the checkers."""
    (biscuits,) = await _lying("BISCUITS")
    await scraps.propose(
        scraps.Proposed(
            words="搬运时跌落，三盒压碎、包装破裂", witness=Second(name="演示志愿者"), photos=photos
        ),
        lot_id=biscuits.lot,
        bin_id=biscuits.bin,
        quantity=3,
        ground=Ground.DAMAGED,
        by=by,
        request=_id("scrap"),
    )


async def _recall(first: Acting, second: Acting, papers: list[Brought]) -> None:
    """Hand first-aid kits out, then call them back: one receiver was reached, the others wait."""
    item, site = await item_of("FIRSTAID"), await site_of("DZ")
    for number in range(1, 4):
        new = NewOrder(
            site=site.id,
            kind=Kind.REQUEST,
            receiver=Receiver(
                kind=ReceiverKind.PERSON,
                name=f"演示居民{number}",
                phone=f"+86139{number:08}",
                region="371402001",
            ),
            lines=(WantedLine(item.id, number),),
            purpose="演示：应急物资",
        )
        with clock.fixed(days_before(20 - number, 14)):
            await orders.hand_out(
                new,
                by=first,
                second=Second(person=second.person_id),
                signature=papers,
                request=_id(f"first aid {number}"),
            )
    (left,) = await _lying("FIRSTAID")
    new_recall = NewRecall(
        lots=(left.lot,),
        origin=Origin.MANUFACTURER,
        reason="厂家通知：演示批次的消毒棉片密封不良",
        advice="请停止使用并退回仓库，我们免费更换。",
        item=item.id,
    )
    with clock.fixed(days_before(1, 16)):
        recall = await recalls.open_recall(new_recall, by=first, request=_id("recall"))
    reached = (await recall_queries.receivers(recall, ["%"]))[0]
    await recalls.mark(recall, reached.id, Reached.REACHED, note="已电话告知，本周送回", by=first)


async def _count(first: Acting, second: Acting) -> None:
    """Count a bin by two people, find two pieces missing, and lay that before a third person."""
    site, shelf = await site_of("DZ"), await bin_of(f"DZ-{ZONE}-04")
    found = await stocktakes.open_stocktake(
        site.id, [shelf.id], note="演示：月度盘点", by=first, request=_id("count")
    )
    for by in (first, second):
        count = await stocktakes.begin_count(found, shelf.id, by=by)
        for one in await lying(bin_id=shelf.id):
            missing = 2 if one.item_code == "CAREPADS20" else 0
            await stocktakes.enter(
                count.id,
                scan=one.lot_number,
                quantity=one.on_hand - missing,
                by=by,
                request=_id(f"count/{by.person_id}/{one.item_code}"),
            )
        await stocktakes.end_count(count.id, by=by)
    lines = await count_queries.variances(await count_queries.stocktake_by_id(found))
    words = {line.id: "上月发放时漏登两包，领取签收单已找到" for line in lines if line.difference}
    await stocktake_endings.explain(found, words, by=first)
    await stocktake_endings.propose(found, by=first, organisation_id=site.organisation)


def _id(key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-care/{key}")
