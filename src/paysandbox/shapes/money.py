"""Balance transactions, the balance, payouts, events."""

from paysandbox.config import Json


def balance_transaction(
    *,
    id: str,
    created: int,
    available_on: int,
    amount: int,
    fee: int,
    fee_description: str,
    currency: str,
    type: str,
    reporting_category: str,
    source: str | None,
    description: str | None,
) -> Json:
    """Return a movement of the balance; `net` is what it changed."""
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": fee_description,
        "type": "stripe_fee",
    }
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": reporting_category,
        "source": source,
        "status": "available" if available_on <= created else "pending",
        "type": type,
    }


def balance(available: dict[str, int], pending: dict[str, int]) -> Json:
    """Return the balance from sums by currency."""

    def rows(sums: dict[str, int]) -> list[Json]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(sums.items())
        ]

    return {
        "object": "balance",
        "available": rows(available),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sorted(available)],
        "livemode": False,
        "pending": rows(pending),
    }


def payout(*, id: str, created: int, arrival_date: int, amount: int, currency: str) -> Json:
    """Return an automatic payout on its way to the bank."""
    return {
        "id": id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival_date,
        "automatic": True,
        "balance_transaction": None,
        "created": created,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_1SandboxBankAccount00",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }


def event(*, id: str, created: int, type: str, data: Json, api_version: str, request: Json) -> Json:
    """Return a notice that something happened; `data.object` is the thing as it then was."""
    return {
        "id": id,
        "object": "event",
        "api_version": api_version,
        "created": created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": request,
        "type": type,
    }
