"""What all pages of outgoing goods share: the order within reach, the page around it, the ways back."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from cishan.identity.guards import NO_STORE, May, allowed, reach
from cishan.identity.queries import people
from cishan.identity.rules.permissions import Action, decide, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.plumbing.forms import CHOOSE, Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries import handovers, orders
from cishan.warehouse.queries import places as place_queries
from cishan.warehouse.queries.orders import NO_ORDER, OrderView
from cishan.warehouse.rules import orders as rules

REFUSALS = (Conflict, Invalid)
HOME = "/staff/warehouse/orders"
OWN = frozenset({Action.STOCK_READ, Action.STOCK_REQUEST})
"""What whoever asked for goods may do with their own order, wherever it is served from."""


def page(name: str, context: Mapping[str, Any], *, form: Form[Any] | None = None) -> Template:
    """Return a page of this part of the warehouse; 422 if its form has errors."""
    wrong = form is not None and bool(form.errors)
    return Template(
        template_name=f"warehouse/{name}.html",
        context={"once": str(ids.new_id()), **context},
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if wrong else HTTP_200_OK,
        headers=NO_STORE,
    )


async def order_for(
    request: Request[Any, Any, Any], number: str, action: Action, *, clear: bool = False
) -> tuple[Staff, OrderView]:
    """Return an order and who looks at it; one out of reach answers like one that does not exist.

    Who asked for goods sees their own order wherever it is served from.
    """
    order = await orders.order_by_number(number, clear=clear)
    staff = await allowed(request, action)
    if action in OWN and order.requested_by == staff.person_id:
        reach(staff, action)
        return staff, order
    sees = decide(
        staff,
        Action.STOCK_READ,
        now=clock.now(),
        organisation=order.organisation,
        region=order.site_region,
    )
    if not sees.allowed:
        reach(staff, action)
        raise NotFound(NO_ORDER)
    return await allowed(request, action, organisation=order.organisation, region=order.site_region), order


def look_by(order: OrderView) -> Action:
    """Return what one must be allowed to do to see the receiver of an order in full."""
    return Action.PERSONAL_READ if order.state in rules.ENDED else Action.RECEIVER_READ


def why_not(staff: Staff, action: Action, order: OrderView, event: rules.Event | None = None) -> str:
    """Return why somebody cannot do something with an order now; empty: they can."""
    own = action in OWN and order.requested_by == staff.person_id
    may = May(
        decide(
            staff,
            action,
            now=clock.now(),
            organisation=None if own else order.organisation,
            region=None if own else order.site_region,
        )
    )
    if not may.allowed:
        return may.why
    reason = rules.why_not(order.state, event) if event else ""
    return gettext(reason).format(state=gettext(rules.STATE_PHRASES[order.state])) if reason else ""


async def site_choices(staff: Staff, action: Action) -> list[tuple[str, str]]:
    """Return the sites from which somebody may have goods: all, for who only requests."""
    patterns = scope_of(staff, action).regions if action is Action.STOCK_WORK else ("%",)
    return [
        (str(site.id), f"{site.code} {site.name}") for site in await place_queries.sites(regions=patterns)
    ]


async def region_choices(staff: Staff, action: Action) -> list[tuple[str, str]]:
    """Return the regions that somebody's posts reach, for one thing."""
    _, regions = await people.choices(scope_of(staff, action).regions)
    return regions


def require_choice(chosen: UUID | None, choices: Iterable[tuple[str, str]], *, field: str) -> None:
    """Refuse what stands in no list of choices; raise Invalid."""
    if chosen is not None and str(chosen) not in {code for code, _ in choices}:
        raise Invalid(CHOOSE, field=field)


def require_region(region: str, choices: list[tuple[str, str]]) -> None:
    """Refuse a receiver who lives where one's post does not reach."""
    if region not in dict(choices):
        raise Forbidden(rules.NOT_YOUR_REGION)


async def second_of(
    person: UUID | None, volunteer: str, *, beside: Staff, region: str, field: str = "second"
) -> rules.Second:
    """Return the second person that a form names: a colleague of the region, else a volunteer."""
    if person is None:
        return rules.Second(name=volunteer)
    if person != beside.person_id:  # that it is somebody else is for the rules to say
        there = await handovers.colleagues(region, but=beside.person_id)
        require_choice(person, [(str(one), name) for one, name in there], field=field)
    return rules.Second(person=person)
