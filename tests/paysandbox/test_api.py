"""The door: keys, versions, idempotency, lists, expansion, refusals in Stripe's shape."""

import httpx
import pytest
import stripe

from .conftest import Sandbox

KEY = {"Authorization": "Bearer sk_test_1"}


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer sk_live_1"}, {"Authorization": "Bearer "}, {"Authorization": "Basic !"}],
)
async def test_without_a_test_key_nothing_is_answered(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = await sandbox.browser.get("/v1/balance", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.headers["request-id"].startswith("req_")


async def test_another_api_version_is_refused_rather_than_answered_wrongly(sandbox: Sandbox) -> None:
    answer = await sandbox.browser.get("/v1/balance", headers={**KEY, "Stripe-Version": "2020-08-27"})
    assert answer.status_code == 400
    assert "Invalid Stripe API version" in answer.json()["error"]["message"]


async def test_unknown_addresses_and_ids_are_told_apart(sandbox: Sandbox) -> None:
    unknown = await sandbox.browser.get("/v1/quotes", headers=KEY)
    assert unknown.status_code == 404
    assert "Unrecognized request URL" in unknown.json()["error"]["message"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.api.v1.charges.retrieve_async("ch_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.user_message == "No such charge: 'ch_none'"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"amount=\xff&currency=cny", 400),
        (b"amount[=1", 400),
        (b"amount=12.5&currency=cny", 400),
        (b"amount=-5&currency=cny", 400),
        (b"amount=5000", 400),
        (b"amount=5000&currency=usd", 400),
        (b"amount=5000&currency=cny&amount[a]=1", 400),
        (b"amount=5000&currency=cny&metadata=x", 400),
        (b"a[b][c][d][e][f][g][h][i]=1", 400),
        (b"amount=" + b"9" * 600_000, 413),
    ],
)
async def test_bad_bodies_are_refused_and_change_nothing(sandbox: Sandbox, body: bytes, status: int) -> None:
    answer = await sandbox.browser.post("/v1/payment_intents", content=body, headers=KEY)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert (await sandbox.api.v1.payment_intents.list_async()).data == []


async def test_the_same_key_gives_the_same_answer_and_acts_once(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    given: stripe.params.RefundCreateParams = {"payment_intent": intent.id, "amount": 100}
    first = await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "refund:1"})
    again = await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "refund:1"})
    other = await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "refund:2"})
    assert first.id == again.id != other.id
    assert again.last_response is not None
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert len((await sandbox.api.v1.refunds.list_async()).data) == 2


async def test_the_same_key_with_other_parameters_is_an_error(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    await sandbox.api.v1.refunds.create_async(
        {"payment_intent": intent.id, "amount": 100}, {"idempotency_key": "k"}
    )
    with pytest.raises(stripe.IdempotencyError):
        await sandbox.api.v1.refunds.create_async(
            {"payment_intent": intent.id, "amount": 101}, {"idempotency_key": "k"}
        )
    assert len((await sandbox.api.v1.refunds.list_async()).data) == 1


async def test_a_key_is_forgotten_after_a_day(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    given: stripe.params.RefundCreateParams = {"payment_intent": intent.id, "amount": 100}
    first = await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "k"})
    await sandbox.command("clock", days=1)
    second = await sandbox.api.v1.refunds.create_async(given, {"idempotency_key": "k"})
    assert first.id != second.id


