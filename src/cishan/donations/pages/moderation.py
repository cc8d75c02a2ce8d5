"""Judging held messages, for staff who are signed in; their list is the desk's."""

from typing import Any
from uuid import UUID

from litestar import Request, Router, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.campaigns import queries as campaigns
from cishan.donations.actions import moderation as actions
from cishan.donations.queries import moderation as queries
from cishan.identity.guards import allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action, Reach
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_

WAITING = "/staff/messages?state=pending&sort=paid_at"
JUDGEMENTS = {"show": True, "refuse": False}


async def _campaigns(reached: Reach) -> list[UUID] | None:
    """Return of which campaigns somebody may judge messages; None: of all, and of gifts to several."""
    return None if reached.whole else await campaigns.within(reached.regions)


@post("/{donation_id:uuid}", opt=rule(Action.MESSAGES_JUDGE), status_code=HTTP_303_SEE_OTHER)
async def judge(request: Request[Any, Any, Any], donation_id: FromPath[UUID]) -> Redirect:
    """Show or refuse one message, and go on with the next."""
    staff = await allowed(request, Action.MESSAGES_JUDGE)
    mine = await _campaigns(reach(staff, Action.MESSAGES_JUDGE))
    if not await queries.is_within(donation_id, mine):
        raise NotFound(N_("This gift carries no held message."))
    word = str((await request.form()).get("judgement", ""))
    if word not in JUDGEMENTS:
        raise Invalid(N_("Choose one of the options."))
    await actions.judge_message(
        donation_id,
        shown=JUDGEMENTS[word],
        staff_id=staff.account_id,
        staff_name=staff.name,
        actor=str(staff.person_id),
        role=staff.acting.role if staff.acting else "",
    )
    return lead_to(WAITING)


routes: list[ControllerRouterHandler] = [Router("/staff/messages", route_handlers=[judge])]
