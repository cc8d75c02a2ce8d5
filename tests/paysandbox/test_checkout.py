"""The hosted page: every outcome, what it leaves behind, and where it sends the payer."""

from typing import Any

import pytest
import stripe

from .conftest import NOON, Sandbox


async def test_a_paid_session_returns_to_the_platform_with_its_id_and_tells_it_in_order(
    sandbox: Sandbox,
) -> None:
    session = await sandbox.open_session()
    assert session.url == f"{sandbox.world.config.public_url}/c/pay/{session.id}"
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    answer = await sandbox.choose(session.id, "paid", email="donor@example.com")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://example.com/thanks?session={session.id}"
    assert await sandbox.event_types() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]
    done = await sandbox.api.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.customer_details is not None
    assert done.customer_details.email == "donor@example.com"
    assert done.line_items is not None
    assert [line.description for line in done.line_items.data] == ["暖冬行动"]
    intent = done.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == (
        "succeeded",
        10_000,
        {"gift": "g1"},
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.metadata.to_dict() == {"gift": "g1"}


async def test_paying_twice_takes_the_money_once(sandbox: Sandbox) -> None:
    session = await sandbox.open_session()
    await sandbox.choose(session.id, "paid")
    again = await sandbox.choose(session.id, "paid")
    assert again.status_code == 200
    assert len((await sandbox.api.v1.charges.list_async()).data) == 1
    await sandbox.books_are_right()


@pytest.mark.parametrize(
    ("outcome", "code", "decline"),
    [
        ("card_declined", "card_declined", "generic_decline"),
        ("insufficient_funds", "card_declined", "insufficient_funds"),
    ],
)
async def test_a_declined_card_may_try_again(sandbox: Sandbox, outcome: str, code: str, decline: str) -> None:
    session = await sandbox.open_session()
    answer = await sandbox.choose(session.id, outcome)
    assert answer.status_code == 402
    assert 'role="alert"' in answer.text
    assert await sandbox.event_types() == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    intent = (await sandbox.api.v1.payment_intents.list_async()).data[0]
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == (code, decline)
    assert await sandbox.balance() == 0
    assert (await sandbox.choose(session.id, "paid", "alipay")).status_code == 303
    assert (await sandbox.api.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"
    assert len((await sandbox.api.v1.payment_intents.list_async()).data) == 1


async def test_the_bank_asks_and_is_answered(sandbox: Sandbox) -> None:
    session = await sandbox.open_session()
    asked = await sandbox.choose(session.id, "challenge")
    assert asked.status_code == 303
    page = await sandbox.browser.get(asked.headers["location"])
    assert 'name="decision"' in page.text
    refused = await sandbox.browser.post(asked.headers["location"], data={"decision": "refuse"})
    assert refused.headers["location"] == f"/c/pay/{session.id}?refused=1&lang=zh"
    assert 'role="alert"' in (await sandbox.browser.get(refused.headers["location"])).text
    asked = await sandbox.choose(session.id, "challenge")
    intent = (await sandbox.api.v1.payment_intents.list_async()).data[0]
    assert intent.status == "requires_action"
    approved = await sandbox.browser.post(asked.headers["location"], data={"decision": "approve"})
    assert approved.headers["location"].startswith("https://example.com/thanks")
    assert await sandbox.event_types() == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


async def test_giving_up_leaves_the_session_open(sandbox: Sandbox) -> None:
    session = await sandbox.open_session()
    answer = await sandbox.choose(session.id, "abandoned")
    assert (answer.status_code, answer.headers["location"]) == (303, "https://example.com/back")
    assert (await sandbox.api.v1.checkout.sessions.retrieve_async(session.id)).status == "open"
    assert await sandbox.event_types() == []


@pytest.mark.parametrize(("outcome", "paid"), [("late", True), ("late_failed", False)])
async def test_a_late_payment_is_unpaid_until_it_comes(sandbox: Sandbox, outcome: str, paid: bool) -> None:
    session = await sandbox.open_session()
    assert (await sandbox.choose(session.id, outcome, "alipay")).status_code == 303
    waiting = await sandbox.api.v1.checkout.sessions.retrieve_async(session.id)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert "checkout.session.completed" in await sandbox.event_types()
    assert await sandbox.balance() == 0
    await sandbox.command("clock", seconds=sandbox.world.config.late_payment_delay)
    after = await sandbox.api.v1.checkout.sessions.retrieve_async(session.id)
    assert after.payment_status == ("paid" if paid else "unpaid")
    types = await sandbox.event_types()
    assert ("checkout.session.async_payment_succeeded" in types) is paid
    assert ("checkout.session.async_payment_failed" in types) is not paid
    assert await sandbox.balance() == (9_940 if paid else 0)


async def test_a_session_expires_by_the_clock_and_can_no_longer_be_paid(sandbox: Sandbox) -> None:
    session = await sandbox.open_session(expires_at=NOON + 1_800)
    await sandbox.choose(session.id, "card_declined")
    await sandbox.webhooks()
    await sandbox.command("clock", seconds=1_800)
    assert await sandbox.event_types() == ["payment_intent.canceled", "checkout.session.expired"]
    late = await sandbox.choose(session.id, "paid")
    assert late.status_code == 410
    assert await sandbox.balance() == 0
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        await sandbox.api.v1.checkout.sessions.expire_async(session.id)


async def test_expiring_by_the_api_closes_the_page(sandbox: Sandbox) -> None:
    session = await sandbox.open_session()
    expired = await sandbox.api.v1.checkout.sessions.expire_async(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert await sandbox.event_types() == ["checkout.session.expired"]
    assert (await sandbox.browser.get(f"/c/pay/{session.id}")).status_code == 410


async def test_the_page_speaks_chinese_first_and_english_on_request(sandbox: Sandbox) -> None:
    session = await sandbox.open_session(123_456)
    chinese = (await sandbox.browser.get(f"/c/pay/{session.id}")).text
    assert '<html lang="zh-CN">' in chinese
    assert "¥1,234.56" in chinese
    assert "暖冬行动" in chinese
    assert "<h2>明细</h2>" in chinese
    english = await sandbox.browser.get(f"/c/pay/{session.id}?lang=en")
    assert "No real money moves here" in english.text
    assert english.headers["content-security-policy"].startswith("default-src 'none'")


async def test_names_from_outside_are_text_on_the_page(sandbox: Sandbox) -> None:
    price = {"currency": "cny", "unit_amount": 100, "product_data": {"name": "<script>alert(1)</script>"}}
    session = await sandbox.open_session(line_items=[{"quantity": 1, "price_data": price}])
    page = (await sandbox.browser.get(f"/c/pay/{session.id}")).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "path", ["/c/pay/cs_test_none", "/c/pay/cs_test_none/challenge", "/c/receipt/ch_none", "/c/intent/pi_x"]
)
async def test_unknown_pages_say_so(sandbox: Sandbox, path: str) -> None:
    answer = await sandbox.browser.get(path)
    assert answer.status_code == 404
    assert "找不到页面" in answer.text


async def test_without_a_way_back_there_is_no_button_to_give_up(sandbox: Sandbox) -> None:
    session = await sandbox.open_session(cancel_url="")
    assert 'value="abandoned"' not in (await sandbox.browser.get(f"/c/pay/{session.id}")).text
    assert (await sandbox.choose(session.id, "abandoned")).status_code == 402
    assert (await sandbox.api.v1.checkout.sessions.retrieve_async(session.id)).status == "open"


async def test_a_form_that_is_too_large_or_broken_is_refused(sandbox: Sandbox) -> None:
    session = await sandbox.open_session()
    for body, status in ((b"x" * 20_000, 413), (b"outcome=\xff", 400)):
        for path in (f"/c/pay/{session.id}", f"/c/pay/{session.id}/challenge"):
            answer = await sandbox.browser.post(path, content=body)
            assert answer.status_code == status
    assert await sandbox.event_types() == []


async def test_a_card_is_saved_for_a_customer_without_money(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    session = await sandbox.api.v1.checkout.sessions.create_async(
        {
            "mode": "setup",
            "customer": str(subscription.customer),
            "success_url": "https://example.com/ok",
            "setup_intent_data": {"metadata": {"plan": "p1"}},
        }
    )
    before = await sandbox.balance()
    assert (await sandbox.choose(session.id, "paid")).status_code == 303
    done = await sandbox.api.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["setup_intent"]})
    intent = done.setup_intent
    assert isinstance(intent, stripe.SetupIntent)
    assert (intent.status, done.payment_status) == ("succeeded", "no_payment_required")
    changed = await sandbox.api.v1.subscriptions.update_async(
        subscription.id, {"default_payment_method": str(intent.payment_method)}
    )
    assert changed.default_payment_method == intent.payment_method
    assert await sandbox.balance() == before


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"line_items": []}, "line_items"),
        ({"expires_at": NOON + 60}, "expires_at"),
        ({"allowed_payment_method_types": ["barter"]}, "allowed_payment_method_types"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
        ({"mode": "barter"}, "mode"),
        ({"customer": "cus_none"}, "customer"),
    ],
)
async def test_a_wrong_parameter_is_named_and_nothing_is_made(
    sandbox: Sandbox, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.open_session(**changes)
    assert refused.value.param == param
    assert (await sandbox.api.v1.checkout.sessions.list_async()).data == []


@pytest.mark.parametrize(("amount", "code"), [(99, "amount_too_small"), (100_000_000, None)])
async def test_amounts_outside_the_bounds_are_refused(
    sandbox: Sandbox, amount: int, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await sandbox.open_session(amount)
    assert refused.value.code == code


async def test_wallets_cannot_pay_monthly(sandbox: Sandbox) -> None:
    price = {
        "currency": "cny",
        "unit_amount": 5_000,
        "recurring": {"interval": "month"},
        "product_data": {"name": "x"},
    }
    with pytest.raises(stripe.InvalidRequestError, match="cannot be used in `subscription` mode"):
        await sandbox.open_session(
            mode="subscription",
            line_items=[{"quantity": 1, "price_data": price}],
            payment_intent_data={},
            allowed_payment_method_types=["alipay"],
        )
