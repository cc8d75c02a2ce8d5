"""Another card under a monthly gift, entered at the payment service; we never see its number."""

from uuid import UUID

from cishan.donations.actions import monthly
from cishan.donations.actions.letters import absolute
from cishan.donations.queries import contacts
from cishan.donations.queries.monthly import plan_by_id
from cishan.donations.rules.giving import PlanMethod
from cishan.donations.rules.monthly import LIVING
from cishan.donations.tables.monthly import MonthlyPlan
from cishan.gateways import stripe
from cishan.kernel import ids
from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_


async def begin_repair(plan_id: UUID) -> str:
    """Return the payment service's page for another card. Must not run inside a transaction."""
    plan = await plan_by_id(plan_id)
    if plan is None or plan.method != PlanMethod.CARD or plan.status not in LIVING or not plan.customer_id:
        raise Conflict(N_("This monthly gift has no card that could be changed."))
    page = absolute(contacts.plan_path(plan_id))
    link = await stripe.create_card_repair(
        key=f"card:{ids.new_id()}",
        customer_id=plan.customer_id,
        subscription_id=plan.subscription_id,
        success_url=f"{page}?card=new",
        cancel_url=page,
        language=plan.language,
    )
    await MonthlyPlan.update({MonthlyPlan.card_session_id: link.session_id}).where(MonthlyPlan.id == plan_id)
    return link.url


async def finish_repair(plan_id: UUID) -> None:
    """Let the card that was entered pay from now on. Before one was entered, nothing happens."""
    plan = await plan_by_id(plan_id)
    if plan is None or not plan.card_session_id:
        return
    try:
        await stripe.finish_card_repair(plan.card_session_id)
    except stripe.Declined as error:
        if error.code == "not_complete":
            return
        raise
    await MonthlyPlan.update({MonthlyPlan.card_session_id: None}).where(
        (MonthlyPlan.id == plan_id) & (MonthlyPlan.card_session_id == plan.card_session_id)
    )
    await monthly.repaired(plan_id)
