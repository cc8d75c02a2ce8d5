"""Checkout sessions: made by the API, settled by a person on the hosted page (`settle`) or by the clock."""

from urllib.parse import urlsplit

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal, missing
from paysandbox.nouns import customers, payment_intents, payment_methods, setup_intents, subscriptions
from paysandbox.nouns.products import price_of
from paysandbox.routing import LISTED, includable, listed, retrieved, route
from paysandbox.shapes import billing_details, listing, shop
from paysandbox.world import World, hidden, job

MODES = ("payment", "subscription", "setup")
DECLINED = ("card_declined", "insufficient_funds")
CREATE = (
    "adaptive_pricing allowed_payment_method_types billing_address_collection cancel_url client_reference_id "
    "currency custom_text customer customer_creation customer_email customer_update expires_at "
    "integration_identifier line_items locale metadata mode origin_context payment_intent_data "
    "payment_method_collection payment_method_options setup_intent_data submit_type subscription_data "
    "success_url ui_mode"
)
INTENT_DATA = (
    "description",
    "metadata",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor_suffix",
)


@route("POST", "/v1/checkout/sessions", CREATE)
def create_session(world: World, given: Json) -> Json:
    """Open a hosted page for a payment, a subscription or the saving of a card."""
    params.required(given, "mode")
    mode = params.choice(given, "mode", MODES) or ""
    params.choice(given, "ui_mode", ("hosted_page",))
    id = world.new_id("cs_test", 58)
    session = shop.checkout_session(
        id=id,
        created=world.now,
        mode=mode,
        method_types=_method_types(given, mode),
        expires_at=_expiry(world, given),
    )
    session |= {
        "success_url": _url(given, "success_url"),
        "cancel_url": _url(given, "cancel_url") if given.get("cancel_url") else None,
        "client_reference_id": params.text(given, "client_reference_id", limit=200),
        "customer_email": params.text(given, "customer_email", limit=512),
        "locale": params.text(given, "locale"),
        "metadata": params.metadata(given),
        "submit_type": params.choice(given, "submit_type", ("auto", "book", "donate", "pay", "subscribe")),
        "url": f"{world.config.public_url}/c/pay/{id}",
        "integration_identifier": params.text(given, "integration_identifier"),
        "origin_context": params.choice(given, "origin_context", ("web", "mobile_app")),
    }
    _take_details(world, session, given)
    lines = _lines(world, session, given)
    hidden(session)["lines"] = lines
    if mode != "setup":
        total = sum(line["amount_total"] for line in lines)
        payment_intents.check_amount(world, total, lines[0]["currency"], "line_items")
        session |= {"amount_subtotal": total, "amount_total": total, "currency": lines[0]["currency"]}
    else:
        session["total_details"] = None
    world.add(session)
    world.later(session["expires_at"] - world.now, "session_expires", session=id)
    return session


def _method_types(given: Json, mode: str) -> list[str]:
    default = payment_methods.KINDS if mode == "payment" else ("card",)
    asked = payment_intents.method_types(given, default)
    for kind in asked:
        if mode != "payment" and kind != "card":
            raise Refusal(f"The payment method type `{kind}` cannot be used in `{mode}` mode.", param="mode")
    return asked


def _expiry(world: World, given: Json) -> int:
    asked = params.whole(given, "expires_at")
    if asked is None:
        return world.now + 86_400
    if not world.now + 1_800 - 60 <= asked <= world.now + 86_400 + 60:
        raise Refusal(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            param="expires_at",
        )
    return asked


def _url(given: Json, name: str) -> str:
    value = params.required(given, name)
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise Refusal("Not a valid URL", code="url_invalid", param=name)
    return value


def _take_details(world: World, session: Json, given: Json) -> None:
    mode = session["mode"]
    part = hidden(session)
    for name, known, owner in (
        ("payment_intent_data", INTENT_DATA, "payment"),
        ("subscription_data", ("description", "metadata"), "subscription"),
        ("setup_intent_data", ("description", "metadata"), "setup"),
    ):
        data = params.part(given, name, known)
        if data and mode != owner:
            raise Refusal(f"You can only use `{name}` in `{owner}` mode.", param=name)
        if mode == owner:
            part["data"] = {**data, "metadata": params.metadata(data)}
    customer = params.text(given, "customer")
    if customer is not None:
        if session["customer_email"] is not None:
            raise Refusal("You may only specify one of these parameters: customer, customer_email.")
        session["customer"] = world.need("customer", customer, "customer")["id"]
    if mode == "payment":
        creation = params.choice(given, "customer_creation", ("always", "if_required"))
        session["customer_creation"] = None if customer else creation or "if_required"
    elif mode == "subscription":
        session["customer_creation"] = None if customer else "always"
    texts = params.part(given, "custom_text", session["custom_text"])
    for name in texts:
        session["custom_text"][name] = {"message": params.required(texts[name], "message")}
    options = given.get("payment_method_options")
    session["payment_method_options"] = options if isinstance(options, dict) else {}


