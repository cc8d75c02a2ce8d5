"""Write-offs: proposing one, its page, and what may be done when it was returned."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import OPEN, STATE_LABELS, acting
from cishan.files import actions as files
from cishan.files.forms import chooser
from cishan.files.queries import files_of
from cishan.identity.guards import allowed, lead_to, rule
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.uploads import uploads
from cishan.warehouse.actions import scraps as actions
from cishan.warehouse.forms.orders import ScrapForm
from cishan.warehouse.pages.outgoing import REFUSALS, page, second_of
from cishan.warehouse.queries import handovers, orders, places, transfers
from cishan.warehouse.queries import scraps as queries
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.queries.scraps import PHOTO
from cishan.warehouse.rules import scraps as rules
from cishan.warehouse.rules.orders import PickState
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.scraps import KIND, SCRAP, ScrapState
from cishan.warehouse.rules.stock import Lot

HOME = "/staff/warehouse/scraps"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """Goods that nobody found: of a pick all together, of a transfer as many as are said."""

    quantity: int
    unit: str
    lot_number: str
    bin_code: str
    note: str
    transfer: str = ""


async def _place(request: Request[Any, Any, Any], lot_number: str, bin_code: str) -> tuple[Staff, Lot, Bin]:
    """Return goods in a bin and who works there; raise NotFound for what is out of reach or not there."""
    lot, place = await lots.lot_by_number(lot_number), await places.bin_by_code(bin_code)
    if lot is None or place is None:
        raise NotFound(N_("There are no such goods in this bin."))
    site = await places.site_by_id(place.site)
    staff = await allowed(
        request, Action.STOCK_WORK, organisation=site.organisation, region=site.region, secret=True
    )
    return staff, lot, place


async def _form_page(
    staff: Staff,
    goods: tuple[Lot, Bin],
    form: Form[Any],
    action: str,
    missing: _Missing | None = None,
) -> Template:
    lot, place = goods
    site = await places.site_by_id(place.site)
    people = await handovers.colleagues(site.region, but=staff.person_id)
    balance = await lots.balances(lot=lot.id, bin_id=place.id)
    context = {
        "staff": staff,
        "form": form,
        "lot": lot,
        "place": place,
        "action": action,
        "missing": missing,
        "available": balance[0].available if balance else 0,
        "grounds": [(one.value, gettext(rules.GROUNDS[one])) for one in rules.CHOOSABLE],
        "people": [(str(person), name) for person, name in people],
        "photo": chooser(PHOTO),
    }
    return page("scrap_new", context, form=form)


@get("/staff/warehouse/scraps/new/{lot:str}/{bin_code:str}", opt=rule(Action.STOCK_WORK))
async def new_scrap(request: Request[Any, Any, Any], lot: FromPath[str], bin_code: FromPath[str]) -> Template:
    """Ask what happened to goods that shall be written off."""
    staff, goods, place = await _place(request, lot, bin_code)
    return await _form_page(staff, (goods, place), forms.empty(), f"{HOME}/new/{goods.number}/{place.code}")


@post(
    "/staff/warehouse/scraps/new/{lot:str}/{bin_code:str}",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=PHOTO.body_limit,
)
async def propose(
    request: Request[Any, Any, Any], lot: FromPath[str], bin_code: FromPath[str]
) -> Redirect | Template:
    """Lay a write-off before its checkers."""
    staff, goods, place = await _place(request, lot, bin_code)
    action = f"{HOME}/new/{goods.number}/{place.code}"
    submitted = await request.form()
    form = forms.read(ScrapForm, submitted)
    if form.value is None:
        return await _form_page(staff, (goods, place), form, action)
    try:
        if form.value.ground not in rules.CHOOSABLE:
            raise Conflict(N_("Choose one of the options."))
        scrap_id = await actions.propose(
            await _told(form.value, submitted, staff, place),
            lot_id=goods.id,
            bin_id=place.id,
            quantity=form.value.quantity,
            ground=form.value.ground,
            by=acting(staff),
            request=form.value.request,
        )
    except REFUSALS as error:
        return await _form_page(staff, (goods, place), form.refused(error, "quantity"), action)
    return lead_to(f"{HOME}/{scrap_id}")


async def _told(value: ScrapForm, submitted: Any, staff: Staff, place: Bin) -> actions.Proposed:
    region = (await places.site_by_id(place.site)).region
    witness = await second_of(value.witness, value.volunteer, beside=staff, region=region, field="witness")
    photos = await files.bring(
        await uploads(submitted, "photo"), owner_kind=SCRAP, purpose=PHOTO.code, field="photo"
    )
    return actions.Proposed(words=value.words, witness=witness, photos=photos)


async def _missing(missing_id: UUID) -> _Missing:
    """Return what a pick, or a line of a transfer, is short of; raise NotFound."""
    try:
        pick = await orders.pick_by_id(missing_id)
    except NotFound:
        return await _lost(missing_id)
    if pick.state is not PickState.MISSING:
        raise NotFound(orders.NO_PICK)
    return _Missing(
        quantity=pick.quantity,
        unit=pick.unit,
        lot_number=pick.lot_number,
        bin_code=pick.bin_code,
        note=pick.note,
    )


async def _lost(line_id: UUID) -> _Missing:
    transfer = await transfers.transfer_of_line(line_id)
    (line,) = [one for one in transfer.lines if one.id == line_id]
    if not line.missing:
        raise NotFound(N_("Of these goods nothing is missing."))
    way = await places.first_bin(transfer.target, Purpose.TRANSIT)
    return _Missing(
        quantity=line.unsettled,
        unit=line.unit,
        lot_number=line.lot_number,
        bin_code=way.code,
        note=line.explanation,
        transfer=transfer.number,
    )


@get("/staff/warehouse/scraps/missing/{missing_id:uuid}", opt=rule(Action.STOCK_WORK))
async def new_loss(request: Request[Any, Any, Any], missing_id: FromPath[UUID]) -> Template:
    """Ask about goods that picking did not find, or that did not come with their transfer."""
    missing = await _missing(missing_id)
    staff, lot, place = await _place(request, missing.lot_number, missing.bin_code)
    form = forms.empty(quantity=str(missing.quantity or ""), words=missing.note)
    return await _form_page(staff, (lot, place), form, f"{HOME}/missing/{missing_id}", missing)


@post(
    "/staff/warehouse/scraps/missing/{missing_id:uuid}",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=PHOTO.body_limit,
)
async def propose_loss(request: Request[Any, Any, Any], missing_id: FromPath[UUID]) -> Redirect | Template:
    """Lay before the checkers that missing goods shall be written off."""
    missing = await _missing(missing_id)
    staff, lot, place = await _place(request, missing.lot_number, missing.bin_code)
    action = f"{HOME}/missing/{missing_id}"
    submitted = await request.form()
    form = forms.read(ScrapForm, submitted)
    if form.value is None:
        return await _form_page(staff, (lot, place), form, action, missing)
    said, by = form.value, acting(staff)
    try:
        told = await _told(said, submitted, staff, place)
        if missing.transfer:
            scrap_id = await actions.propose_lost(
                told, line_id=missing_id, quantity=said.quantity, by=by, request=said.request
            )
        else:
            scrap_id = await actions.propose_missing(told, pick_id=missing_id, by=by, request=said.request)
    except REFUSALS as error:
        return await _form_page(staff, (lot, place), form.refused(error), action, missing)
    return lead_to(f"{HOME}/{scrap_id}")


async def scrap_context(staff: Staff, scrap: queries.ScrapView) -> dict[str, Any]:
    """Return what the page of a write-off needs, but for what stands around it."""
    standing = (await approvals.states_of(KIND, SCRAP, [scrap.id])).get(str(scrap.id))
    return {
        "staff": staff,
        "scrap": scrap,
        "status": (gettext(rules.SCRAP_STATES[scrap.state]), rules.SCRAP_TONES[scrap.state]),
        "ground": gettext(rules.GROUNDS[scrap.ground]),
        "photos": await files_of(SCRAP, scrap.id),
        "standing": standing,
        "standing_word": gettext(STATE_LABELS[standing.state]) if standing else "",
        "loose": scrap.state is ScrapState.PROPOSED and (standing is None or standing.state not in OPEN),
    }


routes: list[ControllerRouterHandler] = [
    new_scrap,
    propose,
    new_loss,
    propose_loss,
]
