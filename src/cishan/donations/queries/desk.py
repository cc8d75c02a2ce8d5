"""Gifts, plans, refunds and receipts as staff see them: masked, until somebody says what for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.donations.queries import contacts
from cishan.donations.queries.gifts import GiftView, gift_by_id
from cishan.donations.queries.monthly import PlanView, plan_by_id
from cishan.donations.queries.receipts import ReceiptView, by_id
from cishan.donations.queries.refunds import RefundView, refund_by_id
from cishan.donations.rules import receipts as receipt_rules
from cishan.donations.rules.giving import DonorKind
from cishan.kernel import masking
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value

NO_GIFT = N_("There is no gift with this number.")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of who stands behind a gift or a plan; masked, unless it was asked for."""

    receipt_title: str = ""
    email: str = ""
    phone: str = ""
    company_name: str = ""
    company_uscc: str = ""

    @property
    def has_secrets(self) -> bool:
        """Tell whether there is anything that a mask hides."""
        return bool(self.email or self.phone or (self.receipt_title and not self.company_name))


SEALED_FIELDS = ("receipt_title", "email", "phone")


@dataclass(frozen=True, slots=True)
class Movement:
    """Money of a gift that moved at the payment service."""

    kind: str
    txn_id: str
    at: datetime
    amount_fen: int
    fee_fen: int


async def gift_by_number(number: str) -> GiftView:
    """Return a gift by its number; raise NotFound."""
    found = await fetch_value("SELECT id FROM donation WHERE number = {}", number)
    if found is None:
        raise NotFound(NO_GIFT)
    return await gift_by_id(found)


