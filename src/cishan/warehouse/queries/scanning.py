"""Where a scanned code leads. Each noun with numbers of its own adds a way to find them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cishan.identity.rules.roles import Staff
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import within
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


async def _lot(code: Code, staff: Staff) -> str | None:
    found = await fetch_value(
        f"SELECT l.id FROM stock_lot AS l WHERE l.number = {{}} AND {within.LOT}",
        code.number,
        within.seen_by(staff),
    )
    return f"{WAREHOUSE}/lots/{found}" if found else None


async def _bin(code: Code, staff: Staff) -> str | None:
    found = await fetch_value(
        """SELECT b.id FROM stock_bin AS b JOIN stock_site AS s ON s.id = b.site
            WHERE b.code = {} AND s.region LIKE ANY({}::text[])""",
        code.text,
        within.seen_by(staff),
    )
    return f"{WAREHOUSE}/bins/{found}" if found else None


async def _item(code: Code, _: Staff) -> str | None:
    found = await fetch_value("SELECT id FROM goods_item WHERE code = {}", code.text)
    return f"{WAREHOUSE}/items/{found}" if found else None


async def _barcode(code: Code, _: Staff) -> str | None:
    found = await fetch_value(
        "SELECT item FROM goods_barcode WHERE code = ANY({}::varchar[]) LIMIT 1", list(code.spellings)
    )
    return f"{WAREHOUSE}/items/{found}" if found else None


async def _label(code: Code, staff: Staff) -> str | None:
    label = await label_by_code(code.text)
    if label is None or not await is_seen(label, within.seen_by(staff)):
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


async def is_seen(label: StuckLabel, regions: Sequence[str]) -> bool:
    """Tell whether a label stands for something in the regions, or for nothing yet."""
    if not label.is_bound:
        return True
    found = await fetch_value(
        f"""SELECT EXISTS (SELECT FROM stock_lot AS l WHERE l.id = {{}} AND {within.LOT})
                OR EXISTS (SELECT FROM stock_bin AS b JOIN stock_site AS s ON s.id = b.site
                            WHERE b.id = {{}} AND s.region LIKE ANY({{}}::text[]))""",
        label.lot,
        list(regions),
        label.bin,
        list(regions),
    )
    return bool(found)


register(Kind.LOT, _lot)
register(Kind.BIN, _bin)
register(Kind.ITEM, _item)
register(Kind.BARCODE, _barcode)
register(Kind.LABEL, _label)