def _lines(world: World, session: Json, given: Json) -> list[Json]:
    rows = params.rows(given, "line_items")
    if session["mode"] == "setup":
        if rows:
            raise Refusal("You can not pass `line_items` in `setup` mode.", param="line_items")
        return []
    if not rows:
        raise missing("line_items")
    if len(rows) > 100:
        raise Refusal("A Checkout Session can have up to 100 line items.", param="line_items")
    lines = []
    for row in rows:
        params.only(row, ("price", "price_data", "quantity", "metadata"), "line_items")
        price, product = price_of(world, row, new_product=True)
        if (price["recurring"] is not None) != (session["mode"] == "subscription"):
            raise Refusal(
                "You must use one-time prices in `payment` mode and recurring prices in `subscription` mode.",
                param="line_items",
            )
        quantity = params.whole(row, "quantity", least=1, most=1_000_000)
        if quantity is None:
            raise missing("line_items[0][quantity]")
        lines.append(
            shop.line_item(
                id=world.new_id("li"),
                price=price,
                quantity=quantity,
                description=product["name"],
                metadata=params.metadata(row),
            )
        )
    if len({line["currency"] for line in lines}) > 1:
        raise Refusal("All line items must have the same currency.", param="line_items")
    return lines


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire_session(world: World, given: Json, id: str) -> Json:
    """Close an open session so that nobody can pay it any more."""
    session = world.need("checkout.session", id, "session")
    if session["status"] != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of {session['status']}.",
            param="session",
        )
    expire(world, session)
    return session


@route("POST", "/v1/checkout/sessions/{id}", "metadata")
def update_session(world: World, given: Json, id: str) -> Json:
    """Change a session's metadata."""
    session = world.need("checkout.session", id, "session")
    session["metadata"] = params.metadata(given, session["metadata"])
    return world.save(session)


def expire(world: World, session: Json) -> None:
    """Close an open session."""
    session |= {"status": "expired", "url": None}
    world.save(session)
    intent_id = hidden(session).get("intent")
    if intent_id is not None:
        intent = world.need("payment_intent", intent_id)
        if intent["status"] in payment_intents.OPEN:
            payment_intents.cancel(world, intent, "expired")
    world.emit("checkout.session.expired", session)


@job("session_expires")
def expires(world: World, args: Json) -> None:
    """Close a session whose time is over."""
    session = world.need("checkout.session", args["session"])
    if session["status"] == "open":
        expire(world, session)


@includable("checkout.session", "line_items")
def line_items_of(world: World, session: Json) -> Json:
    """Return a session's lines."""
    return listing(f"/v1/checkout/sessions/{session['id']}/line_items", hidden(session)["lines"])


@route("GET", "/v1/checkout/sessions/{id}/line_items", " ".join(LISTED))
def list_line_items(world: World, given: Json, id: str) -> Json:
    """Answer a session's lines."""
    return line_items_of(world, world.need("checkout.session", id, "session"))


listed("/v1/checkout/sessions", "checkout.session", "customer", "payment_intent", "status", "subscription")
retrieved("/v1/checkout/sessions", "checkout.session", "session")

# --- what the person on the hosted page decides ------------------------------------------------------


def settle(world: World, session: Json, outcome: str, kind: str, payer: Json | None = None) -> str | None:
    """Carry out the outcome chosen for an open session; return the refusal to show, if it was refused.

    Outcomes: paid, challenge (the bank asks, 3-D Secure), approved or refused (its answer), card_declined,
    insufficient_funds, late (paid later), late_failed.
    """
    if kind not in session["payment_method_types"]:
        raise Refusal(f"This session does not accept {kind}.", param="method")
    asked = hidden(session).pop("challenged", None) if outcome in ("approved", "refused") else None
    if asked is not None:
        method = world.need("payment_method", asked)
    else:
        payer = payer or billing_details(email=session["customer_email"])
        method = payment_methods.create(world, kind, payer=payer)
    if outcome == "challenge":
        hidden(session)["challenged"] = method["id"]
        world.save(session)
    if session["mode"] == "payment":
        return _settle_payment(world, session, outcome, method)
    if outcome == "challenge":
        return None
    if outcome in (*DECLINED, "refused"):
        return "Your card was declined."
    customer = _customer(world, session, method)
    if session["mode"] == "setup":
        data = hidden(session)["data"]
        intent = setup_intents.complete(
            world,
            method=method,
            customer=None if customer is None else customer["id"],
            metadata=data["metadata"],
            description=data.get("description"),
        )
        _complete(world, session, method, {"setup_intent": intent["id"]})
    elif customer is not None:
        payment_methods.attach(world, method, customer["id"])
        _subscribe(world, session, customer, method, challenged=outcome == "approved")
    return None


