"""The proof that no step of the history was changed, removed or put in."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan import gateways
from cishan.audit.actions import ANCHORS, anchors_in
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.supervision import actions
from cishan.supervision.forms import CheckForm
from cishan.supervision.queries import proofs
from cishan.supervision.rules import CHECK_ROWS

PROOF = "/staff/history/proof"


async def reader_of_all(request: Request[Any, Any, Any]) -> Staff:
    """Return who reads: the history of all things lies in no region, so it takes a post of the whole city."""
    staff = await allowed(request, Action.HISTORY_READ)
    if not scope_of(staff, Action.HISTORY_READ).whole:
        raise Forbidden(N_("The whole history is for posts of the whole city. A thing's page shows its own."))
    return staff


async def _proof(staff: Staff, form: forms.Form[Any], status: int) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "standing": await proofs.standing(),
        "choices_of_rows": CHECK_ROWS,
    }
    return Template(
        template_name="supervision/proof.html", context=context, status_code=status, headers=NO_STORE
    )


@get(PROOF, opt=rule(Action.HISTORY_READ))
async def proof(request: Request[Any, Any, Any]) -> Template:
    """Show how the chain stands and what checks of it found."""
    return await _proof(await reader_of_all(request), forms.empty(rows=str(CHECK_ROWS[0])), HTTP_200_OK)


@post(PROOF, opt=rule(Action.HISTORY_READ), status_code=HTTP_303_SEE_OTHER)
async def verify_now(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Have the newest rows proved."""
    staff = await reader_of_all(request)
    form = forms.read(CheckForm, await request.form())
    try:
        if form.value is not None:
            await actions.ask_check(rows=form.value.rows, by=staff.person_id)
            return lead_to(PROOF)
    except Invalid as error:
        form = form.refused(error)
    return await _proof(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)


@get(f"{PROOF}/anchors", opt=rule(Action.HISTORY_READ))
async def anchors(request: Request[Any, Any, Any]) -> Response[str]:
    """Give the anchors as a file, for an auditor to keep elsewhere."""
    await reader_of_all(request)
    lines = [anchor.line() for anchor in anchors_in(gateways.settings().data_dir / "anchors")]
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{ANCHORS}"'}
    return Response("".join(f"{line}\n" for line in lines), media_type="application/jsonl", headers=headers)


routes: list[ControllerRouterHandler] = [proof, verify_now, anchors]
