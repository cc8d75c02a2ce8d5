"""The catalogue: items, and the way in by a sheet."""

import hashlib
import json
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import documents, forms, grids
from cishan.plumbing.db import atomic
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext, say
from cishan.plumbing.uploads import uploads
from cishan.warehouse.actions import catalogue as actions
from cishan.warehouse.forms.goods import ItemForm, SheetForm
from cishan.warehouse.pages.answers import HERE, REFUSALS, move
from cishan.warehouse.queries import goods as queries
from cishan.warehouse.queries.catalogue import item_by_code, item_by_id, name_of, unit_of
from cishan.warehouse.queries.history import history_of
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.rules import catalogue_sheet as sheet
from cishan.warehouse.rules.catalogue import CATEGORIES, Item
from cishan.warehouse.rules.catalogue_sheet import Change, Draft, Plan, Verdict, plan

ITEMS = f"{HERE}/items"
BODY_LIMIT = 12_000_000
"""A sheet, or the rows of one as text."""


def _typed(draft: Draft) -> Form[Any]:
    """Return a form that holds an item."""
    plain = {name: sheet.plain(draft, name) for name in sheet.TITLES}
    for name in ("cold_chain", "active"):
        plain[name] = "1" if getattr(draft, name) else ""
    for name in ("packs", "barcodes"):
        plain[name] = plain[name].replace("; ", "\n")
    return forms.empty(**{name: value for name, value in plain.items() if value or name == "sex"})


def _form(staff: Staff, form: Form[Any], item: Item | None, status: int = HTTP_200_OK) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "item": item,
        "name": name_of(item) if item else "",
        "categories": [(code, gettext(word)) for code, word in CATEGORIES.items()],
        "sexes": [(code, gettext(word)) for code, word in sheet.SEXES.items()],
        "labels": {name: gettext(title) for name, title in sheet.TITLES.items()},
    }
    return Template("warehouse/item_form.html", context=context, status_code=status, headers=NO_STORE)


@get(f"{ITEMS}/new", opt=rule(Action.STOCK_SET_UP))
async def new_item(request: Request[Any, Any, Any]) -> Template:
    """Ask for a new item."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    return _form(staff, forms.empty(active="1", barcodes=request.query_params.get("barcode", "")[:64]), None)


@post(f"{ITEMS}/new", opt=rule(Action.STOCK_SET_UP), status_code=HTTP_303_SEE_OTHER)
async def add_item(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Put a new item into the catalogue."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    form = forms.read(ItemForm, await request.form())
    if form.value is None:
        return _form(staff, form, None, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        item = await actions.add_item(form.value.draft(), by=acting(staff))
    except REFUSALS as error:
        twin = (await queries.drafts([form.value.code])).get(form.value.code)
        if twin is not None and not form.errors and twin == form.value.draft():  # the same form again
            known = await item_by_code(form.value.code)
            assert known is not None
            return lead_to(f"{ITEMS}/{known.id}")
        return _form(staff, form.refused(error), None, error.status)
    return lead_to(f"{ITEMS}/{item.id}")


@get(f"{ITEMS}/{{item_id:uuid}}", opt=rule(Action.STOCK_READ, anywhere=True))
async def item_page(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Template:
    """Show an item and where its lots lie."""
    staff = await allowed(request, Action.STOCK_READ)
    item = await item_by_id(item_id)
    lines = await lying(item=item.id, regions=scope_of(staff, Action.STOCK_READ).regions)
    draft = (await queries.drafts([item.code]))[item.code]
    context = {
        "staff": staff,
        "item": item,
        "name": name_of(item),
        "unit": unit_of(item),
        "packs": sheet.plain(draft, "packs"),
        "codes": sheet.plain(draft, "barcodes"),
        "category": gettext(CATEGORIES[item.category]),
        "sex": gettext(sheet.SEXES[item.sex]),
        "lines": lines,
        "on_hand": sum(line.on_hand for line in lines),
        "available": sum(line.available for line in lines),
        "steps": await history_of(queries.ITEM, item.id),
        "moves": [
            move(staff, Action.STOCK_SET_UP, N_("Change the item"), f"{ITEMS}/{item.id}/edit", at=None),
            move(
                staff,
                Action.STOCK_READ,
                N_("Print labels"),
                f"{HERE}/labels?codes={item.code}",
                at=None,
            ),
        ],
    }
    return Template("warehouse/item.html", context=context, headers=NO_STORE)


@get(f"{ITEMS}/{{item_id:uuid}}/edit", opt=rule(Action.STOCK_SET_UP, anywhere=True))
async def edit_item(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Template:
    """Show the form with an item in it."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    item = await item_by_id(item_id)
    return _form(staff, _typed((await queries.drafts([item.code]))[item.code]), item)


