"""An offer of goods at the desk: answered, expected, counted, inspected, valued, booked, shelved."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.audit import queries as history
from cishan.deadlines import queries as deadlines
from cishan.files import actions as files
from cishan.files import queries as file_queries
from cishan.files.forms import chooser
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.queries.names import names_of
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import ROLE_NAMES, Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing import forms
from cishan.plumbing.db import atomic
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext, say
from cishan.plumbing.uploads import uploads
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import offers as actions
from cishan.warehouse.actions import receiving
from cishan.warehouse.forms import receiving as form_room
from cishan.warehouse.queries import arrivals, catalogue, choosing, intake, places, reversals
from cishan.warehouse.queries.labels import marks_of
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules import reversals as reversal_rules
from cishan.warehouse.rules.offers import Grade, OfferView, State
from cishan.warehouse.rules.stock import BASES, Basis

_REFUSALS = (Invalid, Conflict, Forbidden)
_BASES = (Basis.VOUCHER, Basis.FAIR, Basis.MEMO)
AnyRequest = Request[Any, Any, Any]


async def open_offer(request: AnyRequest, number: str, action: Action) -> tuple[Staff, OfferView]:
    """Return who acts and the offer; out of reach it is as if there were none."""
    found = await intake.offer_by_number(number)
    where = {"organisation": found.organisation, "region": found.region}
    await allowed(request, Action.STOCK_READ, **where, secret=True)  # type: ignore[arg-type]
    return await allowed(request, action, **where), found  # type: ignore[arg-type]


async def show(
    staff: Staff, found: OfferView, form: Form[Any], *, status: int = HTTP_200_OK, opened: bool = False
) -> Template:
    """Show an offer, with a form that was filled in and what is wrong with it."""
    counting = await arrivals.counting(found.id, staff.person_id)
    steps = await history.history_of(rules.SUBJECT, found.id)
    names = await names_of({UUID(s.actor) for s in steps if len(s.actor) == 36})
    fund = next((f.name for f in await ledger.funds() if f.code == found.fund), "")
    context = {
        "staff": staff,
        "offer": found,
        "form": form,
        "giver": await intake.giver_of(found.id),
        "opened": opened,
        "status": (gettext(rules.STATES[found.state]), rules.TONES[found.state]),
        "lines": [(line, gettext(line.judged.why).format(**line.judged.values)) for line in found.lines],
        "fit": [one for one in found.grades if one.grade != Grade.X],
        "papers": await file_queries.files_of(rules.SUBJECT, found.id),
        "lying": await arrivals.lying(found.id) if found.state is State.BOOKED else [],
        "counting": counting,
        "steps": [
            (
                s.at,
                gettext(rules.EVENTS.get(s.event, s.event)),
                " · ".join(t for t in (_name(s.actor, names), _role(s.acting_role), s.reason) if t),
            )
            for s in steps
        ],
        "clocks": [c for c in await deadlines.clocks_of(rules.SUBJECT, found.id) if c.outcome is None],
        "now": clock.now(),
        "request_id": str(ids.new_id()),
        "fund": fund,
        **await _words(found),
        **await _reversal(staff, found),
    }
    return Template("warehouse/offer_staff.html", context=context, status_code=status, headers=NO_STORE)


async def _reversal(staff: Staff, found: OfferView) -> dict[str, Any]:
    """Return what the page says of reversing the booking: what was, what waits, what stands in the way."""
    known = await reversals.of_offer(found.id)
    booked = await reversals.standing(found.id) if found.state is State.BOOKED else None
    hurdles = await reversals.hurdles(booked.received) if booked else []
    asked = next((one for one in known if one.state is reversal_rules.State.PROPOSED), None)
    return {
        "reversals": [one for one in known if one is not asked],
        "asked": asked,
        "asked_by_me": asked is not None and asked.proposed_by == staff.person_id,
        "hurdles": [gettext(reversal_rules.OBSTACLES[one.obstacle]).format(**one.values) for one in hurdles],
        "wrongs": [(code, gettext(label)) for code, label in reversal_rules.WRONGS.items()],
        "nexts": {code: gettext(label) for code, label in reversal_rules.NEXT.items()},
        "reversal_states": {
            code: (gettext(label), reversal_rules.TONES[code])
            for code, label in reversal_rules.STATES.items()
        },
        "fund_names": await fund_names(),
    }


async def fund_names() -> dict[str, str]:
    """Return the names of the funds that take goods, by code: restricted ones, and the general one."""
    return {
        fund.code: fund.name
        for fund in await ledger.funds()
        if fund.closed_on is None and fund.restriction is not Restriction.AGENCY
    }


def _name(actor: str, names: Mapping[UUID, str]) -> str:
    return names.get(UUID(actor), "") if len(actor) == 36 else ""


def _role(role: str) -> str:
    known = {str(one): name for one, name in ROLE_NAMES.items()}
    return gettext(known[role]) if role in known else ""


async def _words(found: OfferView) -> dict[str, Any]:
    """Return the choices and labels of the page."""
    sites = [site for site in await places.sites() if site.organisation == found.organisation]
    return {
        "items": [
            (str(item.id), f"{catalogue.name_of(item)} ({item.code})")
            for item in await catalogue.items()
            if not item.is_kit
        ]
        if found.state is State.OFFERED
        else [],
        "sites": [(str(site.id), site.name) for site in sites],
        "reasons": [(code, gettext(label)) for code, label in rules.REASONS.items()],
        "grade_words": {code: gettext(label) for code, label in rules.GRADES.items()},
        "fates": [(code, gettext(label)) for code, label in rules.FATES.items()],
        "bases": [(basis.value, gettext(BASES[basis])) for basis in _BASES],
        "conditions": {code: gettext(label) for code, label in gate.CONDITIONS.items()},
        "parts": {code: gettext(label) for code, label in rules.PARTS.items()},
        "restrictions": await marks_of(found.restrictions),
        "chooser": chooser(actions.PROOF),
    }


@get("/staff/goods-offers/{number:str}", opt=rule(Action.STOCK_READ))
async def offer_page(request: AnyRequest, number: FromPath[str]) -> Template:
    """Show an offer with what is to be done next."""
    staff, found = await open_offer(request, number, Action.STOCK_READ)
    return await show(staff, found, forms.empty())


def back(number: str) -> Redirect:
    """Lead back to the offer."""
    return lead_to(f"/staff/goods-offers/{number}")


async def attempt(
    staff: Staff, found: OfferView, form: Form[Any], act: Callable[[], Awaitable[object]]
) -> Redirect | Template:
    """Take a step and go back to the offer, or show it with what is wrong beside the field."""
    if form.errors:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await act()
    except _REFUSALS as error:
        told = form_room.named(error, found) if isinstance(error, Invalid) else Invalid(say(error))
        now = await intake.offer_by_id(found.id)
        return await show(staff, now, form.refused(told), status=error.status)
    return back(found.number)


@post("/staff/goods-offers/{number:str}/answer", opt=rule(Action.GOODS_JUDGE), status_code=HTTP_303_SEE_OTHER)
async def answer(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Accept or decline each line."""
    staff, found = await open_offer(request, number, Action.GOODS_JUDGE)
    decided, form = form_room.decisions(await request.form(), found)
    return await attempt(staff, found, form, lambda: actions.answer(found.id, decided, by=acting(staff)))


