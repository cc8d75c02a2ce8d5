"""The first page after signing in: what waits, and the figures of the day."""

from datetime import datetime
from datetime import time as time_of_day
from typing import Any

from litestar import Request, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import KINDS
from cishan.console import rules
from cishan.console.pages.lists import query_of
from cishan.console.queries import concerning, subjects
from cishan.console.queries.figures import figures
from cishan.deadlines import queries as deadlines
from cishan.deadlines.queries.working_days import year_to_enter
from cishan.identity.guards import NO_STORE, allowed, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import ROLE_NAMES, Staff
from cishan.kernel import clock
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of

CHECKS_SHOWN = 5


@get("/staff", opt=rule(Action.DESK))
async def desk(request: Request[Any, Any, Any]) -> Template:
    """Show my tasks by the colour of their clocks, what waits for my check, and today's figures."""
    staff = await allowed(request, Action.DESK)
    scope = concerning(rules.handled(staff))
    wish = await read(deadlines.TASKS, query_of(request))
    page = await page_of(deadlines.TASKS, wish, scope)
    await subjects.name_rows(page.rows)
    checks = await _checks(staff)
    midnight = datetime.combine(clock.today(), time_of_day.min, clock.CHINA)
    context = {
        "staff": staff,
        "posts": [(gettext(ROLE_NAMES[p.role]), p.organisation_name, p.region_name) for p in staff.posts],
        "colours": await deadlines.colours_within(scope),
        "page": page,
        "checks": checks.lines[:CHECKS_SHOWN],
        "checks_total": checks.total,
        "kinds": {code: gettext(kind.title) for code, kind in KINDS.items()},
        "check_colours": await deadlines.colours_of("approval", [line.id for line in checks.lines]),
        "year_to_enter": await _year_to_enter(staff),
        "figures": await figures(staff, since=midnight),
    }
    return Template(template_name="console/desk.html", context=context, headers=NO_STORE)


async def _checks(staff: Staff) -> approvals.Found:
    """Return the approvals that this person may decide now, the longest waiting first."""
    if not scope_of(staff, Action.APPROVALS_READ).regions:
        return approvals.Found((), 0)
    return await approvals.waiting_for(staff.person_id, staff.posts)


async def _year_to_enter(staff: Staff) -> int | None:
    """Return the year whose decree is missing, to those who may write it down."""
    if not scope_of(staff, Action.CALENDAR_WRITE).whole:
        return None
    return await year_to_enter(clock.today())


routes: list[ControllerRouterHandler] = [desk]
