"""Calling goods back: finding the lots, one screen of who has some, following up, ending it."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.audit import actions as audit
from cishan.audit.rules import Read
from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.queries.names import names_of
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms, sheets
from cishan.plumbing.db import atomic
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import recalls
from cishan.warehouse.actions.recalls import NewRecall
from cishan.warehouse.forms.recalls import (
    ClosingForm,
    LiftForm,
    PurposeForm,
    RecallForm,
    ReceiverForm,
    SearchForm,
)
from cishan.warehouse.pages.stocktakes import REFUSALS
from cishan.warehouse.queries import recalls as queries
from cishan.warehouse.queries import within
from cishan.warehouse.queries.catalogue import item_by_code, items
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.lists_counts import RECEIVERS
from cishan.warehouse.queries.recalls import Match, ReceiverLine
from cishan.warehouse.rules import recalls as rules
from cishan.warehouse.rules.recalls import RECALL, Reached
from cishan.warehouse.rules.stock import LOT_STATES, LOT_TONES

HERE = "/staff/warehouse/recalls"
ONE = f"{HERE}/{{recall_id:uuid}}"


@get(f"{HERE}/new", opt=rule(Action.STOCK_RECALL))
async def new(request: Request[Any, Any, Any]) -> Template:
    """Ask which goods, show the lots that are found, and ask why they are called back."""
    staff = await allowed(request, Action.STOCK_RECALL)
    search = forms.read(SearchForm, dict(request.query_params))
    return await _new(staff, search, forms.empty(), HTTP_200_OK)


async def _new(staff: Staff, search: Form[Any], form: Form[Any], status: int) -> Template:
    found: list[Match] = []
    item: UUID | None = None
    said = search.value
    try:
        if said is not None and (said.numbers or said.item):
            item, found = await _find(said, scope_of(staff, Action.STOCK_RECALL).regions)
    except Invalid as error:
        search = search.refused(error)
        status = HTTP_422_UNPROCESSABLE_ENTITY
    context = {
        "staff": staff,
        "search": search,
        "form": form,
        "found": found,
        "asked": bool(said is not None and (said.numbers or said.item)),
        "item": item,
        "catalogue": await items(),
        "origins": [(code, gettext(label)) for code, label in rules.ORIGINS.items()],
        "states": LOT_STATES,
        "tones": LOT_TONES,
        "request_id": form.typed("request") or str(ids.new_id()),
    }
    return Template("warehouse/recall_new.html", context=context, status_code=status, headers=NO_STORE)


async def _find(said: SearchForm, regions: Sequence[str]) -> tuple[UUID | None, list[Match]]:
    if said.numbers:
        numbers = re.findall(r"L[0-9]{6}-[0-9A-Z]{5}", said.numbers.upper())
        found = await queries.lots_numbered(numbers, regions, limit=rules.LOTS_LIMIT)
        missing = sorted(set(numbers) - {one.number for one in found})
        if missing or not numbers:
            raise Invalid(
                N_("No lot has this number: {number}."),
                field="numbers",
                number=missing[0] if missing else said.numbers[:40],
            )
        return None, found
    item = await item_by_code(said.item)
    if item is None:
        raise Invalid(N_("There is no such item in the catalogue."), field="item")
    first, last = rules.require_days(said.made_from, said.made_to)
    return item.id, await queries.lots_made(item.id, first, last, regions, limit=rules.LOTS_LIMIT)


@post(HERE, opt=rule(Action.STOCK_RECALL), status_code=HTTP_303_SEE_OTHER)
async def begin(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Lock the chosen lots and write down who has some."""
    staff = await allowed(request, Action.STOCK_RECALL)
    submitted = await request.form()
    form = forms.read(RecallForm, submitted)
    search = forms.read(SearchForm, {name: submitted.get(f"search_{name}", "") for name in _SEARCHED})
    if form.value is None:
        return await _new(staff, search, form, HTTP_422_UNPROCESSABLE_ENTITY)
    said = form.value
    mine = scope_of(staff, Action.STOCK_RECALL).regions
    if len(await within.lots(said.lots, mine)) < len(set(said.lots)):
        refused = form.refused(Invalid(recalls.NO_LOT, field="lots"))
        return await _new(staff, search, refused, HTTP_422_UNPROCESSABLE_ENTITY)
    wanted = NewRecall(
        lots=tuple(said.lots),
        origin=said.origin,
        reason=said.reason,
        advice=said.advice,
        item=said.item,
        made_from=said.made_from,
        made_to=said.made_to,
    )
    try:
        recall_id = await recalls.open_recall(wanted, by=acting(staff), request=said.request)
    except REFUSALS as error:
        return await _new(staff, search, form.refused(error, "lots"), error.status)
    return lead_to(f"{HERE}/{recall_id}")


