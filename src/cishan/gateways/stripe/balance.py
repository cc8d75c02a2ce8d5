"""Stripe's balance and its payouts to our bank: the other side of the books' account 1009."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import stripe

from cishan.gateways.stripe.client import client, refusals


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way from the payment service to our bank."""

    id: str
    status: str
    """pending, in_transit, paid, failed or canceled."""
    amount_fen: int
    currency: str
    automatic: bool
    reconciled: bool
    """Its movements can be listed, and the list is complete."""
    txn_id: str
    failure_txn_id: str
    created_at: datetime
    failed_at: datetime | None


async def fetch_payout(payout_id: str) -> Payout:
    """Return how the payout stands now."""
    async with refusals("payout"):
        found = await client().v1.payouts.retrieve_async(
            payout_id, {"expand": ["failure_balance_transaction"]}
        )
    failure = found.failure_balance_transaction
    return Payout(
        id=found.id,
        status=found.status,
        amount_fen=found.amount,
        currency=found.currency,
        automatic=found.automatic,
        reconciled=found.reconciliation_status == "completed",
        txn_id=_id(found.balance_transaction),
        failure_txn_id=_id(found.failure_balance_transaction),
        created_at=datetime.fromtimestamp(found.created, UTC),
        failed_at=datetime.fromtimestamp(failure.created, UTC)
        if isinstance(failure, stripe.BalanceTransaction)
        else None,
    )


async def fetch_balance() -> Mapping[str, int]:
    """Return what the payment service holds for us, pending and available together, by currency."""
    async with refusals("balance"):
        found = await client().v1.balance.retrieve_async()
    sums: dict[str, int] = {}
    parts = [(a.currency, a.amount) for a in found.available]
    parts += [(p.currency, p.amount) for p in found.pending]
    for currency, amount in parts:
        sums[currency] = sums.get(currency, 0) + amount
    return sums


def _id(field: object) -> str:
    return field if isinstance(field, str) else str(getattr(field, "id", "") or "")
