"""What lies where, and what may be given to whom."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.places import STORES, Purpose
from cishan.warehouse.rules.stock import Balance, Basis, Candidate, Lot, LotState, Source

_LOT = """
    SELECT l.id, l.number, l.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.made_on, l.expires_on,
           l.fund_code AS fund, l.entrusted, l.grade, l.quantity, l.cost_fen, l.basis, l.restrictions,
           l.source, l.source_id, l.state, l.on_hand, l.value_fen
      FROM stock_lot AS l JOIN goods_item AS i ON i.id = l.item"""


def shown(chinese: str, english: str) -> str:
    """Return one of two names by the language of the request."""
    return chinese if i18n.language() == i18n.CHINESE or not english else english


def _lot(row: dict[str, Any]) -> Lot:
    return Lot(
        item_name=shown(row.pop("name_zh"), row.pop("name_en")),
        unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
        basis=Basis(row.pop("basis")),
        source=Source(row.pop("source")),
        state=LotState(row.pop("state")),
        restrictions=tuple(row.pop("restrictions")),
        **row,
    )


async def lot_by_id(lot_id: UUID) -> Lot:
    """Return a lot; raise NotFound."""
    rows = await fetch(_LOT + " WHERE l.id = {}", lot_id)
    if not rows:
        raise NotFound(N_("There is no such lot."))
    return _lot(rows[0])


async def lot_by_number(number: str) -> Lot | None:
    """Return the lot of a label."""
    rows = await fetch(_LOT + " WHERE l.number = {}", number.strip().upper())
    return _lot(rows[0]) if rows else None


async def lots(lot_ids: Collection[UUID]) -> dict[UUID, Lot]:
    """Return lots by their ids."""
    rows = await fetch(_LOT + " WHERE l.id = ANY({}::uuid[])", list(lot_ids))
    return {row["id"]: _lot(row) for row in rows}


async def balances(
    *, site: UUID | None = None, item: UUID | None = None, lot: UUID | None = None, bin_id: UUID | None = None
) -> list[Balance]:
    """Return what lies there, by lot and bin, nothing that is gone."""
    rows = await fetch(
        """SELECT s.lot, s.bin, s.on_hand, s.reserved
             FROM stock_balance AS s JOIN stock_lot AS l ON l.id = s.lot JOIN stock_bin AS b ON b.id = s.bin
            WHERE s.on_hand > 0 AND ({}::uuid IS NULL OR b.site = {}) AND ({}::uuid IS NULL OR l.item = {})
              AND ({}::uuid IS NULL OR s.lot = {}) AND ({}::uuid IS NULL OR s.bin = {})
            ORDER BY b.walk_order, b.code, l.number""",
        *(site, site, item, item, lot, lot, bin_id, bin_id),
    )
    return [Balance(**row) for row in rows]


async def available(
    site: UUID, item: UUID, tokens: Sequence[str], day: date, *, entrusted_for: Collection[UUID] = ()
) -> list[Candidate]:
    """Return what of an item a site could give to a receiver with these tokens, what expires first first.

    Entrusted lots are left out unless `entrusted_for` names them: they belong to the receiver whom their
    giver named.
    """
    found = await available_of(site, [item], day, entrusted_for=entrusted_for)
    have = set(tokens)
    return [candidate for candidate in found.get(item, []) if set(candidate.restrictions) <= have]


async def available_of(
    site: UUID, items: Collection[UUID], day: date, *, entrusted_for: Collection[UUID] = ()
) -> dict[UUID, list[Candidate]]:
    """Return all candidates of several items at a site, whatever their restrictions, FEFO in each item."""
    rows = await fetch(
        """SELECT l.item, s.lot, l.number AS lot_number, s.bin, b.code AS bin_code,
                  s.on_hand - s.reserved AS available, l.expires_on, b.walk_order, l.restrictions,
                  l.fund_code AS fund, l.value_fen, l.on_hand, l.entrusted
             FROM stock_lot AS l JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
             JOIN goods_item AS i ON i.id = l.item
            WHERE l.item = ANY({}::uuid[]) AND l.on_hand > 0 AND l.state = 'open'
              AND (l.expires_on IS NULL OR l.expires_on >= {}) AND s.on_hand > s.reserved
              AND b.site = {} AND b.frozen_by IS NULL AND b.active
              AND (b.purpose = ANY({}::varchar[]) OR (b.purpose = {} AND i.shelf_life_days < 90))
              AND (NOT l.entrusted OR l.id = ANY({}::uuid[]))
            ORDER BY l.item, l.expires_on NULLS LAST, l.made_on NULLS LAST, l.number, b.walk_order, b.code""",
        list(items),
        day,
        site,
        list(STORES),
        Purpose.RECEIVING,
        list(entrusted_for),
    )
    found: dict[UUID, list[Candidate]] = {}
    for row in rows:
        item = row.pop("item")
        found.setdefault(item, []).append(Candidate(**{**row, "restrictions": tuple(row["restrictions"])}))
    return found
