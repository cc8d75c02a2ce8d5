"""Refund requests and commands."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.deadlines.queries import due_days
from cishan.donations.rules.giving import RefundGround, RefundKind, RefundStatus
from cishan.donations.tables.refunds import WORDS
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch


@dataclass(frozen=True, slots=True)
class RefundView:
    """A wish for money back and where it stands."""

    id: UUID
    donation_id: UUID
    created_at: datetime
    kind: RefundKind
    ground: RefundGround
    amount_fen: int
    status: RefundStatus
    due_on: date | None
    decided_at: datetime | None
    decision_note: str
    sent_at: datetime | None


_COLUMNS = (
    "id, donation AS donation_id, created_at, kind, ground, amount_fen, status, due_on, decided_at,"
    " decision_note, sent_at"
)


async def refunds_of(donation_id: UUID) -> list[RefundView]:
    """Return the refunds of a gift, oldest first."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM refund_request WHERE donation = {{}} ORDER BY created_at, id", donation_id
    )
    return await _due([_view(row) for row in rows])


async def _due(views: list[RefundView]) -> list[RefundView]:
    """Let open requests say until when they are decided by their clock: the calendar may have changed it."""
    open_ones = [view.id for view in views if view.status is RefundStatus.REQUESTED]
    days = await due_days("refund.review", "refund", open_ones) if open_ones else {}
    return [replace(view, due_on=days.get(view.id, view.due_on)) for view in views]


async def refund_by_id(refund_id: UUID) -> RefundView | None:
    """Return a refund, or None."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM refund_request WHERE id = {{}}", refund_id)
    return _view(rows[0]) if rows else None


async def waiting_requests(*, limit: int = 200) -> list[RefundView]:
    """Return the requests that staff have not decided, the most urgent first."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM refund_request WHERE kind = 'request' AND status = 'requested'"
        " ORDER BY due_on, created_at LIMIT {}",
        limit,
    )
    return await _due([_view(row) for row in rows])


async def words_of(refund_id: UUID) -> str:
    """Return what the giver wrote about a request; for those who decide."""
    rows = await fetch("SELECT words_enc FROM refund_request WHERE id = {}", refund_id)
    sealed = rows[0]["words_enc"] if rows else None
    return crypto.unseal(sealed, place=WORDS, row=refund_id) if sealed else ""


async def unsent(*, limit: int) -> list[UUID]:
    """Return approved refunds that the payment service does not have yet."""
    rows = await fetch(
        "SELECT id FROM refund_request WHERE status = 'approved' ORDER BY created_at LIMIT {}", limit
    )
    return [r["id"] for r in rows]


def _view(row: dict[str, Any]) -> RefundView:
    return RefundView(
        **{
            **row,
            "kind": RefundKind(row["kind"]),
            "ground": RefundGround(row["ground"]),
            "status": RefundStatus(row["status"]),
        }
    )