_SEARCHED = ("numbers", "item", "made_from", "made_to")


async def _opened(request: Request[Any, Any, Any], recall_id: UUID, action: Action) -> Staff:
    """Return who acts; a recall of which neither goods nor receivers are within reach is not there."""
    staff = await allowed(request, action)
    if not await within.recall(recall_id, reach(staff, action).regions):
        raise NotFound(queries.NO_RECALL)
    return staff


@get(ONE, opt=rule(Action.STOCK_READ))
async def one(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Template:
    """Show a recall: its lots, where their pieces are, and who received some, masked."""
    staff = await _opened(request, recall_id, Action.STOCK_READ)
    return await _page(staff, recall_id, forms.empty(), HTTP_200_OK)


async def _page(
    staff: Staff, recall_id: UUID, form: Form[Any], status: int, *, clear: bool = False
) -> Template:
    recall = await queries.recall_by_id(recall_id)
    lines = await queries.receivers(recall_id, scope_of(staff, Action.STOCK_READ).regions, clear=clear)
    states = await queries.states_of(recall_id)
    context = {
        "staff": staff,
        "steps": await history_of(RECALL, recall.id),
        "recall": recall,
        "status": (gettext(rules.STATES[recall.state]), rules.TONES[recall.state]),
        "origin": gettext(rules.ORIGINS[recall.origin]),
        "lots": await queries.lots_of(recall_id),
        "lot_states": LOT_STATES,
        "lot_tones": LOT_TONES,
        "receivers": lines,
        "elsewhere": len(states) - len(lines),
        "settled": sum(1 for state in states if state in rules.SETTLED),
        "all": len(states),
        "to_tell": sum(1 for line in lines if line.has_phone and line.told_at is None),
        "reached": [(code, gettext(label)) for code, label in rules.REACHED.items()],
        "reached_words": rules.REACHED,
        "reached_tones": rules.REACHED_TONES,
        "opened": clear,
        "form": form,
        "names": await names_of({one for one in (recall.opened_by, recall.closed_by) if one}),
    }
    return Template("warehouse/recall.html", context=context, status_code=status, headers=NO_STORE)


async def _read(staff: Staff, recall_id: UUID, purpose: str) -> list[ReceiverLine]:
    """Write down the look at every receiver, and return them in the clear; inside atomic()."""
    regions = scope_of(staff, Action.PERSONAL_READ).regions
    lines = await queries.receivers(recall_id, regions, clear=True)
    subjects = [(RECALL, recall_id), *(("goods_order", line.order) for line in lines)]
    await audit.record_read(
        *(
            Read(
                subject_kind=kind,
                subject_id=str(subject),
                fields=("name", "phone"),
                reader=str(staff.person_id),
                acting_role=staff.acting.role if staff.acting else "",
                purpose=purpose,
            )
            for kind, subject in subjects
        )
    )
    return lines


@post(f"{ONE}/look", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def look(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Template:
    """Show names and telephones, once it is written down who looks and what for."""
    await allowed(request, Action.STOCK_READ, secret=True)
    staff = await _opened(request, recall_id, Action.PERSONAL_READ)
    form = forms.read(PurposeForm, await request.form())
    if form.value is None:
        return await _page(staff, recall_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    async with atomic():
        await _read(staff, recall_id, form.value.purpose)
        return await _page(staff, recall_id, forms.empty(), HTTP_200_OK, clear=True)


@post(f"{ONE}/file", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def file(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Response[bytes] | Template:
    """Give the list of receivers with their telephones as a spreadsheet, and note who took it."""
    await allowed(request, Action.STOCK_READ, secret=True)
    staff = await _opened(request, recall_id, Action.PERSONAL_READ)
    form = forms.read(PurposeForm, await request.form())
    if form.value is None:
        return await _page(staff, recall_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    async with atomic():
        recall = await queries.recall_by_id(recall_id)
        lines = await _read(staff, recall_id, form.value.purpose)
    content = await asyncio.to_thread(_sheet, lines)
    name = quote(f"{gettext(RECEIVERS.title)}-{recall.number}-{clock.today().isoformat()}.xlsx", safe="")
    headers = {**NO_STORE, "content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=sheets.MEDIA_TYPES[sheets.Format.XLSX], headers=headers)


def _sheet(lines: list[ReceiverLine]) -> bytes:
    with tempfile.TemporaryFile() as target:
        sheet = sheets.open_sheet(RECEIVERS, target, sheets.Format.XLSX)
        sheet.rows(
            [
                {
                    "order": line.order_number,
                    "name": line.name,
                    "phone": line.phone,
                    "region": line.region_name,
                    "quantity": line.quantity,
                    "state": line.state.value,
                    "note": line.note,
                    "told_at": line.told_at,
                }
                for line in lines
            ]
        )
        sheet.close()
        target.seek(0)
        return target.read()


@post(f"{ONE}/notices", opt=rule(Action.STOCK_RECALL), status_code=HTTP_303_SEE_OTHER)
async def notices(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Redirect | Template:
    """Send the notice to every receiver who has a telephone and was not told yet."""
    staff = await _opened(request, recall_id, Action.STOCK_RECALL)
    regions = scope_of(staff, Action.STOCK_RECALL).regions
    try:
        await recalls.send_notices(recall_id, regions, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, recall_id, forms.empty().refused(error), error.status)
    return lead_to(f"{HERE}/{recall_id}#receivers")


@post(
    f"{ONE}/receivers/{{line_id:uuid}}",
    opt=rule(Action.STOCK_RECALL),
    status_code=HTTP_303_SEE_OTHER,
)
async def receiver(
    request: Request[Any, Any, Any], recall_id: FromPath[UUID], line_id: FromPath[UUID]
) -> Redirect | Template:
    """Write down how far one receiver was reached."""
    staff = await _opened(request, recall_id, Action.STOCK_RECALL)
    form = forms.read(ReceiverForm, await request.form())
    if form.value is None:
        return await _page(staff, recall_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    regions = scope_of(staff, Action.STOCK_RECALL).regions
    if line_id not in {line.id for line in await queries.receivers(recall_id, regions)}:
        return lead_to(f"{HERE}/{recall_id}#receivers")
    try:
        state = Reached(form.value.state)
        await recalls.mark(recall_id, line_id, state, note=form.value.note, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, recall_id, form.refused(error), error.status)
    return lead_to(f"{HERE}/{recall_id}#receiver-{line_id}")


@post(f"{ONE}/close", opt=rule(Action.STOCK_RECALL), status_code=HTTP_303_SEE_OTHER)
async def close(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Redirect | Template:
    """End a recall when everybody is settled and nothing lies about."""
    staff = await _opened(request, recall_id, Action.STOCK_RECALL)
    form = forms.read(ClosingForm, await request.form())
    if form.value is None:
        return await _page(staff, recall_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await recalls.close(recall_id, closing=form.value.closing, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, recall_id, form.refused(error, "closing"), error.status)
    return lead_to(f"{HERE}/{recall_id}")


@post(f"{ONE}/lift", opt=rule(Action.STOCK_RECALL), status_code=HTTP_303_SEE_OTHER)
async def lift(request: Request[Any, Any, Any], recall_id: FromPath[UUID]) -> Redirect | Template:
    """End a recall as a false alarm."""
    staff = await _opened(request, recall_id, Action.STOCK_RECALL)
    form = forms.read(LiftForm, await request.form())
    if form.value is None:
        return await _page(staff, recall_id, form, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await recalls.lift(recall_id, reason=form.value.lift_reason, by=acting(staff))
    except REFUSALS as error:
        return await _page(staff, recall_id, form.refused(error, "lift_reason"), error.status)
    return lead_to(f"{HERE}/{recall_id}")


routes: list[ControllerRouterHandler] = [
    new,
    begin,
    one,
    look,
    file,
    notices,
    receiver,
    close,
    lift,
]
