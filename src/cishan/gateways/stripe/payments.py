"""What Stripe says of payments now, in our own words; and refunds."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import stripe
from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject  # the SDK types metadata with it, and hides it
from stripe.params import (
    BalanceTransactionListParams,
    BalanceTransactionListParamsCreated,
    DisputeListParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
)

from cishan.gateways.stripe import shapes
from cishan.gateways.stripe.client import client, read, refusals
from cishan.kernel.payments import DisputeState, Kind, Movement, Payment, State

PAGE = 100
_KINDS = {
    "charge": Kind.CHARGE,
    "refund": Kind.REFUND,
    "refund_failure": Kind.REFUND_FAILURE,
    "dispute": Kind.DISPUTE,
    "dispute_reversal": Kind.DISPUTE_REVERSAL,
    "fee": Kind.FEE,
    "network_cost": Kind.FEE,
    "payout": Kind.PAYOUT,
    "payout_reversal": Kind.PAYOUT_FAILURE,
}
_STATES = {
    "succeeded": State.SUCCEEDED,
    "processing": State.PROCESSING,
    "requires_capture": State.PROCESSING,
    "canceled": State.EXPIRED,
}
_LOST = frozenset({"lost"})
_WON = frozenset({"won", "warning_closed", "prevented"})
_INTENT: PaymentIntentRetrieveParams = {
    "expand": [
        "latest_charge.balance_transaction",
        "latest_charge.refunds.data.balance_transaction",
        "latest_charge.refunds.data.failure_balance_transaction",
    ]
}


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the payment service took it on."""

    id: str
    status: str
    """pending, requires_action, succeeded, failed or canceled."""
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of movements: those of payments, each with what is known of its payment, and all others."""

    payments: tuple[Payment, ...]
    """State UNKNOWN unless the page itself showed the charge."""
    others: tuple[Movement, ...]
    """Payouts, fees of the account, and what we have no name for."""

    def movements(self) -> list[Movement]:
        """Return every movement of the page."""
        return [*(m for p in self.payments for m in p.movements), *self.others]


async def fetch_payment(payment_intent_id: str) -> Payment:
    """Return the payment as it stands now, with every movement of money it caused."""
    async with refusals("payment intent"):
        path = f"/v1/payment_intents/{quote(payment_intent_id, safe='')}"
        intent = await read(path, _INTENT, shapes.Intent)
        charge = intent.latest_charge if isinstance(intent.latest_charge, shapes.Charge) else None
        disputes: list[shapes.Dispute] = []
        if charge is not None and charge.disputed:
            about: DisputeListParams = {"payment_intent": payment_intent_id, "limit": 10}
            disputes = (await read("/v1/disputes", about, shapes.Disputes)).data
    payment = Payment(
        payment_intent_id=intent.id,
        state=_state(intent, charge),
        amount_fen=intent.amount,
        currency=intent.currency,
        channel=_channel(charge),
        metadata=intent.metadata,
        paid_at=_when(charge.created) if charge is not None and charge.paid else None,
        failure_code=(intent.last_payment_error.code or "") if intent.last_payment_error else "",
        dispute=_dispute_state(disputes),
        movements=tuple(_of_charge(intent.id, charge, disputes)),
    )
    if "donation_id" in payment.metadata:
        return payment
    return await _with_invoice(payment)


async def _with_invoice(payment: Payment) -> Payment:
    """Add the invoice and subscription that asked for a payment which does not carry our own metadata."""
    async with refusals("invoice payment"):
        found = await client().v1.invoice_payments.list_async(
            {
                "payment": {"type": "payment_intent", "payment_intent": payment.payment_intent_id},
                "expand": ["data.invoice"],
                "limit": 1,
            }
        )
    for link in found.data:
        if isinstance(link.invoice, stripe.Invoice):
            details = link.invoice.parent.subscription_details if link.invoice.parent else None
            own = words(details.metadata) if details is not None else {}
            return replace(
                payment,
                invoice_id=link.invoice.id or "",
                subscription_id=id_of(details.subscription) if details is not None else "",
                begins_plan=link.invoice.billing_reason == "subscription_create",
                metadata={**own, **payment.metadata},
            )
    return payment


async def payment_of_invoice(invoice_id: str) -> str:
    """Return the id of the payment intent that pays the invoice; empty if none does yet."""
    async with refusals("invoice payment"):
        found = await client().v1.invoice_payments.list_async({"invoice": invoice_id, "limit": 10})
    intents = [id_of(link.payment.payment_intent) for link in found.data if link.payment.payment_intent]
    return intents[0] if intents else ""


async def cancel_payment(payment_intent_id: str) -> None:
    """Give up a payment that has not been made; Declined if it is too late for that."""
    async with refusals("payment intent"):
        await client().v1.payment_intents.cancel_async(
            payment_intent_id, {"cancellation_reason": "abandoned"}
        )


async def create_refund(
    refund_key: str, payment_intent_id: str, amount_fen: int, reason: str = "requested_by_customer"
) -> Refund:
    """Give back part of a payment. `refund_key` is our stored request's id: the same key refunds once."""
    params: RefundCreateParams = {
        "payment_intent": payment_intent_id,
        "amount": amount_fen,
        "reason": reason,
        "metadata": {"refund_request": refund_key},
    }
    options: RequestOptions = {"idempotency_key": f"refund:{refund_key}"}
    async with refusals("refund"):
        made = await client().v1.refunds.create_async(params, options)
    return Refund(made.id, made.status or "", made.amount)


