"""Kinds of goods."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.catalogue import Category, Item

_ITEM = """SELECT i.id, i.code, i.name_zh, i.name_en, i.unit_zh, i.unit_en, i.category, i.shelf_life_days,
                  i.typical_value_fen, i.cold_chain, i.min_age, i.max_age, i.sex, i.is_kit, i.active
             FROM goods_item AS i"""


def _item(row: dict[str, Any]) -> Item:
    return Item(**{**row, "category": Category(row["category"])})


async def item_by_id(item_id: UUID) -> Item:
    """Return a kind of goods; raise NotFound."""
    rows = await fetch(_ITEM + " WHERE i.id = {}", item_id)
    if not rows:
        raise NotFound(N_("There is no such item in the catalogue."))
    return _item(rows[0])


async def item_by_code(code: str) -> Item | None:
    """Return the kind of goods of one of our own codes."""
    rows = await fetch(_ITEM + " WHERE i.code = {}", code.strip().upper())
    return _item(rows[0]) if rows else None


async def items(item_ids: Collection[UUID] | None = None, *, active: bool = True) -> list[Item]:
    """Return the catalogue by category and code: those in use, or the named ones whatever they are."""
    rows = await fetch(
        _ITEM
        + """ WHERE ({}::uuid[] IS NULL AND (i.active OR NOT {})) OR i.id = ANY({}::uuid[])
              ORDER BY i.category, i.code""",
        None if item_ids is None else list(item_ids),
        active,
        [] if item_ids is None else list(item_ids),
    )
    return [_item(row) for row in rows]


def name_of(item: Item) -> str:
    """Return the name in the language of the request."""
    return shown(item.name_zh, item.name_en)


def unit_of(item: Item) -> str:
    """Return the unit in the language of the request."""
    return shown(item.unit_zh, item.unit_en)


async def by_barcode(text: str) -> tuple[Item, int] | None:
    """Return what a scanned barcode stands for: the kind of goods and the pieces; None for an unknown one."""
    spellings = codes.read(text).spellings
    rows = await fetch(
        _ITEM.replace("i.active", "i.active, b.quantity AS pieces")
        + """ JOIN goods_barcode AS b ON b.item = i.id
              WHERE b.code = ANY({}::varchar[]) ORDER BY b.code LIMIT 1""",
        list(spellings),
    )
    if not rows:
        return None
    pieces: int = rows[0].pop("pieces")
    return _item(rows[0]), pieces


async def codes_of(item_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return what scanners read on kinds of goods: our own code and the makers' barcodes, in capitals."""
    rows = await fetch(
        """SELECT i.id, upper(i.code) AS own, array_agg(upper(b.code) ORDER BY b.code)
                      FILTER (WHERE b.code IS NOT NULL) AS others
             FROM goods_item AS i LEFT JOIN goods_barcode AS b ON b.item = i.id
            WHERE i.id = ANY({}::uuid[]) GROUP BY i.id""",
        list(item_ids),
    )
    return {row["id"]: (row["own"], *(row["others"] or ())) for row in rows}


async def names_of(item_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what kinds of goods are called, by their ids."""
    return {item.id: name_of(item) for item in await items(item_ids)}
