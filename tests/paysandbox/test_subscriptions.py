"""Monthly gifts: renewed by the clock, paused, changed, failing, repaired, ended."""

from datetime import UTC, datetime

import pytest
import stripe

from paysandbox.nouns.subscriptions import period_end

from .conftest import Sandbox


def _at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("interval", "periods", "end"),
    [
        ("month", 1, (2027, 2, 28, 12)),
        ("month", 2, (2027, 3, 31, 12)),
        ("month", 13, (2028, 2, 29, 12)),
        ("year", 1, (2028, 1, 31, 12)),
        ("week", 2, (2027, 2, 14, 12)),
        ("day", 3, (2027, 2, 3, 12)),
    ],
)
def test_periods_keep_the_day_of_the_first_payment(interval: str, periods: int, end: tuple[int, ...]) -> None:
    anchor = _at(2027, 1, 31, 12)
    assert period_end(anchor, {"interval": interval, "interval_count": 1}, periods) == _at(*end)


async def _invoices(sandbox: Sandbox, subscription: str) -> list[stripe.Invoice]:
    return (await sandbox.api.v1.invoices.list_async({"subscription": subscription, "limit": 100})).data


async def test_the_first_payment_starts_the_subscription(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly(5_000)
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", {"plan": "p1"})
    types = await sandbox.event_types()
    assert types[0] == "customer.created"
    for earlier, later in (
        ("customer.subscription.created", "invoice.created"),
        ("invoice.finalized", "charge.succeeded"),
        ("payment_intent.succeeded", "invoice.paid"),
        ("invoice.paid", "checkout.session.completed"),
    ):
        assert types.index(earlier) < types.index(later)
    invoice = (await _invoices(sandbox, subscription.id))[0]
    assert (invoice.status, invoice.billing_reason, invoice.amount_paid) == (
        "paid",
        "subscription_create",
        5_000,
    )
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.metadata is not None
    assert invoice.parent.subscription_details.metadata.to_dict() == {"plan": "p1"}
    assert await sandbox.balance() == 5_000 - 175


async def test_every_month_is_paid_an_hour_after_it_begins(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    item = subscription.items.data[0]
    await sandbox.webhooks()
    await sandbox.command("clock", to=item.current_period_end)
    draft = (await _invoices(sandbox, subscription.id))[0]
    assert (draft.status, draft.billing_reason) == ("draft", "subscription_cycle")
    await sandbox.command("clock", seconds=3_600)
    paid = (await _invoices(sandbox, subscription.id))[0]
    assert (paid.id, paid.status) == (draft.id, "paid")
    renewed = await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)
    assert renewed.items.data[0].current_period_start == item.current_period_end
    assert renewed.latest_invoice == draft.id
    await sandbox.command("clock", days=31 * 11)
    assert len(await _invoices(sandbox, subscription.id)) == 13
    await sandbox.books_are_right()


async def test_an_expired_card_makes_it_past_due_until_another_card_pays(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    await sandbox.command(f"cards/{subscription.default_payment_method}", change="expire")
    await sandbox.webhooks()
    await sandbox.command("clock", days=32)
    types = await sandbox.event_types()
    assert types.index("charge.failed") < types.index("invoice.payment_failed")
    late = await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)
    assert late.status == "past_due"
    failed = (await _invoices(sandbox, subscription.id))[0]
    assert (failed.status, failed.attempt_count) == ("open", 1)
    assert failed.next_payment_attempt is not None
    session = await sandbox.api.v1.checkout.sessions.create_async(
        {"mode": "setup", "customer": str(subscription.customer), "success_url": "https://example.com/ok"}
    )
    await sandbox.choose(session.id, "paid")
    done = await sandbox.api.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["setup_intent"]})
    assert isinstance(done.setup_intent, stripe.SetupIntent)
    await sandbox.api.v1.subscriptions.update_async(
        subscription.id, {"default_payment_method": str(done.setup_intent.payment_method)}
    )
    await sandbox.command("clock", to=failed.next_payment_attempt)
    assert (await sandbox.api.v1.invoices.retrieve_async(str(failed.id))).status == "paid"
    assert (await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)).status == "active"


