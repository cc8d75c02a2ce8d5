"""After the confirmation: how a payment stands, refunds, public sums, closing what nobody finished."""

from uuid import UUID

from cishan.donations.actions import drafts, finding, refunds, settling, sweeping, totals
from cishan.donations.queries import refunds as refund_queries
from cishan.donations.queries import waiting
from cishan.donations.queries.gifts import OPEN_WITHIN, gift_by_id
from cishan.donations.queries.totals import campaigns_of
from cishan.gateways import stripe
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import enqueue, enqueue_once, job

BATCH = 200


@job("donations.ask")
async def ask(donation_id: str) -> None:
    """Ask the payment service how a gift's payment stands now, and settle it."""
    gift = await gift_by_id(UUID(donation_id))
    if gift.session_id:
        await settling.refetch_payment(session_id=gift.session_id)
    elif gift.payment_intent_id:
        await settling.refetch_payment(payment_intent_id=gift.payment_intent_id)
    else:
        await sweeping.abandon(gift.id)
    await refunds.refund_undone(gift.id)


@job("donations.close_checkout")
async def close_checkout(donation_id: str) -> None:
    """Close a payment page that nobody shall use any more; an undone gift that was paid goes back."""
    gift = await gift_by_id(UUID(donation_id))
    if gift.is_waiting and gift.session_id:
        await stripe.expire_session(gift.session_id)
    await ask(donation_id)


@job("donations.send_refund", attempts=20, wait_seconds=30)
async def send_refund(refund_id: str) -> None:
    """Give a refund to the payment service, then read from it what became of the money."""
    donation_id = await refunds.send(UUID(refund_id))
    if donation_id is None:
        return
    gift = await gift_by_id(donation_id)
    await settling.refetch_payment(payment_intent_id=gift.payment_intent_id)


@job("donations.refresh_totals")
async def refresh_totals(donation_ids: list[str]) -> None:
    """Show what settling changed: the gifts on the public lists at once, the sums soon after."""
    gifts = [UUID(i) for i in donation_ids]
    await totals.show(gifts)
    for campaign_id in await campaigns_of(gifts):
        await enqueue_once(
            "donations.refresh_campaign", key=f"donations.totals:{campaign_id}", campaign_id=str(campaign_id)
        )


@job("donations.refresh_campaign")
async def refresh_campaign(campaign_id: str) -> None:
    """Recompute the sums of one campaign."""
    await totals.refresh(UUID(campaign_id))


@job("donations.send_links")
async def send_links(indexes: list[str], language: str, attempt: str) -> None:
    """Send somebody the links to their gifts, if they have any."""
    await finding.send_links([bytes.fromhex(i) for i in indexes], language=language, attempt=UUID(attempt))


@job("donations.sweep", cron="*/5 * * * *")
async def sweep() -> None:
    """Close payment pages whose time is over, ask what came of them, and finish what a dead worker left."""
    now = clock.now()
    for donation_id in await waiting.overdue(now, limit=BATCH):
        key = f"donations.close:{donation_id}"
        await enqueue_once("donations.close_checkout", key=key, donation_id=str(donation_id))
    for donation_id in await waiting.without_page(now - OPEN_WITHIN, limit=BATCH):
        await sweeping.abandon(donation_id)
    for donation_id in await waiting.undone_but_paid(limit=BATCH):
        await refunds.refund_undone(donation_id)
    async with atomic():
        for refund_id in await refund_queries.unsent(limit=BATCH):
            await enqueue("donations.send_refund", refund_id=str(refund_id))


@job("donations.forget", cron="41 * * * *")
async def forget() -> None:
    """Drop drafts and attempts that are older than a day."""
    await drafts.forget_drafts()
    await sweeping.forget_attempts()
