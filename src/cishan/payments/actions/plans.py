"""What the payment service says of monthly gifts by card, and what follows from it for the plan."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from cishan.audit.rules import STRIPE
from cishan.donations.actions import monthly
from cishan.gateways import stripe
from cishan.gateways.stripe import Subscription
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.plumbing import db, jobs

FollowUp = Callable[[], Awaitable[None]]
_UNPAID = frozenset({"past_due", "unpaid"})
_ENDED = frozenset({"canceled", "incomplete_expired"})


async def ask(subscription_id: str) -> FollowUp | None:
    """Ask how a subscription stands now; return what must be written of it, in the caller's transaction."""
    found = await stripe.fetch_subscription(subscription_id)
    plan_id = _plan_of(found)
    if plan_id is None:
        return None

    async def write() -> None:
        with suppress(NotFound):  # a subscription of somebody else on the same account
            async with db.atomic():
                await _write(plan_id, found)

    return write


async def ask_new_card(subscription_id: str) -> FollowUp | None:
    """Return what must be written when a giver has entered another card."""
    plan_id = _plan_of(await stripe.fetch_subscription(subscription_id)) if subscription_id else None
    if plan_id is None:
        return None

    async def write() -> None:
        await jobs.enqueue("donations.finish_card", plan_id=str(plan_id))

    return write


async def _write(plan_id: UUID, found: Subscription) -> None:
    if found.status in _ENDED:
        await monthly.cancel(plan_id, actor=STRIPE)
    elif found.status in _UNPAID:
        await monthly.note_problem(plan_id)
    next_on = clock.china_day(found.next_payment_at) if found.next_payment_at else None
    await monthly.note_subscription(plan_id, customer_id=found.customer_id, next_on=next_on)


def _plan_of(found: Subscription) -> UUID | None:
    try:
        return UUID(found.metadata.get("plan_id", ""))
    except ValueError:
        return None
