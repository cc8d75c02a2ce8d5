"""The first page after signing in: what waits, and the figures of the day."""

from datetime import datetime
from datetime import time as time_of_day
from typing import Any

from litestar import Request, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.console import rules
from cishan.console.pages.lists import query_of
from cishan.console.queries import concerning, subjects
from cishan.console.queries.figures import figures
from cishan.deadlines import queries as deadlines
from cishan.identity.guards import NO_STORE, allowed, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel import clock
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of


@get("/staff", opt=rule(Action.DESK))
async def desk(request: Request[Any, Any, Any]) -> Template:
    """Show my tasks by the colour of their clocks, what waits for my check, and today's figures."""
    staff = await allowed(request, Action.DESK)
    scope = concerning(rules.handled(staff))
    wish = await read(deadlines.TASKS, query_of(request))
    page = await page_of(deadlines.TASKS, wish, scope)
    await subjects.name_rows(page.rows)
    midnight = datetime.combine(clock.today(), time_of_day.min, clock.CHINA)
    context = {
        "staff": staff,
        "posts": [(gettext(ROLE_NAMES[p.role]), p.organisation_name, p.region_name) for p in staff.posts],
        "colours": await deadlines.colours_within(scope),
        "page": page,
        "figures": await figures(staff, since=midnight),
    }
    return Template(template_name="console/desk.html", context=context, headers=NO_STORE)


routes: list[ControllerRouterHandler] = [desk]
