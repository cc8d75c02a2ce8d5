"""去向公开: the year by fund, and the journal."""

from litestar import Router, get
from litestar.params import FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.disclosure import queries
from cishan.identity.guards import PUBLIC
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_

YEARS_SHOWN = 4
NEWEST_SHOWN = 12


@get("/disclosure")
async def years_page(year: FromQuery[int | None] = None) -> Template:
    """Show what came in and what it became, in one year."""
    this_year = clock.today().year
    years = list(range(this_year, this_year - YEARS_SHOWN, -1))
    if year is None:
        year = this_year
    if year not in years:
        raise NotFound(N_("There are no figures for that year."))
    context = {
        "view": await queries.year_view(year),
        "years": years,
        "bookings": await queries.journal(limit=NEWEST_SHOWN),
    }
    return Template(template_name="disclosure/years.html", context=context)


@get("/disclosure/journal")
async def journal(before: FromQuery[int | None] = None) -> Template:
    """Show every booking, newest first, page by page."""
    bookings = await queries.journal(before_id=before)
    more = bookings[-1].id if len(bookings) == queries.JOURNAL_PAGE else None
    context = {"bookings": bookings, "older": more, "first_page": before is None}
    return Template(template_name="disclosure/journal.html", context=context)


routes: list[ControllerRouterHandler] = [Router("/", route_handlers=[years_page, journal], opt=PUBLIC)]
