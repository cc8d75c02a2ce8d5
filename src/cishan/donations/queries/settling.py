"""What settling reads: gifts under lock, with their lines, movements and refunds under way."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.settling import Booked, Gift, Kind, Payment
from cishan.plumbing import db

_LOCK = """
    SELECT id, number, amount_fen, status, coalesce(stripe_payment_intent_id, '') AS payment_intent_id,
           coalesce(stripe_session_id, '') AS session_id, coalesce(stripe_invoice_id, '') AS invoice_id,
           plan AS plan_id
      FROM donation
     WHERE id IN (SELECT id FROM donation WHERE id = ANY($1::uuid[])
            UNION SELECT id FROM donation WHERE stripe_payment_intent_id = ANY($2::text[])
            UNION SELECT id FROM donation WHERE stripe_session_id = ANY($3::text[])
            UNION SELECT id FROM donation WHERE stripe_invoice_id = ANY($4::text[]))
     ORDER BY id FOR NO KEY UPDATE"""
_LINES = """
    SELECT donation, fund_code, amount_fen FROM donation_line
     WHERE donation = ANY($1::uuid[]) ORDER BY donation, line_no"""
_MOVEMENTS = """
    SELECT donation, txn_id, kind, amount_fen, fee_fen, at, source_id FROM donation_movement
     WHERE donation = ANY($1::uuid[]) ORDER BY at, txn_id"""
_REFUNDS = """
    SELECT donation, status, coalesce(stripe_refund_id, '') AS refund_id FROM refund_request
     WHERE donation = ANY($1::uuid[]) AND status IN ('requested', 'approved', 'sent')"""


async def lock_gifts(payments: Sequence[Payment]) -> list[Gift]:
    """Lock every gift that one of the payments may be about, in the order of their keys, and return them."""
    rows = await db.connection().fetch(
        _LOCK,
        [i for p in payments if (i := uuid_in(p.metadata, "donation_id")) is not None],
        _given(p.payment_intent_id for p in payments),
        _given(p.session_id for p in payments),
        _given(p.invoice_id for p in payments),
    )
    ids = [row["id"] for row in rows]
    # Statements of their own: they must see what those committed for whose lock we waited.
    lines = _by_gift(await db.connection().fetch(_LINES, ids))
    booked = _by_gift(await db.connection().fetch(_MOVEMENTS, ids))
    refunds = _by_gift(await db.connection().fetch(_REFUNDS, ids))
    return [
        Gift(
            id=row["id"],
            number=row["number"],
            amount_fen=row["amount_fen"],
            status=GiftStatus(row["status"]),
            payment_intent_id=row["payment_intent_id"],
            session_id=row["session_id"],
            invoice_id=row["invoice_id"],
            plan_id=row["plan_id"],
            lines=tuple((line["fund_code"], line["amount_fen"]) for line in lines[row["id"]]),
            booked=tuple(_booked(movement) for movement in booked[row["id"]]),
            open_refunds=tuple(
                r["refund_id"] for r in refunds[row["id"]] if r["status"] in {"approved", "sent"}
            ),
            waits_for_staff=any(r["status"] == "requested" for r in refunds[row["id"]]),
        )
        for row in rows
    ]


async def known_txns(txn_ids: Collection[str]) -> set[str]:
    """Return which of the movements are booked already, to a gift or in suspense."""
    rows = await db.connection().fetch(
        "SELECT txn_id FROM donation_movement WHERE txn_id = ANY($1::text[])", list(txn_ids)
    )
    return {row["txn_id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Suspense:
    """Money that could not be given to a gift, and why."""

    txn_id: str
    amount_fen: int
    at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A gift of which the payment service says that it is paid, without the money on the balance yet."""

    number: str
    amount_fen: int
    payment_intent_id: str


async def in_suspense(limit: int = 1000) -> list[Suspense]:
    """Return the movements that belong to no gift, oldest first."""
    rows = await db.fetch(
        """SELECT txn_id, amount_fen, at, problem FROM donation_movement
            WHERE donation IS NULL ORDER BY at, txn_id LIMIT {}""",
        limit,
    )
    return [Suspense(**row) for row in rows]


async def paid_but_unbooked(*, before: datetime, limit: int = 1000) -> list[Unbooked]:
    """Return the gifts that have been on their way since before the moment."""
    rows = await db.fetch(
        """SELECT number, amount_fen, coalesce(stripe_payment_intent_id, '') AS payment_intent_id
             FROM donation WHERE status = 'processing' AND created_at < {} ORDER BY created_at LIMIT {}""",
        before,
        limit,
    )
    return [Unbooked(**row) for row in rows]


async def disputed_intents(limit: int = 500) -> list[str]:
    """Return the payment intents whose dispute is open as far as we know."""
    rows = await db.fetch(
        """SELECT stripe_payment_intent_id FROM donation
            WHERE status = 'disputed' AND stripe_payment_intent_id IS NOT NULL ORDER BY paid_at LIMIT {}""",
        limit,
    )
    return [row["stripe_payment_intent_id"] for row in rows]


def uuid_in(metadata: Any, key: str) -> UUID | None:
    """Return the id that the metadata hold under the key; None if there is none that can be read."""
    try:
        return UUID(metadata.get(key, ""))
    except ValueError:
        return None


def _given(words: Any) -> list[str]:
    return [word for word in words if word]


def _by_gift(rows: Sequence[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["donation"]].append(row)
    return found


def _booked(row: Any) -> Booked:
    return Booked(
        row["txn_id"],
        Kind(row["kind"]),
        row["amount_fen"],
        row["fee_fen"],
        row["at"],
        row["source_id"],
    )
