"""Charges: what a payment intent really took, or failed to take."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.nouns import balance
from paysandbox.routing import includable, listed, retrieved, route
from paysandbox.shapes import listing, payments
from paysandbox.world import World, job, public

DECLINES = {
    "card_declined": ("card_declined", "generic_decline", "Your card was declined."),
    "insufficient_funds": ("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "lost_card": ("card_declined", "lost_card", "Your card was declined."),
    "expired_card": ("expired_card", "expired_card", "Your card has expired."),
    "authentication_required": (
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "payment_method_customer_decline": (
        "payment_method_customer_decline",
        None,
        "The customer did not approve the PaymentIntent.",
    ),
    "payment_method_provider_decline": (
        "payment_method_provider_decline",
        None,
        "The payment provider declined the payment.",
    ),
}
"""Verdict → error code, decline code, message."""


def new(world: World, intent: Json, method: Json, *, challenged: bool = False) -> Json:
    """Return a charge of an intent, not yet stored."""
    prefix = "ch" if method["type"] == "card" else "py"
    charge_id = world.new_id(prefix)
    details = payments.method_details(
        method, amount=intent["amount"], reference=world.draw(20), challenged=challenged
    )
    return payments.charge(
        id=charge_id,
        created=world.now,
        intent=intent,
        method=method,
        details=details,
        receipt_url=f"{world.config.public_url}/c/receipt/{charge_id}",
    )


def succeed(world: World, charge: Json, *, stored: bool = False) -> None:
    """Take the money; its balance transaction comes with charge.updated."""
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
    if stored:
        world.save(charge)
    else:
        world.add(charge)
    world.emit("charge.succeeded", charge)
    world.later(world.config.capture_delay, "charge_booked", charge=charge["id"])


def wait(world: World, charge: Json) -> None:
    """Begin a payment whose outcome comes later."""
    charge |= {"status": "pending", "paid": False, "captured": False, "amount_captured": 0}
    world.add(charge)
    world.emit("charge.pending", charge)


def fail(world: World, charge: Json, verdict: str, *, stored: bool = False) -> None:
    """Let the bank or wallet refuse."""
    code, decline, message = DECLINES[verdict]
    charge |= {
        "status": "failed",
        "paid": False,
        "captured": False,
        "amount_captured": 0,
        "failure_code": code,
        "failure_message": message,
        "outcome": payments.outcome(decline or code),
    }
    if stored:
        world.save(charge)
    else:
        world.add(charge)
    world.emit("charge.failed", charge)


@job("charge_booked")
def booked(world: World, args: Json) -> None:
    """Book the money of a charge, once."""
    charge = world.need("charge", args["charge"])
    ensure_booked(world, charge)


def ensure_booked(world: World, charge: Json) -> None:
    """Give a charge its balance transaction if it has none yet."""
    if charge["balance_transaction"] is not None or charge["status"] != "succeeded":
        return
    kind = charge["payment_method_details"]["type"]
    txn = balance.book(
        world,
        amount=charge["amount"],
        currency=charge["currency"],
        type="charge" if kind == "card" else "payment",
        reporting_category="charge",
        source=charge["id"],
        description=charge["description"],
        fee=world.config.fees[kind].of(charge["amount"]),
        waits=True,
    )
    charge["balance_transaction"] = txn["id"]
    world.save(charge)
    world.emit("charge.updated", charge, changed={"balance_transaction": None, "receipt_url": None})


@includable("charge", "refunds")
def refunds_of(world: World, charge: Json) -> Json:
    """Return the refunds of a charge."""
    data, more = world.store.page("refund", [("charge", "=", charge["id"])])
    return listing(f"/v1/charges/{charge['id']}/refunds", data, more)


listed("/v1/charges", "charge", "customer", "payment_intent")
retrieved("/v1/charges", "charge", "charge")


@route("POST", "/v1/charges/{id}", "description metadata receipt_email")
def update_charge(world: World, given: Json, id: str) -> Json:
    """Change what we wrote on a charge."""
    charge = world.need("charge", id, "charge")
    before = public(charge).copy()
    for name in ("description", "receipt_email"):
        if name in given:
            charge[name] = params.text(given, name)
    charge["metadata"] = params.metadata(given, charge["metadata"])
    world.save(charge)
    world.emit(
        "charge.updated", charge, changed={key: before[key] for key in before if before[key] != charge[key]}
    )
    return charge
