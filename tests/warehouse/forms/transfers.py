"""Forms of transfers."""

from cishan.kernel import ids
from cishan.warehouse.actions import transfers
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.transfers import Counted, Transfer
from tests.warehouse import stocking
from tests.warehouse.forms.world import Case, Sent, World, number_of, once


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
    data = {"source": str(w.site), "target": str(w.other), "request": once(), "note": "补货"}
    return Sent("/staff/warehouse/transfers/new", data)


async def _line(w: World) -> Sent:
    lot = await number_of(await stocking.a_lot(w.item, w.shelf.id, 5))
    data = {"lot": lot, "quantity": "2", "request": once(), "from_bin": w.shelf.code}
    return Sent(_transfer(await draft(w), "/lines"), data)


async def _first(w: World) -> Sent:
    data = {"item": str(w.item), "pieces": "3", "request": once()}
    made = await transfers.draft(source=w.site, target=w.other, by=w.ada, request=ids.new_id())
    return Sent(_transfer(made, "/first"), data)


async def _remove(w: World) -> Sent:
    made = await draft(w)
    return Sent(_transfer(made, f"/lines/{made.lines[0].id}/remove"))


async def _send(w: World) -> Sent:
    return Sent(_transfer(await draft(w), "/send"), {"request": once()})


async def _give_up(w: World) -> Sent:
    return Sent(_transfer(await draft(w), "/cancel"), {"reason": "改日再送"})


async def _receive(w: World) -> Sent:
    made = await sent_off(w)
    line = made.lines[0].id
    data = {
        "request": once(),
        f"arrived_{line}": "11",
        f"damaged_{line}": "1",
        f"explanation_{line}": "途中丢失一袋，破一袋",
    }
    return Sent(_transfer(made, "/receive"), data)


async def _turned_up(w: World) -> Sent:
    made = await incomplete(w)
    data = {"line": str(made.lines[0].id), "found": "2", "request": once(), "reason": "在车上找到"}
    return Sent(_transfer(made, "/found"), data)


_TRANSFER = "/staff/warehouse/transfers/{transfer_id:uuid}"

VALID: dict[str, Case] = {
    "/staff/warehouse/transfers/new": _new_transfer,
    f"{_TRANSFER}/lines": _line,
    f"{_TRANSFER}/first": _first,
    f"{_TRANSFER}/lines/{{line_id:uuid}}/remove": _remove,
    f"{_TRANSFER}/send": _send,
    f"{_TRANSFER}/cancel": _give_up,
    f"{_TRANSFER}/receive": _receive,
    f"{_TRANSFER}/found": _turned_up,
}
