"""A monthly gift by card: every paid month is a gift of its own, and the plan knows how its card stands."""

from uuid import UUID

import pytest

from cishan.donations.queries import contacts
from cishan.donations.tables.monthly import MonthlyPlan
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.payments import actions
from cishan.plumbing import crypto
from cishan.plumbing import db as database
from paysandbox import commands
from tests.payments.conftest import FUND, Sandbox, balances, gift_row, keep, now_as_in, open_fund, store_gift


@pytest.fixture(autouse=True)
async def fund(db: None, sandbox: Sandbox) -> None:
    await open_fund()


async def a_plan() -> tuple[UUID, UUID, str]:
    """Return a promised plan, its first gift and the session in which both are paid for."""
    plan_id = ids.new_id()
    email = "giver@example.org"
    await MonthlyPlan.insert(
        MonthlyPlan(
            id=plan_id,
            token_hash=ids.token_hash(plan_id.hex),
            created_at=clock.now(),
            status="pending",
            method="card",
            interval="month",
            fund_code=FUND,
            amount_fen=3_000,
            day_of_month=22,
            anonymity="hidden",
            donor_kind="person",
            contact_email_enc=crypto.seal(email, place=contacts.PLAN_EMAIL, row=plan_id),
            contact_email_index=contacts.email_index(email),
            language="zh-CN",
        )
    )
    gift_id = await store_gift(((FUND, 3_000),), plan=plan_id)
    link = await stripe.create_monthly_checkout(
        stripe.CheckoutOrder(
            key=str(gift_id),
            title="月捐",
            amount_fen=3_000,
            success_url="https://example.org/thanks",
            cancel_url="https://example.org/back",
            metadata={"donation_id": str(gift_id), "plan_id": str(plan_id)},
        )
    )
    return plan_id, gift_id, link.session_id


async def plan_row(plan_id: UUID) -> dict[str, object]:
    rows = await database.fetch(
        "SELECT status, stripe_subscription_id, stripe_customer_id, next_on FROM monthly_plan WHERE id = {}",
        plan_id,
    )
    return rows[0]


async def hear(sandbox: Sandbox) -> None:
    with now_as_in(sandbox):
        await keep(sandbox.messages())
        await actions.drain()


@pytest.mark.parametrize("told", ["by messages", "by the poller alone"])
async def test_every_paid_month_is_a_gift_of_its_own(sandbox: Sandbox, told: str) -> None:
    plan_id, first, session_id = await a_plan()
    sandbox.pay(session_id, method="card")
    for _ in range(3):
        if told == "by messages":
            await hear(sandbox)
        else:
            sandbox.messages()
            with now_as_in(sandbox):
                await actions.poll()
        sandbox.advance(days=31)
    row = await plan_row(plan_id)
    assert row["status"] == "active"
    assert str(row["stripe_subscription_id"]).startswith("sub_")
    gifts = await database.fetch(
        "SELECT id, status, amount_fen, stripe_invoice_id FROM donation WHERE plan = {} ORDER BY created_at",
        plan_id,
    )
    assert [(g["status"], g["amount_fen"]) for g in gifts] == [("paid", 3_000)] * 3
    assert gifts[0]["id"] == first
    assert len({g["stripe_invoice_id"] for g in gifts}) == 3
    assert (await balances())["410102", FUND] == -9_000
    with now_as_in(sandbox):
        left = await actions.reconcile(days=120)
    assert [d.kind.value for d in left] == []


async def test_a_card_that_is_refused_makes_the_plan_a_problem_and_no_gift(sandbox: Sandbox) -> None:
    plan_id, first, session_id = await a_plan()
    sandbox.pay(session_id, method="card")
    await hear(sandbox)
    customer = str((await plan_row(plan_id))["stripe_customer_id"])
    assert customer.startswith("cus_")
    found = await stripe.fetch_subscription(str((await plan_row(plan_id))["stripe_subscription_id"]))
    assert (found.status, found.amount_fen, found.customer_id) == ("active", 3_000, customer)
    with sandbox.world.transaction():
        card = sandbox.world.store.all("payment_method")[0]["id"]
    sandbox.tell(commands.card, {"change": "card_declined"}, id=card)
    sandbox.advance(days=32)
    await hear(sandbox)
    assert (await plan_row(plan_id))["status"] == "payment_problem"
    assert await database.fetch_value("SELECT count(*) FROM donation WHERE plan = {}", plan_id) == 1
    assert (await gift_row(first))["status"] == "paid"


async def test_what_a_giver_changes_reaches_the_service(sandbox: Sandbox) -> None:
    plan_id, _, session_id = await a_plan()
    sandbox.pay(session_id, method="card")
    await hear(sandbox)
    subscription = str((await plan_row(plan_id))["stripe_subscription_id"])
    changed = await stripe.change_amount(subscription, 8_000, key="1")
    assert changed.amount_fen == 8_000
    assert (await stripe.pause_subscription(subscription, key="2")).paused
    assert not (await stripe.resume_subscription(subscription, key="3")).paused
    sandbox.advance(days=32)
    await hear(sandbox)
    amounts = await database.fetch(
        "SELECT amount_fen FROM donation WHERE plan = {} ORDER BY created_at", plan_id
    )
    assert [row["amount_fen"] for row in amounts] == [3_000, 8_000]
    await stripe.cancel_subscription(subscription, key="4")
    await stripe.cancel_subscription(subscription, key="5")
    await hear(sandbox)
    assert (await plan_row(plan_id))["status"] == "cancelled"
