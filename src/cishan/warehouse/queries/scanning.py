"""Where a scanned code leads. Each noun with numbers of its own adds a way to find them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from cishan.identity.rules.roles import Staff
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.codes import Code, Kind

WAREHOUSE = "/staff/warehouse"

Resolve = Callable[[Code, Staff], Awaitable[str | None]]
"""Gives the path of the page for this person, or None if there is no such thing. One query."""

_resolvers: dict[str, Resolve] = {}


def register(kind: str, resolve: Resolve, *, pattern: str = "") -> None:
    """Let codes of a kind lead somewhere; `pattern` is the form of its numbers (`codes.register`)."""
    if pattern:
        codes.register(kind, pattern)
    _resolvers[kind] = resolve


async def path_of(code: Code, staff: Staff) -> str | None:
    """Return the page of what a code means, of the likeliest kind that has it; None if nothing has."""
    for kind in code.kinds:
        resolve = _resolvers.get(kind)
        path = await resolve(code, staff) if resolve is not None else None
        if path is not None:
            return path
    return None


async def _lot(code: Code, _: Staff) -> str | None:
    found = await fetch_value("SELECT id FROM stock_lot WHERE number = {}", code.number)
    return f"{WAREHOUSE}/lots/{found}" if found else None


async def _bin(code: Code, _: Staff) -> str | None:
    found = await fetch_value("SELECT id FROM stock_bin WHERE code = {}", code.text)
    return f"{WAREHOUSE}/bins/{found}" if found else None


async def _item(code: Code, _: Staff) -> str | None:
    found = await fetch_value("SELECT id FROM goods_item WHERE code = {}", code.text)
    return f"{WAREHOUSE}/items/{found}" if found else None


async def _barcode(code: Code, _: Staff) -> str | None:
    found = await fetch_value(
        "SELECT item FROM goods_barcode WHERE code = ANY({}::varchar[]) LIMIT 1", list(code.spellings)
    )
    return f"{WAREHOUSE}/items/{found}" if found else None


async def _label(code: Code, _: Staff) -> str | None:
    label = await label_by_code(code.text)
    if label is None:
        return None
    if label.lot is not None:
        return f"{WAREHOUSE}/lots/{label.lot}"
    if label.bin is not None:
        return f"{WAREHOUSE}/bins/{label.bin}"
    return f"{WAREHOUSE}/labels/{label.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckLabel:
    """A label that was printed ahead."""

    id: UUID
    code: str
    lot: UUID | None
    bin: UUID | None
    is_retired: bool

    @property
    def is_bound(self) -> bool:
        """Whether it stands for something."""
        return self.lot is not None or self.bin is not None


async def label_by_code(code: str) -> StuckLabel | None:
    """Return a label that was printed ahead."""
    rows = await fetch(
        "SELECT id, code, lot, bin, retired_at IS NOT NULL AS is_retired FROM stock_label WHERE code = {}",
        code,
    )
    return StuckLabel(**rows[0]) if rows else None


register(Kind.LOT, _lot)
register(Kind.BIN, _bin)
register(Kind.ITEM, _item)
register(Kind.BARCODE, _barcode)
register(Kind.LABEL, _label)
