"""Every form of the warehouse with what makes it valid: walls are tried with all of them.

`VALID` names each POST route; a route without a case fails `test_bad_input`.
"""

import html
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Decision
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import (
    assembling,
    handovers,
    labels,
    lots,
    new_offers,
    orders,
    picks,
    recalls,
    receiving,
    reversals,
    scraps,
    stocktakes,
    transfers,
)
from cishan.warehouse.actions import kits as kit_actions
from cishan.warehouse.actions import places as place_actions
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries import orders as order_queries
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules import bin_patterns
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import Part
from cishan.warehouse.rules.offers import NewOffer
from cishan.warehouse.rules.orders import Kind, Second, Signed
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.recalls import Origin, Reached
from cishan.warehouse.rules.reversals import Wrong
from cishan.warehouse.rules.scraps import Ground
from cishan.warehouse.rules.stock import Cause, Delta
from cishan.warehouse.rules.transfers import Counted, Transfer
from seeds import approvals as bands
from seeds import deadlines
from seeds import warehouse as catalogue
from tests.identity import staffing
from tests.warehouse import counting, driving, offering, ordering, stocking
from tests.warehouse.driving import Season
from tests.warehouse.ordering import a_picture
from tests.warehouse.test_scraps import a_checker, approval_of
from tests.warehouse.test_scraps import told as told_of_scrap

HERE, ELSEWHERE = staffing.COUNTY, staffing.OTHER
NAME, PHONE, ADDRESS = "测试受助人壹", "+8613800007766", "庆云县庆云镇不存在村7号"
"""A receiver's; planted wherever receivers are written down."""
STARTS = (
    "/staff/warehouse",
    "/staff/goods-offers",
    "/staff/drives",
    "/staff/kits",
    "/staff/scan",
    "/staff/stocktakes",
    "/goods",
    "/o/",
)
NOT_HERE = ("/export", "/goods/{token:str}/receipts")
"""Exports of lists, which change nothing; and receipts for goods, which are of the slice of gifts."""


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


