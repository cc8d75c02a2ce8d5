"""Payment intents: one attempt after another to take one amount."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal, missing
from paysandbox.nouns import charges, payment_methods
from paysandbox.routing import listed, retrieved, route
from paysandbox.shapes import billing_details, payments
from paysandbox.world import World, hidden, public

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def check_amount(world: World, amount: int, currency: str, param: str = "amount") -> None:
    """Refuse amounts and currencies that cannot be charged."""
    if currency not in world.config.currencies:
        raise Refusal(
            f"Invalid currency: {currency}. This sandbox settles {world.config.currencies}.", param="currency"
        )
    least, most = world.config.minimum_amount, world.config.maximum_amount
    if amount < least:
        raise Refusal(
            f"Amount must be at least {shown(least, currency)}", code="amount_too_small", param=param
        )
    if amount > most:
        raise Refusal(
            f"Amount must be no more than {shown(most, currency)}", code="amount_too_large", param=param
        )


def shown(amount: int, currency: str) -> str:
    """Return an amount for people to read."""
    sign = "-" if amount < 0 else ""
    mark = "¥" if currency == "cny" else currency.upper() + " "
    return f"{sign}{mark}{abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def begin(
    world: World,
    *,
    amount: int,
    currency: str,
    method_types: list[str],
    customer: str | None = None,
    metadata: Json | None = None,
    description: str | None = None,
    receipt_email: str | None = None,
) -> Json:
    """Make an intent that waits for a method."""
    id = world.new_id("pi")
    intent = payments.payment_intent(
        id=id,
        created=world.now,
        amount=amount,
        currency=currency,
        client_secret=f"{id}_secret_{world.draw(25)}",
        method_types=method_types,
    )
    intent |= {
        "customer": customer,
        "description": description,
        "metadata": metadata or {},
        "receipt_email": receipt_email,
    }
    world.add(intent)
    world.emit("payment_intent.created", intent)
    return intent


def succeed(world: World, intent: Json, method: Json, *, challenged: bool = False) -> None:
    """Take the money of an intent with a method."""
    if intent["status"] == "processing":
        charge = world.need("charge", intent["latest_charge"])
        charges.succeed(world, charge, stored=True)
    else:
        charge = charges.new(world, intent, method, challenged=challenged)
        charges.succeed(world, charge)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "payment_method": method["id"],
        "next_action": None,
        "processing": None,
        "last_payment_error": None,
    }
    world.save(intent)
    world.emit("payment_intent.succeeded", intent)


def process(world: World, intent: Json, method: Json) -> None:
    """Leave the outcome open: the method will answer later."""
    charge = charges.new(world, intent, method)
    charges.wait(world, charge)
    intent |= {
        "status": "processing",
        "latest_charge": charge["id"],
        "payment_method": method["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    world.save(intent)
    world.emit("payment_intent.processing", intent)


def challenge(world: World, intent: Json, method: Json, *, url: str, return_url: str | None) -> None:
    """Ask the payer to approve on another page."""
    action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    intent |= {"status": "requires_action", "payment_method": method["id"], "next_action": action}
    world.save(intent)
    world.emit("payment_intent.requires_action", intent)


def fail(world: World, intent: Json, method: Json, verdict: str) -> Refusal:
    """Refuse the attempt and return the error as the API would answer it."""
    if intent["status"] == "processing":
        charge = world.need("charge", intent["latest_charge"])
        charges.fail(world, charge, verdict, stored=True)
    else:
        charge = charges.new(world, intent, method)
        charges.fail(world, charge, verdict)
    code, decline, message = charges.DECLINES[verdict]
    error = Refusal(message, status=402, type="card_error", code=code, decline_code=decline, keep=True)
    error.error["charge"] = charge["id"]
    _refuse(world, intent, method, error, charge["id"])
    return error


def reject_challenge(world: World, intent: Json, method: Json) -> Refusal:
    """Let the 3-D Secure step fail: there is no charge then."""
    error = Refusal(
        "We are unable to authenticate your payment method. Please choose a different payment method"
        " and try again.",
        status=402,
        type="card_error",
        code="payment_intent_authentication_failure",
        keep=True,
    )
    _refuse(world, intent, method, error, intent["latest_charge"])
    return error


def _refuse(world: World, intent: Json, method: Json, error: Refusal, charge: str | None) -> None:
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge,
        "payment_method": None,
        "next_action": None,
        "processing": None,
        "last_payment_error": {**error.error, "payment_method": public(method)},
    }
    world.save(intent)
    world.emit("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = public(intent)
    error.error["payment_method"] = public(method)


def cancel(world: World, intent: Json, reason: str | None) -> None:
    """Give an intent up."""
    intent |= {
        "status": "canceled",
        "canceled_at": world.now,
        "cancellation_reason": reason,
        "next_action": None,
    }
    world.save(intent)
    world.emit("payment_intent.canceled", intent)


# --- API -------------------------------------------------------------------------------------------

CREATE = (
    "amount currency customer payment_method payment_method_data confirm off_session description metadata "
    "allowed_payment_method_types automatic_payment_methods receipt_email return_url setup_future_usage "
    "error_on_requires_action capture_method"
)


@route("POST", "/v1/payment_intents", CREATE)
def create_intent(world: World, given: Json) -> Json:
    """Make an intent, and confirm it if asked."""
    params.required(given, "amount")
    amount = params.whole(given, "amount") or 0
    currency = params.required(given, "currency").lower()
    check_amount(world, amount, currency)
    params.choice(given, "capture_method", ("automatic", "automatic_async"))
    kinds = method_types(given, payment_methods.KINDS)
    customer = params.text(given, "customer")
    if customer is not None:
        world.need("customer", customer, "customer")
    intent = begin(
        world,
        amount=amount,
        currency=currency,
        method_types=kinds,
        customer=customer,
        metadata=params.metadata(given),
        description=params.text(given, "description"),
        receipt_email=params.text(given, "receipt_email"),
    )
    if "allowed_payment_method_types" not in given:
        intent["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    intent["setup_future_usage"] = params.choice(given, "setup_future_usage", ("off_session", "on_session"))
    named = params.text(given, "payment_method")
    if named is not None:
        intent["payment_method"] = payment_methods.find(world, named)["id"]
        intent["status"] = "requires_confirmation"
    world.save(intent)
    if params.flag(given, "confirm"):
        return _confirm(world, intent, given)
    return intent


def method_types(given: Json, default: tuple[str, ...]) -> list[str]:
    """Return the kinds of method that may pay."""
    asked = params.words(given, "allowed_payment_method_types")
    for kind in asked or ():
        if kind not in payment_methods.KINDS:
            raise Refusal(
                f"The payment method type provided: {kind} is invalid.",
                param="allowed_payment_method_types",
            )
    return asked or list(default)


@route("POST", "/v1/payment_intents/{id}", "description metadata receipt_email")
def update_intent(world: World, given: Json, id: str) -> Json:
    """Change what we wrote on an intent."""
    intent = world.need("payment_intent", id, "intent")
    for name in ("description", "receipt_email"):
        if name in given:
            intent[name] = params.text(given, name)
    intent["metadata"] = params.metadata(given, intent["metadata"])
    return world.save(intent)


@route(
    "POST", "/v1/payment_intents/{id}/confirm", "payment_method payment_method_data off_session return_url"
)
def confirm_intent(world: World, given: Json, id: str) -> Json:
    """Try to take the money now."""
    intent = world.need("payment_intent", id, "intent")
    if "session" in intent.get("_", {}):
        raise Refusal(
            "This PaymentIntent belongs to a Checkout Session and cannot be confirmed through the API."
        )
    return _confirm(world, intent, given)


def _confirm(world: World, intent: Json, given: Json) -> Json:
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "confirm")
    method = _method(world, intent, given)
    if intent["customer"] is None and method["customer"] is not None:
        raise Refusal(
            "The provided PaymentMethod belongs to a Customer; provide that customer.", param="payment_method"
        )
    if method["type"] not in intent["payment_method_types"]:
        raise Refusal(
            f"The PaymentMethod provided ({method['type']}) is not allowed.", param="payment_method"
        )
    off_session = params.flag(given, "off_session") or False
    verdict = payment_methods.answer_of(world, method, off_session=off_session)
    if method["type"] != "card" or verdict == "challenge":
        return_url = params.text(given, "return_url")
        if return_url is None:
            raise missing("return_url")
        hidden(intent)["return_url"] = return_url
        page = f"{world.config.public_url}/c/intent/{intent['id']}"
        challenge(world, intent, method, url=page, return_url=return_url)
    elif verdict == "succeed":
        succeed(world, intent, method)
    else:
        raise fail(world, intent, method, verdict)
    return intent


def _method(world: World, intent: Json, given: Json) -> Json:
    named = params.text(given, "payment_method")
    if named is not None:
        return payment_methods.find(world, named)
    if "payment_method_data" in given:
        data = params.part(given, "payment_method_data", ("type", "billing_details", "alipay", "wechat_pay"))
        kind = params.choice(data, "type", payment_methods.KINDS) or "card"
        return payment_methods.create(world, kind, payer=billing_details())
    if intent["payment_method"] is None:
        raise Refusal(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    return world.need("payment_method", intent["payment_method"])


def _unexpected(intent: Json, verb: str) -> Refusal:
    return Refusal(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        extra={"payment_intent": public(intent)},
    )


REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


@route("POST", "/v1/payment_intents/{id}/cancel", "cancellation_reason")
def cancel_intent(world: World, given: Json, id: str) -> Json:
    """Give an intent up, unless its money was taken."""
    intent = world.need("payment_intent", id, "intent")
    reason = params.choice(given, "cancellation_reason", REASONS)
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "cancel")
    cancel(world, intent, reason)
    return intent


listed("/v1/payment_intents", "payment_intent", "customer")
retrieved("/v1/payment_intents", "payment_intent", "intent")
