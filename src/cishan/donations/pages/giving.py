"""Screens one to three: the amount, the facts with the answers, and on to the payment page."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from cishan.donations.actions.drafts import save_draft
from cishan.donations.actions.giving import begin
from cishan.donations.forms import giving as form
from cishan.donations.pages.private import client_of, private, see_other
from cishan.donations.queries.drafts import Purpose, draft_by_token, open_purposes, purposes
from cishan.donations.queries.limits import limits_in_force, word_rules
from cishan.donations.rules.answers import GENERAL, MAX_LINES, Answers
from cishan.donations.rules.limits import maximum_fen, minimum_fen
from cishan.donations.rules.monthly import MAX_DAY, next_date
from cishan.donations.rules.wording import catches
from cishan.identity.guards import PUBLIC, SECRET_LINK
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.money import parse_yuan, yuan
from cishan.plumbing.forms import Form


@get("/give")
async def choose(request: Request[Any, Any, Any]) -> Template:
    """Choose what to give to, or with ?c=… go on to the amounts of several projects."""
    slugs = _distinct(request.query_params.getall("c", []))
    if slugs:
        return await _amounts(slugs, form.fresh())
    return Template(
        template_name="donations/choose.html",
        context={"purposes": await open_purposes(), "general": GENERAL, "limit": MAX_LINES},
    )


@get("/give/{slug:str}")
async def amount(request: Request[Any, Any, Any], slug: FromPath[str]) -> Template:
    """Screen one: how much, how often, and everything that is optional."""
    fresh = form.fresh()
    wanted = request.query_params.get("amount", "")
    try:
        text = f"{yuan(parse_yuan(wanted[:20])):f}".removesuffix(".00") if wanted else ""
    except Invalid:
        text = ""
    if text:
        is_preset = text.isdigit() and int(text) in form.PRESETS
        fresh.raw["amount_preset" if is_preset else "amount"] = [text]
    if request.query_params.get("monthly"):
        fresh.raw["rhythm"] = ["monthly"]
    return await _amounts([slug], fresh)


@post("/give")
async def answer(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Judge the answers; keep them for the next screen, or show what is wrong with them."""
    submitted = await request.form()
    slugs = _distinct([str(s) for s in submitted.getall("c", [])])
    if not slugs:
        return see_other("/give")
    answers, filled = form.read(
        submitted, slugs=slugs, limits=await limits_in_force(), words=await word_rules()
    )
    if answers is None:
        return await _amounts(slugs, filled, status=422)
    for purpose in await purposes(slugs):
        if not purpose.open:
            raise Conflict(purpose.closed_reason)
    return see_other(f"/give/check/{await save_draft(answers)}")


@get("/give/change/{token:str}")
async def change(token: FromPath[str]) -> Template:
    """Screen one again, as it was left."""
    draft = await draft_by_token(token)
    return await _amounts(draft.answers.slugs, form.filled(draft.answers), secret=True)


@get("/give/check/{token:str}")
async def check(token: FromPath[str]) -> Template:
    """Screen two: what is known of the project, and what was answered."""
    draft = await draft_by_token(token)
    return private("donations/check.html", await _facts(draft.answers, token))


@post("/give/check/{token:str}")
async def confirm(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect:
    """Write the gift and lead to the payment page; the same press twice leads to the same page."""
    draft = await draft_by_token(token)
    begun = await begin(draft, client=client_of(request))
    return see_other(begun.checkout_url or f"/g/{begun.token}")


async def _amounts(
    slugs: list[str], filled: Form[Any], *, status: int = 200, secret: bool = False
) -> Template:
    chosen = await purposes(slugs)
    limits = await limits_in_force()
    context = {
        "form": filled,
        "purposes": chosen,
        "names": [form.amount_name(slug, slugs) for slug in slugs],
        "presets": form.PRESETS,
        "least_fen": minimum_fen(limits),
        "most_fen": maximum_fen(limits),
        "days": list(range(1, MAX_DAY + 1)),
        "open": _opened(filled),
    }
    closed = next((p for p in chosen if not p.open), None)
    if closed is not None:
        return Template(template_name="donations/closed.html", context={"purpose": closed})
    if secret or status != 200:
        return private("donations/amount.html", context, status=status)
    return Template(template_name="donations/amount.html", context=context)


def _opened(filled: Form[Any]) -> set[str]:
    """Return which of the folded parts hold something, so that nothing typed is out of sight."""
    parts = {
        "name": ("display_name",),
        "tribute": ("tribute_name", "message"),
        "company": ("company_name", "company_uscc"),
        "receipt": ("wants_receipt", "receipt_title", "email", "phone"),
    }
    return {
        part
        for part, names in parts.items()
        if any(filled.typed(name).strip() or filled.error(name) for name in names)
    }


async def _facts(answers: Answers, token: str) -> dict[str, Any]:
    held = bool(answers.message) and catches(await word_rules(), answers.message)
    lines = list(zip(await purposes(answers.slugs), answers.lines, strict=True))
    return {
        "answers": answers,
        "lines": lines,
        "token": token,
        "message_is_held": held,
        "first_reminder_on": next_date(clock.today(), answers.day_of_month),
        "purposes": [purpose for purpose, _ in lines],
    }


def _distinct(slugs: list[str]) -> list[str]:
    found = list(dict.fromkeys(s for s in slugs if s))
    if len(found) > MAX_LINES or any(len(s) > 80 for s in found):
        raise NotFound("No such campaign.")
    return found


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[choose, amount, answer], opt=PUBLIC),
    Router("/", route_handlers=[change, check, confirm], opt=SECRET_LINK),
]

__all__ = ["Purpose", "routes"]
