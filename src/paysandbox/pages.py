"""The hosted pages: Checkout, the bank's approval, a receipt. They work without JavaScript."""

from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.nouns import checkout, payment_intents
from paysandbox.nouns.payment_intents import shown
from paysandbox.shapes import billing_details
from paysandbox.texts import words
from paysandbox.world import World, hidden

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["money"] = shown

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MAXIMUM_BODY_BYTES = 16 * 1024


def routes() -> list[Route]:
    """Return the routes of the hosted pages."""
    return [
        Route("/c/pay/{id}", show_checkout, methods=["GET"]),
        Route("/c/pay/{id}", choose, methods=["POST"]),
        Route("/c/pay/{id}/challenge", show_session_challenge, methods=["GET"]),
        Route("/c/pay/{id}/challenge", answer_session_challenge, methods=["POST"]),
        Route("/c/intent/{id}", show_intent_challenge, methods=["GET"]),
        Route("/c/intent/{id}", answer_intent_challenge, methods=["POST"]),
        Route("/c/receipt/{id}", show_receipt, methods=["GET"]),
    ]


def render(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """Return a page with the headers that all pages have."""
    world: World = request.app.state.world
    page = TEMPLATES.get_template(template)
    html = page.render(merchant=world.config.merchant, path=request.url.path, **values)
    return HTMLResponse(html, status_code=code, headers=SECURITY)


def _message(
    request: Request, t: dict[str, str], name: str, *, code: int, back: str | None = None
) -> Response:
    title = t["missing_title" if name == "missing" else "closed_title"]
    return render(request, "message.html", code, t=t, title=title, text=t[name], back=back)


def _missing(request: Request) -> Response:
    t = words(request.query_params.get("lang"))
    return _message(request, t, "missing", code=404)


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _find(request: Request, kind: str) -> Json | None:
    found = _world(request).store.get(request.path_params["id"])
    return found if found is not None and found["object"] == kind else None


def _closed(request: Request, session: Json, t: dict[str, str]) -> Response:
    if session["status"] == "complete":
        return _message(request, t, "closed_complete", code=200, back=checkout.success_url(session))
    return _message(request, t, "closed_expired", code=410, back=session["cancel_url"])


async def _form(request: Request) -> Json:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAXIMUM_BODY_BYTES:
            raise Refusal("The form is too large.", status=413)
    return params.decode(bytes(received))


async def show_checkout(request: Request) -> Response:
    """Show an open session."""
    _world(request).catch_up_if_due()
    session = _find(request, "checkout.session")
    if session is None:
        return _missing(request)
    t = words(request.query_params.get("lang"), session)
    if session["status"] != "open":
        return _closed(request, session, t)
    return _checkout_page(request, session, t, refused="refused" in request.query_params)


def _checkout_page(
    request: Request, session: Json, t: dict[str, str], *, refused: bool, chosen: str = ""
) -> Response:
    return render(
        request,
        "checkout.html",
        402 if refused else 200,
        t=t,
        session=session,
        lines=hidden(session)["lines"],
        refused=refused,
        chosen=chosen or session["payment_method_types"][0],
    )


async def choose(request: Request) -> Response:
    """Carry out the outcome that the person chose."""
    world = _world(request)
    form = await _form(request)
    world.catch_up_if_due()
    session = _find(request, "checkout.session")
    if session is None:
        return _missing(request)
    t = words(request.query_params.get("lang"), session)
    if session["status"] != "open":
        return _closed(request, session, t)
    outcome, kind = str(form.get("outcome", "")), str(form.get("method", ""))
    if kind not in session["payment_method_types"]:
        kind = session["payment_method_types"][0]
    payer = billing_details(
        email=params.text(form, "email", limit=512) or session["customer_email"],
        name=params.text(form, "name", limit=512),
    )
    if outcome == "abandoned" and session["cancel_url"] is not None:
        return RedirectResponse(session["cancel_url"], status_code=303)
    with world.transaction():
        if outcome == "expired":
            checkout.expire(world, session)
        elif outcome in ("paid", "challenge", *checkout.DECLINED, "late", "late_failed"):
            refused = checkout.settle(world, session, outcome, kind, payer)
        else:
            refused = "unknown"
        world.catch_up()
    if outcome == "expired":
        return _closed(request, session, t)
    if refused is not None:
        return _checkout_page(request, session, t, refused=True, chosen=kind)
    if outcome == "challenge":
        query = urlencode({"lang": "en" if t["lang"] == "en" else "zh"})
        return RedirectResponse(f"/c/pay/{session['id']}/challenge?{query}", status_code=303)
    return RedirectResponse(checkout.success_url(session), status_code=303)


async def show_session_challenge(request: Request) -> Response:
    """Show the bank's question for a session."""
    session = _find(request, "checkout.session")
    if session is None:
        return _missing(request)
    t = words(request.query_params.get("lang"), session)
    if session["status"] != "open":
        return _closed(request, session, t)
    return render(
        request, "challenge.html", t=t, amount=session["amount_total"], currency=session["currency"]
    )


async def answer_session_challenge(request: Request) -> Response:
    """Take the person's answer to the bank's question."""
    world = _world(request)
    form = await _form(request)
    session = _find(request, "checkout.session")
    if session is None:
        return _missing(request)
    t = words(request.query_params.get("lang"), session)
    if session["status"] != "open":
        return _closed(request, session, t)
    kind = session["payment_method_types"][0]
    outcome = "approved" if form.get("decision") == "approve" else "refused"
    with world.transaction():
        refused = checkout.settle(world, session, outcome, kind)
        world.catch_up()
    if refused is not None:
        query = urlencode({"refused": "1", "lang": "en" if t["lang"] == "en" else "zh"})
        return RedirectResponse(f"/c/pay/{session['id']}?{query}", status_code=303)
    return RedirectResponse(checkout.success_url(session), status_code=303)


async def show_intent_challenge(request: Request) -> Response:
    """Show the bank's question for a payment intent that was confirmed through the API."""
    intent = _find(request, "payment_intent")
    if intent is None or intent["status"] != "requires_action":
        return _missing(request)
    t = words(request.query_params.get("lang"))
    return render(request, "challenge.html", t=t, amount=intent["amount"], currency=intent["currency"])


async def answer_intent_challenge(request: Request) -> Response:
    """Take the person's answer for a payment intent and go back to its return_url."""
    world = _world(request)
    form = await _form(request)
    intent = _find(request, "payment_intent")
    if intent is None or intent["status"] != "requires_action":
        return _missing(request)
    method = world.need("payment_method", intent["payment_method"])
    approved = form.get("decision") == "approve"
    with world.transaction():
        if approved:
            payment_intents.succeed(world, intent, method, challenged=method["type"] == "card")
        elif method["type"] == "card":
            payment_intents.reject_challenge(world, intent, method)
        else:
            payment_intents.fail(world, intent, method, "payment_method_customer_decline")
        world.catch_up()
    back = hidden(intent)["return_url"]
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if approved else "failed",
        }
    )
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{query}", status_code=303)


async def show_receipt(request: Request) -> Response:
    """Show what a charge or invoice says."""
    thing = _find(request, "charge") or _find(request, "invoice")
    if thing is None:
        return _missing(request)
    t = words(request.query_params.get("lang"))
    amount = thing["amount"] if thing["object"] == "charge" else thing["amount_due"]
    status = {"paid": "succeeded", "open": "pending"}.get(thing["status"], thing["status"])
    return render(
        request,
        "receipt.html",
        t=t,
        number=thing["id"],
        amount=amount,
        currency=thing["currency"],
        status=t.get(str(status), str(status)),
    )
