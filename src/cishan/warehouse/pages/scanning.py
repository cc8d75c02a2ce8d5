"""One field that takes a scan of anything, and where it leads."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_404_NOT_FOUND,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from litestar.types import ControllerRouterHandler

from cishan.approvals.rules import acting
from cishan.identity.guards import NO_STORE, PUBLIC, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import CAMERA
from cishan.warehouse.actions.catalogue import bind_barcode
from cishan.warehouse.forms.labels import LearnForm
from cishan.warehouse.queries import documents as _numbers_of_papers  # noqa: F401 - they add their numbers
from cishan.warehouse.queries.catalogue import items, name_of
from cishan.warehouse.queries.scanning import path_of
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.catalogue import CATEGORIES, Item
from cishan.warehouse.rules.codes import Code, Kind

SCAN = "/staff/scan"


@get("/s/{code:str}", opt=PUBLIC)
async def from_label(code: FromPath[str]) -> Redirect:
    """Lead on from the address on a label, which any camera opens; who is not signed in signs in there."""
    return lead_to(f"{SCAN}/{quote(code, safe='')}")


@get(SCAN, opt={**rule(Action.STOCK_READ), CAMERA: True})
async def scan_page(request: Request[Any, Any, Any]) -> Template:
    """Show the field."""
    return await _page(await allowed(request, Action.STOCK_READ), "", HTTP_200_OK)


@post(SCAN, opt={**rule(Action.STOCK_READ), CAMERA: True}, status_code=HTTP_303_SEE_OTHER)
async def scan(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Lead to what was scanned, or say that nothing of ours has this code."""
    staff = await allowed(request, Action.STOCK_READ)
    # As it came: a form's reader would drop the marks between the fields of GS1 codes.
    scanned = (await request.form()).get("code")
    return await _answer(staff, scanned if isinstance(scanned, str) else "", HTTP_422_UNPROCESSABLE_ENTITY)


@get(f"{SCAN}/{{code:str}}", opt={**rule(Action.STOCK_READ, anywhere=True), CAMERA: True})
async def scanned_page(request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect | Template:
    """Lead to what has this code."""
    return await _answer(await allowed(request, Action.STOCK_READ), code, HTTP_404_NOT_FOUND)


async def _answer(staff: Staff, scanned: str, status: int) -> Redirect | Template:
    code = codes.read(scanned)
    path = await path_of(code, staff)
    if path is None:
        return await _page(staff, _complaint(code, scanned), status, code)
    return lead_to(path)


async def _page(
    staff: Staff, complaint: str, status: int, code: Code | None = None, form: Form[Any] | None = None
) -> Template:
    learns = code is not None and code.is_of_maker and bool(scope_of(staff, Action.STOCK_SET_UP).regions)
    context = {
        "staff": staff,
        "form": form or forms.empty(),
        "code": code,
        "items": item_choices(await items()) if learns else [],
        "said": (complaint, False) if complaint else None,
    }
    return Template("warehouse/scan.html", context=context, status_code=status, headers=NO_STORE)


def item_choices(several: Sequence[Item]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the goods under their categories."""
    found: dict[str, list[tuple[str, str]]] = {}
    for item in several:
        category = CATEGORIES[item.category]
        found.setdefault(gettext(category), []).append((str(item.id), f"{name_of(item)} · {item.code}"))
    return list(found.items())


@post(f"{SCAN}/learn", opt={**rule(Action.STOCK_SET_UP), CAMERA: True}, status_code=HTTP_303_SEE_OTHER)
async def learn(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Let a barcode that the catalogue did not know stand for goods from now on."""
    staff = await allowed(request, Action.STOCK_SET_UP)
    by = acting(staff)
    form = forms.read(LearnForm, await request.form())
    code = codes.read(form.typed("code"))
    if form.value is None:
        return await _page(staff, "", HTTP_422_UNPROCESSABLE_ENTITY, code, form)
    try:
        await bind_barcode(code.typed, item_id=form.value.item, quantity=form.value.quantity, by=by)
    except (Invalid, Conflict) as error:
        beside = error if isinstance(error, Invalid) else Invalid(error.message, field="item", **error.values)
        return await _page(staff, "", error.status, code, form.refused(beside))
    path = f"/staff/warehouse/items/{form.value.item}"
    return lead_to(path)


def _complaint(code: Code, scanned: str) -> str:
    if not scanned.strip():
        return gettext(N_("Scan or type a code first."))
    if not code.kinds:
        return gettext(N_("This is no code of goods: {code}")).format(code=" ".join(scanned.split())[:40])
    if code.gtin:
        return gettext(N_("The catalogue does not know the barcode {code} yet.")).format(code=code.barcode)
    if code.kinds[0] == Kind.LOT:
        return gettext(N_("There is no lot {code}.")).format(code=code.number)
    return gettext(N_("Nothing here has the code {code}.")).format(code=code.text)


routes: list[ControllerRouterHandler] = [from_label, scan_page, scan, learn, scanned_page]
