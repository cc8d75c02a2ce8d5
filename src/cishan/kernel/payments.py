"""What a payment channel says happened to money, in our own words; gateway and slices share it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Why the channel's balance moved."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_FAILURE = "refund_failure"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    FEE = "fee"
    PAYOUT = "payout"
    PAYOUT_FAILURE = "payout_failure"
    OTHER = "other"
    """A category that we do not know: it goes to the suspense account, never under the table."""


class State(StrEnum):
    """How far a payment has come."""

    OPEN = "open"
    """The giver has not finished; nothing was taken."""
    PROCESSING = "processing"
    """Authorised, and the money is on its way (delayed methods)."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    """Given up or run out before it was paid; it cannot succeed any more."""
    UNKNOWN = "unknown"
    """We were told of movements only."""


class DisputeState(StrEnum):
    """How a dispute stands."""

    NONE = ""
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of the channel's balance (a Stripe balance transaction): amount − fee = net."""

    txn_id: str
    kind: Kind
    amount_fen: int
    """Signed as the channel signs it: what comes to us is positive, a refund is negative."""
    fee_fen: int
    currency: str
    """Lower-case code of the balance that moved."""
    at: datetime
    source_id: str
    """The charge, refund, dispute or payout behind it; may be empty."""
    payment_intent_id: str = ""
    category: str = ""
    """The channel's own word for the kind."""

    @property
    def net_fen(self) -> int:
        """Return what the balance changed by."""
        return self.amount_fen - self.fee_fen


@dataclass(frozen=True, slots=True)
class Payment:
    """What the channel says of one payment now. Empty strings stand for what it did not say."""

    payment_intent_id: str
    state: State
    amount_fen: int = 0
    currency: str = ""
    channel: str = ""
    """card, alipay or wechat_pay."""
    session_id: str = ""
    invoice_id: str = ""
    subscription_id: str = ""
    begins_plan: bool = False
    """The invoice is the first of its subscription."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    paid_at: datetime | None = None
    failure_code: str = ""
    dispute: DisputeState = DisputeState.NONE
    movements: tuple[Movement, ...] = ()

    @property
    def key(self) -> str:
        """Return what tells this payment from others: its intent or, before there is one, its session."""
        return self.payment_intent_id or self.session_id
