"""Having tried again what did not get through."""

from typing import Any

from litestar import Request, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.console import actions
from cishan.console.forms import RetryForm
from cishan.identity.guards import allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Forbidden, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms


async def _chosen(request: Request[Any, Any, Any]) -> str:
    form = forms.read(RetryForm, await request.form())
    if form.value is None:
        raise NotFound(N_("There is no such row."))
    return form.value.id


async def _whole(request: Request[Any, Any, Any]) -> Staff:
    """Return who wishes it: such things are the whole charity's, so it takes a post of the whole city."""
    staff = await allowed(request, Action.OPERATIONS_RETRY)
    if not reach(staff, Action.OPERATIONS_RETRY).whole:
        raise Forbidden(N_("What did not get through is looked after by posts of the whole city."))
    return staff


def _back(path: str) -> Redirect:
    return lead_to(path)


@post(
    "/staff/payment-messages/replay",
    opt=rule(Action.OPERATIONS_RETRY),
    status_code=HTTP_303_SEE_OTHER,
)
async def replay(request: Request[Any, Any, Any]) -> Redirect:
    """Have a message of the payment service worked off once more; nothing is booked twice."""
    staff = await _whole(request)
    await actions.replay(await _chosen(request), by=staff)
    return _back("/staff/payment-messages?state=parked")


@post("/staff/jobs/retry", opt=rule(Action.OPERATIONS_RETRY), status_code=HTTP_303_SEE_OTHER)
async def retry(request: Request[Any, Any, Any]) -> Redirect:
    """Put a job that gave up back into the queue."""
    staff = await _whole(request)
    await actions.retry_job(await _chosen(request), by=staff)
    return _back("/staff/jobs")


@post("/staff/letters/retry", opt=rule(Action.OPERATIONS_RETRY), status_code=HTTP_303_SEE_OTHER)
async def retry_letter(request: Request[Any, Any, Any]) -> Redirect:
    """Have a letter that was given up delivered after all, never a second time."""
    staff = await _whole(request)
    await actions.retry_letter(await _chosen(request), by=staff)
    return _back("/staff/letters?state=failed")


routes: list[ControllerRouterHandler] = [replay, retry, retry_letter]
