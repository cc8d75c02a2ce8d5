"""Offering goods, and following an offer by its secret link."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.audit import queries as audit
from cishan.files import actions as files
from cishan.files import queries as file_queries
from cishan.files.actions import Brought
from cishan.files.forms import chooser
from cishan.identity.guards import PUBLIC, SECRET_LINK
from cishan.identity.queries import regions
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid
from cishan.ledger import queries as ledger
from cishan.ledger.rules import Restriction
from cishan.plumbing import i18n
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext, say
from cishan.plumbing.uploads import uploads
from cishan.warehouse.actions import new_offers
from cishan.warehouse.actions import offers as actions
from cishan.warehouse.forms import intake as form_room
from cishan.warehouse.queries import arrivals, catalogue, intake, places
from cishan.warehouse.queries.labels import marks_of
from cishan.warehouse.rules import intake as gate
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.intake import Judged, Verdict
from cishan.warehouse.rules.offers import MAX_LINES, OfferView, State
from cishan.warehouse.rules.places import Site
from cishan.warehouse.rules.restrictions import LABELS
from cishan.warehouse.rules.reversals import STEPS

PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow, noarchive",
}
BODY_LIMIT = 60_000_000
FORMS_A_MINUTE = 20
"""Of one visitor: an offer has several screens without a script, and a shop may have one address."""
_PAPERS = (actions.PHOTO, actions.PROOF, actions.CERTIFICATE)
REVERSING = frozenset(step.value for step in STEPS.values())
_slowly = RateLimitConfig(rate_limit=("minute", FORMS_A_MINUTE), set_rate_limit_headers=False).middleware


async def _funds() -> list[tuple[str, str]]:
    """Return the funds that take goods, as choices."""
    return [
        (fund.code, fund.name)
        for fund in await ledger.funds()
        if fund.closed_on is None and fund.restriction is Restriction.RESTRICTED
    ]


async def _choices() -> dict[str, Any]:
    grouped: dict[str, list[tuple[str, str]]] = {}
    for item in await catalogue.items():
        if not item.is_kit:
            label = f"{catalogue.name_of(item)} ({catalogue.unit_of(item)})"
            grouped.setdefault(item.category, []).append((str(item.id), label))
    sites = await places.sites()
    return {
        "items": [(gettext(CATEGORIES[code]), options) for code, options in grouped.items()],
        "sites": [(str(site.id), f"{site.name} {site.address}".strip()) for site in sites],
        "funds": await _funds(),
        "conditions": [(code, gettext(label)) for code, label in gate.CONDITIONS.items()],
        "sorts": [(code, gettext(label)) for code, label in gate.SORTS.items()],
        "restrictions": [(code, gettext(label)) for code, label in LABELS.items()],
        "regions": await _regions(sites),
        "parts": [(code, gettext(label)) for code, label in rules.PARTS.items()],
        "choosers": {purpose.code: chooser(purpose) for purpose in _PAPERS},
        "policy": await intake.policy_on(clock.today()),
        "max_lines": MAX_LINES,
    }


async def _regions(sites: Sequence[Site]) -> list[tuple[str, str]]:
    """Return the counties of the cities that have warehouses: where goods can be kept for people of one."""
    cities = sorted({f"{site.region[:4]}00" for site in sites})
    return [(one.code, regions.shown_name(one)) for city in cities for one in await regions.children(city)]


@get("/goods/give")
async def ask(item: FromQuery[str] = "") -> Template:
    """Ask what somebody would like to give (`item`: the code of what is chosen), and what cannot be taken."""
    sites = await places.sites()
    site = str(sites[0].id) if len(sites) == 1 else ""
    found = await catalogue.item_by_code(item) if item else None
    chosen = str(found.id) if found and found.active and not found.is_kit else ""
    return await _form(form_room.fresh(request=ids.new_id(), site=site, item=chosen), (1,), {})


async def _form(
    form: Form[Any],
    numbers: Sequence[int],
    judged: Mapping[int, Judged],
    *,
    status: int = HTTP_200_OK,
) -> Template:
    told = {n: (one.verdict.value, gettext(one.why).format(**one.values)) for n, one in judged.items()}
    context = {
        **await _choices(),
        "form": form,
        "numbers": numbers,
        "judged": told,
        "labels": _labels(numbers),
    }
    headers = PRIVATE if status != HTTP_200_OK or len(form.raw) > 4 else {}
    return Template("warehouse/offer.html", context=context, status_code=status, headers=headers)


def _labels(numbers: Sequence[int]) -> dict[str, str]:
    """Return what stands before a message about a field of one of several lines."""
    if len(numbers) == 1:
        return {}
    return {
        f"{name}-{n}": gettext("Kind {number}").format(number=n)
        for n in numbers
        for name in form_room.LINE_FIELDS
    }


@post("/goods/give", status_code=HTTP_303_SEE_OTHER, request_max_body_size=BODY_LIMIT, middleware=[_slowly])
async def send(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Add a line, ask the gate alone, or write the offer down and lead to its page."""
    submitted = await request.form()
    filled = form_room.read(
        submitted,
        language=i18n.language(),
        funds=[code for code, _ in await _funds()],
        regions=[code for code, _ in await _regions(await places.sites())],
    )
    wish = str(submitted.get("do", "send"))
    if wish == "more":
        count = min(len(filled.numbers) + 1, MAX_LINES)
        raw = {**filled.form.raw, "lines": [str(count)]}
        return await _form(Form(None, {}, raw, filled.form.files), range(1, count + 1), {})
    lines = [line for _, line in filled.lines]
    try:
        site = await _site(filled.form)
        judged = await new_offers.judge_all(lines, site)
        if filled.offer is not None and site is None:
            filled.form.errors["site"] = say(Invalid(form_room.SITE))
    except Invalid as error:
        return await _form(
            filled.form.refused(error), filled.numbers, {}, status=HTTP_422_UNPROCESSABLE_ENTITY
        )
    by_line = dict(zip((n for n, _ in filled.lines), judged, strict=True))
    refused = _refused(by_line)
    if wish == "check":
        own = {
            name: message
            for name, message in filled.form.errors.items()
            if name.rpartition("-")[0] in form_room.LINE_FIELDS
        }
        shown: Form[Any] = Form(None, {**own, **refused}, filled.form.raw, filled.form.files)
        return await _form(
            shown,
            filled.numbers,
            by_line,
            status=HTTP_422_UNPROCESSABLE_ENTITY if shown.errors else HTTP_200_OK,
        )
    if filled.offer is None or filled.request is None or refused or filled.form.errors:
        shown = Form(None, {**filled.form.errors, **refused}, filled.form.raw, filled.form.files)
        return await _form(shown, filled.numbers, by_line, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        written = await new_offers.offer(
            filled.offer, request=filled.request, brought=await _papers(submitted)
        )
    except Invalid as error:
        return await _form(
            filled.form.refused(error), filled.numbers, by_line, status=HTTP_422_UNPROCESSABLE_ENTITY
        )
    return Redirect(written.path, status_code=HTTP_303_SEE_OTHER, headers=PRIVATE)


async def _site(form: Form[Any]) -> UUID | None:
    """Return the site that somebody chose, if there is such a one."""
    typed = form.typed("site")
    return next((site.id for site in await places.sites() if str(site.id) == typed), None)


def _refused(judged: Mapping[int, Judged]) -> dict[str, str]:
    return {
        f"item-{n}": gettext(one.why).format(**one.values)
        for n, one in judged.items()
        if one.verdict is Verdict.REFUSED
    }


async def _papers(submitted: Any) -> list[Brought]:
    brought: list[Brought] = []
    for purpose in _PAPERS:
        sent = await uploads(submitted, purpose.code)
        brought += await files.bring(sent, owner_kind=rules.SUBJECT, purpose=purpose.code, field=purpose.code)
    return brought


@get("/goods/{token:str}")
async def trail(token: FromPath[str]) -> Template:
    """Show an offer to its giver: how it stands, what happened, and what reached people."""
    return await _trail(token, await intake.offer_by_token(token))


async def _trail(token: str, found: OfferView) -> Template:
    giver = await intake.giver_of(found.id)
    steps = await audit.history_of(rules.SUBJECT, found.id)
    counts = await arrivals.counts_of(found.id)
    context = {
        "offer": found,
        "token": token,
        "giver": giver,
        "state": (gettext(rules.STATES[found.state]), rules.TONES[found.state]),
        "lines": [(line, gettext(line.judged.why).format(**line.judged.values)) for line in found.lines],
        "conditions": {code: gettext(label) for code, label in gate.CONDITIONS.items()},
        "restrictions": await marks_of(found.restrictions),
        "grades": {code: gettext(label) for code, label in rules.GRADES.items()},
        "fates": {code: gettext(label) for code, label in rules.FATES.items()},
        "given": await arrivals.given_out(found.id),
        "steps": [
            (step.at, gettext(rules.TOLD_TO_GIVER[step.event]))
            for step in steps
            if step.event in rules.TOLD_TO_GIVER
        ],
        "taken_back": found.booked_round is None and any(step.event in REVERSING for step in steps),
        "papers": await file_queries.files_of(rules.SUBJECT, found.id),
        "can_withdraw": found.state in {State.OFFERED, State.ACCEPTED} and not counts,
        "fund": next((name for code, name in await _funds() if code == found.fund), ""),
    }
    return Template("warehouse/trail.html", context=context, headers=PRIVATE)


@post("/goods/{token:str}/withdraw", status_code=HTTP_303_SEE_OTHER)
async def withdraw(token: FromPath[str]) -> Redirect:
    """Take an offer back before its goods are here."""
    found = await intake.offer_by_token(token)
    await actions.withdraw(found.id)
    return Redirect(f"/goods/{token}", status_code=HTTP_303_SEE_OTHER, headers=PRIVATE)


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[ask, send], opt=PUBLIC),
    Router("/", route_handlers=[trail, withdraw], opt=SECRET_LINK),
]
