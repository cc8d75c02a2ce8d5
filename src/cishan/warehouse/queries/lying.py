"""What lies where, in the words of a page: one query for a site, an item, a lot or a bin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown

LIMIT = 500
"""Lines of a page; the list of stock shows all, page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """What of a lot lies in a bin."""

    lot: UUID
    lot_number: str
    lot_state: str
    expires_on: date | None
    item_code: str
    item: str
    unit: str
    cold_chain: bool
    bin: UUID
    bin_code: str
    purpose: str
    frozen: bool
    site: UUID
    site_code: str
    site_name: str
    region: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """Pieces that are there and promised to nobody."""
        return self.on_hand - self.reserved


async def lying(
    *,
    site: UUID | None = None,
    item: UUID | None = None,
    lot: UUID | None = None,
    bin_id: UUID | None = None,
    regions: Sequence[str] = ("%",),
    limit: int = LIMIT,
) -> list[Lying]:
    """Return what lies there within regions (patterns), by site and in walking order: one query."""
    rows = await fetch(
        """SELECT s.lot, l.number AS lot_number, l.state AS lot_state, l.expires_on, i.code AS item_code,
                  i.name_zh, i.name_en, i.unit_zh, i.unit_en, i.cold_chain, s.bin, b.code AS bin_code,
                  b.purpose, b.frozen_by IS NOT NULL AS frozen, p.id AS site, p.code AS site_code,
                  p.name AS site_name, p.region, s.on_hand, s.reserved
             FROM stock_balance AS s
             JOIN stock_lot AS l ON l.id = s.lot JOIN goods_item AS i ON i.id = l.item
             JOIN stock_bin AS b ON b.id = s.bin JOIN stock_site AS p ON p.id = b.site
            WHERE s.on_hand > 0 AND ({}::uuid IS NULL OR b.site = {}) AND ({}::uuid IS NULL OR l.item = {})
              AND ({}::uuid IS NULL OR s.lot = {}) AND ({}::uuid IS NULL OR s.bin = {})
              AND p.region LIKE ANY({}::text[])
            ORDER BY p.code, b.walk_order, b.code, i.code, l.expires_on NULLS LAST, l.number LIMIT {}""",
        *(site, site, item, item, lot, lot, bin_id, bin_id, list(regions), limit),
    )
    return [
        Lying(
            item=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]
