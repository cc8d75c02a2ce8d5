"""The kits of the house are there from the first day, near what the catalogue says that they are worth."""

from cishan.settings import Settings
from cishan.warehouse.actions import kits as actions
from cishan.warehouse.queries import catalogue, kits
from cishan.warehouse.rules.kits import Part
from seeds import kits as seeds
from seeds import reference, warehouse


async def test_the_four_kits_are_in_force_once_however_often_they_are_loaded(
    db: None, config: Settings
) -> None:
    await reference.load()
    await warehouse.load()
    await seeds.load()
    await seeds.load()
    items = {item.code: item.id for item in await catalogue.items() if item.is_kit}
    assert set(items) == set(seeds.KITS)
    found = {code: kit for code, item in items.items() if (kit := await kits.in_force(item))}
    assert {code: kit.version for code, kit in found.items()} == dict.fromkeys(seeds.KITS, 1)
    worth = {code: kit.typical_value_fen // 100 for code, kit in found.items()}
    assert worth == {"KIT-WINTER": 400, "KIT-SPRING": 198, "KIT-EMERGENCY": 144, "KIT-EPIDEMIC": 59}


async def test_what_the_staff_wrote_of_a_kit_stays_when_the_seeds_are_loaded_again(
    db: None, config: Settings
) -> None:
    await reference.load()
    await warehouse.load()
    await seeds.load()
    kit, soap = await catalogue.item_by_code("KIT-WINTER"), await catalogue.item_by_code("SOAP4")
    assert kit is not None
    assert soap is not None
    theirs = await actions.set_kit(kit.id, [Part(soap.id, 2)])
    await seeds.load()
    held = await kits.in_force(kit.id)
    assert held is not None
    assert (held.id, held.version) == (theirs, 2)
