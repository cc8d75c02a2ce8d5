"""Only a fresh body, signed with one of our secrets and meant for us, is an event."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
import stripe as sdk

from cishan import gateways
from cishan.gateways import stripe
from cishan.settings import Settings

SECRETS = ("whsec_new", "whsec_old")


@pytest.fixture(autouse=True)
def two_secrets(config: Settings) -> None:
    gateways.use(replace(config, stripe_webhook_secrets=SECRETS, stripe_secret_key="sk_test_x"))


def body(**changes: Any) -> str:
    event: dict[str, Any] = {
        "id": "evt_1",
        "object": "event",
        "type": "charge.succeeded",
        "created": 1_700_000_000,
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "data": {"object": {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}},
    }
    return json.dumps({**event, **changes}, ensure_ascii=False)


def signed(text: str, secret: str = SECRETS[0], *, seconds_ago: int = 0) -> str:
    moment = int(time.time()) - seconds_ago
    return str(sdk.WebhookSignature.generate_signature_header(text, secret, moment))


@pytest.mark.parametrize("secret", SECRETS)
def test_either_secret_of_a_rotation_is_good(secret: str) -> None:
    event = stripe.read_event(body().encode(), signed(body(), secret))
    assert (event.id, event.type, event.subject) == ("evt_1", "charge.succeeded", "pi_1")


@pytest.mark.parametrize(
    ("thing", "subject"),
    [
        ({"object": "payment_intent", "id": "pi_2"}, "pi_2"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_3"}, "pi_3"),
        ({"object": "dispute", "id": "dp_1", "payment_intent": {"id": "pi_4"}}, "pi_4"),
        ({"object": "charge", "id": "ch_1", "payment_intent": None}, ""),
        ({"object": "checkout.session", "id": "cs_test_1", "payment_intent": None}, "cs_test_1"),
        ({"object": "checkout.session", "id": "cs_test_1", "payment_intent": "pi_5"}, "pi_5"),
        ({"object": "invoice", "id": "in_1"}, "in_1"),
        ({"object": "payout", "id": "po_1"}, "po_1"),
        ({"object": "balance"}, ""),
    ],
)
def test_an_event_is_about_the_object_that_must_be_asked(thing: dict[str, Any], subject: str) -> None:
    text = body(data={"object": thing})
    assert stripe.read_event(text.encode(), signed(text)).subject == subject


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=abc,v1=00",
        "t=1700000000",
        "t=1700000000,v1=é",
        signed(body(), "whsec_other"),
        signed(body(type="charge.failed")),
        signed(body(), seconds_ago=301),
    ],
    ids=["none", "nonsense", "time", "bare", "beyond ascii", "stranger", "other body", "old"],
)
def test_a_forged_or_old_signature_is_refused(signature: str) -> None:
    with pytest.raises(stripe.BadSignature, match="not signed"):
        stripe.read_event(body().encode(), signature)


def test_broken_utf_8_is_refused() -> None:
    with pytest.raises(stripe.BadSignature, match="not signed"):
        stripe.read_event(b"\xff\xfe" + body().encode(), signed(body()))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "null",
        "{",
        "[" * 100_000,
        body(id="x"),
        body(created=10**20),
        body(data=None),
        body(livemode=None),
    ],
    ids=["list", "empty", "null", "cut", "deep", "id", "time", "data", "mode"],
)
def test_a_signed_body_that_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(stripe.BadSignature):
        stripe.read_event(text.encode(), signed(text))


def test_an_event_of_the_live_account_does_not_pass_in_test_mode() -> None:
    text = body(livemode=True)
    with pytest.raises(stripe.BadSignature, match="another environment"):
        stripe.read_event(text.encode(), signed(text))