async def numbers_of(donation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of gifts."""
    rows = await fetch("SELECT id, number FROM donation WHERE id = ANY ({}::uuid[])", list(donation_ids))
    return {row["id"]: row["number"] for row in rows}


async def refunded_numbers(refund_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of the gifts that refunds are of, by the refunds' ids."""
    rows = await fetch(
        """SELECT refund.id, gift.number FROM refund_request AS refund
             JOIN donation AS gift ON gift.id = refund.donation WHERE refund.id = ANY ({}::uuid[])""",
        list(refund_ids),
    )
    return {row["id"]: row["number"] for row in rows}


async def receipt_number(receipt_id: UUID) -> str | None:
    """Return the number of a receipt, or None."""
    found: str | None = await fetch_value("SELECT number FROM receipt WHERE id = {}", receipt_id)
    return found


async def plan(plan_id: UUID) -> PlanView:
    """Return a monthly plan; raise NotFound."""
    found = await plan_by_id(plan_id)
    if found is None:
        raise NotFound(N_("There is no such monthly gift."))
    return found


async def refund(refund_id: UUID) -> RefundView:
    """Return a refund; raise NotFound."""
    found = await refund_by_id(refund_id)
    if found is None:
        raise NotFound(N_("There is no such refund."))
    return found


async def receipt_by_number(number: str) -> ReceiptView:
    """Return a receipt by its number; raise NotFound."""
    found = await fetch_value("SELECT id FROM receipt WHERE number = {}", number)
    if found is None:
        raise NotFound(N_("There is no receipt with this number."))
    return await by_id(found)


async def giver_of_gift(donation_id: UUID, *, open_seals: bool = False) -> Sealed:
    """Return who stands behind a gift; in the clear only for somebody whose look was written down."""
    rows = await fetch(
        """SELECT receipt_title, company_name, company_uscc, donor_kind, contact_email_enc, contact_phone_enc
             FROM donation WHERE id = {}""",
        donation_id,
    )
    return _sealed(rows[0], contacts.EMAIL, donation_id, open_seals=open_seals)


async def giver_of_plan(plan_id: UUID, *, open_seals: bool = False) -> Sealed:
    """Return the same of a monthly plan."""
    rows = await fetch(
        """SELECT receipt_title, company_name, company_uscc, donor_kind, contact_email_enc,
                  NULL::bytea AS contact_phone_enc FROM monthly_plan WHERE id = {}""",
        plan_id,
    )
    return _sealed(rows[0], contacts.PLAN_EMAIL, plan_id, open_seals=open_seals)


def _sealed(row: Mapping[str, Any], email_place: str, row_id: UUID, *, open_seals: bool) -> Sealed:
    company = row["donor_kind"] == DonorKind.COMPANY
    email = _opened(row["contact_email_enc"], email_place, row_id)
    phone = _opened(row["contact_phone_enc"], contacts.PHONE, row_id)
    title = row["receipt_title"]
    if not open_seals:
        email = masking.email(email) if email else ""
        phone = masking.phone(phone.removeprefix("+86")) if phone else ""
        title = title if company else receipt_rules.masked_title(title)
    return Sealed(title, email, phone, row["company_name"], row["company_uscc"])


def _opened(sealed: bytes | None, place: str, row_id: UUID) -> str:
    return crypto.unseal(sealed, place=place, row=row_id) if sealed else ""


async def movements(donation_id: UUID) -> list[Movement]:
    """Return what moved at the payment service, oldest first."""
    rows = await fetch(
        """SELECT kind, txn_id, at, amount_fen, fee_fen FROM donation_movement
            WHERE donation = {} ORDER BY at, txn_id LIMIT 200""",
        donation_id,
    )
    return [Movement(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a number or a contact leads to: where it is, and enough to choose by."""

    path: str
    kind: str
    """A msgid."""
    number: str
    at: datetime
    amount_fen: int


async def by_number(text: str, *, limit: int = 20) -> list[Hit]:
    """Return the gift and the receipts that have a number, or the gift of a payment with this id."""
    rows = await fetch(
        """SELECT '/staff/gifts/' || number AS path, 'gift' AS kind, number, created_at AS at, amount_fen
             FROM donation WHERE number = {} OR stripe_payment_intent_id = {} OR bank_line_no = {}
            UNION ALL
           SELECT '/staff/receipts/' || number, 'receipt', number, issued_at, amount_fen
             FROM receipt WHERE number = {} OR fiscal_number = {}
            ORDER BY at DESC LIMIT {}""",
        text,
        text,
        text,
        text,
        text,
        limit,
    )
    return [_hit(row) for row in rows]


async def by_reference(text: str, *, limit: int = 20) -> list[Hit]:
    """Return the refunds and monthly plans that have a reference, the end of their id in capitals."""
    rows = await fetch(
        """SELECT '/staff/refunds/' || id AS path, 'refund' AS kind, upper(right(id::text, 8)) AS number,
                  created_at AS at, amount_fen
             FROM refund_request WHERE upper(right(id::text, 8)) = {}
            UNION ALL
           SELECT '/staff/plans/' || id, 'plan', upper(right(id::text, 8)), created_at, amount_fen
             FROM monthly_plan WHERE upper(right(id::text, 8)) = {}
            ORDER BY at DESC LIMIT {}""",
        text,
        text,
        limit,
    )
    return [_hit(row) for row in rows]


async def by_email(indexes: Sequence[bytes], *, limit: int = 50) -> list[Hit]:
    """Return the gifts and monthly plans of an address, the newest first."""
    rows = await fetch(
        """SELECT '/staff/gifts/' || number AS path, 'gift' AS kind, number, created_at AS at, amount_fen
             FROM donation WHERE contact_email_index = ANY ({}::bytea[])
            UNION ALL
           SELECT '/staff/plans/' || id, 'plan', upper(right(id::text, 8)), created_at, amount_fen
             FROM monthly_plan WHERE contact_email_index = ANY ({}::bytea[])
            ORDER BY at DESC LIMIT {}""",
        list(indexes),
        list(indexes),
        limit,
    )
    return [_hit(row) for row in rows]


async def by_phone(indexes: Sequence[bytes], *, limit: int = 50) -> list[Hit]:
    """Return the gifts whose giver left a telephone number, the newest first."""
    rows = await fetch(
        """SELECT '/staff/gifts/' || number AS path, 'gift' AS kind, number, created_at AS at, amount_fen
             FROM donation WHERE contact_phone_index = ANY ({}::bytea[]) ORDER BY created_at DESC LIMIT {}""",
        list(indexes),
        limit,
    )
    return [_hit(row) for row in rows]


async def by_company(uscc: str, *, limit: int = 50) -> list[Hit]:
    """Return the gifts of an organisation, the newest first."""
    rows = await fetch(
        """SELECT '/staff/gifts/' || number AS path, 'gift' AS kind, number, created_at AS at, amount_fen
             FROM donation WHERE company_uscc = {} ORDER BY created_at DESC LIMIT {}""",
        uscc,
        limit,
    )
    return [_hit(row) for row in rows]


_KINDS = {"gift": N_("Gift"), "receipt": N_("Receipt"), "plan": N_("Monthly gift"), "refund": N_("Refund")}


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(**{**row, "kind": _KINDS[row["kind"]]})


@dataclass(frozen=True, slots=True)
class Figures:
    """What came in since a moment, and what waits."""

    gifts: int
    given_fen: int
    waiting_messages: int
    open_refunds: int
    missing_receipts: int
    card_problems: int


async def figures(since: datetime) -> Figures:
    """Return the figures of a day, in one query."""
    rows = await fetch(
        """SELECT (SELECT count(*) FROM donation WHERE paid_at >= {}) AS gifts,
                  (SELECT coalesce(sum(amount_fen - refunded_fen), 0)::bigint FROM donation
                    WHERE paid_at >= {}) AS given_fen,
                  (SELECT count(*) FROM donation
                    WHERE message_state = 'pending' AND paid_at IS NOT NULL) AS waiting_messages,
                  (SELECT count(*) FROM refund_request
                    WHERE kind = 'request' AND status = 'requested') AS open_refunds,
                  (SELECT count(*) FROM donation AS gift WHERE gift.wants_receipt
                      AND gift.paid_at IS NOT NULL AND gift.refunded_fen < gift.amount_fen
                      AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.donation = gift.id))
                    AS missing_receipts,
                  (SELECT count(*) FROM monthly_plan WHERE status = 'payment_problem') AS card_problems""",
        since,
        since,
    )
    return Figures(**rows[0])
