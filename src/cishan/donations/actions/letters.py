"""The letters of monthly giving and of finding one's gifts again."""

from datetime import date
from typing import Literal, cast
from uuid import UUID

from cishan import gateways
from cishan.donations.queries import contacts, yearly
from cishan.donations.queries.monthly import PlanView
from cishan.donations.rules.giving import PlanMethod
from cishan.kernel import clock
from cishan.notify import actions as notify
from cishan.notify import rules as letters
from cishan.notify.rules import events
from cishan.notify.rules.events import Event

Change = Literal["amount", "day", "paused", "resumed", "cancelled"]


def absolute(path: str) -> str:
    """Return the address that a letter may carry."""
    return gateways.settings().public_url + path


async def plan_started(plan: PlanView) -> None:
    """Tell the giver that the plan lives, and where to change it."""
    assert plan.next_on is not None, "a living plan has a next date"
    letter = letters.MonthlyStarted(
        amount_fen=plan.amount_fen,
        purpose=plan.title,
        next_on=plan.next_on,
        by_card=plan.method == PlanMethod.CARD,
        plan_url=absolute(contacts.plan_path(plan.id)),
    )
    await _send(plan, "started", events.MONTHLY_CHANGED, letter)


async def plan_changed(plan: PlanView, change: str) -> None:
    """Confirm a change that the giver made."""
    letter = letters.MonthlyChanged(
        change=cast("Change", change),
        amount_fen=plan.amount_fen,
        purpose=plan.title,
        next_on=plan.next_on if plan.dates else None,
        plan_url=absolute(contacts.plan_path(plan.id)),
    )
    await _send(plan, f"{change}:{clock.now():%Y%m%d%H%M%S}", events.MONTHLY_CHANGED, letter)


async def plan_problem(plan: PlanView) -> None:
    """Tell the giver that the card was refused, and how to put another under the plan."""
    path = contacts.plan_path(plan.id)
    letter = letters.CardRepair(
        amount_fen=plan.amount_fen,
        purpose=plan.title,
        repair_url=absolute(f"{path}/card"),
        plan_url=absolute(path),
        next_try_on=None,
    )
    await _send(plan, f"problem:{clock.today():%Y%m%d}", events.MONTHLY_NOTICE, letter)


async def plan_notice(plan: PlanView, debit_on: date) -> None:
    """Announce a debit."""
    letter = letters.MonthlyNotice(
        amount_fen=plan.amount_fen,
        purpose=plan.title,
        debit_on=debit_on,
        plan_url=absolute(contacts.plan_path(plan.id)),
    )
    await _send(plan, f"notice:{debit_on:%Y%m%d}", events.MONTHLY_NOTICE, letter)


async def plan_reminder(plan: PlanView, *, number: int, is_last: bool) -> None:
    """Remind the giver of this month's gift: one tap pays it."""
    assert plan.next_on is not None, "only a living plan is reminded of"
    path = contacts.plan_path(plan.id)
    letter = letters.MonthlyReminder(
        amount_fen=plan.amount_fen,
        purpose=plan.title,
        due_on=plan.next_on,
        pay_url=absolute(f"{path}/give"),
        plan_url=absolute(path),
        is_last=is_last,
    )
    await _send(plan, f"reminder:{plan.next_on:%Y%m%d}:{number}", events.MONTHLY_REMINDER, letter)


async def my_gifts(
    key: str,
    *,
    to_email: str,
    language: str,
    gifts: tuple[letters.GiftLink, ...],
    plans: tuple[letters.PlanLink, ...],
) -> None:
    """Send somebody the links to their own gifts, and to the receipts of each year on one list."""
    letter = letters.MyGifts(gifts=gifts, plans=plans, years=await yearly.year_links(to_email))
    await notify.send(key=key, to_email=to_email, language=language, letter=letter)


async def _send(plan: PlanView, what: str, event: Event, letter: letters.Letter) -> None:
    await notify.tell_address(
        key=f"plan:{plan.id}:{what}",
        to_email=await _address(plan.id),
        event=event,
        letter=letter,
        language=plan.language,
    )


async def _address(plan_id: UUID) -> str:
    return await contacts.plan_email(plan_id)
