"""Beginning, changing and ending monthly plans, and the gifts that they bring."""

from datetime import date, datetime, timedelta
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import GIVER, STRIPE, SYSTEM, Transition
from cishan.donations.actions.letters import plan_changed, plan_problem, plan_started
from cishan.donations.queries import contacts
from cishan.donations.queries.limits import limits_in_force
from cishan.donations.queries.monthly import PlanView, plan_by_id
from cishan.donations.rules import limits as limit_rules
from cishan.donations.rules import monthly
from cishan.donations.rules.answers import Answers
from cishan.donations.rules.giving import GiftStatus, MessageState, PlanMethod, PlanStatus, Tribute
from cishan.donations.tables.gifts import Donation, DonationLine
from cishan.donations.tables.monthly import MonthlyPlan
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch_value, in_transaction

UNFINISHED_AFTER = timedelta(days=2)
_LIVING = ("active", "paused", "payment_problem")


async def promise(answers: Answers, *, campaign_id: UUID | None, fund_code: str, language: str) -> UUID:
    """Write a plan that lives from its first payment on. One contact has one living plan for a fund."""
    assert in_transaction(), "a plan begins with its first gift"
    index = contacts.email_index(answers.email)
    living = await fetch_value(
        "SELECT id FROM monthly_plan WHERE contact_email_index = ANY({}) AND fund_code = {}"
        " AND status IN ('active', 'paused', 'payment_problem')",
        contacts.email_indexes(answers.email),
        fund_code,
    )
    if living is not None:
        raise Conflict(
            N_(
                "This e-mail address gives to this project every month already. Change the amount by the"
                " link in the letters, or have the link sent to you again from the page “My gifts”."
            )
        )
    plan_id = ids.new_id()
    await MonthlyPlan.insert(
        MonthlyPlan(
            id=plan_id,
            token_hash=ids.token_hash(contacts.plan_token(plan_id)),
            created_at=clock.now(),
            status=PlanStatus.PENDING.value,
            method=answers.monthly_by.value,
            interval="month",
            campaign=campaign_id,
            fund_code=fund_code,
            amount_fen=answers.amount_fen,
            day_of_month=min(clock.today().day, monthly.MAX_DAY)
            if answers.monthly_by == PlanMethod.CARD
            else answers.day_of_month,
            anonymity=answers.anonymity.value,
            display_name=answers.display_name,
            donor_kind=answers.donor_kind.value,
            company_name=answers.company_name,
            company_uscc=answers.company_uscc,
            wants_receipt=answers.wants_receipt,
            receipt_title=answers.receipt_title,
            contact_email_enc=crypto.seal(answers.email, place=contacts.PLAN_EMAIL, row=plan_id),
            contact_email_index=index,
            language=language,
        )
    )
    await _tell_history(plan_id, "begin", "", PlanStatus.PENDING, actor=GIVER)
    return plan_id


async def _tell_history(
    plan_id: UUID, event: str, before: str, after: str, *, actor: str, reason: str = ""
) -> None:
    step = Transition(
        subject_kind="monthly_plan",
        subject_id=str(plan_id),
        event=event,
        from_state=before,
        to_state=after,
        actor=actor,
        reason=reason,
    )
    await audit.record(step)


async def paid(plan_id: UUID, *, paid_at: datetime, subscription_id: str = "") -> None:
    """Take note that a gift of the plan was paid: the first one brings it to life, each sets the next date.

    Called by settling in its transaction; a second call for the same gift changes nothing.
    """
    async with atomic():
        plan = await _locked(plan_id)
        status = PlanStatus(plan.status)
        if status == PlanStatus.CANCELLED:
            plan.stripe_subscription_id = subscription_id or plan.stripe_subscription_id
            await plan.save()
            await _tell_service(plan)
            return
        day, begins = clock.china_day(paid_at), status == PlanStatus.PENDING
        if begins and await _another_lives(plan):
            await _end_rival(plan, subscription_id)
            return
        following = monthly.date_after_payment(day, due=plan.next_on, plan_day=plan.day_of_month)
        plan.stripe_subscription_id = subscription_id or plan.stripe_subscription_id
        plan.next_on = max(following, plan.next_on or following)
        plan.reminders_sent, plan.problem_since = 0, None
        if status != PlanStatus.PAUSED:
            plan.status = PlanStatus.ACTIVE.value
        if begins:
            plan.activated_at = clock.now()
        await plan.save()
        if plan.status != status:
            event = "activate" if begins else "repair"
            await _tell_history(plan_id, event, status, plan.status, actor=STRIPE)
        if begins:
            await _tell_service(plan)
            await plan_started(await _view(plan_id))


async def _another_lives(plan: MonthlyPlan) -> bool:
    return bool(
        await MonthlyPlan.exists().where(
            (MonthlyPlan.contact_email_index == plan.contact_email_index)
            & (MonthlyPlan.fund_code == plan.fund_code)
            & (MonthlyPlan.id != plan.id)
            & (MonthlyPlan.status.is_in(list(_LIVING)))
        )
    )


