"""Refunds: at once for cards, asynchronous for wallets, and able to fail after they were counted."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.nouns import charges
from paysandbox.nouns.balance import book
from paysandbox.nouns.payment_intents import shown
from paysandbox.routing import listed, retrieved, route
from paysandbox.shapes import payments
from paysandbox.world import DAY, World, job

WINDOW_DAYS = {"alipay": 90, "wechat_pay": 180}
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@route("POST", "/v1/refunds", "amount charge payment_intent metadata reason")
def create_refund(world: World, given: Json) -> Json:
    """Give back all or part of a charge; never more than is left of it."""
    charge = _charge(world, given)
    reason = params.choice(given, "reason", REASONS)
    _check_refundable(world, charge)
    left = charge["amount"] - charge["amount_refunded"]
    asked = params.whole(given, "amount", least=1)
    amount = left if asked is None else asked
    if amount > left:
        asked_text, left_text = shown(amount, charge["currency"]), shown(left, charge["currency"])
        raise Refusal(
            f"Refund amount ({asked_text}) is greater than unrefunded amount on charge ({left_text})",
            param="amount",
        )
    return refund(world, charge, amount, reason=reason, metadata=params.metadata(given))


def _charge(world: World, given: Json) -> Json:
    charge_id, intent_id = params.text(given, "charge"), params.text(given, "payment_intent")
    if (charge_id is None) == (intent_id is None):
        raise Refusal("You must provide exactly one of these parameters: charge, payment_intent.")
    if charge_id is not None:
        return world.need("charge", charge_id, "charge")
    intent = world.need("payment_intent", str(intent_id), "payment_intent")
    if intent["status"] != "succeeded":
        raise Refusal(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return world.need("charge", intent["latest_charge"])


def _check_refundable(world: World, charge: Json) -> None:
    if charge["status"] != "succeeded":
        raise Refusal(f"Charge {charge['id']} has not succeeded and cannot be refunded.", param="charge")
    if charge["refunded"]:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    dispute = _dispute(world, charge)
    if dispute is not None and dispute["status"] != "won":
        raise Refusal(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    kind = charge["payment_method_details"]["type"]
    days = WINDOW_DAYS.get(kind)
    if days is not None and world.now > charge["created"] + days * DAY:
        raise Refusal(
            f"This {kind} payment can no longer be refunded: the window is {days} days.", param="charge"
        )


def _dispute(world: World, charge: Json) -> Json | None:
    found, _ = world.store.page("dispute", [("charge", "=", charge["id"])], limit=1)
    return found[0] if found else None


def refund(
    world: World, charge: Json, amount: int, *, reason: str | None = None, metadata: Json | None = None
) -> Json:
    """Book a refund that was checked; a wallet's stays pending for a while."""
    charges.ensure_booked(world, charge)
    card = charge["payment_method_details"]["type"] == "card"
    thing = payments.refund(
        id=world.new_id("re" if card else "pyr"),
        created=world.now,
        charge=charge,
        amount=amount,
        status="succeeded" if card else "pending",
        reason=reason,
    )
    thing["metadata"] = metadata or {}
    txn = book(
        world,
        amount=-amount,
        currency=charge["currency"],
        type="refund" if card else "payment_refund",
        reporting_category="refund",
        source=thing["id"],
        description="REFUND FOR "
        + (("CHARGE" if card else "PAYMENT") + f" ({charge['description'] or charge['id']})"),
    )
    thing["balance_transaction"] = txn["id"]
    world.add(thing)
    before = charge["amount_refunded"]
    charge["amount_refunded"] = before + amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.save(charge)
    world.emit("refund.created", thing)
    world.emit("charge.refunded", charge, changed={"amount_refunded": before, "refunded": False})
    if not card:
        world.later(world.config.refund_delay, "refund_settled", refund=thing["id"])
    return thing


@job("refund_settled")
def settled(world: World, args: Json) -> None:
    """Let a pending refund reach the payer."""
    thing = world.need("refund", args["refund"])
    if thing["status"] != "pending":
        return
    thing["status"] = "succeeded"
    world.save(thing)
    world.emit("charge.refund.updated", thing, changed={"status": "pending"})
    world.emit("refund.updated", thing, changed={"status": "pending"})


def fail(world: World, id: str, reason: str = "unknown") -> Json:
    """Let a refund fail, even after it succeeded: its money returns to the balance."""
    thing = world.need("refund", id, "refund")
    if thing["status"] not in ("pending", "succeeded"):
        raise Refusal(f"Refund {id} is {thing['status']} and cannot fail.", param="refund")
    before = thing["status"]
    txn = book(
        world,
        amount=thing["amount"],
        currency=thing["currency"],
        type="refund_failure",
        reporting_category="refund_failure",
        source=thing["id"],
        description="REFUND FAILURE",
    )
    thing |= {"status": "failed", "failure_reason": reason, "failure_balance_transaction": txn["id"]}
    world.save(thing)
    charge = world.need("charge", thing["charge"])
    charge["amount_refunded"] -= thing["amount"]
    charge["refunded"] = False
    world.save(charge)
    world.emit("charge.refund.updated", thing, changed={"status": before})
    world.emit("refund.updated", thing, changed={"status": before})
    world.emit("refund.failed", thing)
    return thing


@route("POST", "/v1/refunds/{id}", "metadata")
def update_refund(world: World, given: Json, id: str) -> Json:
    """Change a refund's metadata."""
    thing = world.need("refund", id, "refund")
    thing["metadata"] = params.metadata(given, thing["metadata"])
    world.save(thing)
    world.emit("refund.updated", thing)
    return thing


listed("/v1/refunds", "refund", "charge", "payment_intent")
retrieved("/v1/refunds", "refund", "refund")
