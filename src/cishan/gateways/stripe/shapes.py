"""What we read of Stripe's answers about money, named as in Stripe's API reference; the rest is left out.

The SDK's own objects take every field of an answer apart: with them a worker spent most of a gift's time on
fields that nobody reads. These are for the answers that come by the hundred; all others are the SDK's.
"""

from msgspec import Struct, convert


class Transaction(Struct):
    """A balance transaction; amounts are signed as seen from our balance, in the minor unit of `currency`."""

    id: str
    amount: int
    fee: int
    currency: str
    created: int
    """Seconds since 1970."""
    reporting_category: str
    source: object = None
    """An id, or what it stands for if the question said `expand`."""


class Details(Struct):
    """How a charge was paid."""

    type: str


class Refund(Struct):
    """A refund of a charge."""

    payment_intent: str | None = None
    balance_transaction: Transaction | str | None = None
    failure_balance_transaction: Transaction | str | None = None


class Refunds(Struct):
    """The refunds of a charge."""

    data: list[Refund]


class Charge(Struct):
    """An attempt at taking money."""

    id: str
    amount: int
    currency: str
    created: int
    paid: bool
    status: str
    disputed: bool
    metadata: dict[str, str]
    payment_intent: str | None = None
    payment_method_details: Details | None = None
    balance_transaction: Transaction | str | None = None
    """None while an asynchronous capture is under way."""
    refunds: Refunds | None = None


class Dispute(Struct):
    """A charge that the giver's bank takes back."""

    status: str
    balance_transactions: list[Transaction]
    payment_intent: str | None = None


class Trouble(Struct):
    """Why the last attempt failed."""

    code: str | None = None


class Intent(Struct):
    """A payment intent."""

    id: str
    amount: int
    currency: str
    status: str
    metadata: dict[str, str]
    last_payment_error: Trouble | None = None
    latest_charge: Charge | str | None = None


class Transactions(Struct):
    """A page of the balance's movements."""

    data: list[Transaction]
    has_more: bool


class Disputes(Struct):
    """A page of disputes."""

    data: list[Dispute]


_SOURCES: dict[object, type[Charge | Refund | Dispute]] = {
    "charge": Charge,
    "refund": Refund,
    "dispute": Dispute,
}


def source_of(row: Transaction) -> Charge | Refund | Dispute | None:
    """Return what moved the money, if it belongs to a payment and came with the answer."""
    kind = _SOURCES.get(row.source.get("object")) if isinstance(row.source, dict) else None
    return convert(row.source, kind) if kind is not None else None
