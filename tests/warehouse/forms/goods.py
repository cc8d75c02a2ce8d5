"""Forms of places, the catalogue, lots, labels and scans."""

import html
import re
from typing import Any

from cishan.kernel import ids
from cishan.warehouse.actions import labels, lots
from cishan.warehouse.actions import places as place_actions
from cishan.warehouse.rules import bin_patterns
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.places import Purpose
from tests.warehouse import driving, stocking
from tests.warehouse.forms.world import HERE, Case, Sent, World, number_of, once

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
        "request": once(),
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
        "request": once(),
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


_SITE, _BIN = "/staff/warehouse/sites/{site_id:uuid}", "/staff/warehouse/bins/{bin_id:uuid}"
_LABEL, _LOT = "/staff/warehouse/labels/{code:str}", "/staff/warehouse/lots/{lot_id:uuid}"

VALID: dict[str, Case] = {
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
}
