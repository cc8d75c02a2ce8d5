"""What somebody sees who was invited to a post."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.actions import invitations as actions
from cishan.identity.forms import Accept
from cishan.identity.guards import NO_STORE, SECRET_LINK, STAFF_SIGN_IN, lead_to
from cishan.identity.pages.door import device_of, let_in
from cishan.identity.queries import invitations as queries
from cishan.identity.rules.roles import ROLE_NAMES, InvitationState
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms

AFTER = "/account/security"
"""Where a second factor is set up, and the sooner the better."""


async def _page(invitation: queries.InvitationView, form: forms.Form[Any], status: int) -> Template:
    context = {
        "invitation": invitation,
        "role": ROLE_NAMES[invitation.role],
        "open": invitation.state is InvitationState.OPEN,
        "known": await queries.is_known(invitation.contact),
        "form": form,
    }
    return Template(
        template_name="identity/invitation.html", context=context, status_code=status, headers=NO_STORE
    )


@get("/")
async def invitation_page(token: FromPath[str]) -> Template:
    """Show what is offered by whom, and ask how the person wants to come in."""
    return await _page(await queries.by_token(token), forms.empty(), HTTP_200_OK)


@post("/", status_code=HTTP_303_SEE_OTHER)
async def accept(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect | Template:
    """Give the post, and lead on to the second factor."""
    invitation = await queries.by_token(token)
    form = forms.read(Accept, await request.form())
    try:
        if form.value is not None:
            session = await actions.accept(token, password=form.value.password, device=device_of(request))
            if session is None:
                return lead_to(STAFF_SIGN_IN)
            return await let_in(request, session, AFTER)
    except Invalid as error:
        form = form.refused(error)
    return await _page(invitation, form, HTTP_422_UNPROCESSABLE_ENTITY)


routes: list[ControllerRouterHandler] = [
    Router("/invitation/{token:str}", route_handlers=[invitation_page, accept], opt=SECRET_LINK)
]
