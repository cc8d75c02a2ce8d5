"""Monthly gifts: by card through a subscription, by wallets with a reminder and one tap."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cishan.donations.actions import monthly
from cishan.donations.jobs.monthly import calendar
from cishan.donations.queries import contacts
from cishan.donations.queries.monthly import plan_by_id
from cishan.donations.rules.giving import PlanStatus
from cishan.kernel import clock
from cishan.plumbing import db as database
from tests.donations.conftest import Begun, Giver, counts, words, work

REMIND = {"rhythm": "monthly", "monthly_by": "remind", "day": "5", "email": "ada@example.org", "amount": "30"}
CARD = {"rhythm": "monthly", "monthly_by": "card", "email": "ada@example.org", "amount": "30"}


async def _plan(giver: Giver, answers: dict[str, str], method: str) -> tuple[Begun, UUID, str]:
    begun = await giver.paid(method=method, **answers)
    plan_id = (await begun.now())["plan"]
    await work()
    return begun, plan_id, contacts.plan_path(plan_id)


async def _letters() -> list[str]:
    rows = await database.fetch("SELECT template FROM letter ORDER BY created_at, id")
    return [r["template"] for r in rows]


async def _row(plan_id: UUID) -> dict[str, Any]:
    return (await database.fetch("SELECT * FROM monthly_plan WHERE id = {}", plan_id))[0]


async def test_a_reminded_plan_lives_from_its_first_payment_and_shows_three_dates(giver: Giver) -> None:
    begun = await giver.gift(**REMIND)
    plan_id = begun.row["plan"]
    assert (await _row(plan_id))["status"] == "pending"
    giver.sandbox.pay(begun.session_id, method="wechat_pay")
    await giver.browser.get(f"{begun.path}?back=paid")
    await work()
    plan = await plan_by_id(plan_id)
    assert plan is not None
    assert plan.dates == [date(2026, 12, 5), date(2027, 1, 5), date(2027, 2, 5)]
    page = await giver.page(contacts.plan_path(plan_id))
    for day in ("2026年12月5日", "2027年1月5日", "2027年2月5日"):
        assert day in page
    assert "monthly_started" in await _letters()


async def test_reminders_come_at_0_4_and_26_weeks_and_then_there_is_silence(giver: Giver) -> None:
    _, plan_id, _ = await _plan(giver, REMIND, "wechat_pay")
    due = date(2026, 12, 5)
    sent: list[int] = []
    for days in range(0, 260, 2):
        moment = clock.now() + timedelta(days=days)
        with clock.fixed(moment):
            before = (await _row(plan_id))["reminders_sent"]
            await calendar()
            await calendar()
            if (await _row(plan_id))["reminders_sent"] > before:
                sent.append((clock.today() - due).days // 7)
    assert sent == [0, 4, 26]
    assert (await _letters()).count("monthly_reminder") == 3
    assert (await counts())["donation"] == 1  # a month that was left out is never asked for as a debt


async def test_one_tap_pays_the_month_and_the_next_date_moves_on(giver: Giver) -> None:
    _, plan_id, path = await _plan(giver, REMIND, "wechat_pay")
    with clock.fixed(clock.now() + timedelta(days=13)):
        await calendar()
        assert "¥30.00" in await giver.page(f"{path}/give")
        giver.sandbox.advance(days=13)
        first = await giver.browser.post(f"{path}/give")
        again = await giver.browser.post(f"{path}/give")
        assert first.headers["location"] == again.headers["location"]
        row = (await database.fetch("SELECT * FROM donation WHERE draft IS NULL"))[0]
        giver.sandbox.pay(row["stripe_session_id"], method="alipay")
        await giver.browser.get(f"{contacts.gift_path(row['id'])}?back=paid")
        await work()
        plan = await _row(plan_id)
    assert (plan["next_on"], plan["reminders_sent"]) == (date(2027, 1, 5), 0)
    assert (await counts())["donation"] == 2


async def test_a_plan_is_changed_paused_resumed_and_ended_by_its_link(giver: Giver) -> None:
    _, plan_id, path = await _plan(giver, REMIND, "wechat_pay")
    reply = await giver.browser.post(path, data={"amount": "66.6", "day": "20"})
    assert reply.status_code == 303
    row = await _row(plan_id)
    assert (row["amount_fen"], row["day_of_month"], row["next_on"]) == (6_660, 20, date(2026, 12, 20))
    await giver.browser.post(f"{path}/pause")
    assert "已暂停" in await giver.page(path)
    with clock.fixed(clock.now() + timedelta(days=90)):
        await calendar()
        assert "monthly_reminder" not in await _letters()
        await giver.browser.post(f"{path}/resume")
        assert (await _row(plan_id))["next_on"] == date(2027, 3, 20)
        await giver.browser.post(f"{path}/cancel")
        await giver.browser.post(f"{path}/cancel")
        assert (await giver.browser.post(f"{path}/resume")).status_code == 409
    assert (await _row(plan_id))["status"] == "cancelled"
    assert (await giver.browser.post(f"{path}/give")).status_code == 409


async def test_a_wrong_change_is_said_beside_its_field_and_changes_nothing(giver: Giver) -> None:
    _, plan_id, path = await _plan(giver, REMIND, "wechat_pay")
    before = await _row(plan_id)
    for data in ({"amount": "0", "day": "5"}, {"amount": "x", "day": "5"}, {"amount": "30", "day": "29"}):
        reply = await giver.browser.post(path, data=data)
        assert reply.status_code == 422, data
        assert 'id="error-summary"' in reply.text
    assert await _row(plan_id) == before


async def test_one_address_has_one_living_plan_for_a_project(giver: Giver) -> None:
    await _plan(giver, REMIND, "wechat_pay")
    refused = await giver.confirm(**{**REMIND, "email": "ADA@example.org"})
    assert refused.status_code == 409
    assert "已为该项目设置月捐" in words(refused.text)
    rows = await counts()
    assert (rows["monthly_plan"], rows["donation"]) == (1, 1)


async def test_two_plans_begun_at_once_end_as_one(giver: Giver) -> None:
    one, two = await giver.gift(**REMIND), await giver.gift(**REMIND)
    for begun in (one, two):
        giver.sandbox.pay(begun.session_id, method="wechat_pay")
        await giver.browser.get(f"{begun.path}?back=paid")
    await work()
    rows = await database.fetch("SELECT status FROM monthly_plan ORDER BY status")
    assert [r["status"] for r in rows] == ["active", "cancelled"]


async def test_a_card_plan_is_a_subscription_that_follows_what_the_giver_changes(giver: Giver) -> None:
    from cishan.gateways import stripe

    _, plan_id, path = await _plan(giver, CARD, "card")
    plan = await plan_by_id(plan_id)
    assert plan is not None and plan.subscription_id and plan.customer_id
    assert (plan.status, plan.next_on) == (PlanStatus.ACTIVE, date(2026, 12, 22))
    await giver.browser.post(path, data={"amount": "50"})
    await giver.browser.post(f"{path}/pause")
    await work()
    found = await stripe.fetch_subscription(plan.subscription_id)
    assert (found.amount_fen, found.paused) == (5_000, True)
    await giver.browser.post(f"{path}/resume")
    await work()
    assert (await stripe.fetch_subscription(plan.subscription_id)).paused is False
    await giver.browser.post(f"{path}/cancel")
    await work()
    assert (await stripe.fetch_subscription(plan.subscription_id)).status == "canceled"


async def test_a_debit_is_announced_once_before_it_comes(giver: Giver) -> None:
    await _plan(giver, CARD, "card")
    with clock.fixed(clock.now() + timedelta(days=26)):
        await calendar()
    assert "monthly_notice" not in await _letters()
    with clock.fixed(clock.now() + timedelta(days=27)):
        await calendar()
        await calendar()
    assert (await _letters()).count("monthly_notice") == 1


async def test_a_refused_card_is_told_and_repaired_by_a_link_and_the_month_is_skipped(giver: Giver) -> None:
    _, plan_id, path = await _plan(giver, CARD, "card")
    await monthly.note_problem(plan_id)
    assert "银行卡扣款未成功" in await giver.page(path)
    assert "card_repair" in await _letters()
    reply = await giver.browser.post(f"{path}/card")
    assert reply.status_code == 303 and "/c/pay/" in reply.headers["location"]
    giver.sandbox.pay((await _row(plan_id))["card_session_id"], method="card")
    assert (await giver.browser.get(f"{path}?card=new")).status_code == 200
    await work()
    row = await _row(plan_id)
    assert (row["status"], row["card_session_id"], row["next_on"]) == ("active", None, date(2026, 12, 22))
    assert (await counts())["donation"] == 1


async def test_undoing_the_first_gift_ends_the_plan(giver: Giver) -> None:
    begun, plan_id, _ = await _plan(giver, REMIND, "wechat_pay")
    await giver.browser.post(f"{begun.path}/undo")
    await work()
    assert (await _row(plan_id))["status"] == "cancelled"


async def test_a_month_that_fails_at_the_bank_is_never_charged_later(giver: Giver) -> None:
    from cishan.gateways import stripe
    from cishan.payments.actions import plans
    from paysandbox import commands

    _, plan_id, _ = await _plan(giver, CARD, "card")
    plan = await plan_by_id(plan_id)
    assert plan is not None
    with giver.sandbox.world.transaction():
        methods = giver.sandbox.world.store.rows("SELECT id FROM object WHERE kind = 'payment_method'")
    for (method_id,) in methods:
        giver.sandbox.tell(commands.card, {"change": "card_declined"}, id=str(method_id))
    giver.sandbox.advance(days=31)
    with clock.fixed(clock.now() + timedelta(days=31)):
        write = await plans.ask(plan.subscription_id)
        assert write is not None
        await write()
        assert (await _row(plan_id))["status"] == "payment_problem"
        await work()
        for (method_id,) in methods:
            giver.sandbox.tell(commands.card, {"change": "succeed"}, id=str(method_id))
        giver.sandbox.advance(days=10)
        found = await stripe.fetch_subscription(plan.subscription_id)
        assert found.status == "active"
    assert (await counts())["donation"] == 1
