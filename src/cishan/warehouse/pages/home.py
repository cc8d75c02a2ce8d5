"""The first page of the warehouse: the field for scans, and what waits at each site."""

from typing import Any

from litestar import Request, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.identity.guards import NO_STORE, allowed, rule
from cishan.identity.rules.permissions import Action
from cishan.plumbing.web import CAMERA
from cishan.warehouse.queries import tasks_papers as _lines_of_papers  # noqa: F401 - they add their lines
from cishan.warehouse.queries.tasks import waiting_for


@get("/staff/warehouse", opt={**rule(Action.STOCK_READ), CAMERA: True})
async def home(request: Request[Any, Any, Any]) -> Template:
    """Show what waits, by site."""
    staff = await allowed(request, Action.STOCK_READ)
    context = {"staff": staff, "sites": await waiting_for(staff)}
    return Template("warehouse/home.html", context=context, headers=NO_STORE)


routes: list[ControllerRouterHandler] = [home]
