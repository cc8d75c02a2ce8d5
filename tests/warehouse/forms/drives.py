"""Forms of kits and drives."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.warehouse.actions import assembling
from cishan.warehouse.actions import kits as kit_actions
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import Part
from tests.warehouse import driving, stocking
from tests.warehouse.driving import Season
from tests.warehouse.forms.world import HERE, NAME, PHONE, Case, Sent, World, once, paper


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
        "request": once(),
        "drive": str(s.drive),
    }
    return Sent(f"/staff/kits/{s.version}/assemble", data)


async def _apart(w: World) -> Sent:
    s = await season(w)
    (lot,) = {one.lot for one in await lying(item=s.kit, site=s.site)}
    data = {"from_bin": str(s.shelf), "to_bin": str(s.shelf), "quantity": "2", "request": once()}
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
    return Sent("/staff/drives/new", {**_drive_data(s), "request": once()})


async def _change_drive(w: World) -> Sent:
    s = await season(w, kits_made=0, opened=False)
    return Sent(f"/staff/drives/{s.drive}/change", _drive_data(s))


async def _open_drive(w: World) -> Sent:
    s = await season(w, kits_made=0, opened=False)
    return Sent(f"/staff/drives/{s.drive}/move", {"event": "open", "reason": ""})


async def _add_person(w: World) -> Sent:
    s = await season(w)
    data = {"name": NAME, "phone": "13800007766", "site": str(s.site), "groups": "elders", "region": HERE}
    data["request"] = once()
    return Sent(f"/staff/drives/{s.drive}/people", data)


async def _add_people(w: World) -> Sent:
    s = await season(w)
    rows = driving.a_sheet(["姓名", "手机号"], ["演示钱七", "13800000008"])
    return Sent(f"/staff/drives/{s.drive}/people/list", {"request": once()}, {"list": ("名单.xlsx", rows)})


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
    data = {"request": once(), "volunteer": "志愿者甲", "signed": "screen", "collector": "", "why": ""}
    return Sent(f"/staff/drives/turns/{one}/give", data, paper())


async def _absent(w: World) -> Sent:
    _, one = await turn(w)
    day = clock.today() + timedelta(days=2)
    return Sent(f"/staff/drives/turns/{one}/absent", {"come_on": day.isoformat()})


async def _strike(w: World) -> Sent:
    _, one = await turn(w)
    return Sent(f"/staff/drives/turns/{one}/strike", {"reason": "已迁出"})


_KIT, _DRIVE = "/staff/kits/{kit_id:uuid}", "/staff/drives/{drive_id:uuid}"
_TURN = "/staff/drives/turns/{turn_id:uuid}"

VALID: dict[str, Case] = {
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
}
