"""Orders as pages and other parts of the warehouse see them; who received a lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.identity.queries.regions import shown as region_shown
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import ids, masking
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import scanning, within
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.codes import Code
from cishan.warehouse.rules.orders import Kind, PickState, ReceiverKind, State
from cishan.warehouse.tables.orders import RECEIVER_ADDRESS, RECEIVER_NAME, RECEIVER_PHONE

NO_ORDER = N_("There is no such order.")
NO_PICK = N_("There is no such line of a pick list.")
LINK = "goods order"
"""The purpose of a receiver's secret link."""
SEALED_FIELDS = ("name", "phone", "address")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order; who receives is masked unless the seals were opened."""

    id: UUID
    number: str
    site: UUID
    site_code: str
    site_name: str
    organisation: UUID
    site_region: str
    kind: Kind
    batch: UUID | None
    drive: UUID | None
    purpose: str
    receiver_kind: ReceiverKind
    name: str
    phone: str
    address: str
    tokens: tuple[str, ...]
    region: str
    region_name: str
    entrusted_to: UUID | None
    state: State
    requested_by: UUID
    requested_at: datetime
    reserved_at: datetime | None
    packed_at: datetime | None
    parcels: int
    has_phone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line of an order and how far it has come, in pieces."""

    id: UUID
    item: UUID
    code: str
    name: str
    unit: str
    quantity: int
    reserved: int
    picked: int
    issued: int
    returned: int
    missing: int

    @property
    def short(self) -> int:
        """Return how many pieces are not set aside yet."""
        return self.quantity - self.reserved - self.picked - self.issued


@dataclass(frozen=True, slots=True, kw_only=True)
class PickView:
    """Pieces of a lot that are set aside for a line."""

    id: UUID
    line: UUID
    order_number: str
    item: UUID
    item_name: str
    unit: str
    lot: UUID
    lot_number: str
    expires_on: Any
    bin: UUID
    bin_code: str
    walk_order: int
    from_code: str
    """The bin that they were picked from; empty: not picked yet."""
    quantity: int
    returned: int
    state: PickState
    override_reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who received pieces of a lot, in the clear: for a recall, which is written down as a look."""

    order_id: UUID
    number: str
    name: str
    phone: str
    region: str
    quantity: int
    lot: UUID


_ORDER = """
    SELECT o.id, o.number, o.site, s.code AS site_code, s.name AS site_name, s.organisation,
           s.region AS site_region, o.kind, o.batch, o.drive, o.purpose, o.receiver_kind, o.name_enc,
           o.phone_enc, o.address_enc, o.tokens, o.region, r.name AS region_zh, r.name_en AS region_en,
           o.entrusted_to, o.state, o.requested_by, o.requested_at, o.reserved_at, o.packed_at, o.parcels
      FROM goods_order AS o JOIN stock_site AS s ON s.id = o.site JOIN region AS r ON r.code = o.region"""


def unsealed(row: dict[str, Any], *, clear: bool) -> dict[str, str]:
    """Return name, phone and address of an order's row, masked unless they are wanted in the clear."""
    person = row["receiver_kind"] == ReceiverKind.PERSON
    name = crypto.unseal(row["name_enc"], place=RECEIVER_NAME, row=row["id"])
    phone = address = ""
    if row["phone_enc"]:
        phone = crypto.unseal(row["phone_enc"], place=RECEIVER_PHONE, row=row["id"])
    if row["address_enc"]:
        address = crypto.unseal(row["address_enc"], place=RECEIVER_ADDRESS, row=row["id"])
    if clear:
        return {"name": name, "phone": phone.removeprefix("+86"), "address": address}
    return {
        "name": masking.name(name) if person else name,
        "phone": masking.phone(phone.removeprefix("+86")) if phone else "",
        "address": masking.to_town(address),
    }


