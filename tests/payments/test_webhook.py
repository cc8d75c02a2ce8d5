"""A signed message comes in, once or twice, and the gift stands in the books once."""

import asyncio
import json
import time
from dataclasses import replace

import httpx
import pytest
import stripe as sdk

from cishan import gateways
from cishan.gateways import stripe
from cishan.payments import actions
from cishan.payments.pages import BODY_LIMIT, WEBHOOK
from cishan.plumbing import db as database
from cishan.settings import Settings
from tests.payments.conftest import FUND, Message, Sandbox, a_gift, asked_for, balances, gift_row, open_fund


async def post(client: httpx.AsyncClient, message: Message) -> int:
    # Stripe sends no Origin and no Sec-Fetch-Site.
    headers = {**message.headers, "sec-fetch-site": "cross-site"}
    return (await client.post(WEBHOOK, content=message.body, headers=headers)).status_code


async def inbox() -> list[dict[str, object]]:
    return await database.fetch("SELECT id, state FROM intake.stripe_event ORDER BY id")


async def test_a_signed_message_posted_twice_books_the_gift_once(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    await open_fund()
    gift = await a_gift()
    intent = sandbox.pay(gift.session_id)
    messages = sandbox.messages()
    assert "payment_intent.succeeded" in {m.type for m in messages}
    for message in messages + messages:
        assert await post(client, message) == 204
    assert [name for name, _ in await asked_for()] == ["payments.drain"]

    drained = await actions.drain()
    assert (drained.taken, drained.done, drained.waiting, drained.parked) == (
        len(messages),
        len(messages),
        0,
        0,
    )
    assert drained.booked == 1
    assert await balances() == {
        ("1009", FUND): 5_000,
        ("410102", FUND): -5_000,
        ("1009", "GEN"): -30,
        ("5401", "GEN"): 30,
    }
    row = await gift_row(gift.id)
    assert (row["status"], row["channel"], row["fee_fen"]) == ("paid", "wechat_pay", 30)
    assert row["stripe_payment_intent_id"] == intent
    follow_ups = [(name, args) for name, args in await asked_for() if name.startswith("donations.")]
    assert follow_ups == [
        ("donations.thank_all", json.dumps({"donation_ids": [str(gift.id)]})),
        ("donations.refresh_totals", json.dumps({"donation_ids": [str(gift.id)]})),
    ]
    # Everything once more, from the first message to the last: nothing new.
    for message in messages:
        await actions.replay(message.event)
    assert (await actions.drain()).booked == 0
    assert [name for name, _ in await asked_for() if name == "donations.thank_all"] == ["donations.thank_all"]


async def test_a_message_about_nothing_of_ours_is_done_without_a_question(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    event = {
        "id": "evt_other",
        "type": "customer.created",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"object": "customer", "id": "cus_1"}},
    }
    body = json.dumps(event)
    signature = sdk.WebhookSignature.generate_signature_header(body, "whsec_sandbox")
    message = Message("evt_other", "customer.created", body.encode(), {"Stripe-Signature": signature})
    assert await post(client, message) == 204
    assert (await actions.drain()).done == 1
    assert await inbox() == [{"id": "evt_other", "state": "done"}]


@pytest.mark.parametrize(
    "wrong", ["forged", "old", "changed", "unsigned", "broken", "other mode", "too large"]
)
async def test_a_bad_message_changes_nothing_and_learns_nothing(
    client: httpx.AsyncClient, sandbox: Sandbox, config: Settings, wrong: str
) -> None:
    await open_fund()
    gift = await a_gift()
    sandbox.pay(gift.session_id)
    message = next(m for m in sandbox.messages() if m.type == "payment_intent.succeeded")
    body, secret, moment = message.body, "whsec_sandbox", int(time.time())
    match wrong:
        case "forged":
            secret = "whsec_guess"
        case "old":
            moment -= 301
        case "broken":
            body = b"\xff" + body
        case "too large":
            body = body + b" " * BODY_LIMIT
        case "other mode":
            body = body.replace(b'"livemode": false', b'"livemode": true')
    text = body.decode("latin-1") if wrong == "broken" else body.decode()
    headers = {"Stripe-Signature": sdk.WebhookSignature.generate_signature_header(text, secret, moment)}
    if wrong == "changed":
        body = body.replace(str(gift.id).encode(), b"0" * 36)
    if wrong == "unsigned":
        headers = {}
    answer = await client.post(WEBHOOK, content=body, headers=headers)
    assert answer.status_code == (413 if wrong == "too large" else 400)
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.text) < 100
    assert "whsec" not in answer.text
    assert gift.session_id not in answer.text
    assert await inbox() == []
    assert await asked_for() == []
    assert (await gift_row(gift.id))["status"] == "awaiting_payment"


async def test_both_secrets_of_a_rotation_are_good(
    client: httpx.AsyncClient, sandbox: Sandbox, config: Settings
) -> None:
    await open_fund()
    gift = await a_gift()
    sandbox.pay(gift.session_id)
    gateways.use(replace(gateways.settings(), stripe_webhook_secrets=("whsec_next", "whsec_sandbox")))
    for message in sandbox.messages():
        assert await post(client, message) == 204


async def test_many_at_once_are_kept_once(racing: str, sandbox: Sandbox) -> None:
    await open_fund()
    gift = await a_gift()
    sandbox.pay(gift.session_id)
    events = [stripe.read_event(m.body, m.headers["Stripe-Signature"]) for m in sandbox.messages()]
    taken = await asyncio.gather(*(actions.receive(event) for event in events * 5))
    assert sum(taken) == len(events)
    drained = await asyncio.gather(*(actions.drain() for _ in range(4)))
    assert sum(d.booked for d in drained) == 1
    assert (await gift_row(gift.id))["status"] == "paid"
