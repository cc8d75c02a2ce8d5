"""The calendar of monthly gifts, and telling the payment service what their givers changed."""

from datetime import timedelta
from uuid import UUID

from cishan.donations.actions import cards, letters, monthly
from cishan.donations.queries import monthly as queries
from cishan.donations.rules import monthly as rules
from cishan.donations.rules.giving import PlanMethod, PlanStatus
from cishan.gateways import stripe
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import job

NOTICE_DAYS = 3
"""How long before a debit it is announced."""
BATCH = 500


@job("donations.monthly", cron="5 1 * * *")
async def calendar() -> None:
    """Write today's letters (09:05 in China): reminders for taps, notices of debits. Twice a day is once."""
    today = clock.today()
    for plan_id in await queries.due_for_reminder(today, limit=BATCH):
        await _remind(plan_id)
    for plan_id in await queries.due_for_notice(today + timedelta(days=NOTICE_DAYS), limit=BATCH):
        await _announce(plan_id)
    await monthly.forget_unfinished()


async def _remind(plan_id: UUID) -> None:
    async with atomic():
        plan = await queries.plan_by_id(plan_id)
        if plan is None or plan.next_on is None:
            return
        reminding = rules.Reminding(plan.method, plan.status, plan.next_on, plan.reminders_sent)
        number = rules.reminder_due(reminding, clock.today())
        if number is None:
            return
        await letters.plan_reminder(plan, number=number, is_last=number == len(rules.REMINDER_WEEKS))
        await monthly.mark_reminded(plan_id, number)


async def _announce(plan_id: UUID) -> None:
    async with atomic():
        plan = await queries.plan_by_id(plan_id)
        if plan is None or plan.next_on is None or plan.next_on <= clock.today():
            return
        await letters.plan_notice(plan, plan.next_on)
        await monthly.mark_noticed(plan_id, plan.next_on)


@job("donations.sync_subscription", attempts=20, wait_seconds=30)
async def sync_subscription(plan_id: str) -> None:
    """Let the payment service's subscription be what the plan is now: amount, paused or not, or ended."""
    plan = await queries.plan_by_id(UUID(plan_id))
    if plan is None or not plan.subscription_id or plan.method != PlanMethod.CARD:
        return
    try:
        found = await stripe.fetch_subscription(plan.subscription_id)
    except NotFound:
        return
    if found.status in {"canceled", "incomplete_expired"}:
        return
    key = f"{plan.id}:{clock.now():%Y%m%d%H%M%S%f}"
    if plan.status == PlanStatus.CANCELLED:
        await stripe.cancel_subscription(plan.subscription_id, key=str(plan.id))
        return
    if found.amount_fen != plan.amount_fen:
        found = await stripe.change_amount(plan.subscription_id, plan.amount_fen, key=key)
    if plan.status == PlanStatus.PAUSED and not found.paused:
        found = await stripe.pause_subscription(plan.subscription_id, key=key)
    elif plan.status != PlanStatus.PAUSED and found.paused:
        found = await stripe.resume_subscription(plan.subscription_id, key=key)
    next_on = clock.china_day(found.next_payment_at) if found.next_payment_at else None
    await monthly.note_subscription(plan.id, customer_id=found.customer_id, next_on=next_on)


@job("donations.finish_card")
async def finish_card(plan_id: str) -> None:
    """Let a card that a giver entered pay the monthly gift from now on."""
    await cards.finish_repair(UUID(plan_id))


@job("donations.skip_month", attempts=20, wait_seconds=30)
async def skip_month(plan_id: str) -> None:
    """Let a month whose debit failed be skipped: the payment service shall not try it again."""
    plan = await queries.plan_by_id(UUID(plan_id))
    if plan is not None and plan.status == PlanStatus.PAYMENT_PROBLEM:
        key = f"{plan.id}:{clock.today():%Y%m%d}"
        await stripe.skip_unpaid_month(plan.subscription_id, key=key)
