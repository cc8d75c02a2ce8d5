"""One's own declarations of related parties; the pages of approvals are the desk's."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals import actions, queries, rules
from cishan.approvals.actions import Declared
from cishan.approvals.forms import EndForm, RelatedForm
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.queries.reach import person_reached_by
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, contacts
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext


@get("/staff/declarations", opt=rule(Action.DESK))
async def declarations(request: Request[Any, Any, Any]) -> Template:
    """Show to whom one declared to be related, and ask for more."""
    return await _declarations(await allowed(request, Action.DESK), forms.empty(), HTTP_200_OK)


async def _declarations(staff: Staff, form: Form[Any], status: int) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "declared": await queries.related_of(staff.person_id),
        "relations": {code: gettext(label) for code, label in rules.RELATION_LABELS.items()},
        "masked": lambda contact: contacts.contact(contact).masked,
    }
    return Template("approvals/declarations.html", context=context, status_code=status, headers=NO_STORE)


@post("/staff/declarations", opt=rule(Action.DECLARE), status_code=HTTP_303_SEE_OTHER)
async def declare(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Write down one relation."""
    staff = await allowed(request, Action.DECLARE)
    form = forms.read(RelatedForm, await request.form())
    if form.value is None:
        return await _declarations(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        await actions.declare_related(
            staff.person_id,
            Declared(
                relation=said.relation,
                name=said.name,
                contact=said.contact,
                uscc=said.uscc,
                person_id=await person_reached_by(contacts.contact(said.contact)) if said.contact else None,
                since=said.since or clock.today(),
            ),
        )
    except Invalid as error:
        return await _declarations(staff, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    return lead_to("/staff/declarations")


@post("/staff/declarations/end", opt=rule(Action.DECLARE), status_code=HTTP_303_SEE_OTHER)
async def end_relation(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Let one relation end."""
    staff = await allowed(request, Action.DECLARE)
    form = forms.read(EndForm, await request.form())
    if form.value is None:
        return await _declarations(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        until = form.value.until or clock.today()
        await actions.end_relation(form.value.related_id, staff.person_id, until=until)
    except Invalid as error:
        return await _declarations(staff, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    return lead_to("/staff/declarations")


routes: list[ControllerRouterHandler] = [declarations, declare, end_relation]
