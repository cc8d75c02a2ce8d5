"""Transfers between sites."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import scanning, within
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import tasks
from cishan.warehouse.rules.codes import Code
from cishan.warehouse.rules.transfers import TRANSFER, Line, State, Transfer

NO_TRANSFER = N_("There is no such transfer.")
_TRANSFER = """
    SELECT t.id, t.number, t.source, s.code AS source_code, s.name AS source_name, s.region AS source_region,
           s.organisation AS source_organisation, t.target, g.code AS target_code, g.name AS target_name,
           g.region AS target_region, g.organisation AS target_organisation, t.state, t.note, t.created_by,
           t.created_at, t.sent_by, t.sent_at, t.received_by, t.received_at
      FROM stock_transfer AS t
      JOIN stock_site AS s ON s.id = t.source JOIN stock_site AS g ON g.id = t.target"""
_LINE = """
    SELECT l.id, l.transfer, l.lot, o.number AS lot_number, i.name_zh, i.name_en, i.code AS item_code,
           i.unit_zh, i.unit_en, l.bin, b.code AS bin_code, l.quantity, l.arrived, l.damaged, l.found, l.lost,
           l.explanation,
           (SELECT coalesce(sum(c.quantity), 0) FROM goods_scrap AS c
             WHERE c.transfer_line = l.id AND c.state = 'proposed') AS proposed
      FROM stock_transfer_line AS l JOIN stock_lot AS o ON o.id = l.lot JOIN goods_item AS i ON i.id = o.item
      JOIN stock_bin AS b ON b.id = l.bin"""


def _line(row: dict[str, Any]) -> Line:
    row.pop("transfer")
    return Line(
        item=shown(row.pop("name_zh"), row.pop("name_en")),
        unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
        **row,
    )


async def transfer_by_id(transfer_id: UUID) -> Transfer:
    """Return a transfer with its lines in walking order; raise NotFound."""
    return await _one(_TRANSFER + " WHERE t.id = {}", transfer_id)


async def _one(sql: str, value: object) -> Transfer:
    rows = await fetch(sql, value)
    if not rows:
        raise NotFound(NO_TRANSFER)
    lines = await fetch(
        _LINE + " WHERE l.transfer = {} ORDER BY b.walk_order, b.code, o.number", rows[0]["id"]
    )
    return Transfer(
        **{**rows[0], "state": State(rows[0]["state"])}, lines=tuple(_line(line) for line in lines)
    )


async def transfer_of_line(line_id: UUID) -> Transfer:
    """Return the transfer that a line is of; raise NotFound."""
    return await _one(
        _TRANSFER + " WHERE t.id = (SELECT l.transfer FROM stock_transfer_line AS l WHERE l.id = {})", line_id
    )


async def missing(regions: Sequence[str] = ("%",), *, limit: int = 100) -> list[tuple[str, Line]]:
    """Return the lines of which pieces are missing, with the numbers of their transfers, the oldest first."""
    rows = await fetch(
        _LINE.replace("SELECT l.id", "SELECT t.number AS transfer_number, l.id")
        + """ JOIN stock_transfer AS t ON t.id = l.transfer JOIN stock_site AS g ON g.id = t.target
             WHERE t.state = 'incomplete' AND l.quantity > l.arrived + l.damaged + l.found + l.lost
               AND g.region LIKE ANY({}::text[]) ORDER BY t.received_at, t.number, o.number LIMIT {}""",
        list(regions),
        limit,
    )
    return [(row.pop("transfer_number"), _line(row)) for row in rows]


async def numbers_of(transfer_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the numbers of transfers by their ids."""
    rows = await fetch("SELECT id, number FROM stock_transfer WHERE id = ANY({}::uuid[])", list(transfer_ids))
    return {row["id"]: row["number"] for row in rows}


async def _path(code: Code, staff: Staff) -> str | None:
    found = await fetch_value(
        """SELECT t.id FROM stock_transfer AS t JOIN stock_site AS s ON s.id IN (t.source, t.target)
            WHERE t.number = {} AND s.region LIKE ANY({}::text[]) LIMIT 1""",
        code.number,
        within.seen_by(staff),
    )
    return f"{scanning.WAREHOUSE}/transfers/{found}" if found else None


async def _to_take_over(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    return await _counted("sent", regions)


async def _incomplete(regions: Sequence[str]) -> Mapping[UUID | None, int]:
    return await _counted("incomplete", regions)


async def _counted(state: str, regions: Sequence[str]) -> Mapping[UUID | None, int]:
    rows = await fetch(
        """SELECT t.target, count(*) AS number
             FROM stock_transfer AS t JOIN stock_site AS g ON g.id = t.target
            WHERE t.state = {} AND g.region LIKE ANY({}::text[]) GROUP BY t.target""",
        state,
        list(regions),
    )
    return {row["target"]: row["number"] for row in rows}


scanning.register(TRANSFER, _path)
tasks.register(
    tasks.Line(
        N_("Transfers to take over"),
        "/staff/warehouse/transfers?state=sent&target={site}",
        _to_take_over,
        Action.STOCK_WORK,
        order=22,
    )
)
tasks.register(
    tasks.Line(
        N_("Transfers of which goods are missing"),
        "/staff/warehouse/transfers?state=incomplete&target={site}",
        _incomplete,
        Action.STOCK_READ,
        order=75,
        is_urgent=True,
    )
)