def _order(row: dict[str, Any], *, clear: bool) -> OrderView:
    who = unsealed(row, clear=clear)
    has_phone = row["phone_enc"] is not None
    for sealed in ("name_enc", "phone_enc", "address_enc"):
        del row[sealed]
    return OrderView(
        **{
            "region_name": region_shown(row.pop("region_zh"), row.pop("region_en")),
            **row,
            **who,
            "kind": Kind(row["kind"]),
            "receiver_kind": ReceiverKind(row["receiver_kind"]),
            "tokens": tuple(row["tokens"]),
            "state": State(row["state"]),
            "has_phone": has_phone,
        }
    )


async def order_by_number(number: str, *, clear: bool = False) -> OrderView:
    """Return an order; raise NotFound. `clear` opens the seals: only after the look is written down."""
    return await _one(f"{_ORDER} WHERE o.number = {{}}", number.strip().upper(), clear=clear)


async def order_by_id(order_id: UUID, *, clear: bool = False) -> OrderView:
    """Return an order; raise NotFound."""
    return await _one(f"{_ORDER} WHERE o.id = {{}}", order_id, clear=clear)


async def order_by_token(token: str) -> OrderView:
    """Return the order of a receiver's secret link; raise NotFound."""
    return await _one(f"{_ORDER} WHERE o.token_hash = {{}}", ids.token_hash(token), clear=False)


async def _one(sql: str, value: object, *, clear: bool) -> OrderView:
    rows = await fetch(sql, value)
    if not rows:
        raise NotFound(NO_ORDER)
    return _order(rows[0], clear=clear)


