"""The lots from which a lot was made, and those that were made of it, as far back and on as it goes."""

from dataclasses import dataclass
from uuid import UUID

from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Kin:
    """A lot that went into another, or came out of it, by putting kits together or taking them apart."""

    id: UUID
    number: str
    item: str


_SQL = """
    WITH RECURSIVE kin (lot) AS (
        SELECT {}::uuid
         UNION
        SELECT o.lot FROM kin
          CROSS JOIN LATERAL (
               SELECT DISTINCT m.cause FROM stock_move AS m JOIN stock_cause AS c ON c.id = m.cause
                WHERE m.lot = kin.lot AND c.kind IN ('assemble', 'disassemble')
                  AND sign(m.on_hand) = {}::int) AS t
          JOIN stock_move AS o ON o.cause = t.cause AND sign(o.on_hand) = {}::int)
    SELECT l.id, l.number, i.name_zh, i.name_en
      FROM kin JOIN stock_lot AS l ON l.id = kin.lot JOIN goods_item AS i ON i.id = l.item
     WHERE l.id <> {} ORDER BY l.created_at, l.number LIMIT {}"""


async def _kin(lot: UUID, sign: int) -> list[Kin]:
    rows = await fetch(_SQL, lot, sign, -sign, lot, LIMIT)
    return [Kin(row["id"], row["number"], shown(row["name_zh"], row["name_en"])) for row in rows]


async def made_from(lot: UUID) -> list[Kin]:
    """Return the lots whose pieces are in this one."""
    return await _kin(lot, 1)


async def gone_into(lot: UUID) -> list[Kin]:
    """Return the lots in which pieces of this one are."""
    return await _kin(lot, -1)