@post(
    "/staff/goods-offers/{number:str}/appointment",
    opt=rule(Action.GOODS_JUDGE),
    status_code=HTTP_303_SEE_OTHER,
)
async def appoint(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Write down when and where the goods are brought."""
    staff, found = await open_offer(request, number, Action.GOODS_JUDGE)
    form = forms.read(form_room.AppointmentForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return await attempt(
        staff,
        found,
        form,
        lambda: actions.appoint(
            found.id,
            on=said.on,
            from_time=said.begins,
            until_time=said.until,
            site=said.site,
            by=acting(staff),
        ),
    )


@post("/staff/goods-offers/{number:str}/close", opt=rule(Action.GOODS_JUDGE), status_code=HTTP_303_SEE_OTHER)
async def close(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Close an offer whose goods did not come."""
    staff, found = await open_offer(request, number, Action.GOODS_JUDGE)
    form = forms.read(form_room.ClosingForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return await attempt(
        staff, found, form, lambda: actions.withdraw(found.id, by=acting(staff), words=said.reason)
    )


@get("/staff/goods-offers/{number:str}/count", opt={**rule(Action.STOCK_WORK), CAMERA: True})
async def count_page(request: AnyRequest, number: FromPath[str]) -> Template:
    """Ask one person what came, and tell them nothing of what was offered or counted."""
    staff, found = await open_offer(request, number, Action.STOCK_WORK)
    return await _counting(staff, found, forms.empty(request=str(ids.new_id())))


async def _counting(
    staff: Staff,
    found: OfferView,
    form: Form[Any],
    status: int = HTTP_200_OK,
    *,
    at_line: int | None = None,
) -> Template:
    codes = await catalogue.codes_of([line.item for line in found.accepted if line.item])
    context = {
        "staff": staff,
        "form": form,
        "number": found.number,
        "is_due": found.state is State.ACCEPTED,
        "lines": [
            (
                line.number,
                line.name,
                line.unit,
                line.expires_on,
                " ".join(codes[line.item]) if line.item else "",
            )
            for line in found.accepted
        ],
        "at_line": at_line,
        "counting": await arrivals.counting(found.id, staff.person_id),
    }
    return Template("warehouse/offer_count.html", context=context, status_code=status, headers=NO_STORE)


@post(
    "/staff/goods-offers/{number:str}/count",
    opt={**rule(Action.STOCK_WORK), CAMERA: True},
    status_code=HTTP_303_SEE_OTHER,
)
async def count(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Keep what one person counted."""
    staff, found = await open_offer(request, number, Action.STOCK_WORK)
    pieces, key, form = form_room.counted(await request.form(), found)
    if form.typed("find").strip():
        return await _find(staff, found, Form(None, {}, form.raw))
    if form.errors or key is None:
        return await _counting(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await receiving.count(found.id, pieces, request=key, by=acting(staff))
    except _REFUSALS as error:
        told = form_room.named(error, found) if isinstance(error, Invalid) else Invalid(say(error))
        return await _counting(staff, found, form.refused(told), error.status)
    return back(found.number)


async def _find(staff: Staff, found: OfferView, form: Form[Any]) -> Template:
    """Show what was counted so far, with the focus in the line of scanned goods."""
    try:
        item = await choosing.item_meant(form.typed("find"), field="find")
        lines = [line.number for line in found.accepted if line.item == item.id]
        if not lines:
            raise Invalid(N_("{item} is not on this list."), field="find", item=catalogue.name_of(item))
    except Invalid as error:
        return await _counting(staff, found, form.refused(error), error.status)
    at = next((n for n in lines if not form.typed(f"count-{n}")), lines[0])
    return await _counting(staff, found, form, at_line=at)


@post("/staff/goods-offers/{number:str}/inspect", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def inspect(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Say of every counted piece of which grade it is."""
    staff, found = await open_offer(request, number, Action.STOCK_WORK)
    gradings, short, form = form_room.graded(await request.form(), found)
    return await attempt(
        staff, found, form, lambda: receiving.grade(found.id, gradings, short, by=acting(staff))
    )


@post(
    "/staff/goods-offers/{number:str}/value",
    opt=rule(Action.GOODS_VALUE),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=actions.PROOF.body_limit,
)
async def value(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Write down what the goods are worth, with the paper that shows it."""
    staff, found = await open_offer(request, number, Action.GOODS_VALUE)
    submitted = await request.form()
    values, form = form_room.valued(submitted, found)

    async def act() -> None:
        sent = await uploads(submitted, "proof")
        brought = await files.bring(sent, owner_kind=rules.SUBJECT, purpose=actions.PROOF.code, field="proof")
        await receiving.value(found.id, values, by=acting(staff), brought=brought)

    return await attempt(staff, found, form, act)


@post("/staff/goods-offers/{number:str}/book", opt=rule(Action.GOODS_BOOK), status_code=HTTP_303_SEE_OTHER)
async def book(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Take the goods into stock and into the books."""
    staff, found = await open_offer(request, number, Action.GOODS_BOOK)
    form = forms.read(form_room.RequestForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return await attempt(
        staff, found, form, lambda: receiving.book(found.id, request=said.request, by=acting(staff))
    )


@post("/staff/goods-offers/{number:str}/shelve", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def shelve(request: AnyRequest, number: FromPath[str]) -> Redirect | Template:
    """Put pieces into a bin."""
    staff, found = await open_offer(request, number, Action.STOCK_WORK)
    form = forms.read(form_room.ShelvingForm, await request.form())
    said = form.value
    if said is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return await attempt(
        staff,
        found,
        form,
        lambda: receiving.shelve(
            found.id, said.lot, said.bin, said.quantity, request=said.request, by=acting(staff)
        ),
    )


@post("/staff/goods-offers/{number:str}/look", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def look(request: AnyRequest, number: FromPath[str]) -> Template:
    """Show who offers, once it is written down who looks and what for."""
    staff, found = await open_offer(request, number, Action.PERSONAL_READ)
    form = forms.read(form_room.PurposeForm, await request.form())
    if form.value is None:
        return await show(staff, found, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    async with atomic():
        await actions.look(found.id, by=acting(staff), purpose=form.value.purpose)
        return await show(staff, found, form, opened=True)


routes: list[ControllerRouterHandler] = [
    offer_page,
    answer,
    appoint,
    close,
    count_page,
    count,
    inspect,
    value,
    book,
    shelve,
    look,
]
