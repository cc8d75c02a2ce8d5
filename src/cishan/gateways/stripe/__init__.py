"""The payment service: the official SDK's asynchronous client, typed by its own parameter types.

No object of the SDK leaves this folder. Every call that changes something carries an idempotency key made
from the id of our own stored command. Refusals become NotFound, Declined or Unavailable.
"""

from cishan.gateways.stripe.balance import Payout, fetch_balance, fetch_payout
from cishan.gateways.stripe.checkout import (
    CHANNELS,
    Channel,
    CheckoutLink,
    CheckoutOrder,
    Session,
    create_card_repair,
    create_checkout,
    create_monthly_checkout,
    expire_session,
    fetch_session,
)
from cishan.gateways.stripe.client import CURRENCY, Declined, speak_through
from cishan.gateways.stripe.events import BadSignature, Event, list_undelivered, read_event
from cishan.gateways.stripe.payments import (
    Page,
    Refund,
    cancel_payment,
    create_refund,
    fetch_payment,
    list_movements,
    payment_of_invoice,
)
from cishan.gateways.stripe.subscriptions import (
    Subscription,
    cancel_subscription,
    change_amount,
    fetch_subscription,
    finish_card_repair,
    pause_subscription,
    resume_subscription,
    skip_unpaid_month,
)

__all__ = [
    "CHANNELS",
    "CURRENCY",
    "BadSignature",
    "Channel",
    "CheckoutLink",
    "CheckoutOrder",
    "Declined",
    "Event",
    "Page",
    "Payout",
    "Refund",
    "Session",
    "Subscription",
    "cancel_payment",
    "cancel_subscription",
    "change_amount",
    "create_card_repair",
    "create_checkout",
    "create_monthly_checkout",
    "create_refund",
    "expire_session",
    "fetch_balance",
    "fetch_payment",
    "fetch_payout",
    "fetch_session",
    "fetch_subscription",
    "finish_card_repair",
    "list_movements",
    "list_undelivered",
    "pause_subscription",
    "payment_of_invoice",
    "read_event",
    "resume_subscription",
    "skip_unpaid_month",
    "speak_through",
]
