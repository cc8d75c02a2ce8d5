"""Hosted checkout pages: for one gift, for a monthly gift, and to put a new card under a monthly gift."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from stripe import RequestOptions
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItemPriceData

from cishan.gateways.stripe.client import CURRENCY, client, refusals
from cishan.gateways.stripe.payments import id_of, words
from cishan.kernel.payments import Payment, State

Channel = Literal["card", "alipay", "wechat_pay"]
CHANNELS: tuple[Channel, ...] = ("alipay", "wechat_pay", "card")


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """What a giver shall pay for, and where they come back to."""

    key: str
    """The id of our own stored row; asking again with the same key gives the same page."""
    title: str
    amount_fen: int
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]
    """At least donation_id (and plan_id): it comes back with every payment."""
    channels: tuple[Channel, ...] = CHANNELS
    language: str = "zh"
    expires_at: datetime | None = None
    """Between 30 minutes and 24 hours from now; None is 24 hours."""
    email: str = ""
    description: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Metadata of the session alone."""


@dataclass(frozen=True, slots=True)
class CheckoutLink:
    """A hosted page that waits for the giver."""

    session_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """How a checkout stands now."""

    id: str
    mode: str
    """payment, subscription or setup."""
    status: str
    """open, complete or expired."""
    payment_status: str
    """paid, unpaid or no_payment_required."""
    payment_intent_id: str
    invoice_id: str
    subscription_id: str
    setup_intent_id: str
    customer_id: str
    amount_fen: int
    currency: str
    metadata: Mapping[str, str]
    url: str
    """Where the giver can go on; empty unless open."""

    def as_payment(self) -> Payment:
        """Return what the session alone says of its payment; a payment intent says more."""
        state = State.EXPIRED if self.status == "expired" else State.OPEN
        return Payment(
            payment_intent_id=self.payment_intent_id,
            state=state,
            amount_fen=self.amount_fen,
            currency=self.currency,
            session_id=self.id,
            invoice_id=self.invoice_id,
            subscription_id=self.subscription_id,
            metadata=self.metadata,
        )


async def create_checkout(order: CheckoutOrder) -> CheckoutLink:
    """Open a hosted page on which one gift can be paid."""
    params = _common(order)
    params["mode"] = "payment"
    params["submit_type"] = "donate"
    params["line_items"] = [{"quantity": 1, "price_data": _price(order)}]
    params["payment_intent_data"] = {
        "metadata": dict(order.metadata),
        "description": order.description or order.title,
    }
    params["allowed_payment_method_types"] = list(order.channels)
    if "wechat_pay" in order.channels:
        params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return await _open(params, order.key)


async def create_monthly_checkout(order: CheckoutOrder) -> CheckoutLink:
    """Open a hosted page on which a giver begins to give every month by card."""
    price = _price(order)
    price["recurring"] = {"interval": "month"}
    params = _common(order)
    params["mode"] = "subscription"
    params["line_items"] = [{"quantity": 1, "price_data": price}]
    params["subscription_data"] = {
        "metadata": dict(order.metadata),
        "description": order.description or order.title,
    }
    params["allowed_payment_method_types"] = ["card"]
    return await _open(params, order.key)


async def create_card_repair(
    *,
    key: str,
    customer_id: str,
    subscription_id: str,
    success_url: str,
    cancel_url: str,
    language: str = "zh",
) -> CheckoutLink:
    """Open a hosted page for another card of a monthly giver; `finish_card_repair` makes it count."""
    metadata = {"subscription_id": subscription_id}
    params: SessionCreateParams = {
        "mode": "setup",
        "customer": customer_id,
        "allowed_payment_method_types": ["card"],
        "success_url": success_url,
        "cancel_url": cancel_url,
        "locale": _locale(language),
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
    }
    return await _open(params, key)


async def fetch_session(session_id: str) -> Session:
    """Return how the checkout stands now."""
    async with refusals("checkout session"):
        found = await client().v1.checkout.sessions.retrieve_async(session_id)
    return Session(
        id=found.id,
        mode=found.mode,
        status=found.status or "",
        payment_status=found.payment_status,
        payment_intent_id=id_of(found.payment_intent),
        invoice_id=id_of(found.invoice),
        subscription_id=id_of(found.subscription),
        setup_intent_id=id_of(found.setup_intent),
        customer_id=id_of(found.customer),
        amount_fen=found.amount_total or 0,
        currency=found.currency or "",
        metadata=words(found.metadata),
        url=found.url or "",
    )


async def expire_session(session_id: str) -> None:
    """Close a checkout that nobody shall pay any more; one that is closed or paid already stays as it is."""
    found = await fetch_session(session_id)
    if found.status != "open":
        return
    async with refusals("checkout session"):
        await client().v1.checkout.sessions.expire_async(session_id)


def _common(order: CheckoutOrder) -> SessionCreateParams:
    params: SessionCreateParams = {
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "locale": _locale(order.language),
        "metadata": {**order.metadata, **order.extra},
    }
    if "donation_id" in order.metadata:
        params["client_reference_id"] = order.metadata["donation_id"]
    if order.expires_at is not None:
        params["expires_at"] = int(order.expires_at.timestamp())
    if order.email:
        params["customer_email"] = order.email
    return params


def _price(order: CheckoutOrder) -> SessionCreateParamsLineItemPriceData:
    return {
        "currency": CURRENCY,
        "unit_amount": order.amount_fen,
        "product_data": {"name": order.title},
    }


def _locale(language: str) -> Literal["zh", "en"]:
    return "en" if language.startswith("en") else "zh"


async def _open(params: SessionCreateParams, key: str) -> CheckoutLink:
    options: RequestOptions = {"idempotency_key": f"checkout:{key}"}
    async with refusals("checkout session"):
        made = await client().v1.checkout.sessions.create_async(params, options)
    assert made.url, "a hosted session that is open has an address"
    return CheckoutLink(made.id, made.url, datetime.fromtimestamp(made.expires_at, UTC))
