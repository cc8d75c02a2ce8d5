"""Ways to pay. What a card does when charged is hidden state: it may decline, ask for 3-D Secure, expire."""

from datetime import UTC, datetime

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.routing import LISTED, answer_page, retrieved, route
from paysandbox.shapes import payments
from paysandbox.world import World, hidden

KINDS = ("card", "alipay", "wechat_pay")

TEST_CARDS = {
    "pm_card_visa": ("4242", "succeed"),
    "pm_card_chargeDeclined": ("0002", "card_declined"),
    "pm_card_visa_chargeDeclined": ("0002", "card_declined"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("9995", "insufficient_funds"),
    "pm_card_chargeDeclinedInsufficientFunds": ("9995", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("0069", "expired_card"),
    "pm_card_authenticationRequired": ("3155", "challenge"),
    "pm_card_threeDSecure2Required": ("3220", "challenge"),
    "pm_card_chargeCustomerFail": ("0341", "succeed_then_decline"),
}
"""Stripe's names of test cards: last four digits and behaviour."""


def create(
    world: World, kind: str, *, last4: str = "4242", behaviour: str = "succeed", payer: Json | None = None
) -> Json:
    """Make a payment method; a card is valid for four years."""
    details: Json = {}
    if kind == "card":
        today = datetime.fromtimestamp(world.now, UTC)
        details = payments.card(
            last4=last4, exp_month=today.month, exp_year=today.year + 4, fingerprint=world.draw(16)
        )
    method = payments.payment_method(
        id=world.new_id("pm"), created=world.now, kind=kind, details=details, payer=payer
    )
    hidden(method)["behaviour"] = behaviour
    return world.add(method)


def find(world: World, id: str) -> Json:
    """Return a payment method by id; the names of Stripe's test cards make a new one each time."""
    if id in TEST_CARDS:
        last4, behaviour = TEST_CARDS[id]
        return create(world, "card", last4=last4, behaviour=behaviour)
    return world.need("payment_method", id, "payment_method")


def attach(world: World, method: Json, customer: str) -> Json:
    """Save a payment method for a customer."""
    if method["type"] == "wechat_pay":
        raise Refusal(
            "PaymentMethods of type `wechat_pay` cannot be saved to customers.", param="payment_method"
        )
    if method["customer"] == customer:
        return method
    if method["customer"] is not None:
        raise Refusal("The payment method has already been attached to a customer.", param="customer")
    method["customer"] = customer
    world.save(method)
    world.emit("payment_method.attached", method)
    return method


def answer_of(world: World, method: Json, *, off_session: bool) -> str:
    """Return what happens when the method is charged now: `succeed`, `challenge` or a decline code."""
    behaviour = str(method.get("_", {}).get("behaviour", "succeed"))
    if method["type"] == "card":
        today = datetime.fromtimestamp(world.now, UTC)
        if (method["card"]["exp_year"], method["card"]["exp_month"]) < (today.year, today.month):
            return "expired_card"
    if behaviour == "succeed_then_decline":
        return "card_declined" if off_session else "succeed"
    if behaviour == "challenge" and off_session:
        return "authentication_required"
    return behaviour


def expire(world: World, id: str) -> Json:
    """Make a card's last month the one before this."""
    method = world.need("payment_method", id, "payment_method")
    if method["type"] != "card":
        raise Refusal("Only cards expire.", param="payment_method")
    today = datetime.fromtimestamp(world.now, UTC)
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    method["card"] |= {"exp_year": year, "exp_month": month}
    world.save(method)
    world.emit("payment_method.updated", method)
    return method


def renew(world: World, id: str) -> Json:
    """Let the card network replace an expiring card by its successor, as it does for most cards."""
    method = world.need("payment_method", id, "payment_method")
    if method["type"] != "card":
        raise Refusal("Only cards are renewed.", param="payment_method")
    today = datetime.fromtimestamp(world.now, UTC)
    method["card"] |= {"exp_year": today.year + 4, "exp_month": today.month}
    hidden(method)["behaviour"] = "succeed"
    world.save(method)
    world.emit("payment_method.automatically_updated", method)
    return method


def behave(world: World, id: str, behaviour: str) -> Json:
    """Choose what a card answers from now on."""
    method = world.need("payment_method", id, "payment_method")
    hidden(method)["behaviour"] = behaviour
    return world.save(method)


retrieved("/v1/payment_methods", "payment_method", "payment_method")


@route("GET", "/v1/payment_methods", " ".join([*LISTED, "customer", "type"]))
def list_methods(world: World, given: Json) -> Json:
    """Answer the payment methods of one customer."""
    return of_customer(world, given, params.required(given, "customer"), "/v1/payment_methods")


@route("GET", "/v1/customers/{id}/payment_methods", " ".join([*LISTED, "type"]))
def list_of_customer(world: World, given: Json, id: str) -> Json:
    """Answer the payment methods of the customer in the path."""
    return of_customer(world, given, id, f"/v1/customers/{id}/payment_methods")


def of_customer(world: World, given: Json, customer: str, url: str) -> Json:
    """Return a page of a customer's payment methods."""
    world.need("customer", customer, "customer")
    kind = params.choice(given, "type", KINDS)
    where = [("customer", "=", customer), *([("type", "=", kind)] if kind else [])]
    return answer_page(world, "payment_method", given, url, where)


@route("POST", "/v1/payment_methods/{id}/attach", "customer")
def attach_method(world: World, given: Json, id: str) -> Json:
    """Save the method for a customer."""
    customer = world.need("customer", params.required(given, "customer"), "customer")
    return attach(world, find(world, id), customer["id"])


@route("POST", "/v1/payment_methods/{id}/detach")
def detach_method(world: World, given: Json, id: str) -> Json:
    """Take the method away from its customer, for good."""
    method = world.need("payment_method", id, "payment_method")
    if method["customer"] is None:
        raise Refusal(
            "The payment method you provided is not attached to a customer.", param="payment_method"
        )
    before = method["customer"]
    method["customer"] = None
    hidden(method)["behaviour"] = "card_declined"
    world.save(method)
    world.emit("payment_method.detached", method, changed={"customer": before})
    return method
