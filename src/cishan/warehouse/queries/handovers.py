"""Hand-overs, what came back, and the papers of both."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.files import rules as files
from cishan.identity.queries import posts
from cishan.identity.queries.names import names_of
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.regions import covers
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, masking
from cishan.kernel.errors import NotFound
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import orders
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.orders import ORDER, Condition
from cishan.warehouse.tables.orders import SECOND_NAME, SIGNER_NAME

SIGNATURE = files.Purpose(
    code="signature", kinds=(files.Kind.PICTURE, files.Kind.PDF), max_count=2, max_side_pixels=2000
)
"""The receiver's and the second person's, or one photo of the signed paper."""
PHOTO = files.Purpose(code="photo", kinds=(files.Kind.PICTURE,), max_count=3)


async def may_read(visitor: Visitor | None, order_id: UUID) -> bool:
    """Tell whether somebody may see the papers of an order: whoever may see the site's stock."""
    staff = await posts.staff(visitor) if visitor else None
    try:
        order = await orders.order_by_id(order_id)
    except NotFound:
        return False
    return decide(
        staff,
        Action.STOCK_READ,
        now=clock.now(),
        organisation=order.organisation,
        region=order.site_region,
    ).allowed


files.register(ORDER, SIGNATURE, PHOTO, may_read=may_read)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverView:
    """A hand-over with the names of who was there; the receiver's side is masked."""

    id: UUID
    order_id: UUID
    at: datetime
    handed_by: str
    second: str
    signer: str
    """Who signed, if not the receiver; empty: the receiver."""
    signed: str
    cause: UUID
    confirmed_at: datetime | None
    confirmed_how: str
    complaint: bool
    confirm_note: str


async def handover_of(order_id: UUID) -> HandoverView | None:
    """Return the hand-over of an order, if there was one."""
    rows = await fetch("SELECT * FROM goods_handover WHERE goods_order = {}", order_id)
    if not rows:
        return None
    row = rows[0]
    names = await names_of({one for one in (row["handed_by"], row["second"]) if one})
    return HandoverView(
        id=row["id"],
        order_id=row["goods_order"],
        at=row["at"],
        handed_by=names.get(row["handed_by"], ""),
        second=_second(row, names),
        signer=masking.name(_text(row, "signer_enc", SIGNER_NAME)),
        signed=row["signed"],
        cause=row["cause"],
        confirmed_at=row["confirmed_at"],
        confirmed_how=row["confirmed_how"],
        complaint=row["complaint"],
        confirm_note=row["confirm_note"],
    )


def _second(row: dict[str, Any], names: dict[UUID, str]) -> str:
    if row["second"]:
        return names.get(row["second"], "")
    return masking.name(_text(row, "second_enc", SECOND_NAME))


def _text(row: dict[str, Any], column: str, place: str) -> str:
    return crypto.unseal(row[column], place=place, row=row["id"]) if row[column] else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnView:
    """Goods that came back."""

    item_name: str
    unit: str
    lot_number: str
    quantity: int
    condition: Condition
    bin_code: str
    reason: str
    at: datetime


async def returns_of(order_id: UUID) -> list[ReturnView]:
    """Return what came back of an order, the latest first."""
    rows = await fetch(
        """SELECT i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.number AS lot_number, r.quantity, r.condition,
                  b.code AS bin_code, r.reason, r.at
             FROM goods_return AS r JOIN goods_pick AS p ON p.id = r.pick
             JOIN goods_order_line AS line ON line.id = p.line JOIN stock_lot AS l ON l.id = p.lot
             JOIN goods_item AS i ON i.id = l.item JOIN stock_bin AS b ON b.id = r.bin
            WHERE line.goods_order = {} ORDER BY r.at DESC, r.id DESC""",
        order_id,
    )
    return [
        ReturnView(
            item_name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            condition=Condition(row.pop("condition")),
            **row,
        )
        for row in rows
    ]


async def stock_value_of(cause: UUID) -> int:
    """Return by how much 分 a cause changed what stock is worth."""
    sql = "SELECT coalesce(sum(value_fen), 0)::bigint FROM stock_value WHERE cause = {}"
    return int(await fetch_value(sql, cause))


async def colleagues(site_region: str, *, but: UUID) -> list[tuple[UUID, str]]:
    """Return who of the staff may stand beside a hand-over at a place, by name."""
    rows = await posts.holders(SECONDS)
    people = {person for region, person in rows if covers(region, site_region) or covers(site_region, region)}
    names = await names_of(people - {but})
    return sorted(names.items(), key=lambda pair: pair[1])


SECONDS = tuple(role for role in Role if role is not Role.AUDITOR)


async def last_second(person_id: UUID, day: date) -> tuple[UUID | None, str]:
    """Return who stood by at somebody's last hand-over of a day: a colleague, or a volunteer's name."""
    rows = await fetch(
        "SELECT id, second, second_enc, at FROM goods_handover WHERE handed_by = {} ORDER BY at DESC LIMIT 1",
        person_id,
    )
    if not rows or clock.china_day(rows[0]["at"]) != day:
        return None, ""
    row = rows[0]
    name = crypto.unseal(row["second_enc"], place=SECOND_NAME, row=row["id"]) if row["second_enc"] else ""
    return row["second"], name


async def number_of(order_id: UUID) -> str:
    """Return the number of an order; empty if there is none."""
    found: str | None = await fetch_value("SELECT number FROM goods_order WHERE id = {}", order_id)
    return found or ""