async def numbers_of(order_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of orders."""
    rows = await fetch("SELECT id, number FROM goods_order WHERE id = ANY({}::uuid[])", list(order_ids))
    return {row["id"]: row["number"] for row in rows}


async def batch_titles_of(batches: Sequence[UUID]) -> dict[UUID, str]:
    """Return what allocation lists are called."""
    rows = await fetch("SELECT id, title FROM goods_list WHERE id = ANY({}::uuid[])", list(batches))
    return {row["id"]: row["title"] for row in rows}


async def lines_of(order_id: UUID) -> list[LineView]:
    """Return the lines of an order in their order."""
    rows = await fetch(
        """SELECT line.id, line.item, i.code, i.name_zh, i.name_en, i.unit_zh, i.unit_en, line.quantity,
                  coalesce(sum(p.quantity) FILTER (WHERE p.state = 'reserved'), 0)::int AS reserved,
                  coalesce(sum(p.quantity) FILTER (WHERE p.state = 'picked'), 0)::int AS picked,
                  coalesce(sum(p.quantity) FILTER (WHERE p.state = 'issued'), 0)::int AS issued,
                  coalesce(sum(p.returned), 0)::int AS returned,
                  coalesce(sum(p.quantity) FILTER (WHERE p.state = 'missing'), 0)::int AS missing
             FROM goods_order_line AS line JOIN goods_item AS i ON i.id = line.item
             LEFT JOIN goods_pick AS p ON p.line = line.id
            WHERE line.goods_order = {} GROUP BY line.id, i.id ORDER BY line.position""",
        order_id,
    )
    return [
        LineView(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]


_PICK = """
    SELECT p.id, p.line, o.number AS order_number, l.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en, p.lot,
           l.number AS lot_number, l.expires_on, p.bin, b.code AS bin_code, b.walk_order,
           coalesce(f.code, '') AS from_code, p.quantity, p.returned, p.state, p.override_reason, p.note
      FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
      JOIN goods_order AS o ON o.id = line.goods_order JOIN stock_lot AS l ON l.id = p.lot
      JOIN goods_item AS i ON i.id = l.item JOIN stock_bin AS b ON b.id = p.bin
      LEFT JOIN stock_bin AS f ON f.id = p.taken_from"""


def _pick(row: dict[str, Any]) -> PickView:
    return PickView(
        item_name=shown(row.pop("name_zh"), row.pop("name_en")),
        unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
        state=PickState(row.pop("state")),
        **row,
    )


async def picks_of(order_id: UUID) -> list[PickView]:
    """Return what is or was set aside for an order, in walking order."""
    rows = await fetch(
        f"{_PICK} WHERE o.id = {{}} ORDER BY (p.state = 'released'), b.walk_order, b.code, l.number, p.id",
        order_id,
    )
    return [_pick(row) for row in rows]


async def pick_by_id(pick_id: UUID) -> PickView:
    """Return one pick; raise NotFound."""
    rows = await fetch(f"{_PICK} WHERE p.id = {{}}", pick_id)
    if not rows:
        raise NotFound(NO_PICK)
    return _pick(rows[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """An allocation list and how far its orders are."""

    id: UUID
    title: str
    site_name: str
    site_region: str
    organisation: UUID
    made_by: UUID
    made_at: datetime
    orders: int
    states: tuple[tuple[str, int], ...]


async def batch_by_id(batch: UUID) -> BatchView | None:
    """Return an allocation list."""
    rows = await fetch(
        """SELECT b.id, b.title, s.name AS site_name, s.region AS site_region, s.organisation, b.made_by,
                  b.made_at, b.orders
             FROM goods_list AS b JOIN stock_site AS s ON s.id = b.site WHERE b.id = {}""",
        batch,
    )
    if not rows:
        return None
    counts = await fetch(
        "SELECT state, count(*)::int AS n FROM goods_order WHERE batch = {} GROUP BY state", batch
    )
    by_state = {row["state"]: row["n"] for row in counts}
    states = tuple((state.value, by_state[state]) for state in State if state in by_state)
    return BatchView(**rows[0], states=states)


async def orders_of_batch(batch: UUID, *, lacking: bool = False) -> list[UUID]:
    """Return the orders of an allocation list in their order; only open ones that lack something."""
    rows = await fetch(
        """SELECT o.id FROM goods_order AS o
            WHERE o.batch = {} AND (NOT {} OR (o.state IN ('requested', 'reserved', 'picking') AND EXISTS (
                SELECT FROM goods_order_line AS line WHERE line.goods_order = o.id AND line.quantity >
                    coalesce((SELECT sum(p.quantity) FROM goods_pick AS p WHERE p.line = line.id
                                 AND p.state IN ('reserved', 'picked', 'issued')), 0))))
            ORDER BY length(o.number), o.number""",
        batch,
        lacking,
    )
    return [row["id"] for row in rows]


async def receivers_of(lots: Sequence[UUID]) -> list[Receiver]:
    """Return everybody who holds pieces of these lots, what came back taken off, the latest first.

    In the clear: who calls this writes down who looks and what for.
    """
    rows = await fetch(
        """SELECT o.id, o.number, o.receiver_kind, o.name_enc, o.phone_enc, o.address_enc, o.region, p.lot,
                  sum(p.quantity - p.returned)::int AS quantity, h.at
             FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
             JOIN goods_order AS o ON o.id = line.goods_order
             JOIN goods_handover AS h ON h.goods_order = o.id
            WHERE p.lot = ANY({}::uuid[]) AND p.state = 'issued'
            GROUP BY o.id, p.lot, h.at HAVING sum(p.quantity - p.returned) > 0
            ORDER BY h.at DESC, o.number""",
        list(lots),
    )
    found = []
    for row in rows:
        who = unsealed(row, clear=True)
        found.append(
            Receiver(
                row["id"],
                row["number"],
                who["name"],
                who["phone"],
                row["region"],
                row["quantity"],
                row["lot"],
            )
        )
    return found


STEPS = {"reserved": "/pick", "picking": "/pick", "packed": "/hand-over"}
"""Where whoever works in the warehouse goes on with an order; the order itself tells of other states."""


async def _scanned(code: Code, staff: Staff) -> str | None:
    state = await fetch_value(
        """SELECT o.state FROM goods_order AS o JOIN stock_site AS s ON s.id = o.site
            WHERE o.number = {} AND (s.region LIKE ANY({}::text[]) OR o.requested_by = {})""",
        code.number,
        within.seen_by(staff),
        staff.person_id,
    )
    if state is None:
        return None
    works = bool(scope_of(staff, Action.STOCK_WORK).regions)
    return f"/staff/warehouse/orders/{code.number}" + (STEPS.get(state, "") if works else "")


scanning.register("order", _scanned, pattern=r"CK[0-9]{6}-[0-9]{4,6}")
