"""Making kinds of goods known."""

from uuid import UUID

from cishan.kernel import clock, ids
from cishan.ledger import actions as ledger
from cishan.ledger.rules import goods_unit
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.rules.catalogue import CODE, Category


async def set_item(
    *,
    code: str,
    name_zh: str,
    name_en: str = "",
    unit_zh: str,
    unit_en: str = "",
    category: Category,
    shelf_life_days: int | None = None,
    typical_value_fen: int = 0,
    cold_chain: bool = False,
) -> UUID:
    """Make a kind of goods known, or change it to this, and return its id."""
    assert CODE.fullmatch(code), code
    async with atomic():
        await ledger.open_unit(goods_unit(code))
        found: UUID = await connection().fetchval(
            """INSERT INTO goods_item (id, code, name_zh, name_en, unit_zh, unit_en, category,
                                       shelf_life_days, typical_value_fen, cold_chain, sex, is_kit, active,
                                       created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $7::varchar = 'kit', true, $11)
               ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
                   unit_zh = excluded.unit_zh, unit_en = excluded.unit_en, category = excluded.category,
                   shelf_life_days = excluded.shelf_life_days, typical_value_fen = excluded.typical_value_fen,
                   cold_chain = excluded.cold_chain, is_kit = excluded.is_kit
               RETURNING id""",
            ids.new_id(),
            code,
            name_zh,
            name_en,
            unit_zh,
            unit_en,
            category,
            shelf_life_days,
            typical_value_fen,
            cold_chain,
            clock.now(),
        )
        return found
