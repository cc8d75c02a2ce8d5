"""The page of a thing: facts, masked; clocks, postings, history; what one may do now, or why not."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals import queries as approvals
from cishan.approvals.rules import STATE_LABELS
from cishan.campaigns import queries as campaigns
from cishan.campaigns import rules as campaign_rules
from cishan.campaigns.queries import desk as campaign_desk
from cishan.campaigns.queries.lists import STATE_TONES
from cishan.console import actions
from cishan.console.forms import LookForm
from cishan.console.pages.moves import move, of_gift, of_refund
from cishan.console.queries import subjects
from cishan.console.queries.around import around
from cishan.donations.queries import desk as donations
from cishan.donations.queries import goods as goods_gifts
from cishan.donations.queries import receipts as receipt_queries
from cishan.donations.queries import trail
from cishan.donations.queries.contacts import email_indexes
from cishan.donations.queries.gifts import GiftView
from cishan.donations.queries.moderation import is_within
from cishan.donations.queries.monthly import gifts_of_plan
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.queries.refunds import refunds_of
from cishan.donations.rules import labels
from cishan.donations.rules import receipts as receipt_rules
from cishan.donations.rules.refunds import GROUND_LABELS
from cishan.donations.rules.trail import CHANNEL_LABELS
from cishan.identity.guards import NO_STORE, May, allowed, lead_to, reach, rule
from cishan.identity.queries import desk as persons
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.ledger.rules import KIND_LABELS
from cishan.plumbing import forms
from cishan.plumbing.db import atomic
from cishan.plumbing.i18n import gettext


def _page(name: str, context: Mapping[str, Any], *, form: forms.Form[Any] | None = None) -> Template:
    status = HTTP_422_UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTP_200_OK
    return Template(
        template_name=f"console/{name}.html",
        context={"look_form": form or forms.empty(), "opened": False, **context},
        status_code=status,
        headers=NO_STORE,
    )


async def _require_gift(staff: Staff, action: Action, donation_id: UUID) -> None:
    """Answer like for a gift that does not exist, unless all of it goes to projects within reach."""
    mine = reach(staff, action)
    within = None if mine.whole else await campaigns.within(mine.regions)
    if not await is_within(donation_id, within):
        raise NotFound(donations.NO_GIFT)


async def _gift_context(staff: Staff, gift: GiftView, *, opened: bool = False) -> dict[str, Any]:
    receipts = await receipt_queries.for_gift(gift.id)
    refunds = await refunds_of(gift.id)
    return {
        "staff": staff,
        "gift": gift,
        "giver": await donations.giver_of_gift(gift.id, open_seals=opened),
        "opened": opened,
        "status": (gettext(labels.GIFT_WORDS[gift.status]), labels.GIFT_TONES[gift.status]),
        "channel": gettext(CHANNEL_LABELS[gift.channel]) if gift.channel else "",
        "anonymity": gettext(labels.ANONYMITY[gift.anonymity]),
        "message_state": gettext(labels.MESSAGE_WORDS.get(gift.message_state, "")),
        "receipts": receipts,
        "refunds": refunds,
        "refund_words": {k: (gettext(w), labels.REFUND_TONES[k]) for k, w in labels.REFUND_WORDS.items()},
        "movements": await donations.movements(gift.id),
        "vouchers": await trail.vouchers(gift.id),
        "around": await around("donation", gift.id),
        "moves": await of_gift(staff, gift, refunds),
    }


@get("/staff/gifts/{number:str}", opt=rule(Action.GIFTS_READ))
async def gift_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show one gift."""
    staff = await allowed(request, Action.GIFTS_READ)
    gift = await donations.gift_by_number(number)
    await _require_gift(staff, Action.GIFTS_READ, gift.id)
    return _page("gift", await _gift_context(staff, gift))


