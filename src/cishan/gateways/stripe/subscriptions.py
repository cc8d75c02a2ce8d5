"""Monthly gifts by card: how they stand, and what a giver may change about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import stripe
from stripe import RequestOptions
from stripe.params import SubscriptionUpdateParams

from cishan.gateways.stripe.checkout import fetch_session
from cishan.gateways.stripe.client import CURRENCY, Declined, client, refusals
from cishan.gateways.stripe.payments import id_of, words
from cishan.kernel.text import N_


@dataclass(frozen=True, slots=True)
class Subscription:
    """A monthly gift as the payment service keeps it."""

    id: str
    customer_id: str
    status: str
    """active, past_due, unpaid, canceled, incomplete, incomplete_expired, paused or trialing."""
    paused: bool
    cancels_at_period_end: bool
    next_payment_at: datetime | None
    amount_fen: int
    latest_invoice_id: str
    card_last4: str
    card_expires: tuple[int, int] | None
    """Year and month."""
    metadata: Mapping[str, str]


async def fetch_subscription(subscription_id: str) -> Subscription:
    """Return how the monthly gift stands now."""
    async with refusals("subscription"):
        found = await client().v1.subscriptions.retrieve_async(
            subscription_id, {"expand": ["default_payment_method"]}
        )
    return _view(found)


async def pause_subscription(
    subscription_id: str, *, key: str, until: datetime | None = None
) -> Subscription:
    """Ask for no money until it is resumed, or until the given moment."""
    params: SubscriptionUpdateParams = {"pause_collection": {"behavior": "void"}}
    if until is not None:
        params["pause_collection"] = {"behavior": "void", "resumes_at": int(until.timestamp())}
    return await _update(subscription_id, params, f"pause:{key}")


async def resume_subscription(subscription_id: str, *, key: str) -> Subscription:
    """Go on asking for money at the next date."""
    return await _update(subscription_id, {"pause_collection": ""}, f"resume:{key}")


async def change_amount(subscription_id: str, amount_fen: int, *, key: str) -> Subscription:
    """Let the monthly gift be of another amount from the next date on; nothing is taken before."""
    async with refusals("subscription"):
        found = await client().v1.subscriptions.retrieve_async(subscription_id)
    item = found.items.data[0]
    params: SubscriptionUpdateParams = {
        "items": [
            {
                "id": item.id,
                "price_data": {
                    "currency": CURRENCY,
                    "product": id_of(item.price.product),
                    "recurring": {"interval": "month"},
                    "unit_amount": amount_fen,
                },
            }
        ],
        "proration_behavior": "none",
    }
    return await _update(subscription_id, params, f"amount:{key}")


async def cancel_subscription(subscription_id: str, *, key: str) -> None:
    """End the monthly gift at once; ending it again is the same as once."""
    options: RequestOptions = {"idempotency_key": f"cancel:{key}"}
    async with refusals("subscription"):
        found = await client().v1.subscriptions.retrieve_async(subscription_id)
        if found.status != "canceled":
            await client().v1.subscriptions.cancel_async(subscription_id, {}, options)


async def skip_unpaid_month(subscription_id: str, *, key: str) -> None:
    """Give up the invoice that could not be paid, so that its month is never asked for again."""
    options: RequestOptions = {"idempotency_key": f"skip:{key}"}
    async with refusals("invoice"):
        found = await client().v1.subscriptions.retrieve_async(subscription_id)
        invoice_id = id_of(found.latest_invoice)
        if not invoice_id or found.status == "canceled":
            return
        invoice = await client().v1.invoices.retrieve_async(invoice_id)
        if invoice.status == "open":
            await client().v1.invoices.void_invoice_async(invoice_id, {}, options)


async def finish_card_repair(session_id: str) -> Subscription:
    """Let the card that a giver entered at `create_card_repair`'s page pay the monthly gift from now on."""
    session = await fetch_session(session_id)
    subscription_id = session.metadata.get("subscription_id", "")
    if session.status != "complete" or not session.setup_intent_id or not subscription_id:
        raise Declined(N_("No new card was entered."), code="not_complete")
    async with refusals("setup intent"):
        intent = await client().v1.setup_intents.retrieve_async(session.setup_intent_id)
    params: SubscriptionUpdateParams = {"default_payment_method": id_of(intent.payment_method)}
    return await _update(subscription_id, params, f"repair:{session_id}")


async def _update(subscription_id: str, params: SubscriptionUpdateParams, key: str) -> Subscription:
    params["expand"] = ["default_payment_method"]
    options: RequestOptions = {"idempotency_key": key}
    async with refusals("subscription"):
        found = await client().v1.subscriptions.update_async(subscription_id, params, options)
    return _view(found)


def _view(found: stripe.Subscription) -> Subscription:
    item = found.items.data[0]
    method = found.default_payment_method
    card = method.card if isinstance(method, stripe.PaymentMethod) else None
    alive = found.status in {"active", "trialing", "past_due"} and not found.cancel_at_period_end
    return Subscription(
        id=found.id,
        customer_id=id_of(found.customer),
        status=found.status,
        paused=found.pause_collection is not None,
        cancels_at_period_end=bool(found.cancel_at_period_end),
        next_payment_at=datetime.fromtimestamp(item.current_period_end, UTC) if alive else None,
        amount_fen=(item.price.unit_amount or 0) * (item.quantity or 1),
        latest_invoice_id=id_of(found.latest_invoice),
        card_last4=card.last4 or "" if card is not None else "",
        card_expires=(card.exp_year, card.exp_month) if card is not None else None,
        metadata=words(found.metadata),
    )
