"""Write-offs of goods and their photos."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.files import rules as files
from cishan.identity.queries import posts
from cishan.identity.queries.names import names_of
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.permissions import Action, decide
from cishan.kernel import clock, masking
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.scraps import SCRAP, Ground, ScrapState
from cishan.warehouse.tables.orders import WITNESS_NAME

PHOTO = files.Purpose(code="photo", kinds=(files.Kind.PICTURE,), max_count=6, sensitive=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapView:
    """A proposal to write goods off."""

    id: UUID
    number: str
    site: UUID
    site_name: str
    organisation: UUID
    region: str
    item_name: str
    unit: str
    lot: UUID
    lot_number: str
    bin_code: str
    from_code: str
    quantity: int
    value_fen: int
    ground: Ground
    words: str
    proposed_by: str
    witness: str
    proposed_at: datetime
    decided_at: datetime | None
    state: ScrapState
    transfer: UUID | None
    """The transfer on whose way they were lost."""
    transfer_number: str


async def scrap_by_id(scrap_id: UUID) -> ScrapView:
    """Return a write-off; raise NotFound."""
    rows = await fetch(
        """SELECT c.id, c.number, c.site, s.name AS site_name, s.organisation, s.region, i.name_zh, i.name_en,
                  i.unit_zh, i.unit_en, c.lot, l.number AS lot_number, b.code AS bin_code,
                  f.code AS from_code,
                  c.quantity, c.value_fen, c.ground, c.words, c.proposed_by, c.witness, c.witness_enc,
                  c.proposed_at, c.decided_at, c.state, t.id AS transfer,
                  coalesce(t.number, '') AS transfer_number
             FROM goods_scrap AS c JOIN stock_site AS s ON s.id = c.site JOIN stock_lot AS l ON l.id = c.lot
             JOIN goods_item AS i ON i.id = l.item JOIN stock_bin AS b ON b.id = c.bin
             JOIN stock_bin AS f ON f.id = c.taken_from
             LEFT JOIN stock_transfer_line AS w ON w.id = c.transfer_line
             LEFT JOIN stock_transfer AS t ON t.id = w.transfer WHERE c.id = {}""",
        scrap_id,
    )
    if not rows:
        raise NotFound(N_("There is no such write-off."))
    row = rows[0]
    names = await names_of({one for one in (row["proposed_by"], row["witness"]) if one})
    return ScrapView(
        item_name=shown(row.pop("name_zh"), row.pop("name_en")),
        unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
        proposed_by=names.get(row.pop("proposed_by"), ""),
        witness=_witness(row, names),
        ground=Ground(row.pop("ground")),
        state=ScrapState(row.pop("state")),
        **row,
    )


def _witness(row: dict[str, Any], names: dict[UUID, str]) -> str:
    person, sealed = row.pop("witness"), row.pop("witness_enc")
    if person:
        return names.get(person, "")
    return masking.name(crypto.unseal(sealed, place=WITNESS_NAME, row=row["id"]))


async def of_transfer(transfer_id: UUID) -> list[ScrapView]:
    """Return the write-offs of what a transfer lost, the oldest first."""
    rows = await fetch(
        """SELECT c.id FROM goods_scrap AS c JOIN stock_transfer_line AS l ON l.id = c.transfer_line
            WHERE l.transfer = {} ORDER BY c.proposed_at, c.id""",
        transfer_id,
    )
    return [await scrap_by_id(row["id"]) for row in rows]


async def numbers_of(scrap_ids: list[UUID]) -> dict[UUID, str]:
    """Return the numbers of write-offs."""
    rows = await fetch("SELECT id, number FROM goods_scrap WHERE id = ANY({}::uuid[])", scrap_ids)
    return {row["id"]: row["number"] for row in rows}


async def may_read(visitor: Visitor | None, scrap_id: UUID) -> bool:
    """Tell whether somebody may see the photos: whoever sees the stock there, or decides about it."""
    staff = await posts.staff(visitor) if visitor else None
    try:
        scrap = await scrap_by_id(scrap_id)
    except NotFound:
        return False
    return any(
        decide(staff, action, now=clock.now(), organisation=scrap.organisation, region=scrap.region).allowed
        for action in (Action.STOCK_READ, Action.APPROVALS_READ)
    )


files.register(SCRAP, PHOTO, may_read=may_read)
