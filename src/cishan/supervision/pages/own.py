"""Who looked at the data of the person who asks."""

from typing import Any

from litestar import Request, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.identity.guards import NO_STORE, OWN, signed_in
from cishan.supervision.queries import telling


@get("/account/reads", opt=OWN)
async def reads(request: Request[Any, Any, Any]) -> Template:
    """Show who of the staff looked at my data, when, as what and why."""
    visitor = await signed_in(request)
    looks = await telling.looks_at(visitor.person_id or visitor.account_id, visitor.account_id)
    return Template(template_name="supervision/reads.html", context={"looks": looks}, headers=NO_STORE)


routes: list[ControllerRouterHandler] = [reads]
