"""What Stripe tells us by itself: signed events. Only their ids are believed; the rest is asked again."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe
from stripe.params import EventListParams

from cishan import gateways
from cishan.gateways.stripe.client import client, refusals
from cishan.kernel.errors import DomainError
from cishan.kernel.text import N_

TOLERANCE_SECONDS = 300
WANTED = (
    "checkout.session.*",
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.updated",
    "charge.refunded",
    "charge.dispute.*",
    "refund.*",
    "invoice.*",
    "customer.subscription.*",
    "payout.*",
)
"""Which events the endpoint should be sent: others (charge.succeeded, …created) tell nothing beyond these."""
_TEST_KEYS = ("sk_test_", "rk_test_")


class BadSignature(DomainError):
    """The body is not a fresh message of our payment service; nothing of it may be believed."""

    status = 400


@dataclass(frozen=True, slots=True)
class Event:
    """A signed message: something happened to the object that `subject` names."""

    id: str
    type: str
    at: datetime
    api_version: str
    subject: str
    """The payment intent (pi_), checkout session (cs_), invoice (in_), subscription (sub_) or payout (po_)
    that must be asked about; empty if it is about none of these."""


def read_event(body: bytes, signature: str) -> Event:
    """Return the event in a webhook's raw body; BadSignature unless a secret of ours signed it lately."""
    refusal = BadSignature(N_("This message is not signed by our payment service."))
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise refusal from None
    if not any(_signed(text, signature, secret) for secret in gateways.settings().stripe_webhook_secrets):
        raise refusal
    try:
        found = json.loads(text)
        event = _event(found)
        live = found["livemode"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError):
        raise BadSignature(N_("This message cannot be read.")) from None
    if live is not _live():
        raise BadSignature(N_("This message is for another environment."))
    return event


async def list_undelivered(since: datetime) -> AsyncIterator[Event]:
    """Yield the events since then of which Stripe could not tell us, newest first."""
    params: EventListParams = {
        "delivery_success": False,
        "created": {"gte": int(since.timestamp())},
        "limit": 100,
    }
    while True:
        async with refusals("events"):
            found = await client().v1.events.list_async(params)
        for row in found.data:
            yield _event(row.to_dict())
        if not found.has_more or not found.data:
            return
        params["starting_after"] = found.data[-1].id


def _signed(text: str, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_SECONDS))
    except (stripe.SignatureVerificationError, TypeError, UnicodeError):
        return False  # a header beyond ASCII is refused with a TypeError by the comparison


def _live() -> bool:
    return not gateways.settings().stripe_secret_key.startswith(_TEST_KEYS)


def _event(found: Mapping[str, Any]) -> Event:
    event_id, kind = str(found["id"]), str(found["type"])
    if not event_id.startswith("evt_") or len(event_id) > 255 or len(kind) > 100:
        raise ValueError("not an event")
    return Event(
        id=event_id,
        type=kind,
        at=datetime.fromtimestamp(int(found["created"]), UTC),
        api_version=str(found.get("api_version") or "")[:40],
        subject=_subject(found["data"]["object"])[:255],
    )


def _subject(thing: Mapping[str, Any]) -> str:
    match thing["object"]:
        case "payment_intent" | "invoice" | "subscription" | "payout":
            named = thing["id"]
        case "checkout.session":  # its payment says more, and the other messages are about that too
            named = thing.get("payment_intent") or thing["id"]
        case "charge" | "refund" | "dispute":
            named = thing["payment_intent"]
        case _:
            named = ""
    return str(named["id"] if isinstance(named, Mapping) else named or "")