def _customer(world: World, session: Json, method: Json) -> Json | None:
    if session["customer"] is not None:
        return world.need("customer", session["customer"])
    if session["mode"] == "setup" or (
        session["mode"] == "payment" and session["customer_creation"] != "always"
    ):
        return None
    payer = method["billing_details"]
    customer = customers.create(world, {"email": payer["email"], "name": payer["name"]})
    session["customer"] = customer["id"]
    return customer


def _subscribe(world: World, session: Json, customer: Json, method: Json, *, challenged: bool) -> None:
    part = hidden(session)
    subscription = subscriptions.begin(
        world,
        customer=customer,
        lines=[(line["price"], line["quantity"]) for line in part["lines"]],
        method=method,
        metadata=part["data"]["metadata"],
        description=part["data"].get("description"),
        challenged=challenged,
    )
    done = {
        "subscription": subscription["id"],
        "invoice": subscription["latest_invoice"],
        "payment_status": "paid",
    }
    _complete(world, session, method, done)


def intent_of(world: World, session: Json, method: Json) -> Json:
    """Return the payment intent of a session in payment mode, made at the first attempt to pay."""
    part = hidden(session)
    if "intent" in part:
        return world.need("payment_intent", part["intent"])
    customer = _customer(world, session, method)
    data = part["data"]
    intent = payment_intents.begin(
        world,
        amount=session["amount_total"],
        currency=session["currency"],
        method_types=session["payment_method_types"],
        customer=None if customer is None else customer["id"],
        metadata=data["metadata"],
        description=data.get("description"),
        receipt_email=data.get("receipt_email"),
    )
    hidden(intent)["session"] = session["id"]
    world.save(intent)
    part["intent"] = intent["id"]
    world.save(session)
    return intent


def _settle_payment(world: World, session: Json, outcome: str, method: Json) -> str | None:
    intent = intent_of(world, session, method)
    kind = method["type"]
    waits = intent["status"] == "requires_action" and intent["payment_method"] == method["id"]
    if not waits and (kind != "card" or outcome in ("challenge", "approved", "refused")):
        page = f"{world.config.public_url}/c/pay/{session['id']}/challenge"
        payment_intents.challenge(world, intent, method, url=page, return_url=session["success_url"])
    if outcome == "challenge":
        return None
    if outcome == "refused":
        return str(payment_intents.reject_challenge(world, intent, method))
    if outcome in DECLINED:
        wallet = {
            "card_declined": "payment_method_customer_decline",
            "insufficient_funds": "payment_method_provider_decline",
        }
        verdict = outcome if kind == "card" else wallet[outcome]
        return str(payment_intents.fail(world, intent, method, verdict))
    if outcome in ("late", "late_failed"):
        payment_intents.process(world, intent, method)
        _complete(world, session, method, {"payment_intent": intent["id"]})
        world.later(
            world.config.late_payment_delay, "late_outcome", session=session["id"], paid=outcome == "late"
        )
        return None
    payment_intents.succeed(world, intent, method, challenged=outcome == "approved")
    _complete(world, session, method, {"payment_intent": intent["id"], "payment_status": "paid"})
    return None


def _complete(world: World, session: Json, method: Json, done: Json) -> None:
    payer = method["billing_details"]
    session |= {"status": "complete", "url": None, **done}
    session["customer_details"] = shop.customer_details(payer["email"], payer["name"])
    world.save(session)
    world.emit("checkout.session.completed", session)


@job("late_outcome")
def late_outcome(world: World, args: Json) -> None:
    """Let a delayed payment come in, or fail after all."""
    session = world.need("checkout.session", args["session"])
    intent = world.need("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        return
    method = world.need("payment_method", intent["payment_method"])
    if args["paid"]:
        payment_intents.succeed(world, intent, method)
        session["payment_status"] = "paid"
        world.save(session)
        world.emit("checkout.session.async_payment_succeeded", session)
    else:
        payment_intents.fail(world, intent, method, "payment_method_provider_decline")
        world.emit("checkout.session.async_payment_failed", session)


def success_url(session: Json) -> str:
    """Return where the payer goes after paying."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
