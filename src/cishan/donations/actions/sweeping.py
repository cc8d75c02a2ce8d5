"""Closing what nobody finished, and forgetting what need not be kept."""

from datetime import timedelta
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.donations.queries.gifts import OPEN_WITHIN
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.tables.gifts import Donation
from cishan.kernel import clock
from cishan.plumbing.db import atomic, fetch

ATTEMPTS_KEPT_FOR = timedelta(hours=26)


async def abandon(donation_id: UUID) -> None:
    """Close a gift for which no payment page was ever opened: nobody can pay it."""
    async with atomic():
        closed = (
            await Donation.update({Donation.status: GiftStatus.EXPIRED.value})
            .where(
                (Donation.id == donation_id)
                & (Donation.status == GiftStatus.AWAITING_PAYMENT.value)
                & (Donation.stripe_session_id.is_null())
                & (Donation.stripe_invoice_id.is_null())
                & (Donation.checkout_expires_at.is_null())
                & ((Donation.created_at < clock.now() - OPEN_WITHIN) | (Donation.undo_asked_at.is_not_null()))
            )
            .returning(Donation.id)
        )
        if closed:
            await audit.record(
                Transition(
                    subject_kind="donation",
                    subject_id=str(donation_id),
                    event="abandon",
                    from_state=GiftStatus.AWAITING_PAYMENT,
                    to_state=GiftStatus.EXPIRED,
                    actor=SYSTEM,
                )
            )


async def forget_attempts() -> int:
    """Drop the short memory of attempts; return how many were dropped."""
    async with atomic():
        rows = await fetch(
            "DELETE FROM gift_attempt WHERE at < {} RETURNING id", clock.now() - ATTEMPTS_KEPT_FOR
        )
    return len(rows)
