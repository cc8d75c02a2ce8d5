"""Who is entitled in a drive. Pages show people masked; the clear text is for this room and the actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.identity.rules.roles import Staff
from cishan.kernel import masking
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import scanning, within
from cishan.warehouse.rules.codes import Code
from cishan.warehouse.rules.drives import LIST_LIMIT, EntitlementState
from cishan.warehouse.rules.entitlements import found_by
from cishan.warehouse.tables.drives import CONTACT, ID_NUMBER, NAME

SHOWN = 20
"""People whom one search shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody on the list of a drive. What says who they are is for actions; pages use what is masked."""

    id: UUID
    drive: UUID
    site: UUID
    site_name: str
    number: str
    name: str
    phone: str
    id_number: str
    region: str
    tokens: tuple[str, ...]
    state: EntitlementState
    come_on: date | None
    absent_on: date | None
    given_at: datetime | None
    order_id: UUID | None
    reason: str

    @property
    def masked_name(self) -> str:
        """Return enough of the name for those who know the person."""
        return masking.name(self.name)

    @property
    def masked_phone(self) -> str:
        """Return the first and last digits of the telephone number."""
        return masking.phone(self.phone.removeprefix("+86")) if self.phone else ""

    @property
    def masked_id_number(self) -> str:
        """Return the first digits of the ID number."""
        return masking.id_number(self.id_number) if self.id_number else ""


_RECEIVER = """
    SELECT e.id, e.drive, e.site, s.name AS site_name, e.number, e.name_enc, e.id_number_enc, e.contact_enc,
           e.region, e.tokens, e.state, e.come_on, e.absent_on, e.given_at, e.order_id, e.reason
      FROM goods_entitlement AS e JOIN stock_site AS s ON s.id = e.site"""


async def receiver(entitlement_id: UUID) -> Receiver:
    """Return somebody on a list; raise NotFound."""
    rows = await fetch(_RECEIVER + " WHERE e.id = {}", entitlement_id)
    if not rows:
        raise NotFound(N_("This person is not on the list."))
    return _receiver(rows[0])


async def receiver_by_number(number: str) -> Receiver | None:
    """Return the one whose slip has a number."""
    rows = await fetch(_RECEIVER + " WHERE e.number = {}", number.strip().upper())
    return _receiver(rows[0]) if rows else None


async def receivers(drive_id: UUID, site: UUID | None = None, *, limit: int = LIST_LIMIT) -> list[Receiver]:
    """Return everybody on the list of a drive, at one site or all, by number; those struck off too."""
    rows = await fetch(
        _RECEIVER + " WHERE e.drive = {} AND ({}::uuid IS NULL OR e.site = {}) ORDER BY e.number LIMIT {}",
        drive_id,
        site,
        site,
        limit,
    )
    return [_receiver(row) for row in rows]


async def search(drive_id: UUID, typed: str) -> list[Receiver]:
    """Return who in a drive is meant: by slip, part of the name, or last digits; at most `SHOWN`.

    Names and numbers lie encrypted, so the list is opened here and closed again.
    """
    exact = await receiver_by_number(typed)
    if exact is not None and exact.drive == drive_id:
        return [exact]
    found = [
        one
        for one in await receivers(drive_id)
        if found_by(typed, number=one.number, name=one.name, phone=one.phone, id_number=one.id_number)
    ]
    order = list(EntitlementState)
    return sorted(found, key=lambda one: (order.index(one.state), one.number))[:SHOWN]


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """Replace what is sealed in a row by what it says."""
    row_id, contact, id_number = row["id"], row.pop("contact_enc"), row.pop("id_number_enc")
    row["name"] = crypto.unseal(row.pop("name_enc"), place=NAME, row=row_id)
    row["id_number"] = crypto.unseal(id_number, place=ID_NUMBER, row=row_id) if id_number else ""
    phone = crypto.unseal(contact, place=CONTACT, row=row_id) if contact else ""
    row["phone"] = phone.partition(" ")[0]
    return row


def _receiver(row: dict[str, Any]) -> Receiver:
    row = opened(row)
    return Receiver(state=EntitlementState(row.pop("state")), tokens=tuple(row.pop("tokens")), **row)


async def last_given(drive_id: UUID, site: UUID, *, limit: int = 5) -> list[Receiver]:
    """Return who received last at a site, the newest first."""
    rows = await fetch(
        _RECEIVER
        + """ WHERE e.drive = {} AND e.site = {} AND e.state = 'given'
              ORDER BY e.given_at DESC, e.number DESC LIMIT {}""",
        drive_id,
        site,
        limit,
    )
    return [_receiver(row) for row in rows]


async def numbers_of(entitlement_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of slips, by their ids."""
    rows = await fetch(
        "SELECT id, number FROM goods_entitlement WHERE id = ANY ({}::uuid[])", list(entitlement_ids)
    )
    return {row["id"]: row["number"] for row in rows}


async def _slip_path(code: Code, staff: Staff) -> str | None:
    found = await fetch_value(
        """SELECT e.id FROM goods_entitlement AS e JOIN stock_site AS s ON s.id = e.site
            WHERE e.number = {} AND s.region LIKE ANY({}::text[])""",
        code.number,
        within.seen_by(staff),
    )
    return f"/staff/drives/turns/{found}" if found else None


scanning.register("slip", _slip_path, pattern=r"D[0-9]{2}-[0-9]{3,5}-[0-9]{5}")
