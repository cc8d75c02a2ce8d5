"""Held messages, for staff who are signed in."""

from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.donations.actions import moderation as actions
from cishan.donations.queries import moderation as queries
from cishan.identity.guards import NO_STORE, signed_in_staff, to_sign_in
from cishan.kernel.errors import Invalid, SignInNeeded
from cishan.kernel.text import N_

JUDGEMENTS = {"show": True, "refuse": False}


@get("/")
async def held(request: Request[Any, Any, Any]) -> Template:
    """List what waits for somebody to read it."""
    staff = await signed_in_staff(request)
    context = {"staff": staff, "messages": await queries.held_messages()}
    return Template(template_name="donations/held_messages.html", context=context, headers=NO_STORE)


@post("/{donation_id:uuid}", status_code=HTTP_303_SEE_OTHER)
async def judge(request: Request[Any, Any, Any], donation_id: FromPath[UUID]) -> Redirect:
    """Show or refuse one message, and go on with the next."""
    staff = await signed_in_staff(request)
    word = str((await request.form()).get("judgement", ""))
    if word not in JUDGEMENTS:
        raise Invalid(N_("Choose one of the options."))
    await actions.judge_message(
        donation_id, shown=JUDGEMENTS[word], staff_id=staff.id, staff_name=staff.display_name
    )
    return Redirect("/staff/messages", status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)


routes: list[ControllerRouterHandler] = [
    Router("/staff/messages", route_handlers=[held, judge], exception_handlers={SignInNeeded: to_sign_in})
]
