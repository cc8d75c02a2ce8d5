"""What is in the kits of the house until its staff write versions of their own."""

from uuid import UUID

from cishan.warehouse.actions import kits
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.queries.kits import in_force
from cishan.warehouse.rules.kits import Part

KITS: dict[str, tuple[tuple[str, int], ...]] = {
    "KIT-WINTER": (("DOWN-A", 1), ("QUILT", 1)),
    "KIT-SPRING": (("RICE10", 1), ("OIL5", 1), ("MILK24", 1), ("NOODLES1", 2)),
    "KIT-EMERGENCY": (("FIRSTAID", 1), ("MASKS50", 1), ("TOWEL", 1), ("TOOTHSET", 1), ("TISSUE10", 1)),
    "KIT-EPIDEMIC": (("MASKS50", 1), ("DISINFECT25", 1), ("HANDWASH500", 1), ("TOWEL", 1)),
}
"""Goods and pieces of each kit, by their codes; they come near the typical values of the catalogue."""


async def load() -> None:
    for code, parts in KITS.items():
        kit = await _item(code)
        if await in_force(kit) is None:
            await kits.set_kit(kit, [Part(await _item(part), count) for part, count in parts])


async def _item(code: str) -> UUID:
    found = await item_by_code(code)
    if found is None:
        raise LookupError(f"the catalogue does not know {code}")
    return found.id