async def _end_rival(plan: MonthlyPlan, subscription_id: str) -> None:
    """End a plan that was begun twice at once; what was paid stays a single gift."""
    before = plan.status
    plan.status, plan.cancelled_at = PlanStatus.CANCELLED.value, clock.now()
    plan.stripe_subscription_id = subscription_id or plan.stripe_subscription_id
    await plan.save()
    await _tell_history(plan.id, "end_rival", before, plan.status, actor=SYSTEM)
    await _tell_service(plan)


async def month_gift(plan_id: UUID, *, invoice_id: str, amount_fen: int, at: datetime) -> UUID:
    """Return the gift of one month's invoice, writing it the first time; settling says what was paid."""
    async with atomic():
        plan = await _locked(plan_id)
        known = await fetch_value("SELECT id FROM donation WHERE stripe_invoice_id = {}", invoice_id)
        if known is not None:
            return UUID(str(known))
        return await _gift_of(plan, amount_fen, at, invoice_id)


async def reminded_gift(plan_id: UUID) -> UUID:
    """Write the gift of a month for which the giver tapped."""
    async with atomic():
        plan = await _locked(plan_id)
        if plan.method != PlanMethod.REMIND.value or plan.status != PlanStatus.ACTIVE.value:
            raise Conflict(N_("The monthly gift has changed meanwhile. See how it stands now."))
        return await _gift_of(plan, plan.amount_fen, clock.now(), None)


async def _gift_of(plan: MonthlyPlan, amount_fen: int, at: datetime, invoice_id: str | None) -> UUID:
    donation_id = ids.new_id()
    email = await contacts.plan_email(plan.id)
    await Donation.insert(
        Donation(
            id=donation_id,
            number=gift_number(at),
            token_hash=ids.token_hash(contacts.gift_token(donation_id)),
            created_at=at,
            amount_fen=amount_fen,
            currency="CNY",
            status=GiftStatus.AWAITING_PAYMENT.value,
            stripe_invoice_id=invoice_id,
            plan=plan.id,
            anonymity=plan.anonymity,
            display_name=plan.display_name,
            message_state=MessageState.NONE.value,
            tribute_kind=Tribute.NONE.value,
            donor_kind=plan.donor_kind,
            company_name=plan.company_name,
            company_uscc=plan.company_uscc,
            wants_receipt=plan.wants_receipt,
            receipt_title=plan.receipt_title,
            contact_email_enc=crypto.seal(email, place=contacts.EMAIL, row=donation_id),
            contact_email_index=plan.contact_email_index,
            language=plan.language,
            is_large=limit_rules.is_large(await limits_in_force(), amount_fen),
        )
    )
    await DonationLine.insert(
        DonationLine(
            id=ids.new_id(),
            donation=donation_id,
            line_no=1,
            campaign=plan.campaign,
            fund_code=plan.fund_code,
            amount_fen=amount_fen,
        )
    )
    return donation_id


def gift_number(at: datetime) -> str:
    """Return a number that a person can read out: the day and six letters without look-alikes."""
    return f"G{clock.china_day(at):%Y%m%d}-{ids.letters_of(ids.new_id(), 6)}"


async def note_problem(plan_id: UUID) -> None:
    """Take note that a debit failed: the month is skipped, and the giver gets a link to repair the card."""
    async with atomic():
        plan = await _locked(plan_id)
        if plan.status != PlanStatus.ACTIVE.value:
            return
        before, plan.status = plan.status, monthly.require_edge("problem", PlanStatus(plan.status)).value
        plan.problem_since = clock.now()
        await plan.save()
        await _tell_history(plan_id, "problem", before, plan.status, actor=STRIPE)
        await plan_problem(await _view(plan_id))
        if plan.stripe_subscription_id:
            await jobs.enqueue("donations.skip_month", plan_id=str(plan_id))


async def repaired(plan_id: UUID) -> None:
    """Take note that another card stands under the plan; the months missed are not asked for."""
    async with atomic():
        plan = await _locked(plan_id)
        if plan.status != PlanStatus.PAYMENT_PROBLEM.value:
            return
        before, plan.status = plan.status, PlanStatus.ACTIVE.value
        plan.problem_since, plan.next_on = None, _next_after_today(plan)
        await plan.save()
        await _tell_history(plan_id, "repair", before, plan.status, actor=GIVER)


