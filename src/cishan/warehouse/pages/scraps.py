"""Write-offs: proposing one, its page, and what may be done when it was returned."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import OPEN, STATE_LABELS
from cishan.files import actions as files
from cishan.files.forms import chooser
from cishan.files.queries import files_of
from cishan.identity.guards import allowed, rule
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
from cishan.warehouse.pages.outgoing import REFUSALS, acting, page, refused, second_of, to
from cishan.warehouse.queries import handovers, orders, places
from cishan.warehouse.queries import scraps as queries
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.queries.scraps import PHOTO
from cishan.warehouse.rules import scraps as rules
from cishan.warehouse.rules.orders import PickState
from cishan.warehouse.rules.places import Bin
from cishan.warehouse.rules.scraps import KIND, SCRAP, ScrapState
from cishan.warehouse.rules.stock import Lot

HOME = "/staff/warehouse/scraps"


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
    pick: orders.PickView | None = None,
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
        "pick": pick,
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
            await _told(form.value, submitted),
            lot_id=goods.id,
            bin_id=place.id,
            quantity=form.value.quantity,
            ground=form.value.ground,
            by=acting(staff),
            request=form.value.request,
        )
    except REFUSALS as error:
        return await _form_page(staff, (goods, place), refused(form, error, "quantity"), action)
    return to(f"{HOME}/{scrap_id}")


async def _told(value: ScrapForm, submitted: Any) -> actions.Proposed:
    photos = await files.bring(
        await uploads(submitted, "photo"), owner_kind=SCRAP, purpose=PHOTO.code, field="photo"
    )
    return actions.Proposed(
        words=value.words, witness=second_of(value.witness, value.volunteer), photos=photos
    )


async def _missing(request: Request[Any, Any, Any], pick_id: UUID) -> tuple[Staff, Lot, Bin, orders.PickView]:
    pick = await orders.pick_by_id(pick_id)
    if pick.state is not PickState.MISSING:
        raise NotFound(orders.NO_PICK)
    staff, lot, place = await _place(request, pick.lot_number, pick.bin_code)
    return staff, lot, place, pick


@get("/staff/warehouse/scraps/missing/{pick_id:uuid}", opt=rule(Action.STOCK_WORK))
async def new_loss(request: Request[Any, Any, Any], pick_id: FromPath[UUID]) -> Template:
    """Ask about goods that picking did not find."""
    staff, lot, place, pick = await _missing(request, pick_id)
    form = forms.empty(quantity=str(pick.quantity), words=pick.note)
    return await _form_page(staff, (lot, place), form, f"{HOME}/missing/{pick_id}", pick)


@post(
    "/staff/warehouse/scraps/missing/{pick_id:uuid}",
    opt=rule(Action.STOCK_WORK),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=PHOTO.body_limit,
)
async def propose_loss(request: Request[Any, Any, Any], pick_id: FromPath[UUID]) -> Redirect | Template:
    """Lay before the checkers that missing goods shall be written off."""
    staff, lot, place, pick = await _missing(request, pick_id)
    action = f"{HOME}/missing/{pick_id}"
    submitted = await request.form()
    form = forms.read(ScrapForm, submitted)
    if form.value is None:
        return await _form_page(staff, (lot, place), form, action, pick)
    try:
        told = await _told(form.value, submitted)
        scrap_id = await actions.propose_missing(
            told, pick_id=pick_id, by=acting(staff), request=form.value.request
        )
    except REFUSALS as error:
        return await _form_page(staff, (lot, place), refused(form, error), action, pick)
    return to(f"{HOME}/{scrap_id}")


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
