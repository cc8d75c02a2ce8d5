"""Every move of a lot or in a bin, in order: when, why, by whom, from where, to where, and for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.identity.queries.names import names_of
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.stock import WAYS

LIMIT = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What one cause did to one lot in one bin."""

    lot_number: str
    item: str
    unit: str
    site_code: str
    bin_code: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Way:
    """By how much a lot grew or shrank in one way, in pieces and in 分."""

    name: str
    """A msgid."""
    pieces: int
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A cause and what it moved."""

    id: UUID
    kind: str
    at: datetime
    who: str
    role: str
    subject_kind: str
    subject_id: UUID
    reason: str
    moves: tuple[Moved, ...]
    value_fen: int
    """Of the lot, or of all lots of the bin."""


_CAUSES = """
    SELECT c.id, c.kind, c.at, c.person, c.acting_role AS role, c.subject_kind, c.subject_id, c.reason
      FROM stock_cause AS c"""
_MOVES = """
    SELECT m.cause, l.number AS lot_number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, p.code AS site_code,
           b.code AS bin_code, m.on_hand, m.reserved
      FROM stock_move AS m JOIN stock_lot AS l ON l.id = m.lot JOIN goods_item AS i ON i.id = l.item
      JOIN stock_bin AS b ON b.id = m.bin JOIN stock_site AS p ON p.id = b.site"""


async def of_lot(lot: UUID, *, limit: int = LIMIT) -> list[Step]:
    """Return what moved a lot, the newest first: four queries."""
    causes = await fetch(
        _CAUSES
        + """ WHERE c.id IN (SELECT m.cause FROM stock_move AS m WHERE m.lot = {} ORDER BY m.id DESC LIMIT {})
              ORDER BY c.at DESC, c.id DESC""",
        lot,
        limit * 4,
    )
    ids = [row["id"] for row in causes[:limit]]
    moves = await fetch(_MOVES + " WHERE m.lot = {} AND m.cause = ANY({}::uuid[]) ORDER BY m.id", lot, ids)
    values = await fetch(
        "SELECT v.cause, v.value_fen FROM stock_value AS v WHERE v.lot = {} AND v.cause = ANY({}::uuid[])",
        lot,
        ids,
    )
    return await _steps(causes[:limit], moves, {row["cause"]: row["value_fen"] for row in values})


async def ways_of(lot: UUID) -> list[Way]:
    """Return how a lot came and went; the sums are what is still here: one query."""
    rows = await fetch(
        """SELECT n.kind, n.pieces > 0 AS came, sum(n.pieces)::int AS pieces,
                  coalesce(sum(v.value_fen), 0)::bigint AS value_fen
             FROM (SELECT c.id, c.kind, sum(m.on_hand) AS pieces
                     FROM stock_move AS m JOIN stock_cause AS c ON c.id = m.cause
                    WHERE m.lot = {} GROUP BY c.id HAVING sum(m.on_hand) <> 0) AS n
             LEFT JOIN stock_value AS v ON v.cause = n.id AND v.lot = {}
            GROUP BY n.kind, n.pieces > 0""",
        lot,
        lot,
    )
    found = {(row["kind"], row["came"]): row for row in rows}
    return [
        Way(name, found[way]["pieces"], found[way]["value_fen"]) for way, name in WAYS.items() if way in found
    ]


async def of_bin(bin_id: UUID, *, limit: int = 50) -> list[Step]:
    """Return what moved in a bin, the newest first: three queries."""
    causes = await fetch(
        _CAUSES
        + """ WHERE c.id IN (SELECT m.cause FROM stock_move AS m WHERE m.bin = {} ORDER BY m.id DESC LIMIT {})
              ORDER BY c.at DESC, c.id DESC""",
        bin_id,
        limit * 4,
    )
    ids = [row["id"] for row in causes[:limit]]
    moves = await fetch(_MOVES + " WHERE m.bin = {} AND m.cause = ANY({}::uuid[]) ORDER BY m.id", bin_id, ids)
    return await _steps(causes[:limit], moves, {})


async def moves_by(person: UUID, kind: str, *, limit: int = 5) -> list[Step]:
    """Return what somebody moved last: two queries and the name."""
    causes = await fetch(
        _CAUSES + " WHERE c.person = {} AND c.kind = {} ORDER BY c.at DESC, c.id DESC LIMIT {}",
        person,
        kind,
        limit,
    )
    ids = [row["id"] for row in causes]
    moves = await fetch(_MOVES + " WHERE m.cause = ANY({}::uuid[]) ORDER BY m.id", ids)
    return await _steps(causes, moves, {})


async def _steps(
    causes: Sequence[dict[str, Any]], moves: Sequence[dict[str, Any]], values: dict[UUID, int]
) -> list[Step]:
    names = await names_of({row["person"] for row in causes if row["person"]})
    of: dict[UUID, list[Moved]] = {}
    for row in moves:
        of.setdefault(row["cause"], []).append(
            Moved(
                row["lot_number"],
                shown(row["name_zh"], row["name_en"]),
                shown(row["unit_zh"], row["unit_en"]),
                row["site_code"],
                row["bin_code"],
                row["on_hand"],
                row["reserved"],
            )
        )
    return [
        Step(
            who=names.get(row.pop("person"), ""),
            moves=tuple(of.get(row["id"], ())),
            value_fen=values.get(row["id"], 0),
            **row,
        )
        for row in causes
    ]


def went(step: Step) -> int:
    """Return by how many pieces a lot grew or shrank."""
    return sum(moved.on_hand for moved in step.moves)
