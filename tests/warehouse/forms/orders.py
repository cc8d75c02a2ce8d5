"""Forms of orders, of picking and handing over, and of write-offs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Decision
from cishan.kernel import clock, ids
from cishan.plumbing import crypto
from cishan.warehouse.actions import handovers, orders, picks, scraps
from cishan.warehouse.queries import orders as order_queries
from cishan.warehouse.rules.orders import Kind, Second, Signed
from cishan.warehouse.rules.scraps import Ground
from tests.warehouse import ordering, stocking
from tests.warehouse.forms.world import ADDRESS, HERE, NAME, PHONE, Case, Sent, World, number_of, once, paper
from tests.warehouse.test_scraps import approval_of
from tests.warehouse.test_scraps import told as told_of_scrap

# --- orders ---------------------------------------------------------------------------------------------


def wanted(w: World, quantity: int = 4, **more: Any) -> Any:
    told = {"name": NAME, "phone": PHONE, "address": ADDRESS, "region": HERE} | more
    return ordering.an_order(w.site, (w.item, quantity), **told)


async def requested(w: World) -> UUID:
    placed = await orders.request_goods(wanted(w), by=w.ada, request=ids.new_id())
    return placed.order_ids[0]


async def reserved(w: World) -> UUID:
    order = await requested(w)
    await orders.reserve([order], by=w.ada, request=ids.new_id())
    return order


async def pick_of(order: UUID) -> UUID:
    return (await order_queries.picks_of(order))[0].id


async def picked(w: World) -> UUID:
    order = await reserved(w)
    await picks.pick(await pick_of(order), quantity=4, by=w.ada, request=ids.new_id())
    return order


async def packed(w: World) -> UUID:
    order = await picked(w)
    await handovers.pack(order, parcels=1, by=w.ada)
    return order


async def handed_over(w: World) -> UUID:
    order = await packed(w)
    await handovers.hand_over(
        order,
        by=w.ada,
        second=Second(person=w.bea.person_id),
        signed=Signed.SCREEN,
        signature=await ordering.brought(),
        request=ids.new_id(),
    )
    return order


async def missing(w: World) -> UUID:
    order = await reserved(w)
    await picks.not_found(await pick_of(order), found=1, reason="货位上没有", by=w.ada, request=ids.new_id())
    return order


async def _order(order: UUID, step: str = "") -> str:
    return f"/staff/warehouse/orders/{(await order_queries.order_by_id(order)).number}{step}"


async def _new_order(w: World) -> Sent:
    data = {
        "request": once(),
        "site": str(w.site),
        "receiver_kind": "person",
        "name": NAME,
        "phone": "138 0000 7766",
        "address": ADDRESS,
        "region": HERE,
        "age": "70",
        "sex": "女",
        "purpose": "临时困难",
        "item": str(w.item),
        "quantity": "4",
    }
    return Sent("/staff/warehouse/orders/new", data)


async def _allocate(w: World) -> Sent:
    rows = "姓名,电话,物资,数量,年龄\n爱心网友甲,13800000001,RICE10,2,70\n"
    data = {"request": once(), "site": str(w.site), "title": "暖冬名单", "rows": rows}
    return Sent("/staff/warehouse/orders/allocate", data)


async def batch(w: World) -> UUID:
    placed = await orders.request_list(
        w.site, "暖冬名单", [wanted(w, 2, kind=Kind.LIST)], by=w.ada, request=ids.new_id()
    )
    assert placed.batch is not None
    return placed.batch


async def _reserve_list(w: World) -> Sent:
    return Sent(f"/staff/warehouse/orders/lists/{await batch(w)}/reserve", {"request": once()})


async def _reserve(w: World) -> Sent:
    return Sent(await _order(await requested(w), "/reserve"), {"request": once()})


async def _cancel(w: World) -> Sent:
    data = {"request": once(), "reason": "不再需要"}
    return Sent(await _order(await reserved(w), "/cancel"), data)


async def _look(w: World) -> Sent:
    data = {"request": once(), "reason": "送货前电话联系"}
    return Sent(await _order(await requested(w), "/look"), data)


async def _scan_pick(w: World) -> Sent:
    data = {"request": once(), "code": w.shelf.code, "bin": ""}
    return Sent(await _order(await reserved(w), "/pick"), data)


async def _pick_path(order: UUID, step: str = "") -> str:
    return await _order(order, f"/picks/{await pick_of(order)}{step}")


async def _take(w: World) -> Sent:
    return Sent(await _pick_path(await reserved(w)), {"request": once(), "quantity": "3"})


async def _missing(w: World) -> Sent:
    data = {"request": once(), "found": "1", "reason": "货位上没有"}
    return Sent(await _pick_path(await reserved(w), "/missing"), data)


async def _missing_pick(order: UUID) -> UUID:
    return next(one.id for one in await order_queries.picks_of(order) if one.state == "missing")


async def _found(w: World) -> Sent:
    order = await missing(w)
    return Sent(await _order(order, f"/picks/{await _missing_pick(order)}/found"), {"request": once()})


async def _instead(w: World) -> Sent:
    late = await stocking.a_lot(w.item, w.shelf.id, 9, expires_on=clock.today() + timedelta(days=900))
    data = {"request": once(), "lot": await number_of(late), "reason": "外箱破损"}
    return Sent(await _pick_path(await reserved(w), "/instead"), data)


async def _pack(w: World) -> Sent:
    return Sent(await _order(await picked(w), "/pack"), {"parcels": "2"})


async def _hand_over(w: World) -> Sent:
    data = {"request": once(), "signed": "paper", "second": str(w.bea.person_id), "signer": ""}
    return Sent(await _order(await packed(w), "/hand-over"), data, paper())


async def _confirm(w: World) -> Sent:
    return Sent(await _order(await handed_over(w), "/confirm"), {"how": "phone", "note": "已收到"})


async def _own(w: World) -> Sent:
    token = crypto.secret_link(await handed_over(w), purpose=order_queries.LINK)
    return Sent(f"/o/{token}", {"complaint": "1", "note": "少了一袋"})


async def _returns(w: World) -> Sent:
    order = await handed_over(w)
    data = {
        "request": once(),
        "pick": str(await pick_of(order)),
        "quantity": "1",
        "condition": "good",
        "reason": "搬家",
    }
    return Sent(await _order(order, "/returns"), data)


# --- write-offs -----------------------------------------------------------------------------------------


def _scrap_data() -> dict[str, Any]:
    return {
        "request": once(),
        "quantity": "2",
        "ground": "damaged",
        "words": "受潮发霉",
        "volunteer": "志愿者甲",
    }


async def _scrap(w: World) -> Sent:
    path = f"/staff/warehouse/scraps/new/{await number_of(w.lot)}/{w.shelf.code}"
    return Sent(path, _scrap_data(), paper("photo"))


async def _scrap_missing(w: World) -> Sent:
    pick = await _missing_pick(await missing(w))
    data = {**_scrap_data(), "quantity": "3"}
    return Sent(f"/staff/warehouse/scraps/missing/{pick}", data, paper("photo"))


async def scrap(w: World) -> UUID:
    made = await scraps.propose(
        await told_of_scrap(),
        lot_id=w.lot,
        bin_id=w.shelf.id,
        quantity=2,
        ground=Ground.DAMAGED,
        by=w.ada,
        request=ids.new_id(),
    )
    await approvals.check(await approval_of(made), w.checker, Decision.RETURN, "请补照片")
    return made


async def _scrap_again(w: World) -> Sent:
    data = {"request": once(), "reason": "已补照片"}
    return Sent(f"/staff/warehouse/scraps/{await scrap(w)}/again", data)


async def _scrap_drop(w: World) -> Sent:
    data = {"request": once(), "reason": "仍可使用"}
    return Sent(f"/staff/warehouse/scraps/{await scrap(w)}/drop", data)


_ORDER = "/staff/warehouse/orders/{number:str}"
_PICK = f"{_ORDER}/picks/{{pick_id:uuid}}"

VALID: dict[str, Case] = {
    "/staff/warehouse/orders/new": _new_order,
    "/staff/warehouse/orders/allocate": _allocate,
    "/staff/warehouse/orders/lists/{batch:uuid}/reserve": _reserve_list,
    f"{_ORDER}/reserve": _reserve,
    f"{_ORDER}/cancel": _cancel,
    f"{_ORDER}/look": _look,
    f"{_ORDER}/pick": _scan_pick,
    _PICK: _take,
    f"{_PICK}/missing": _missing,
    f"{_PICK}/found": _found,
    f"{_PICK}/instead": _instead,
    f"{_ORDER}/pack": _pack,
    f"{_ORDER}/hand-over": _hand_over,
    f"{_ORDER}/confirm": _confirm,
    f"{_ORDER}/returns": _returns,
    "/o/{token:str}": _own,
    "/staff/warehouse/scraps/new/{lot:str}/{bin_code:str}": _scrap,
    "/staff/warehouse/scraps/missing/{missing_id:uuid}": _scrap_missing,
    "/staff/warehouse/scraps/{scrap_id:uuid}/again": _scrap_again,
    "/staff/warehouse/scraps/{scrap_id:uuid}/drop": _scrap_drop,
}