async def list_movements(
    *, since: datetime | None = None, until: datetime | None = None, payout_id: str = ""
) -> AsyncIterator[Page]:
    """Yield the balance's movements, newest first: from `since` to before `until`, or all of one payout."""
    params: BalanceTransactionListParams = {"limit": PAGE, "expand": ["data.source"]}
    if since is not None or until is not None:
        span: BalanceTransactionListParamsCreated = {}
        if since is not None:
            span["gte"] = int(since.timestamp())
        if until is not None:
            span["lt"] = int(until.timestamp())
        params["created"] = span
    if payout_id:
        params["payout"] = payout_id
    while True:
        async with refusals("balance transactions"):
            found = await read("/v1/balance_transactions", params, shapes.Transactions)
            page = _page(found.data)
        yield page
        if not found.has_more or not found.data:
            return
        params["starting_after"] = found.data[-1].id


def _page(rows: Iterable[shapes.Transaction]) -> Page:
    payments: dict[str, Payment] = {}
    others: list[Movement] = []
    for row in rows:
        seen = _sighting(row)
        if isinstance(seen, Movement):
            others.append(seen)
            continue
        known = payments.get(seen.payment_intent_id)
        payments[seen.payment_intent_id] = seen if known is None else _merge(known, seen)
    return Page(tuple(payments.values()), tuple(others))


def _merge(one: Payment, other: Payment) -> Payment:
    """Join two sightings of one payment: whichever shows the charge leads, the movements add up."""
    lead, rest = (other, one) if other.state is State.SUCCEEDED else (one, other)
    dispute = lead.dispute if rest.dispute is DisputeState.NONE else rest.dispute
    return replace(lead, dispute=dispute, movements=one.movements + other.movements)


def _sighting(row: shapes.Transaction) -> Payment | Movement:
    source = shapes.source_of(row)
    movement = _movement(row, (source.payment_intent or "") if source is not None else "")
    if not movement.payment_intent_id:
        return movement
    if isinstance(source, shapes.Charge) and movement.kind is Kind.CHARGE:
        return Payment(
            payment_intent_id=movement.payment_intent_id,
            state=State.SUCCEEDED if source.paid else State.UNKNOWN,
            amount_fen=source.amount,
            currency=source.currency,
            channel=_channel(source),
            metadata=source.metadata,
            paid_at=_when(source.created),
            movements=(movement,),
        )
    dispute = _dispute_state([source]) if isinstance(source, shapes.Dispute) else DisputeState.NONE
    return Payment(movement.payment_intent_id, State.UNKNOWN, dispute=dispute, movements=(movement,))


def _of_charge(
    intent_id: str, charge: shapes.Charge | None, disputes: Iterable[shapes.Dispute]
) -> Iterable[Movement]:
    if charge is None:
        return
    rows = [charge.balance_transaction]
    for refund in charge.refunds.data if charge.refunds else []:
        rows += [refund.balance_transaction, refund.failure_balance_transaction]
    for dispute in disputes:
        rows += dispute.balance_transactions
    for row in rows:
        if isinstance(row, shapes.Transaction):
            yield _movement(row, intent_id)


def _movement(row: shapes.Transaction, payment_intent_id: str) -> Movement:
    """Return the movement that a balance transaction tells of."""
    return Movement(
        txn_id=row.id,
        kind=_KINDS.get(row.reporting_category, Kind.OTHER),
        amount_fen=row.amount,
        fee_fen=row.fee,
        currency=row.currency,
        at=_when(row.created),
        source_id=id_of(row.source),
        payment_intent_id=payment_intent_id,
        category=row.reporting_category,
    )


def _state(intent: shapes.Intent, charge: shapes.Charge | None) -> State:
    if intent.status in _STATES:
        return _STATES[intent.status]
    failed = intent.last_payment_error is not None or (charge is not None and charge.status == "failed")
    return State.FAILED if failed and intent.status == "requires_payment_method" else State.OPEN


def _dispute_state(disputes: Iterable[shapes.Dispute]) -> DisputeState:
    states = {d.status for d in disputes}
    if states & _LOST:
        return DisputeState.LOST
    if states - _WON:
        return DisputeState.OPEN
    return DisputeState.WON if states else DisputeState.NONE


def _channel(charge: shapes.Charge | None) -> str:
    details = charge.payment_method_details if charge is not None else None
    return details.type if details is not None else ""


def _when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def words(metadata: UntypedStripeObject[str] | None) -> dict[str, str]:
    """Return the metadata of an object as plain text by key."""
    return {str(key): str(value) for key, value in metadata.to_dict().items()} if metadata else {}


def id_of(field: object) -> str:
    """Return the id of a field that Stripe may have expanded; empty for none."""
    if field is None or isinstance(field, str):
        return field or ""
    if isinstance(field, Mapping):
        return str(field.get("id", ""))
    return str(getattr(field, "id", "") or "")
