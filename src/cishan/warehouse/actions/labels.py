"""Labels that are printed ahead, stuck on first, and bound when somebody knows to what."""

from typing import Any
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.queries.places import bin_by_code
from cishan.warehouse.queries.stock import lot_by_number
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.labels import MOST


async def print_ahead(count: int, *, by: UUID) -> list[str]:
    """Make labels that stand for nothing yet, and return their codes."""
    if not 1 <= count <= MOST:
        raise Invalid(N_("Print from 1 to {limit} labels at once."), field="count", limit=MOST)
    async with atomic():
        made: list[str] = []
        while len(made) < count:
            rows = await connection().fetch(
                """INSERT INTO stock_label (id, code, printed_at, printed_by)
                   SELECT id, code, $3, $4 FROM unnest($1::uuid[], $2::varchar[]) AS new (id, code)
                   ON CONFLICT (code) DO NOTHING RETURNING code""",
                [ids.new_id() for _ in range(count - len(made))],
                [codes.new_label() for _ in range(count - len(made))],
                clock.now(),
                by,
            )
            made += [row["code"] for row in rows]
        return made


async def bind(label: str, to: str, *, by: UUID, replaces: str = "") -> tuple[UUID | None, UUID | None]:
    """Let a label stand for the lot or bin of another code; return the ids of lot and bin, one of them None.

    Doing the same again is the same as once. `replaces` names the damaged label that it takes the place of,
    which is out of use from then on and still leads to the same thing. Raise Invalid (field `to` or
    `replaces`) for what does not exist, Conflict for a label that stands for something else.
    """
    lot, place = await _meant(to)
    async with atomic():
        new = await _locked(label)
        if (new["lot"], new["bin"]) == (lot, place):
            return lot, place
        if new["bound_at"] is not None or new["retired_at"] is not None:
            raise Conflict(N_("Label {label} is taken already. Use a fresh one."), label=label)
        old = await _damaged(replaces, lot, place) if replaces else None
        if old is not None and old["retired_at"] is None:
            await _retire(old["id"], by)
        await connection().execute(
            """UPDATE stock_label SET lot = $2, bin = $3, bound_at = $4, bound_by = $5, replaces = $6
                WHERE id = $1""",
            new["id"],
            lot,
            place,
            clock.now(),
            by,
            old["id"] if old else None,
        )
        return lot, place


async def retire(label: str, *, by: UUID) -> None:
    """Take a damaged or lost label out of use; again is the same as once."""
    async with atomic():
        found = await _locked(label)
        if found["retired_at"] is None:
            await _retire(found["id"], by)


async def _retire(label_id: UUID, by: UUID) -> None:
    await connection().execute(
        "UPDATE stock_label SET retired_at = $2, retired_by = $3 WHERE id = $1", label_id, clock.now(), by
    )


async def _meant(to: str) -> tuple[UUID | None, UUID | None]:
    code = codes.read(to)
    if codes.Kind.LOT in code.kinds and (lot := await lot_by_number(code.number)):
        return lot.id, None
    if codes.Kind.BIN in code.kinds and (place := await bin_by_code(code.text)):
        return None, place.id
    raise Invalid(N_("There is no lot and no bin “{code}”."), field="to", code=code.text)


async def _locked(label: str) -> dict[str, Any]:
    row = await connection().fetchrow(
        "SELECT id, lot, bin, bound_at, retired_at FROM stock_label WHERE code = $1 FOR NO KEY UPDATE", label
    )
    if row is None:
        raise NotFound(N_("There is no such label."))
    return dict(row)


async def _damaged(label: str, lot: UUID | None, place: UUID | None) -> dict[str, Any]:
    code = codes.read(label).text
    row = await connection().fetchrow(
        "SELECT id, lot, bin, retired_at FROM stock_label WHERE code = $1 FOR NO KEY UPDATE", code
    )
    if row is None or (row["lot"], row["bin"]) != (lot, place):
        raise Invalid(N_("Label {label} is not one of these goods."), field="replaces", label=code)
    return dict(row)