def routes(app: Litestar, method: str) -> Iterator[str]:
    """Give the paths of the warehouse's routes."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(STARTS):
            for handler in route.route_handlers:
                if method in handler.http_methods and not route.path.endswith(NOT_HERE):
                    yield route.path


def _once() -> str:
    return str(ids.new_id())


def _paper(name: str = "signature") -> dict[str, tuple[str, bytes]]:
    return {name: ("paper.png", a_picture().data)}


async def number_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


# --- orders ---------------------------------------------------------------------------------------------


def _wanted(w: World, quantity: int = 4, **more: Any) -> Any:
    told = {"name": NAME, "phone": PHONE, "address": ADDRESS, "region": HERE} | more
    return ordering.an_order(w.site, (w.item, quantity), **told)


async def requested(w: World) -> UUID:
    placed = await orders.request_goods(_wanted(w), by=w.ada, request=ids.new_id())
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
        "request": _once(),
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
    data = {"request": _once(), "site": str(w.site), "title": "暖冬名单", "rows": rows}
    return Sent("/staff/warehouse/orders/allocate", data)


async def batch(w: World) -> UUID:
    placed = await orders.request_list(
        w.site, "暖冬名单", [_wanted(w, 2, kind=Kind.LIST)], by=w.ada, request=ids.new_id()
    )
    assert placed.batch is not None
    return placed.batch


async def _reserve_list(w: World) -> Sent:
    return Sent(f"/staff/warehouse/orders/lists/{await batch(w)}/reserve", {"request": _once()})


async def _reserve(w: World) -> Sent:
    return Sent(await _order(await requested(w), "/reserve"), {"request": _once()})


async def _cancel(w: World) -> Sent:
    data = {"request": _once(), "reason": "不再需要"}
    return Sent(await _order(await reserved(w), "/cancel"), data)


async def _look(w: World) -> Sent:
    data = {"request": _once(), "reason": "送货前电话联系"}
    return Sent(await _order(await requested(w), "/look"), data)


async def _scan_pick(w: World) -> Sent:
    data = {"request": _once(), "code": w.shelf.code, "bin": ""}
    return Sent(await _order(await reserved(w), "/pick"), data)


async def _pick_path(order: UUID, step: str = "") -> str:
    return await _order(order, f"/picks/{await pick_of(order)}{step}")


async def _take(w: World) -> Sent:
    return Sent(await _pick_path(await reserved(w)), {"request": _once(), "quantity": "3"})


async def _missing(w: World) -> Sent:
    data = {"request": _once(), "found": "1", "reason": "货位上没有"}
    return Sent(await _pick_path(await reserved(w), "/missing"), data)


async def _missing_pick(order: UUID) -> UUID:
    return next(one.id for one in await order_queries.picks_of(order) if one.state == "missing")


async def _found(w: World) -> Sent:
    order = await missing(w)
    return Sent(await _order(order, f"/picks/{await _missing_pick(order)}/found"), {"request": _once()})


async def _instead(w: World) -> Sent:
    late = await stocking.a_lot(w.item, w.shelf.id, 9, expires_on=clock.today() + timedelta(days=900))
    data = {"request": _once(), "lot": await number_of(late), "reason": "外箱破损"}
    return Sent(await _pick_path(await reserved(w), "/instead"), data)


async def _pack(w: World) -> Sent:
    return Sent(await _order(await picked(w), "/pack"), {"parcels": "2"})


async def _hand_over(w: World) -> Sent:
    data = {"request": _once(), "signed": "paper", "second": str(w.bea.person_id), "signer": ""}
    return Sent(await _order(await packed(w), "/hand-over"), data, _paper())


async def _confirm(w: World) -> Sent:
    return Sent(await _order(await handed_over(w), "/confirm"), {"how": "phone", "note": "已收到"})


async def _own(w: World) -> Sent:
    token = crypto.secret_link(await handed_over(w), purpose=order_queries.LINK)
    return Sent(f"/o/{token}", {"complaint": "1", "note": "少了一袋"})


async def _returns(w: World) -> Sent:
    order = await handed_over(w)
    data = {
        "request": _once(),
        "pick": str(await pick_of(order)),
        "quantity": "1",
        "condition": "good",
        "reason": "搬家",
    }
    return Sent(await _order(order, "/returns"), data)


# --- write-offs -----------------------------------------------------------------------------------------


def _scrap_data() -> dict[str, Any]:
    return {
        "request": _once(),
        "quantity": "2",
        "ground": "damaged",
        "words": "受潮发霉",
        "volunteer": "志愿者甲",
    }


async def _scrap(w: World) -> Sent:
    path = f"/staff/warehouse/scraps/new/{await number_of(w.lot)}/{w.shelf.code}"
    return Sent(path, _scrap_data(), _paper("photo"))


async def _scrap_missing(w: World) -> Sent:
    pick = await _missing_pick(await missing(w))
    data = {**_scrap_data(), "quantity": "3"}
    return Sent(f"/staff/warehouse/scraps/missing/{pick}", data, _paper("photo"))


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
    data = {"request": _once(), "reason": "已补照片"}
    return Sent(f"/staff/warehouse/scraps/{await scrap(w)}/again", data)


async def _scrap_drop(w: World) -> Sent:
    data = {"request": _once(), "reason": "仍可使用"}
    return Sent(f"/staff/warehouse/scraps/{await scrap(w)}/drop", data)


# --- transfers ------------------------------------------------------------------------------------------


async def draft(w: World) -> Transfer:
    made = await transfers.draft(source=w.site, target=w.other, by=w.ada, request=ids.new_id())
    place = next(one for one in await lying(lot=w.lot, site=w.site) if one.available)
    await transfers.add_line(made.id, place, 12, request=ids.new_id())
    return await transfer_by_id(made.id)


async def sent_off(w: World) -> Transfer:
    made = await draft(w)
    await transfers.send(made.id, by=w.ada, request=ids.new_id())
    return await transfer_by_id(made.id)


async def incomplete(w: World) -> Transfer:
    made = await sent_off(w)
    counted = {made.lines[0].id: Counted(9, 0, "途中丢失")}
    await transfers.receive(made.id, counted, by=w.bea, request=ids.new_id())
    return await transfer_by_id(made.id)


def _transfer(found: Transfer, step: str) -> str:
    return f"/staff/warehouse/transfers/{found.id}{step}"


async def _new_transfer(w: World) -> Sent:
    data = {"source": str(w.site), "target": str(w.other), "request": _once(), "note": "补货"}
    return Sent("/staff/warehouse/transfers/new", data)


async def _line(w: World) -> Sent:
    lot = await number_of(await stocking.a_lot(w.item, w.shelf.id, 5))
    data = {"lot": lot, "quantity": "2", "request": _once(), "from_bin": w.shelf.code}
    return Sent(_transfer(await draft(w), "/lines"), data)


async def _first(w: World) -> Sent:
    data = {"item": str(w.item), "pieces": "3", "request": _once()}
    made = await transfers.draft(source=w.site, target=w.other, by=w.ada, request=ids.new_id())
    return Sent(_transfer(made, "/first"), data)


async def _remove(w: World) -> Sent:
    made = await draft(w)
    return Sent(_transfer(made, f"/lines/{made.lines[0].id}/remove"))


async def _send(w: World) -> Sent:
    return Sent(_transfer(await draft(w), "/send"), {"request": _once()})


async def _give_up(w: World) -> Sent:
    return Sent(_transfer(await draft(w), "/cancel"), {"reason": "改日再送"})


async def _receive(w: World) -> Sent:
    made = await sent_off(w)
    line = made.lines[0].id
    data = {
        "request": _once(),
        f"arrived_{line}": "11",
        f"damaged_{line}": "1",
        f"explanation_{line}": "途中丢失一袋，破一袋",
    }
    return Sent(_transfer(made, "/receive"), data)


async def _turned_up(w: World) -> Sent:
    made = await incomplete(w)
    data = {"line": str(made.lines[0].id), "found": "2", "request": _once(), "reason": "在车上找到"}
    return Sent(_transfer(made, "/found"), data)


# --- places, catalogue, lots ----------------------------------------------------------------------------


async def _new_site(w: World) -> Sent:
    data = {
        "code": f"QX{w.mark}",
        "name": "新仓",
        "organisation": str(w.organisation),
        "region": HERE,
        "address": "测试路1号",
    }
    return Sent("/staff/warehouse/sites/new", data)


async def _edit_site(w: World) -> Sent:
    return Sent(f"/staff/warehouse/sites/{w.site}/edit", {"name": "改名仓", "address": "测试路2号"})


async def _close_site(w: World) -> Sent:
    return Sent(f"/staff/warehouse/sites/{w.other}/active", {"reason": "搬迁"})


async def _zone(w: World) -> Sent:
    data = {"code": "C", "name": "新区", "purpose": "shelf"}
    return Sent(f"/staff/warehouse/sites/{w.site}/zones", data)


async def _bins(w: World) -> Sent:
    data = {"zone": str(w.shelf.zone), "first": "05", "last": "07", "walk_from": "10"}
    return Sent(f"/staff/warehouse/sites/{w.site}/bins", data)


async def _reorder(w: World) -> Sent:
    return Sent(f"/staff/warehouse/bins/{w.shelf.id}/order", {"walk_order": "7"})


async def _use_bin(w: World) -> Sent:
    empty = await stocking.a_bin(w.other)
    await place_actions.add_bins(empty.zone, bin_patterns.expand("05", ""), walk_from=10, by=w.ada)
    return Sent(f"/staff/warehouse/bins/{empty.id}/active", {"reason": "架子坏了"})


def _item_data(**more: Any) -> dict[str, Any]:
    return {
        "code": "NEW1",
        "name_zh": "新物资",
        "unit_zh": "件",
        "category": "clothing",
        "name_en": "New",
        "unit_en": "piece",
        "shelf_life_days": "300",
        "typical_value_fen": "12.50",
        "min_age": "3",
        "max_age": "12",
        "sex": "",
        "packs": "箱=12",
        "barcodes": "6901234567892",
        "active": "1",
        **more,
    }


async def _new_item(w: World) -> Sent:
    data = _item_data(code=f"NEW1{w.mark}", barcodes=f"OWN-1{w.mark}")
    return Sent("/staff/warehouse/items/new", data)


async def _edit_item(w: World) -> Sent:
    code = f"COAT9{w.mark}"
    item = await stocking.an_item(code, name="棉衣", category=Category.CLOTHING)
    return Sent(f"/staff/warehouse/items/{item}/edit", _item_data(code=code, barcodes=f"OWN-9{w.mark}"))


async def _a_sheet() -> dict[str, tuple[str, bytes]]:
    heads = ["物资编码", "中文名称", "单位", "类别"]
    rows = driving.a_sheet(heads, ["NEW2", "新物资二", "件", "clothing"])
    return {"file": ("目录.xlsx", rows)}


async def _sheet(w: World) -> Sent:
    taken = await w.client.post("/staff/warehouse/items/export", data={"format": "xlsx"})
    assert taken.status_code == 200
    return Sent("/staff/warehouse/items/import", {}, {"file": ("目录.xlsx", taken.content)})


async def _apply(w: World) -> Sent:
    heads, first = ["物品编码", "中文名称"], ["RICE10", f"大米十公斤{w.mark}"]
    shown = await w.client.post(
        "/staff/warehouse/items/import",
        files={"file": ("目录.csv", f"{','.join(heads)}\n{','.join(first)}\n".encode())},
    )
    found = {
        name: html.unescape(value)
        for name, value in re.findall(r'name="(rows|seen)"[^>]*value="([^"]*)"', shown.text)
    }
    found |= {
        name: html.unescape(value)
        for name, value in re.findall(r'<textarea[^>]*name="(rows)"[^>]*>([^<]*)</textarea>', shown.text)
    }
    return Sent("/staff/warehouse/items/import/apply", found)


async def _level(w: World) -> Sent:
    data = {"site": str(w.site), "item": str(w.item), "minimum": "20"}
    return Sent("/staff/warehouse/levels", data)


async def _move(w: World) -> Sent:
    target = await stocking.a_bin(w.site, Purpose.QUARANTINE)
    data = {
        "lot": await number_of(w.lot),
        "bin": target.code,
        "quantity": "5",
        "request": _once(),
        "from_bin": w.shelf.code,
        "reason": "待检",
    }
    return Sent("/staff/warehouse/move", data)


async def _quarantine(w: World) -> Sent:
    return Sent(f"/staff/warehouse/lots/{w.lot}/quarantine", {"reason": "包装胀气"})


async def _release(w: World) -> Sent:
    await lots.quarantine(w.lot, by=w.ada, reason="包装胀气")
    return Sent(f"/staff/warehouse/lots/{w.lot}/release", {"reason": "检验合格"})


# --- labels and scans -----------------------------------------------------------------------------------


async def label(w: World, *, bound: bool) -> str:
    (code,) = await labels.print_ahead(1, by=w.ada.person_id, request=ids.new_id())
    if bound:
        await labels.bind(code, w.shelf.code, by=w.ada.person_id)
    return code


async def _labels(w: World) -> Sent:
    data = {
        "what": "ahead",
        "codes": "",
        "copies": "1",
        "count": "2",
        "paper": "a4-2x5",
        "start": "3",
        "request": _once(),
    }
    return Sent("/staff/warehouse/labels", data)


async def _bind(w: World) -> Sent:
    return Sent(f"/staff/warehouse/labels/{await label(w, bound=False)}", {"to": w.shelf.code})


async def _replace(w: World) -> Sent:
    data = {"replaces": await label(w, bound=True)}
    return Sent(f"/staff/warehouse/labels/{await label(w, bound=False)}/replace", data)


async def _retire(w: World) -> Sent:
    return Sent(f"/staff/warehouse/labels/{await label(w, bound=True)}/retire")


async def _scan(w: World) -> Sent:
    return Sent("/staff/scan", {"code": w.shelf.code})


async def _learn(w: World) -> Sent:
    return Sent("/staff/scan/learn", {"code": f"OWN-5{w.mark}", "item": str(w.item), "quantity": "12"})


# --- offers ---------------------------------------------------------------------------------------------


async def offer(w: World, step: str = "offered") -> Any:
    found = await offering.an_offer(w.site)
    if step != "offered":
        found = await offering.accepted(found, w.ada)
    if step in {"counted", "graded", "valued", "booked"}:
        found = await offering.counted(found, w.ada, w.bea)
    if step in {"graded", "valued", "booked"}:
        found = await offering.graded(found, w.ada)
    if step in {"valued", "booked"}:
        found = await offering.valued(found, w.ada)
    if step == "booked":
        await receiving.book(found.id, request=ids.new_id(), by=w.bea)
        found = await intake.offer_by_id(found.id)
    return found


def _offer(found: Any, step: str) -> str:
    return f"/staff/goods-offers/{found.number}/{step}"


async def _answer(w: World) -> Sent:
    return Sent(_offer(await offer(w), "answer"), {"take-1": "yes"})


async def _appoint(w: World) -> Sent:
    day = clock.today() + timedelta(days=7)
    data = {"on": day.isoformat(), "begins": "09:00", "until": "11:30", "site": str(w.site)}
    return Sent(_offer(await offer(w, "accepted"), "appointment"), data)


async def _close_offer(w: World) -> Sent:
    return Sent(_offer(await offer(w, "accepted"), "close"), {"reason": "没有送来"})


async def _count(w: World) -> Sent:
    return Sent(_offer(await offer(w, "accepted"), "count"), {"request": _once(), "count-1": "20"})


async def _inspect(w: World) -> Sent:
    data = {"grade-A-1": "19", "grade-X-1": "1", "why-1": "受潮", "fate-1": "returned", "short-1": ""}
    return Sent(_offer(await offer(w, "counted"), "inspect"), data)


async def _value(w: World) -> Sent:
    data = {"basis-1": "fair", "value-1": "2280", "source-1": "演示询价"}
    return Sent(_offer(await offer(w, "graded"), "value"), data)


async def _book(w: World) -> Sent:
    return Sent(_offer(await offer(w, "valued"), "book"), {"request": _once()})


async def _shelve(w: World) -> Sent:
    found = await offer(w, "booked")
    (lying_there,) = await arrivals.lying(found.id)
    data = {"request": _once(), "lot": str(lying_there.lot), "bin": w.shelf.code, "quantity": "19"}
    return Sent(_offer(found, "shelve"), data)


async def _look_offer(w: World) -> Sent:
    return Sent(_offer(await offer(w), "look"), {"purpose": "打电话约时间"})


async def _give(w: World) -> Sent:
    data = {
        "request": _once(),
        "lines": "1",
        "item-1": str(w.item),
        "quantity-1": "20",
        "per_pack-1": "2",
        "condition-1": "new",
        "made-1": clock.today().isoformat(),
        "life-1": "12",
        "life_unit-1": "months",
        "expires-1": (clock.today() + timedelta(days=360)).isoformat(),
        "name": "爱心网友",
        "giver": "person",
        "phone": "138 0000 1234",
        "email": "giver@example.org",
        "site": str(w.site),
        "wanted_on": (clock.today() + timedelta(days=3)).isoformat(),
        "note": "周末方便",
        "do": "send",
    }
    return Sent("/goods/give", data)


async def _withdraw(w: World) -> Sent:
    new = NewOffer(lines=(await offering.line(),), giver="爱心网友", phone=offering.PHONE, site=w.site)
    return Sent((await new_offers.offer(new, request=ids.new_id())).path + "/withdraw")


# --- bookings that are reversed -------------------------------------------------------------------------


async def _reverse(w: World) -> Sent:
    data = {"request": _once(), "wrong": "fund", "fund": stocking.FUND, "reason": "应记入专项基金"}
    return Sent(_offer(await offer(w, "booked"), "reversal"), data)


async def _reversal(w: World, by: Acting) -> tuple[Any, UUID]:
    found = await offer(w, "booked")
    made = await reversals.propose(
        found.id, wrong=Wrong.VALUE, fund="", reason="发票看错一位", request=ids.new_id(), by=by
    )
    return found, made


async def _agree(w: World) -> Sent:
    found, made = await _reversal(w, w.ada)
    data = {"reversal": str(made), "verdict": "agree", "words": ""}
    return Sent(_offer(found, "reversal/verdict"), data)


async def _refuse(w: World) -> Sent:
    found, made = await _reversal(w, w.ada)
    data = {"reversal": str(made), "verdict": "refuse", "words": "原入库无误"}
    return Sent(_offer(found, "reversal/verdict"), data)


async def _take_back(w: World) -> Sent:
    found, made = await _reversal(w, w.walker)
    return Sent(_offer(found, "reversal/withdrawal"), {"reversal": str(made)})


# --- kits and drives ------------------------------------------------------------------------------------


async def season(w: World, **more: Any) -> Season:
    return await driving.a_season(name=f"ND{w.mark}", region=HERE, by=w.ada, **more)


def _drive_data(s: Season, **more: Any) -> dict[str, Any]:
    today = clock.today()
    return {
        "title": "春节慰问（测试）",
        "title_en": "",
        "item": str(s.kit),
        "per_person": "1",
        "fund": stocking.FUND,
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=30)).isoformat(),
        f"target_{s.site}": "20",
        **more,
    }


async def _kit(w: World) -> Sent:
    s = await season(w, kits_made=0)
    kit = await kit_queries.kit_by_id(s.version)
    item = await stocking.an_item(f"KIT{w.mark}", name="暖家包", category=Category.KIT, life=None)
    data = {"item": str(item), "note": "加一条毛毯"}
    for n, part in enumerate(kit.parts, 1):
        data |= {f"part_{n}": str(part.item), f"pieces_{n}": "2"}
    return Sent("/staff/kits/new", data)


async def _draft_kit(w: World) -> UUID:
    s = await season(w, kits_made=0)
    kit = await kit_queries.kit_by_id(s.version)
    return await kit_actions.draft_kit(s.kit, [Part(kit.parts[0].item, 3)])


async def _freeze(w: World) -> Sent:
    return Sent(f"/staff/kits/{await _draft_kit(w)}/freeze")


async def _discard(w: World) -> Sent:
    return Sent(f"/staff/kits/{await _draft_kit(w)}/discard")


async def _assemble(w: World) -> Sent:
    s = await season(w)
    for part in (await kit_queries.kit_by_id(s.version)).parts:
        await stocking.a_lot(part.item, s.shelf, 6, cost_fen=6_000)
    data = {
        "site": str(s.site),
        "quantity": "2",
        "fund": stocking.FUND,
        "bin": str(s.shelf),
        "request": _once(),
        "drive": str(s.drive),
    }
    return Sent(f"/staff/kits/{s.version}/assemble", data)


async def kit_lot(s: Season) -> UUID:
    return await driving.assemble(s, 1)


async def _apart(w: World) -> Sent:
    s = await season(w)
    (lot,) = {one.lot for one in await lying(item=s.kit, site=s.site)}
    data = {"from_bin": str(s.shelf), "to_bin": str(s.shelf), "quantity": "2", "request": _once()}
    return Sent(f"/staff/kits/apart/{lot}", data)


async def made_kit(w: World) -> UUID:
    s = await season(w)
    for part in (await kit_queries.kit_by_id(s.version)).parts:
        await stocking.a_lot(part.item, s.shelf, 6, cost_fen=6_000)
    return await assembling.assemble(
        s.version,
        site=s.site,
        bin_id=s.shelf,
        quantity=1,
        fund=stocking.FUND,
        by=s.by,
        request=ids.new_id(),
    )


async def _new_drive(w: World) -> Sent:
    s = await season(w, kits_made=0)
    return Sent("/staff/drives/new", {**_drive_data(s), "request": _once()})


async def _change_drive(w: World) -> Sent:
    s = await season(w, kits_made=0, opened=False)
    return Sent(f"/staff/drives/{s.drive}/change", _drive_data(s))


async def _open_drive(w: World) -> Sent:
    s = await season(w, kits_made=0, opened=False)
    return Sent(f"/staff/drives/{s.drive}/move", {"event": "open", "reason": ""})


async def _add_person(w: World) -> Sent:
    s = await season(w)
    data = {"name": NAME, "phone": "13800007766", "site": str(s.site), "groups": "elders", "region": HERE}
    data["request"] = _once()
    return Sent(f"/staff/drives/{s.drive}/people", data)


async def _add_people(w: World) -> Sent:
    s = await season(w)
    rows = driving.a_sheet(["姓名", "手机号"], ["演示钱七", "13800000008"])
    return Sent(f"/staff/drives/{s.drive}/people/list", {"request": _once()}, {"list": ("名单.xlsx", rows)})


async def turn(w: World) -> tuple[Season, UUID]:
    s = await season(w)
    (one,) = await driving.listed(s, driving.somebody(name=NAME, phone=PHONE))
    return s, one


async def _find(w: World) -> Sent:
    s, one = await turn(w)
    number = (await driving.turn(one))["number"]
    return Sent(f"/staff/drives/{s.drive}/sites/{s.site}", {"code": number})


async def _all_absent(w: World) -> Sent:
    s, _ = await turn(w)
    day = clock.today() + timedelta(days=2)
    return Sent(f"/staff/drives/{s.drive}/sites/{s.site}/absent", {"come_on": day.isoformat()})


async def _hand_out(w: World) -> Sent:
    _, one = await turn(w)
    data = {"request": _once(), "volunteer": "志愿者甲", "signed": "screen", "collector": "", "why": ""}
    return Sent(f"/staff/drives/turns/{one}/give", data, _paper())


async def _absent(w: World) -> Sent:
    _, one = await turn(w)
    day = clock.today() + timedelta(days=2)
    return Sent(f"/staff/drives/turns/{one}/absent", {"come_on": day.isoformat()})


async def _strike(w: World) -> Sent:
    _, one = await turn(w)
    return Sent(f"/staff/drives/turns/{one}/strike", {"reason": "已迁出"})


# --- stocktakes and recalls -----------------------------------------------------------------------------

COUNTS = "/staff/warehouse/counts"


async def stocktake(w: World, *found: int) -> UUID:
    made = await counting.opened(w.house)
    for quantity in found:
        await counting.both_count(w.house, made, {w.lot: quantity})
    return made


async def _open_count(w: World) -> Sent:
    data = {"site": str(w.site), "request": _once(), "codes": w.shelf.code, "note": "月度"}
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
    data = {"scan": await number_of(w.lot), "quantity": "7", "request": _once()}
    return Sent(await _begun(w) + "/entries", data)


async def _unlabelled(w: World) -> Sent:
    until = (clock.today() + timedelta(days=90)).isoformat()
    data = {"item": str(w.item), "pieces": "3", "why": "标签脱落", "request": _once(), "use_until": until}
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
        _wanted(w, 2),
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
        "request": _once(),
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


Case = Callable[[World], Awaitable[Sent]]
_ORDER = "/staff/warehouse/orders/{number:str}"
_PICK = f"{_ORDER}/picks/{{pick_id:uuid}}"
_TRANSFER = "/staff/warehouse/transfers/{transfer_id:uuid}"
_SITE, _BIN = "/staff/warehouse/sites/{site_id:uuid}", "/staff/warehouse/bins/{bin_id:uuid}"
_OFFER = "/staff/goods-offers/{number:str}"
_KIT, _DRIVE = "/staff/kits/{kit_id:uuid}", "/staff/drives/{drive_id:uuid}"
_TURN = "/staff/drives/turns/{turn_id:uuid}"
_STOCKTAKE = f"{COUNTS}/{{stocktake_id:uuid}}"
_COUNT = f"{_STOCKTAKE}/count/{{count_id:uuid}}"
_RECALL = "/staff/warehouse/recalls/{recall_id:uuid}"
_LABEL, _LOT = "/staff/warehouse/labels/{code:str}", "/staff/warehouse/lots/{lot_id:uuid}"

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
    "/staff/warehouse/transfers/new": _new_transfer,
    f"{_TRANSFER}/lines": _line,
    f"{_TRANSFER}/first": _first,
    f"{_TRANSFER}/lines/{{line_id:uuid}}/remove": _remove,
    f"{_TRANSFER}/send": _send,
    f"{_TRANSFER}/cancel": _give_up,
    f"{_TRANSFER}/receive": _receive,
    f"{_TRANSFER}/found": _turned_up,
    "/staff/warehouse/sites/new": _new_site,
    f"{_SITE}/edit": _edit_site,
    f"{_SITE}/active": _close_site,
    f"{_SITE}/zones": _zone,
    f"{_SITE}/bins": _bins,
    f"{_BIN}/order": _reorder,
    f"{_BIN}/active": _use_bin,
    "/staff/warehouse/items/new": _new_item,
    "/staff/warehouse/items/{item_id:uuid}/edit": _edit_item,
    "/staff/warehouse/items/import": _sheet,
    "/staff/warehouse/items/import/apply": _apply,
    "/staff/warehouse/levels": _level,
    "/staff/warehouse/move": _move,
    f"{_LOT}/quarantine": _quarantine,
    f"{_LOT}/release": _release,
    "/staff/warehouse/labels": _labels,
    _LABEL: _bind,
    f"{_LABEL}/replace": _replace,
    f"{_LABEL}/retire": _retire,
    "/staff/scan": _scan,
    "/staff/scan/learn": _learn,
    f"{_OFFER}/answer": _answer,
    f"{_OFFER}/appointment": _appoint,
    f"{_OFFER}/close": _close_offer,
    f"{_OFFER}/count": _count,
    f"{_OFFER}/inspect": _inspect,
    f"{_OFFER}/value": _value,
    f"{_OFFER}/book": _book,
    f"{_OFFER}/shelve": _shelve,
    f"{_OFFER}/look": _look_offer,
    f"{_OFFER}/reversal": _reverse,
    f"{_OFFER}/reversal/verdict": _agree,
    f"{_OFFER}/reversal/verdict#refuse": _refuse,
    f"{_OFFER}/reversal/withdrawal": _take_back,
    "/goods/give": _give,
    "/goods/{token:str}/withdraw": _withdraw,
    "/staff/kits/new": _kit,
    f"{_KIT}/freeze": _freeze,
    f"{_KIT}/discard": _discard,
    f"{_KIT}/assemble": _assemble,
    "/staff/kits/apart/{lot_id:uuid}": _apart,
    "/staff/drives/new": _new_drive,
    f"{_DRIVE}/change": _change_drive,
    f"{_DRIVE}/move": _open_drive,
    f"{_DRIVE}/people": _add_person,
    f"{_DRIVE}/people/list": _add_people,
    f"{_DRIVE}/sites/{{site_id:uuid}}": _find,
    f"{_DRIVE}/sites/{{site_id:uuid}}/absent": _all_absent,
    f"{_TURN}/give": _hand_out,
    f"{_TURN}/absent": _absent,
    f"{_TURN}/strike": _strike,
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
"""Each POST route of the warehouse with a form that does what it says; behind a # stands one more form."""
ROUTES = {name.partition("#")[0] for name in VALID}


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