async def change(plan_id: UUID, *, amount_fen: int, day: int) -> None:
    """Let a plan be of another amount, and for reminders of another day, from the next date on."""
    async with atomic():
        plan = await _locked(plan_id)
        if PlanStatus(plan.status) not in monthly.LIVING:
            raise Conflict(N_("This monthly gift has ended."))
        limit_rules.require_amount(await limits_in_force(), amount_fen)
        monthly.require_day(day)
        new_day = day if plan.method == PlanMethod.REMIND.value else plan.day_of_month
        if (plan.amount_fen, plan.day_of_month) == (amount_fen, new_day):
            return
        what = "amount" if plan.amount_fen != amount_fen else "day"
        told = monthly.change_in_words(
            amounts_fen=(plan.amount_fen, amount_fen), days=(plan.day_of_month, new_day)
        )
        if new_day != plan.day_of_month:
            plan.day_of_month = new_day
            if plan.next_on is not None:
                plan.next_on = _next_after_today(plan)
                plan.reminders_sent = 0
        plan.amount_fen = amount_fen
        await plan.save()
        await _tell_history(plan_id, "change", plan.status, plan.status, actor=GIVER, reason=told)
        await _tell_service(plan)
        await plan_changed(await _view(plan_id), what)


async def pause(plan_id: UUID, *, actor: str = GIVER) -> None:
    """Ask for nothing until the giver resumes. Pausing twice is the same as once."""
    await _turn(plan_id, "pause", PlanStatus.PAUSED, "paused", actor)


async def resume(plan_id: UUID, *, actor: str = GIVER) -> None:
    """Go on from the next date; the months in between are not asked for."""
    await _turn(plan_id, "resume", PlanStatus.ACTIVE, "resumed", actor)


async def cancel(plan_id: UUID, *, actor: str = GIVER) -> None:
    """End a plan. Ending it twice is the same as once."""
    await _turn(plan_id, "cancel", PlanStatus.CANCELLED, "cancelled", actor)


async def _turn(plan_id: UUID, event: str, target: PlanStatus, told_as: str, actor: str) -> None:
    async with atomic():
        plan = await _locked(plan_id)
        before = PlanStatus(plan.status)
        if before == target:
            return
        plan.status = monthly.require_edge(event, before).value
        if target == PlanStatus.PAUSED:
            plan.paused_at = clock.now()
        elif target == PlanStatus.CANCELLED:
            plan.cancelled_at = clock.now()
        else:
            plan.paused_at, plan.next_on, plan.reminders_sent = None, _next_after_today(plan), 0
        await plan.save()
        await _tell_history(plan_id, event, before, plan.status, actor=actor)
        await _tell_service(plan)
        if before != PlanStatus.PENDING:
            await plan_changed(await _view(plan_id), told_as)


def _next_after_today(plan: MonthlyPlan) -> date:
    """Return the plan's next day; an earlier date that still lies ahead is kept for a card's own rhythm."""
    today = clock.today()
    if plan.method == PlanMethod.CARD.value and plan.next_on is not None and plan.next_on > today:
        return plan.next_on
    return monthly.next_date(today, plan.day_of_month)


async def _tell_service(plan: MonthlyPlan) -> None:
    if plan.stripe_subscription_id:
        await jobs.enqueue(
            "donations.sync_subscription", plan_id=str(plan.id), lock=f"donations.plan:{plan.id}"
        )


async def forget_unfinished() -> int:
    """End plans whose first payment never came; return how many."""
    async with atomic():
        rows = (
            await MonthlyPlan.update(
                {MonthlyPlan.status: PlanStatus.CANCELLED.value, MonthlyPlan.cancelled_at: clock.now()}
            )
            .where(
                (MonthlyPlan.status == PlanStatus.PENDING.value)
                & (MonthlyPlan.created_at < clock.now() - UNFINISHED_AFTER)
            )
            .returning(MonthlyPlan.id)
        )
        for row in rows:
            states = PlanStatus.PENDING, PlanStatus.CANCELLED
            await _tell_history(row["id"], "abandon", *states, actor=SYSTEM)
    return len(rows)


async def note_subscription(plan_id: UUID, *, customer_id: str, next_on: date | None) -> None:
    """Keep what the payment service says of a card plan: its customer and its own next date."""
    async with atomic():
        plan = await _locked(plan_id)
        plan.stripe_customer_id = customer_id or plan.stripe_customer_id
        if plan.status == PlanStatus.ACTIVE.value and next_on is not None and next_on > clock.today():
            plan.next_on = next_on
        await plan.save()


async def mark_noticed(plan_id: UUID, debit_on: date) -> None:
    """Record that the debit of a day was announced."""
    await MonthlyPlan.update({MonthlyPlan.noticed_for: debit_on}).where(MonthlyPlan.id == plan_id)


async def mark_reminded(plan_id: UUID, number: int) -> None:
    """Record that a reminder went out."""
    await MonthlyPlan.update(
        {MonthlyPlan.reminders_sent: number, MonthlyPlan.reminded_at: clock.now()}
    ).where(MonthlyPlan.id == plan_id)


async def _locked(plan_id: UUID) -> MonthlyPlan:
    plan = await MonthlyPlan.objects().where(MonthlyPlan.id == plan_id).lock_rows("NO KEY UPDATE").first()
    if plan is None:
        raise NotFound(N_("There is no monthly gift under this link."))
    return plan


async def _view(plan_id: UUID) -> PlanView:
    view = await plan_by_id(plan_id)
    assert view is not None, plan_id
    return view
