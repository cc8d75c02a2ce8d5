"""The working days of a year: read by all staff, written by those who may, with the decree that says so."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console.queries.around import around
from cishan.deadlines.actions import working_days as actions
from cishan.deadlines.actions.working_days import By
from cishan.deadlines.forms import SpanForm, YearForm
from cishan.deadlines.queries import working_days as queries
from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms

WHERE = "/staff/calendar"
NOT_HERE = N_("The calendar holds for the whole charity: only posts of the whole city write into it.")


def _year(typed: str) -> int:
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else 0
    if not queries.FIRST_YEAR <= number <= queries.LAST_YEAR:
        raise NotFound(N_("There is no such year in the calendar."))
    return number


@get(WHERE, opt=rule(Action.DESK))
async def calendar(request: Request[Any, Any, Any], year: FromQuery[str] = "") -> Template:
    """Show the working days of a year, this one if none is named."""
    staff = await allowed(request, Action.DESK)
    return await _page(staff, _year(year or str(clock.today().year)), HTTP_200_OK)


async def _page(staff: Staff, number: int, status: int, **more: forms.Form[Any]) -> Template:
    context = {
        "staff": staff,
        "year": await queries.year(number),
        "first_year": queries.FIRST_YEAR,
        "last_year": queries.LAST_YEAR,
        "today": clock.today(),
        "reaches": reach(staff, Action.CALENDAR_WRITE).whole,
        "not_here": NOT_HERE,
        "around": await around("calendar", str(number)),
        "span_form": forms.empty(),
        "year_form": forms.empty(),
        **more,
    }
    return Template("deadlines/calendar.html", context=context, status_code=status, headers=NO_STORE)


async def _writer(request: Request[Any, Any, Any]) -> Staff:
    staff = await allowed(request, Action.CALENDAR_WRITE)
    if not reach(staff, Action.CALENDAR_WRITE).whole:
        raise Forbidden(NOT_HERE)
    return staff


def _by(staff: Staff) -> By:
    return By(str(staff.person_id), staff.acting.role if staff.acting else "")


async def _written(
    staff: Staff, number: int, name: str, form: forms.Form[Any], write: Callable[[], Awaitable[int]]
) -> Redirect | Template:
    try:
        if form.value is not None:
            await write()
            return lead_to(f"{WHERE}?year={number}")
    except Invalid as error:
        form = form.refused(error)
    return await _page(staff, number, HTTP_422_UNPROCESSABLE_ENTITY, **{name: form})


@post(
    WHERE + "/{year:str}/days",
    opt=rule(Action.CALENDAR_WRITE, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def write_days(request: Request[Any, Any, Any], year: FromPath[str]) -> Redirect | Template:
    """Write down days on which offices work, or do not, otherwise than the calendar says."""
    staff, number = await _writer(request), _year(year)
    form = forms.read(SpanForm, await request.form())

    async def write() -> int:
        assert form.value is not None
        if form.value.first.year != number:
            raise Invalid(N_("Every day must lie in the year {year}."), field="first", year=number)
        return await actions.write_span(
            form.value.first,
            form.value.last or form.value.first,
            is_working=form.value.work == "work",
            note=form.value.note,
            source=form.value.source,
            by=_by(staff),
        )

    return await _written(staff, number, "span_form", form, write)


@post(
    WHERE + "/{year:str}/decree",
    opt=rule(Action.CALENDAR_WRITE, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def write_year(request: Request[Any, Any, Any], year: FromPath[str]) -> Redirect | Template:
    """Write down the decree of a whole year."""
    staff, number = await _writer(request), _year(year)
    form = forms.read(YearForm, await request.form())

    async def write() -> int:
        assert form.value is not None
        return await actions.write_year(
            number,
            days_off=form.value.off,
            make_up_days=form.value.make_up,
            source=form.value.source,
            by=_by(staff),
        )

    return await _written(staff, number, "year_form", form, write)


routes: list[ControllerRouterHandler] = [calendar, write_days, write_year]