@post("/staff/gifts/{number:str}/look", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def look_at_giver(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show who stands behind a gift, once it is written down who looks and what for."""
    await allowed(request, Action.GIFTS_READ, secret=True)
    staff = await allowed(request, Action.PERSONAL_READ)
    gift = await donations.gift_by_number(number)
    await _require_gift(staff, Action.PERSONAL_READ, gift.id)
    form = forms.read(LookForm, await request.form())
    if form.value is None:
        return _page("gift", await _gift_context(staff, gift), form=form)
    async with atomic():
        await actions.look(
            staff,
            kind="donation",
            subject_id=gift.id,
            fields=donations.SEALED_FIELDS,
            purpose=form.value.purpose,
        )
        context = await _gift_context(staff, gift, opened=True)
    return _page("gift", context)


@get("/staff/plans/{plan_id:uuid}", opt=rule(Action.GIFTS_READ))
async def plan_page(request: Request[Any, Any, Any], plan_id: FromPath[UUID]) -> Template:
    """Show one monthly plan."""
    staff = await allowed(request, Action.GIFTS_READ)
    return _page("plan", await _plan_context(staff, plan_id, Action.GIFTS_READ))


async def _plan_context(
    staff: Staff, plan_id: UUID, action: Action, *, opened: bool = False
) -> dict[str, Any]:
    plan, mine = await donations.plan(plan_id), reach(staff, action)
    if not mine.whole and plan.campaign_id not in await campaigns.within(mine.regions):
        raise NotFound(N_("There is no such monthly gift."))
    return {
        "staff": staff,
        "plan": plan,
        "reference": str(plan.id)[-8:].upper(),
        "giver": await donations.giver_of_plan(plan.id, open_seals=opened),
        "opened": opened,
        "status": (gettext(labels.PLAN_WORDS[plan.status]), labels.PLAN_TONES[plan.status]),
        "method": gettext(labels.METHOD_WORDS[plan.method]),
        "gifts": await gifts_of_plan(plan.id),
        "gift_words": {k: (gettext(w), labels.GIFT_TONES[k]) for k, w in labels.GIFT_WORDS.items()},
        "around": await around("monthly_plan", plan.id),
        "moves": [],
    }


@post("/staff/plans/{plan_id:uuid}/look", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def look_at_plan(request: Request[Any, Any, Any], plan_id: FromPath[UUID]) -> Template:
    """Show who stands behind a plan, once it is written down who looks and what for."""
    await allowed(request, Action.GIFTS_READ, secret=True)
    staff = await allowed(request, Action.PERSONAL_READ)
    form = forms.read(LookForm, await request.form())
    if form.value is None:
        return _page("plan", await _plan_context(staff, plan_id, Action.PERSONAL_READ), form=form)
    async with atomic():
        await actions.look(
            staff,
            kind="monthly_plan",
            subject_id=plan_id,
            fields=donations.SEALED_FIELDS[:2],
            purpose=form.value.purpose,
        )
        context = await _plan_context(staff, plan_id, Action.PERSONAL_READ, opened=True)
    return _page("plan", context)


@get("/staff/refunds/{refund_id:uuid}", opt=rule(Action.GIFTS_READ))
async def refund_page(request: Request[Any, Any, Any], refund_id: FromPath[UUID]) -> Template:
    """Show one refund."""
    staff = await allowed(request, Action.GIFTS_READ)
    refund = await donations.refund(refund_id)
    await _require_gift(staff, Action.GIFTS_READ, refund.donation_id)
    standing = await approvals.latest_of("refund", "refund", refund.id)
    context = {
        "staff": staff,
        "refund": refund,
        "reference": str(refund.id)[-8:].upper(),
        "number": (await donations.numbers_of([refund.donation_id]))[refund.donation_id],
        "status": (gettext(labels.REFUND_WORDS[refund.status]), labels.REFUND_TONES[refund.status]),
        "kind": gettext(labels.REFUND_KINDS[refund.kind]),
        "ground": gettext(GROUND_LABELS[refund.ground]),
        "approval": standing,
        "approval_state": gettext(STATE_LABELS[standing.state]) if standing else "",
        "around": await around("refund", refund.id),
        "moves": await of_refund(staff, refund, standing),
    }
    return _page("refund", context)


async def _receipt_of(staff: Staff, receipt: ReceiptView) -> tuple[str, str, str]:
    """Return payer (masked), number and page of what a receipt is of, as far as somebody reaches it."""
    title = receipt.sheet.payer_title
    if receipt.donation_id is None:
        if not reach(staff, Action.GIFTS_READ).whole:
            raise NotFound(donations.NO_GIFT)
        number = await goods_gifts.number_of(receipt)
        payer = title if receipt.sheet.payer_uscc else receipt_rules.masked_title(title)
        return payer, number, f"/staff/goods-offers/{number}"
    await _require_gift(staff, Action.GIFTS_READ, receipt.donation_id)
    giver = await donations.giver_of_gift(receipt.donation_id)
    number = (await donations.numbers_of([receipt.donation_id]))[receipt.donation_id]
    return title if giver.company_name else giver.receipt_title, number, f"/staff/gifts/{number}"


@get("/staff/receipts/{number:str}", opt=rule(Action.GIFTS_READ))
async def receipt_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Template:
    """Show one receipt."""
    staff = await allowed(request, Action.GIFTS_READ)
    receipt = await donations.receipt_by_number(number)
    payer, number, path = await _receipt_of(staff, receipt)
    family = await receipt_queries.family_of(receipt)
    context = {
        "staff": staff,
        "receipt": receipt,
        "payer": payer,
        "kind": gettext(labels.RECEIPT_KINDS[receipt.kind]),
        "family": [one for one in family if one.id != receipt.id],
        "number": number,
        "path": path,
        "around": await around("receipt", receipt.id),
        "moves": [],
    }
    return _page("receipt", context)


@get("/staff/campaigns/{slug:str}", opt=rule(Action.CAMPAIGNS_READ))
async def campaign_page(request: Request[Any, Any, Any], slug: FromPath[str]) -> Template:
    """Show one campaign, published or not."""
    campaign = await campaign_desk.campaign(slug)
    staff = await allowed(request, Action.CAMPAIGNS_READ, region=campaign.county, secret=True)
    state = campaign_rules.State(campaign.state)
    context = {
        "staff": staff,
        "campaign": campaign,
        "status": (gettext(campaign_rules.STATE_LABELS[state]), STATE_TONES[state]),
        "theme": gettext(campaign_rules.THEME_LABELS[campaign.theme]),
        "around": await around("campaign", campaign.id),
        "moves": [
            move(
                staff,
                Action.NEWS_WRITE,
                N_("Write news of the project"),
                f"/staff/campaigns/{campaign.slug}/updates",
                region=campaign.county,
                unless="" if campaign.is_public else N_("Nobody outside sees this project yet."),
            ),
        ],
    }
    return _page("campaign", context)


@get("/staff/vouchers/{entry_id:str}", opt=rule(Action.BOOKS_READ))
async def voucher_page(request: Request[Any, Any, Any], entry_id: FromPath[str]) -> Template:
    """Show one voucher with its lines."""
    staff = await allowed(request, Action.BOOKS_READ)
    is_number = entry_id.isascii() and entry_id.isdigit() and len(entry_id) < 18
    if not is_number or not reach(staff, Action.BOOKS_READ).whole:
        raise NotFound(N_("There is no such voucher."))
    entry = await ledger.entry(int(entry_id))
    context = {"staff": staff, "entry": entry, "kind": gettext(KIND_LABELS[entry.kind])}
    return _page("voucher", context)


async def _person_context(staff: Staff, person_id: UUID, *, opened: bool = False) -> dict[str, Any]:
    card = await persons.person_card(person_id, open_seals=opened)
    hits: Sequence[donations.Hit] = []
    if card.email and May(decide(staff, Action.GIFTS_READ, now=clock.now())).allowed:
        hits = await donations.by_email(email_indexes(card.email))
    return {
        "staff": staff,
        "person": card,
        "reference": str(card.id)[-8:].upper(),
        "opened": opened,
        "hits": hits,
        "around": await around("person", card.id),
        "moves": [],
    }


@get("/staff/persons/{person_id:uuid}", opt=rule(Action.PERSONS_READ))
async def person_page(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Template:
    """Show one person, masked."""
    staff = await allowed(request, Action.PERSONS_READ)
    _require_whole(staff, Action.PERSONS_READ)
    return _page("person", await _person_context(staff, person_id))


@post("/staff/persons/{person_id:uuid}/look", opt=rule(Action.PERSONAL_READ), status_code=HTTP_200_OK)
async def look_at_person(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Template:
    """Show a person in the clear, once it is written down who looks and what for."""
    await allowed(request, Action.PERSONS_READ, secret=True)
    staff = await allowed(request, Action.PERSONAL_READ)
    _require_whole(staff, Action.PERSONS_READ)
    form = forms.read(LookForm, await request.form())
    if form.value is None:
        return _page("person", await _person_context(staff, person_id), form=form)
    async with atomic():
        await actions.look(
            staff,
            kind="person",
            subject_id=person_id,
            fields=persons.SEALED_FIELDS,
            purpose=form.value.purpose,
        )
        context = await _person_context(staff, person_id, opened=True)
    return _page("person", context)


def _require_whole(staff: Staff, action: Action) -> None:
    """People belong to no region: only posts of the whole charity look at them."""
    if not reach(staff, action).whole:
        raise NotFound(N_("There is no such person."))


@get("/staff/go/{kind:str}/{subject_id:str}", opt=rule(Action.DESK))
async def go(request: Request[Any, Any, Any], kind: FromPath[str], subject_id: FromPath[str]) -> Redirect:
    """Lead to the page of the thing that a clock or a step of history names."""
    await allowed(request, Action.DESK)
    path = await subjects.path_of(kind, subject_id)
    return lead_to(path)


routes: list[ControllerRouterHandler] = [
    gift_page,
    look_at_giver,
    plan_page,
    look_at_plan,
    refund_page,
    receipt_page,
    campaign_page,
    voucher_page,
    person_page,
    look_at_person,
    go,
]
