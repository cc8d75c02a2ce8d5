"""What a charity warehouse usually keeps, with typical lives and values."""

import csv
from pathlib import Path
from uuid import UUID

from cishan.warehouse.actions import catalogue
from cishan.warehouse.rules.catalogue import Category

DATA = Path(__file__).parent / "data" / "goods.tsv"


async def load() -> None:
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            await a_kind(row)


async def a_kind(row: dict[str, str]) -> UUID:
    """Make one row of the data file known. A yuan is 100 分."""
    return await catalogue.set_item(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit_zh=row["unit_zh"],
        unit_en=row["unit_en"],
        category=Category(row["category"]),
        shelf_life_days=int(row["life_days"]) if row["life_days"] else None,
        typical_value_fen=int(row["value_yuan"]) * 100,
        cold_chain=bool(row["cold"]),
    )