async def test_an_open_invoice_can_be_paid_at_once(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    card = str(subscription.default_payment_method)
    await sandbox.command(f"cards/{card}", change="card_declined")
    await sandbox.command("clock", days=32)
    failed = (await _invoices(sandbox, subscription.id))[0]
    with pytest.raises(stripe.CardError):
        await sandbox.api.v1.invoices.pay_async(str(failed.id))
    await sandbox.command(f"cards/{card}", change="renew")
    paid = await sandbox.api.v1.invoices.pay_async(str(failed.id))
    assert (paid.status, paid.attempt_count) == ("paid", 3)
    assert (await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)).status == "active"


async def test_after_the_last_retry_it_ends(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    await sandbox.command(f"cards/{subscription.default_payment_method}", change="insufficient_funds")
    await sandbox.command("clock", days=31 + 3 + 5 + 7 + 1)
    ended = await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)
    assert ended.status == "canceled"
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"
    assert [one.status for one in await _invoices(sandbox, subscription.id)] == ["void", "paid"]
    assert (await sandbox.event_types())[-1] == "customer.subscription.deleted"


async def test_a_pause_takes_nothing_and_ends_by_itself(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    before = await sandbox.balance()
    resumes_at = sandbox.world.now + 45 * 86_400
    await sandbox.api.v1.subscriptions.update_async(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}
    )
    await sandbox.command("clock", days=40)
    assert [one.status for one in await _invoices(sandbox, subscription.id)] == ["void", "paid"]
    found = await sandbox.api.v1.payouts.list_async()
    assert await sandbox.balance() + sum(payout.amount for payout in found.data) == before
    await sandbox.command("clock", days=30)
    resumed = await sandbox.api.v1.subscriptions.retrieve_async(subscription.id)
    assert resumed.pause_collection is None
    assert [one.status for one in await _invoices(sandbox, subscription.id)] == ["paid", "void", "paid"]


async def test_a_pause_is_lifted_by_hand(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly()
    api = sandbox.api.v1.subscriptions
    await api.update_async(subscription.id, {"pause_collection": {"behavior": "void"}})
    lifted = await api.update_async(subscription.id, {"pause_collection": ""})
    assert lifted.pause_collection is None


async def test_another_amount_holds_from_the_next_month_on(sandbox: Sandbox) -> None:
    subscription = await sandbox.monthly(5_000)
    item = subscription.items.data[0]
    change: stripe.params.SubscriptionUpdateParams = {
        "items": [
            {
                "id": item.id,
                "price_data": {
                    "currency": "cny",
                    "product": str(item.price.product),
                    "unit_amount": 8_800,
                    "recurring": {"interval": "month"},
                },
            }
        ]
    }
    with pytest.raises(stripe.InvalidRequestError, match="proration_behavior"):
        await sandbox.api.v1.subscriptions.update_async(subscription.id, change)
    await sandbox.webhooks()
    await sandbox.api.v1.subscriptions.update_async(subscription.id, {**change, "proration_behavior": "none"})
    assert await sandbox.event_types() == ["customer.subscription.updated"]
    await sandbox.command("clock", days=32)
    assert [one.amount_paid for one in await _invoices(sandbox, subscription.id)] == [8_800, 5_000]


async def test_it_ends_now_or_with_the_period(sandbox: Sandbox) -> None:
    now, later = await sandbox.monthly(), await sandbox.monthly()
    api = sandbox.api.v1.subscriptions
    assert (await api.cancel_async(now.id)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        await api.cancel_async(now.id)
    planned = await api.update_async(later.id, {"cancel_at_period_end": True})
    assert planned.cancel_at == later.items.data[0].current_period_end
    assert [one.id for one in (await api.list_async()).data] == [later.id]
    await sandbox.command("clock", days=32)
    assert (await api.retrieve_async(later.id)).status == "canceled"
    assert (await api.list_async()).data == []
    assert len((await api.list_async({"status": "all"})).data) == 2
    assert len(await _invoices(sandbox, later.id)) == 1


async def test_a_subscription_made_by_the_api_needs_a_card_that_pays(sandbox: Sandbox) -> None:
    api = sandbox.api.v1
    customer = await api.customers.create_async({"email": "a@example.com"})
    product = await api.products.create_async({"name": "月捐"})
    price = await api.prices.create_async(
        {"product": product.id, "currency": "cny", "unit_amount": 3_000, "recurring": {"interval": "month"}}
    )
    card = await api.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer.id})
    made = await api.subscriptions.create_async(
        {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": card.id}
    )
    assert made.status == "incomplete"
    await sandbox.command("clock", days=1)
    assert (await api.subscriptions.retrieve_async(made.id)).status == "incomplete_expired"
    assert await sandbox.balance() == 0
