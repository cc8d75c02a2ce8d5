"""Labels that are printed ahead, stuck on first, and bound when somebody knows to what."""

from typing import Any, NamedTuple
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import alone, atomic, connection
from cishan.warehouse.queries.places import bin_by_code
from cishan.warehouse.queries.stock import lot_by_number
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.labels import MOST

NO_LABEL = N_("There is no label “{code}” that stands for anything.")


class Bound(NamedTuple):
    """What a label stands for: one of the two."""

    lot: UUID | None
    bin: UUID | None


async def print_ahead(count: int, *, by: UUID, request: UUID) -> list[str]:
    """Make labels that stand for nothing yet and return their codes, for the same request the same ones."""
    if not 1 <= count <= MOST:
        raise Invalid(N_("Print from 1 to {limit} labels at once."), field="count", limit=MOST)
    async with atomic():
        await alone(f"stock_label {request}")
        before = await connection().fetch(
            "SELECT code FROM stock_label WHERE batch = $1 ORDER BY id", request
        )
        return [row["code"] for row in before] or await _made(count, by, request)


async def _made(count: int, by: UUID, batch: UUID) -> list[str]:
    made: list[str] = []
    while len(made) < count:
        rows = await connection().fetch(
            """INSERT INTO stock_label (id, code, batch, printed_at, printed_by)
               SELECT id, code, $3, $4, $5 FROM unnest($1::uuid[], $2::varchar[]) AS new (id, code)
               ON CONFLICT (code) DO NOTHING RETURNING code""",
            sorted(ids.new_id() for _ in range(count - len(made))),
            [codes.new_label() for _ in range(count - len(made))],
            batch,
            clock.now(),
            by,
        )
        made += [row["code"] for row in rows]
    return made


async def bind(label: str, to: str, *, by: UUID) -> Bound:
    """Let a label stand for the lot or bin of another code; the same again is the same as once.

    Raise Invalid (field `to`) for what does not exist, Conflict for a label that stands for something else.
    """
    lot, place = await _meant(to)
    async with atomic():
        new = await _locked(label)
        if (new["lot"], new["bin"]) != (lot, place):
            await _bind(new, lot, place, by, replaces=None)
        return Bound(lot, place)


async def replace(damaged: str, label: str, *, by: UUID) -> Bound:
    """Let a fresh label stand for what a damaged one stands for; the damaged one is out of use from then on
    and still leads there. The same again is the same as once. Raise Invalid (field `replaces`), Conflict.
    """
    old_code = codes.read(damaged).text
    async with atomic():
        old, new = await _both(old_code, label)
        if old is None or old["bound_at"] is None or old_code == label:
            raise Invalid(NO_LABEL, field="replaces", code=old_code)
        if new["replaces"] != old["id"]:
            await _bind(new, old["lot"], old["bin"], by, replaces=old["id"])
            if old["retired_at"] is None:
                await _retire(old["id"], by)
        return Bound(old["lot"], old["bin"])


async def _bind(
    new: dict[str, Any], lot: UUID | None, place: UUID | None, by: UUID, *, replaces: UUID | None
) -> None:
    if new["bound_at"] is not None or new["retired_at"] is not None:
        raise Conflict(N_("Label {label} is taken already. Use a fresh one."), label=new["code"])
    await connection().execute(
        """UPDATE stock_label SET lot = $2, bin = $3, bound_at = $4, bound_by = $5, replaces = $6
            WHERE id = $1""",
        new["id"],
        lot,
        place,
        clock.now(),
        by,
        replaces,
    )


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
    _, found = await _both("", label)
    return found


async def _both(old: str, new: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Lock two labels in the order of their codes; raise NotFound if the second does not exist."""
    rows = await connection().fetch(
        """SELECT id, code, lot, bin, bound_at, retired_at, replaces FROM stock_label
            WHERE code = ANY($1::varchar[]) ORDER BY code FOR NO KEY UPDATE""",
        [old, new],
    )
    found = {row["code"]: dict(row) for row in rows}
    if new not in found:
        raise NotFound(N_("There is no such label."))
    return found.get(old), found[new]
