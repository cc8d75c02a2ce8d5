"""Gifts about which the payment service must be asked."""

from datetime import datetime
from uuid import UUID

from cishan.plumbing.db import fetch


async def overdue(now: datetime, *, limit: int) -> list[UUID]:
    """Return gifts whose payment page has closed and of which we heard nothing."""
    rows = await fetch(
        "SELECT id FROM donation WHERE status IN ('awaiting_payment', 'processing')"
        " AND checkout_expires_at < {} ORDER BY checkout_expires_at LIMIT {}",
        now,
        limit,
    )
    return [r["id"] for r in rows]


async def without_page(created_before: datetime, *, limit: int) -> list[UUID]:
    """Return gifts whose payment page was never opened and cannot be opened any more."""
    rows = await fetch(
        "SELECT id FROM donation WHERE status = 'awaiting_payment' AND checkout_expires_at IS NULL"
        " AND stripe_session_id IS NULL AND stripe_invoice_id IS NULL AND bank_line_no IS NULL"
        " AND created_at < {} ORDER BY created_at LIMIT {}",
        created_before,
        limit,
    )
    return [r["id"] for r in rows]


async def undone_but_paid(*, limit: int) -> list[UUID]:
    """Return gifts that were paid although their giver had undone them."""
    rows = await fetch(
        "SELECT id FROM donation WHERE undo_asked_at IS NOT NULL AND status IN ('paid', 'partly_refunded')"
        " AND NOT EXISTS (SELECT 1 FROM refund_request AS r"
        " WHERE r.donation = donation.id AND r.kind = 'undo')"
        " ORDER BY undo_asked_at LIMIT {}",
        limit,
    )
    return [r["id"] for r in rows]
