"""Forms of stocktakes and recalls."""

from datetime import timedelta
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch_value
from cishan.warehouse.actions import orders, recalls, stocktakes
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.rules.orders import Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.recalls import Origin, Reached
from cishan.warehouse.rules.stock import Cause, Delta
from tests.warehouse import counting, ordering, stocking
from tests.warehouse.forms.orders import wanted
from tests.warehouse.forms.world import Case, Sent, World, number_of, once

COUNTS = "/staff/warehouse/counts"


async def stocktake(w: World, *found: int) -> UUID:
    made = await counting.opened(w.house)
    for quantity in found:
        await counting.both_count(w.house, made, {w.lot: quantity})
    return made


async def _open_count(w: World) -> Sent:
    data = {"site": str(w.site), "request": once(), "codes": w.shelf.code, "note": "月度"}
    return Sent(COUNTS, data)


async def _begin_count(w: World) -> Sent:
    return Sent(f"{COUNTS}/{await stocktake(w)}/bins/{w.shelf.id}/count")


async def _begun(w: World) -> str:
    made = await stocktake(w)
    count = await stocktakes.begin_count(made, w.shelf.id, by=w.walker)
    await stocktakes.enter(
        count.id, scan=await number_of(w.lot), quantity=1, by=w.walker, request=ids.new_id()
    )
    return f"{COUNTS}/{made}/count/{count.id}"


async def _entry(w: World) -> Sent:
    data = {"scan": await number_of(w.lot), "quantity": "7", "request": once()}
    return Sent(await _begun(w) + "/entries", data)


async def _unlabelled(w: World) -> Sent:
    until = (clock.today() + timedelta(days=90)).isoformat()
    data = {"item": str(w.item), "pieces": "3", "why": "标签脱落", "request": once(), "use_until": until}
    return Sent(await _begun(w) + "/unlabelled", data)


async def _over(w: World) -> Sent:
    return Sent(await _begun(w) + "/over", {"thing": str(w.lot)})


async def _end(w: World) -> Sent:
    return Sent(await _begun(w) + "/end")


async def _explain(w: World) -> Sent:
    made = await stocktake(w, 58)
    line = await fetch_value("SELECT id FROM stocktake_line WHERE stocktake = {}", made)
    return Sent(f"{COUNTS}/{made}/explain", {f"line-{line}": "搬运时破损", "propose": "1"})


async def _again(w: World) -> Sent:
    return Sent(f"{COUNTS}/{await stocktake(w, 58)}/again", {"again_reason": "疑有误"})


async def _abandon(w: World) -> Sent:
    return Sent(f"{COUNTS}/{await stocktake(w)}/abandon", {"abandon_reason": "停电"})


async def _finish(w: World) -> Sent:
    return Sent(f"{COUNTS}/{await stocktake(w, 60)}/finish")


async def recall(w: World) -> UUID:
    await orders.hand_out(
        wanted(w, 2),
        by=w.ada,
        second=Second(person=w.bea.person_id),
        signature=await ordering.brought(),
        request=ids.new_id(),
    )
    new = NewRecall(lots=(w.lot,), origin=Origin.MANUFACTURER, reason="包装胀气", advice="请停止食用。")
    return await recalls.open_recall(new, by=w.ada, request=ids.new_id())


def _recall(found: UUID, step: str) -> str:
    return f"/staff/warehouse/recalls/{found}/{step}"


async def _call_back(w: World) -> Sent:
    data = {
        "origin": "manufacturer",
        "reason": "检出超标",
        "advice": "请停止食用并退回。",
        "request": once(),
        "lots": str(w.lot),
        "search_numbers": await number_of(w.lot),
    }
    return Sent("/staff/warehouse/recalls", data)


async def _recall_look(w: World) -> Sent:
    return Sent(_recall(await recall(w), "look"), {"purpose": "逐一电话通知"})


async def _recall_file(w: World) -> Sent:
    return Sent(_recall(await recall(w), "file"), {"purpose": "逐一电话通知"})


async def _notices(w: World) -> Sent:
    return Sent(_recall(await recall(w), "notices"))


async def _reached(w: World) -> Sent:
    found = await recall(w)
    line = await fetch_value("SELECT id FROM goods_recall_receiver WHERE recall = {}", found)
    return Sent(_recall(found, f"receivers/{line}"), {"state": "returned", "note": "已退回"})


async def _close_recall(w: World) -> Sent:
    found = await recall(w)
    line = await fetch_value("SELECT id FROM goods_recall_receiver WHERE recall = {}", found)
    await recalls.mark(found, line, Reached.RETURNED, note="", by=w.ada)
    target = await stocking.a_bin(w.site, Purpose.QUARANTINE)
    await stocking.move(Cause.MOVE, Delta(w.lot, w.shelf.id, -58), Delta(w.lot, target.id, 58))
    return Sent(_recall(found, "close"), {"closing": "全部收回"})


async def _lift(w: World) -> Sent:
    return Sent(_recall(await recall(w), "lift"), {"lift_reason": "复检合格，误报"})


_STOCKTAKE = f"{COUNTS}/{{stocktake_id:uuid}}"
_COUNT = f"{_STOCKTAKE}/count/{{count_id:uuid}}"
_RECALL = "/staff/warehouse/recalls/{recall_id:uuid}"

VALID: dict[str, Case] = {
    COUNTS: _open_count,
    f"{_STOCKTAKE}/bins/{{bin_id:uuid}}/count": _begin_count,
    f"{_COUNT}/entries": _entry,
    f"{_COUNT}/unlabelled": _unlabelled,
    f"{_COUNT}/over": _over,
    f"{_COUNT}/end": _end,
    f"{_STOCKTAKE}/explain": _explain,
    f"{_STOCKTAKE}/again": _again,
    f"{_STOCKTAKE}/abandon": _abandon,
    f"{_STOCKTAKE}/finish": _finish,
    "/staff/warehouse/recalls": _call_back,
    f"{_RECALL}/look": _recall_look,
    f"{_RECALL}/file": _recall_file,
    f"{_RECALL}/notices": _notices,
    f"{_RECALL}/receivers/{{line_id:uuid}}": _reached,
    f"{_RECALL}/close": _close_recall,
    f"{_RECALL}/lift": _lift,
}
