"""Webhooks as they are handed over: signed, and bent by faults on command."""

import json
from typing import Any

import pytest
import stripe

from paysandbox.config import Config

from .conftest import NOON, SECRETS, Sandbox, new_sandbox

Json = dict[str, Any]


def _object(webhook: Json) -> Json:
    found: Json = json.loads(webhook["body"])["data"]["object"]
    return found


@pytest.mark.parametrize("secret", SECRETS)
async def test_every_webhook_is_signed_with_both_secrets(sandbox: Sandbox, secret: str) -> None:
    await sandbox.gift()
    for webhook in await sandbox.webhooks():
        event = stripe.Webhook.construct_event(
            webhook["body"].encode(), webhook["headers"]["Stripe-Signature"], secret
        )
        assert event.api_version == stripe.api_version
        assert event.livemode is False
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(webhook["body"], webhook["headers"]["Stripe-Signature"], "whsec_other")


async def test_events_name_the_request_that_caused_them(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    await sandbox.api.v1.refunds.create_async({"payment_intent": intent.id}, {"idempotency_key": "key"})
    events = (await sandbox.api.v1.events.list_async({"type": "refund.created"})).data
    assert events[0].request is not None
    assert events[0].request.idempotency_key == "key"
    clockwork = (await sandbox.api.v1.events.list_async({"type": "charge.updated"})).data
    assert clockwork[0].request is not None
    assert clockwork[0].request.id is None


async def test_events_are_listed_by_type_and_by_delivery(sandbox: Sandbox) -> None:
    await sandbox.gift()
    api = sandbox.api.v1.events
    assert len((await api.list_async({"delivery_success": False})).data) == 5
    await sandbox.webhooks()
    assert (await api.list_async({"delivery_success": False})).data == []
    assert len((await api.list_async({"types": ["charge.updated", "charge.succeeded"]})).data) == 2
    assert len((await api.list_async({"type": "charge.*"})).data) == 2


async def test_a_dropped_event_is_not_handed_over_but_listed_as_undelivered(sandbox: Sandbox) -> None:
    await sandbox.command("faults", place="delivery", kind="drop", type="charge.succeeded")
    await sandbox.gift()
    assert "charge.succeeded" not in await sandbox.event_types()
    lost = (await sandbox.api.v1.events.list_async({"delivery_success": False})).data
    assert [event.type for event in lost] == ["charge.succeeded"]
    await sandbox.gift()
    assert "charge.succeeded" in await sandbox.event_types()


async def test_a_duplicate_is_the_same_event_twice(sandbox: Sandbox) -> None:
    await sandbox.command("faults", kind="duplicate", type="checkout.session.completed", copies=2, times=0)
    await sandbox.gift()
    twins = [one for one in await sandbox.webhooks() if one["type"] == "checkout.session.completed"]
    assert len(twins) == 3
    assert len({one["event"] for one in twins}) == 1


async def test_reordered_and_delayed_webhooks_come_when_their_time_has_come(sandbox: Sandbox) -> None:
    await sandbox.command("faults", kind="reorder", seconds=60, times=0)
    await sandbox.command("faults", kind="delay", type="charge.succeeded", seconds=3_600, times=0)
    for _ in range(3):
        await sandbox.gift()
    early = await sandbox.webhooks()
    await sandbox.command("clock", seconds=60)
    later = await sandbox.webhooks()
    order = [one["id"] for one in early + later]
    assert sorted(order) != order
    assert len(order) == 3 * 4
    await sandbox.command("clock", seconds=3_600)
    assert await sandbox.event_types() == ["charge.succeeded"] * 3


async def test_a_stale_payload_shows_the_object_before_the_change(sandbox: Sandbox) -> None:
    await sandbox.command("faults", kind="stale_payload", type="checkout.session.completed")
    await sandbox.gift()
    told = [one for one in await sandbox.webhooks() if one["type"] == "checkout.session.completed"]
    assert _object(told[0])["payment_status"] == "unpaid"


async def test_an_old_api_version_has_the_old_fields(sandbox: Sandbox) -> None:
    await sandbox.command("faults", kind="old_api_version", type="invoice.paid")
    await sandbox.monthly()
    told = [one for one in await sandbox.webhooks() if one["type"] == "invoice.paid"]
    assert json.loads(told[0]["body"])["api_version"] == "2020-08-27"
    assert _object(told[0])["payment_intent"].startswith("pi_")
    assert "parent" not in _object(told[0])


async def test_a_fault_may_fit_metadata_alone(sandbox: Sandbox) -> None:
    await sandbox.command("faults", kind="drop", metadata={"gift": "g1"}, times=0)
    await sandbox.gift()
    await sandbox.command("gifts", count=1, metadata={"gift": "g2"})
    told = [one for one in await sandbox.webhooks() if one["type"] == "payment_intent.succeeded"]
    assert [_object(one)["metadata"] for one in told] == [{"gift": "g2"}]


async def test_an_endpoint_gets_only_what_it_wants() -> None:
    sandbox = new_sandbox(Config(frozen_at=NOON, webhook_events=("charge.*", "checkout.session.completed")))
    await sandbox.gift()
    assert await sandbox.event_types() == ["charge.succeeded", "checkout.session.completed", "charge.updated"]
    assert len((await sandbox.api.v1.events.list_async()).data) == 5
    sandbox.world.store.close()


async def test_an_unknown_fault_is_refused(sandbox: Sandbox) -> None:
    answer = await sandbox.browser.post("/_sandbox/faults", json={"kind": "gremlin"})
    assert answer.status_code == 400
    assert (await sandbox.browser.get("/_sandbox/faults")).json() == {"faults": []}


async def test_a_burst_of_gifts_carries_numbered_metadata(sandbox: Sandbox) -> None:
    made = await sandbox.command(
        "gifts", count=3, amount=2_000, method="wechat_pay", metadata={"gift": "b{n}"}
    )
    assert len(made["gifts"]) == 3
    intents = (await sandbox.api.v1.payment_intents.list_async()).data
    assert [intent.metadata.to_dict() for intent in intents] == [
        {"gift": "b2"},
        {"gift": "b1"},
        {"gift": "b0"},
    ]
    assert await sandbox.balance() == 3 * (2_000 - 12)


async def test_strangers_and_other_web_pages_do_not_control_the_sandbox(sandbox: Sandbox) -> None:
    answer = await sandbox.browser.post(
        "/_sandbox/clock", json={"days": 1}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert sandbox.world.now == sandbox.world.config.frozen_at


async def test_the_desk_shows_and_offers_everything_to_a_person(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    page = await sandbox.browser.get("/_sandbox/")
    assert page.status_code == 200
    assert (
        str(intent.latest_charge.id if isinstance(intent.latest_charge, stripe.Charge) else "") in page.text
    )
    answer = await sandbox.browser.post(
        "/_sandbox/clock", data={"days": "1"}, headers={"Accept": "text/html"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/_sandbox/")
    refused = await sandbox.browser.post(
        "/_sandbox/clock", data={"seconds": "-1"}, headers={"Accept": "text/html"}
    )
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text


@pytest.mark.parametrize("kind", ["500", "500_after_commit"])
async def test_a_saved_500_is_replayed_under_its_key(sandbox: Sandbox, kind: str) -> None:
    intent = await sandbox.gift()
    given: stripe.params.RefundCreateParams = {"payment_intent": intent.id, "amount": 100}
    await sandbox.command("faults", place="request", kind=kind, path="/v1/refunds")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "k"})
    made = (await sandbox.api.v1.refunds.list_async()).data
    assert len(made) == (1 if kind == "500_after_commit" else 0)


async def test_a_rate_limit_does_nothing_and_passes(sandbox: Sandbox) -> None:
    await sandbox.command("faults", place="request", kind="429", method="POST", path="/v1/customers")
    with pytest.raises(stripe.RateLimitError):
        await sandbox.api.v1.customers.create_async({"email": "a@example.com"})
    assert (await sandbox.api.v1.customers.list_async()).data == []
    assert (await sandbox.api.v1.customers.create_async({"email": "a@example.com"})).id.startswith("cus_")
