"""The kits of the house are there from the first day, near what the catalogue says that they are worth."""

from cishan.settings import Settings
from cishan.warehouse.queries import catalogue, kits
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
