"""Transfers between sites: prepared, sent, received by somebody else, and what is missing."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import STATE_LABELS, acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.queries.names import names_of
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.documents import private_headers
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions import lost_on_the_way
from cishan.warehouse.actions import transfers as actions
from cishan.warehouse.forms.places import ReasonForm
from cishan.warehouse.forms.transfers import (
    FindForm,
    FirstForm,
    LineForm,
    RequestForm,
    TransferForm,
    read_counts,
)
from cishan.warehouse.pages.answers import HERE, REFUSALS
from cishan.warehouse.queries import choosing, scraps, transfer_papers
from cishan.warehouse.queries import transfers as queries
from cishan.warehouse.queries.catalogue import items, name_of
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.places import site_by_id, sites
from cishan.warehouse.queries.scraps import ScrapView
from cishan.warehouse.rules import transfers as rules
from cishan.warehouse.rules.scraps import KIND, SCRAP, SCRAP_STATES, SCRAP_TONES, ScrapState
from cishan.warehouse.rules.transfers import State, Transfer

TRANSFERS = f"{HERE}/transfers"
_LENS: dict[str, Any] = {**rule(Action.STOCK_WORK), CAMERA: True}


@get(f"{TRANSFERS}/new", opt=rule(Action.STOCK_WORK))
async def new_transfer(request: Request[Any, Any, Any]) -> Template:
    """Ask from where to where."""
    staff = await allowed(request, Action.STOCK_WORK)
    source = request.query_params.get("source", "")[:40]
    return await _new(staff, forms.empty(source=source, request=str(ids.new_id())))


async def _new(staff: Staff, form: Form[Any], status: int = HTTP_200_OK) -> Template:
    mine = await sites(regions=scope_of(staff, Action.STOCK_WORK).regions)
    context = {
        "staff": staff,
        "form": form,
        "sources": [(str(site.id), f"{site.code} {site.name}") for site in mine],
        "targets": [(str(site.id), f"{site.code} {site.name}") for site in await sites()],
    }
    return Template("warehouse/transfer_new.html", context=context, status_code=status, headers=NO_STORE)


@post(f"{TRANSFERS}/new", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def begin(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Begin a transfer."""
    staff = await allowed(request, Action.STOCK_WORK)
    form = forms.read(TransferForm, await request.form())
    if form.value is None:
        return await _new(staff, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    try:
        source = await site_by_id(said.source)
        staff = await allowed(
            request, Action.STOCK_WORK, organisation=source.organisation, region=source.region
        )
        made = await actions.draft(
            source=said.source, target=said.target, note=said.note, by=acting(staff), request=said.request
        )
    except REFUSALS as error:
        return await _new(staff, form.refused(error, "source"), error.status)
    return lead_to(f"{TRANSFERS}/{made.id}")


async def _opened(request: Request[Any, Any, Any], transfer_id: UUID) -> tuple[Staff, Transfer]:
    """Return a transfer to somebody who sees one of its two sites; to others it is not there."""
    staff = await allowed(request, Action.STOCK_READ)
    found = await queries.transfer_by_id(transfer_id)
    patterns = [pattern.rstrip("%") for pattern in reach(staff, Action.STOCK_READ).regions]
    if not any(
        region.startswith(pattern)
        for pattern in patterns
        for region in (found.source_region, found.target_region)
    ):
        raise NotFound(queries.NO_TRANSFER)
    return staff, found


async def _sender(request: Request[Any, Any, Any], found: Transfer) -> Staff:
    return await allowed(
        request, Action.STOCK_WORK, organisation=found.source_organisation, region=found.source_region
    )


async def _receiver(request: Request[Any, Any, Any], found: Transfer) -> Staff:
    return await allowed(
        request, Action.STOCK_WORK, organisation=found.target_organisation, region=found.target_region
    )


@get(f"{TRANSFERS}/{{transfer_id:uuid}}", opt={**rule(Action.STOCK_READ), CAMERA: True})
async def transfer_page(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Template:
    """Show a transfer and what this person may do with it now, or why not."""
    staff, found = await _opened(request, transfer_id)
    return await _page(request, staff, found, forms.empty())


async def _page(
    request: Request[Any, Any, Any],
    staff: Staff,
    found: Transfer,
    form: Form[Any],
    status: int = HTTP_200_OK,
    *,
    at_line: UUID | None = None,
) -> Template:
    people = {one for one in (found.created_by, found.sent_by, found.received_by) if one}
    goods = await items() if found.state is State.DRAFT else []
    context = {
        "staff": staff,
        "form": form,
        "transfer": found,
        "state": (gettext(rules.STATES[found.state]), rules.TONES[found.state]),
        "names": await names_of(people),
        "items": [(str(item.id), f"{name_of(item)} {item.code}") for item in goods],
        "is_sender": found.sent_by == staff.person_id,
        "sender_refusal": gettext(actions.SENDER),
        "once": str(ids.new_id()),
        "at_line": at_line,
        "losses": await _losses(found),
        "steps": await history_of(rules.TRANSFER, found.id),
    }
    return Template("warehouse/transfer.html", context=context, status_code=status, headers=NO_STORE)


async def _losses(found: Transfer) -> list[tuple[ScrapView, str, str]]:
    """Return the write-offs of what a transfer lost, each with a word and a tone for where it stands."""
    losses = await scraps.of_transfer(found.id)
    standing = await approvals.states_of(KIND, SCRAP, [scrap.id for scrap in losses])
    told = []
    for scrap in losses:
        word, tone = SCRAP_STATES[scrap.state], SCRAP_TONES[scrap.state]
        if scrap.state is ScrapState.PROPOSED and str(scrap.id) in standing:
            word = STATE_LABELS[standing[str(scrap.id)].state]
        told.append((scrap, gettext(word), tone))
    return told


async def _act(
    request: Request[Any, Any, Any],
    transfer_id: UUID,
    form: Form[Any],
    who: Callable[[Request[Any, Any, Any], Transfer], Awaitable[Staff]],
    what: Callable[[Staff, Transfer], Awaitable[object]],
    *,
    field: str = "",
) -> Redirect | Template:
    """Let somebody who may do something, and show what was typed with the reason if it is refused."""
    staff, found = await _opened(request, transfer_id)
    actor = await who(request, found)
    if form.value is None:
        return await _page(request, staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await what(actor, found)
    except REFUSALS as error:
        found = await queries.transfer_by_id(transfer_id)
        return await _page(request, staff, found, form.refused(error, field), error.status)
    return lead_to(f"{TRANSFERS}/{transfer_id}")


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/lines", opt=_LENS, status_code=HTTP_303_SEE_OTHER)
async def add_line(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Put a scanned lot on the list."""
    form = forms.read(LineForm, await request.form())

    async def add(_: Staff, found: Transfer) -> None:
        assert form.value is not None
        lot = await choosing.lot_meant(form.value.lot)
        place = await choosing.source_meant(lot, form.value.from_bin, site=found.source)
        await actions.add_line(found.id, place, form.value.quantity, request=form.value.request)

    return await _act(request, transfer_id, form, _sender, add, field="lot")


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/first", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def add_first(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Put pieces of an item on the list, what expires first first."""
    form = forms.read(FirstForm, await request.form())

    async def add(_: Staff, found: Transfer) -> None:
        assert form.value is not None
        said = form.value
        try:
            await actions.add_first_expiring(found.id, said.item, said.pieces, request=said.request)
        except Invalid as error:
            field = "pieces" if error.field == "quantity" else error.field
            raise Invalid(error.message, field=field, **error.values) from None

    return await _act(request, transfer_id, form, _sender, add, field="item")


@post(
    f"{TRANSFERS}/{{transfer_id:uuid}}/lines/{{line_id:uuid}}/remove",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
)
async def remove_line(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], line_id: FromPath[UUID]
) -> Redirect | Template:
    """Take a line off the list."""
    form = Form(RequestForm(line_id), {})

    async def remove(_: Staff, found: Transfer) -> None:
        await actions.remove_line(found.id, line_id)

    return await _act(request, transfer_id, form, _sender, remove)


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/send", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def send(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Let the goods leave."""
    form = forms.read(RequestForm, await request.form())

    async def go(actor: Staff, found: Transfer) -> None:
        assert form.value is not None
        await actions.send(found.id, by=acting(actor), request=form.value.request)

    return await _act(request, transfer_id, form, _sender, go)


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/cancel", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def cancel(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Give a draft up."""
    form = forms.read(ReasonForm, await request.form())

    async def give_up(actor: Staff, found: Transfer) -> None:
        assert form.value is not None
        await actions.cancel(found.id, by=acting(actor), reason=form.value.reason)

    return await _act(request, transfer_id, form, _sender, give_up, field="reason")


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/receive", opt=_LENS, status_code=HTTP_303_SEE_OTHER)
async def receive(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Take over what arrived, line by line."""
    _, found = await _opened(request, transfer_id)
    submitted = await request.form()
    if str(submitted.get("find", "")).strip():
        return await _find(request, found, forms.read(RequestForm, submitted))
    counted, form = read_counts(found.lines, submitted)

    async def take(actor: Staff, found: Transfer) -> None:
        assert form.value is not None
        await actions.receive(found.id, counted, by=acting(actor), request=form.value.request)

    return await _act(request, transfer_id, form, _receiver, take)


async def _find(request: Request[Any, Any, Any], found: Transfer, form: Form[Any]) -> Template:
    """Show what was counted so far, with the focus in the line of a scanned lot."""
    staff = await _receiver(request, found)
    try:
        lot = await choosing.lot_meant(form.typed("find"), field="find")
        line = next((line for line in found.lines if line.lot == lot.id), None)
        if line is None:
            raise Invalid(N_("Lot {lot} is not on this list."), field="find", lot=lot.number)
    except Invalid as error:
        return await _page(request, staff, found, form.refused(error), error.status)
    return await _page(request, staff, found, form, at_line=line.id)


@post(f"{TRANSFERS}/{{transfer_id:uuid}}/found", opt=rule(Action.STOCK_WORK), status_code=HTTP_303_SEE_OTHER)
async def found_again(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Redirect | Template:
    """Take over missing pieces that turned up."""
    form = forms.read(FindForm, await request.form())

    async def take(actor: Staff, found: Transfer) -> None:
        assert form.value is not None
        if form.value.line not in {line.id for line in found.lines}:
            raise NotFound(queries.NO_TRANSFER)
        await lost_on_the_way.find(
            form.value.line,
            form.value.found,
            is_damaged=form.value.damaged,
            by=acting(actor),
            request=form.value.request,
            reason=form.value.reason,
        )

    return await _act(request, transfer_id, form, _receiver, take, field="found")


@get(f"{TRANSFERS}/{{transfer_id:uuid}}/note.pdf", opt=rule(Action.STOCK_READ))
async def note(request: Request[Any, Any, Any], transfer_id: FromPath[UUID]) -> Response[bytes]:
    """Give the paper that travels with the goods."""
    _, found = await _opened(request, transfer_id)
    return Response(
        await transfer_papers.note(found),
        media_type="application/pdf",
        headers=private_headers(f"{found.number}.pdf"),
    )


routes: list[ControllerRouterHandler] = [
    new_transfer,
    begin,
    transfer_page,
    add_line,
    add_first,
    remove_line,
    send,
    cancel,
    receive,
    found_again,
    note,
]