async def test_a_declined_card_leaves_its_charge_and_the_answer_is_kept(sandbox: Sandbox) -> None:
    given: stripe.params.PaymentIntentCreateParams = {
        "amount": 5_000,
        "currency": "cny",
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            await sandbox.api.v1.payment_intents.create_async(given, {"idempotency_key": "once"})
        assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert [one.status for one in (await sandbox.api.v1.charges.list_async()).data] == ["failed"]
    assert await sandbox.balance() == 0


async def test_an_intent_that_needs_approval_is_approved_on_its_own_page(sandbox: Sandbox) -> None:
    intent = await sandbox.api.v1.payment_intents.create_async(
        {
            "amount": 5_000,
            "currency": "cny",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "https://example.com/back?x=1",
        }
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    page = str(intent.next_action.redirect_to_url.url).removeprefix(sandbox.world.config.public_url)
    assert (await sandbox.browser.get(page)).status_code == 200
    answer = await sandbox.browser.post(page, data={"decision": "approve"})
    assert answer.headers["location"].startswith("https://example.com/back?x=1&payment_intent=pi_")
    assert (await sandbox.api.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"


async def test_an_open_intent_can_be_cancelled_and_a_paid_one_not(sandbox: Sandbox) -> None:
    intent = await sandbox.api.v1.payment_intents.create_async({"amount": 5_000, "currency": "cny"})
    cancelled = await sandbox.api.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "abandoned"}
    )
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    paid = await sandbox.gift()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.api.v1.payment_intents.cancel_async(paid.id)
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_lists_are_walked_page_by_page_in_both_directions(sandbox: Sandbox) -> None:
    for _ in range(5):
        await sandbox.api.v1.products.create_async({"name": "x"})
    api = sandbox.api.v1.products
    everything = [one.id for one in (await api.list_async({"limit": 100})).data]
    walked = [one.id async for one in (await api.list_async({"limit": 2})).auto_paging_iter()]
    assert walked == everything
    assert len(set(walked)) == 5
    first = await api.list_async({"limit": 2})
    assert (first.has_more, first.url) == (True, "/v1/products")
    second = await api.list_async({"limit": 2, "starting_after": first.data[-1].id})
    back = await api.list_async({"limit": 2, "ending_before": second.data[0].id})
    assert [one.id for one in back.data] == [one.id for one in first.data]
    with pytest.raises(stripe.InvalidRequestError):
        await api.list_async({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        await api.list_async({"starting_after": "prod_none"})


async def test_expansion_goes_along_paths_and_names_what_it_cannot_expand(sandbox: Sandbox) -> None:
    intent = await sandbox.gift()
    found = await sandbox.api.v1.balance_transactions.list_async({"expand": ["data.source.payment_intent"]})
    source = found.data[0].source
    assert isinstance(source, stripe.Charge)
    assert isinstance(source.payment_intent, stripe.PaymentIntent)
    assert source.payment_intent.id == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await sandbox.api.v1.charges.list_async({"expand": ["data.colour"]})


async def test_lists_that_stripe_leaves_out_unless_asked_are_left_out(sandbox: Sandbox) -> None:
    await sandbox.monthly()
    plain = (await sandbox.api.v1.invoices.list_async()).data[0]
    full = (await sandbox.api.v1.invoices.list_async({"expand": ["data.payments"]})).data[0]
    assert "payments" not in plain.to_dict()
    assert full.payments is not None
    assert [payment.status for payment in full.payments.data] == ["paid"]


async def test_metadata_is_merged_and_unset_key_by_key(sandbox: Sandbox) -> None:
    api = sandbox.api.v1.customers
    made = await api.create_async({"email": "a@example.com", "metadata": {"a": "1", "b": "2"}})
    changed = await api.update_async(made.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    emptied = await api.update_async(made.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}


async def test_nothing_hidden_leaves_the_sandbox(sandbox: Sandbox) -> None:
    await sandbox.gift()
    await sandbox.monthly()
    answers: list[httpx.Response] = [
        await sandbox.browser.get(f"/v1/{path}", headers=KEY)
        for path in (
            "checkout/sessions?expand[]=data.payment_intent.payment_method",
            "subscriptions?expand[]=data.default_payment_method",
            "events",
        )
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert '"_"' not in answer.text
    for webhook in await sandbox.webhooks():
        assert '"_"' not in webhook["body"]


async def test_the_same_seed_gives_the_same_ids(sandbox: Sandbox) -> None:
    first = await sandbox.gift()
    await sandbox.command("reset", seed="test")
    assert (await sandbox.api.v1.charges.list_async()).data == []
    second = await sandbox.gift()
    assert first.id == second.id
    await sandbox.command("reset", seed="another")
    assert (await sandbox.gift()).id != first.id