@post(
    f"{ITEMS}/{{item_id:uuid}}/edit",
    opt=rule(Action.STOCK_SET_UP, anywhere=True),
    status_code=HTTP_303_SEE_OTHER,
)
async def change_item(request: Request[Any, Any, Any], item_id: FromPath[UUID]) -> Redirect | Template:
    """Make the item what was typed; its code stays."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    item = await item_by_id(item_id)
    form = forms.read(ItemForm, {**dict(await request.form()), "code": item.code})
    if form.value is None:
        return _form(staff, form, item, HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        await actions.change_item(form.value.draft(), by=acting(staff))
    except REFUSALS as error:
        return _form(staff, form.refused(error), item, error.status)
    return lead_to(f"{ITEMS}/{item.id}")


@get(f"{ITEMS}/import", opt=rule(Action.STOCK_SET_UP))
async def ask_sheet(request: Request[Any, Any, Any]) -> Template:
    """Ask for a sheet."""
    return _sheet_page(await allowed(request, Action.STOCK_SET_UP), forms.empty())


def _sheet_page(
    staff: Staff, form: Form[Any], judged: Plan | None = None, rows: str = "", status: int = HTTP_200_OK
) -> Template:
    context = {
        "staff": staff,
        "form": form,
        "plan": judged,
        "rows": rows,
        "seen": _digest(judged) if judged else "",
        "labels": sheet,
        "titles": {name: gettext(title) for name, title in sheet.TITLES.items()},
        "said": said,
        "say": say,
        "max_mb": documents.MAX_BYTES // 1_000_000,
        "max_rows": grids.MAX_ROWS,
    }
    return Template("warehouse/items_import.html", context=context, status_code=status, headers=NO_STORE)


def said(change: Change, value: str) -> str:
    """Return one side of a change in words."""
    words = {**CATEGORIES, **sheet.SEXES, "yes": N_("yes"), "no": N_("no")}
    if change.field in ("category", "sex", "cold_chain", "active") and value in words:
        return gettext(words[value])
    return value or "–"


async def _judge(rows: list[grids.Row]) -> Plan:
    return plan(rows, queries.sheet_words(), await queries.drafts(), await queries.in_demand())


def _digest(judged: Plan) -> str:
    """Return what a plan comes to: another one must be looked at first."""
    told = [
        (line.draft.code, line.verdict, [(c.field, c.before, c.after) for c in line.changes])
        for line in judged.lines
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@post(
    f"{ITEMS}/import",
    opt=rule(Action.STOCK_SET_UP),
    status_code=HTTP_200_OK,
    request_max_body_size=BODY_LIMIT,
)
async def judge_sheet(request: Request[Any, Any, Any]) -> Template:
    """Say line by line what a sheet would do; nothing is changed yet."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    submitted = await request.form()
    form: Form[Any] = forms.empty()
    try:
        files = await uploads(submitted, "file")
        if len(files) != 1:
            raise Invalid(N_("Choose a file."), field="file")
        if len(files[0].data) > documents.MAX_BYTES:
            raise Invalid(
                N_("A file may have {limit} MB at most."),
                field="file",
                limit=documents.MAX_BYTES // 1_000_000,
            )
        rows = grids.of_file(files[0].data, field="file")
        judged = await _judge(rows)
        if not judged.lines:
            raise Invalid(N_("There is no line below the heads."), field="file")
    except Invalid as error:
        return _sheet_page(staff, form.refused(error), status=HTTP_422_UNPROCESSABLE_ENTITY)
    return _sheet_page(staff, form, judged, json.dumps(rows, ensure_ascii=False))


def _rows_of(text: str) -> list[grids.Row]:
    """Read the rows that the page of the dry run kept; raise Invalid for anything else."""
    try:
        found = json.loads(text)
        rows = [(int(number), [str(cell) for cell in cells]) for number, cells in found]
    except (ValueError, TypeError, RecursionError):
        raise Invalid(N_("Send the sheet once more."), field="file") from None
    if len(rows) > grids.MAX_ROWS or any(len(cells) > grids.MAX_COLUMNS for _, cells in rows):
        raise Invalid(N_("Send the sheet once more."), field="file")
    return [(number, [cell[: grids.MAX_CELL] for cell in cells]) for number, cells in rows]


@post(
    f"{ITEMS}/import/apply",
    opt=rule(Action.STOCK_SET_UP),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=BODY_LIMIT,
)
async def apply_sheet(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Do what the page showed, all of it or nothing; show it again if the catalogue has changed since."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    form = forms.read(SheetForm, await request.form())
    if form.value is None:
        return _sheet_page(staff, form, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        rows = _rows_of(form.value.rows)
        async with atomic():
            await actions.lock()
            judged = await _judge(rows)
            if all(line.verdict is Verdict.SAME for line in judged.lines):
                return lead_to(ITEMS)  # the same form again, or somebody else did it meanwhile
            if _digest(judged) != form.value.seen:
                changed = Invalid(N_("The catalogue has changed meanwhile. This is what would happen now."))
                return _sheet_page(
                    staff, form.refused(changed), judged, form.value.rows, HTTP_422_UNPROCESSABLE_ENTITY
                )
            await actions.apply(judged, by=acting(staff))
    except REFUSALS as error:
        return _sheet_page(staff, form.refused(error), status=error.status)
    return lead_to(ITEMS)


routes: list[ControllerRouterHandler] = [
    new_item,
    add_item,
    item_page,
    edit_item,
    change_item,
    ask_sheet,
    judge_sheet,
    apply_sheet,
]
