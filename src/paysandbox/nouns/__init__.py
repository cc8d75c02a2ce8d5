"""What each kind of object does, one module per noun; importing this package registers them all."""

from paysandbox.nouns import (
    balance,
    charges,
    checkout,
    customers,
    disputes,
    events,
    invoices,
    payment_intents,
    payment_methods,
    payouts,
    products,
    refunds,
    renewals,
    setup_intents,
    subscriptions,
)

__all__ = [
    "balance",
    "charges",
    "checkout",
    "customers",
    "disputes",
    "events",
    "invoices",
    "payment_intents",
    "payment_methods",
    "payouts",
    "products",
    "refunds",
    "renewals",
    "setup_intents",
    "subscriptions",
]
