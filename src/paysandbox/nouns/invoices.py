"""Invoices of subscriptions: drafted, finalised, paid through a payment intent of their own."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.nouns import payment_intents, payment_methods
from paysandbox.routing import LISTED, answer_page, includable, retrieved, route
from paysandbox.shapes import billing, listing
from paysandbox.store import Condition
from paysandbox.world import World, hidden


def draft(world: World, subscription: Json, *, reason: str) -> Json:
    """Make the invoice of a subscription's current period."""
    customer = world.need("customer", subscription["customer"])
    id = world.new_id("in")
    lines = []
    for item in subscription["items"]["data"]:
        product = world.need("product", item["price"]["product"])
        price = payment_intents.shown(item["price"]["unit_amount"], item["price"]["currency"])
        words = (
            f"{item['quantity']} × {product['name']} (at {price} / {item['price']['recurring']['interval']})"
        )
        lines.append(
            billing.invoice_line(
                id=world.new_id("il"),
                invoice=id,
                item=item,
                description=words,
                metadata=dict(subscription["metadata"]),
            )
        )
    invoice = billing.invoice(
        id=id,
        created=world.now,
        subscription=subscription,
        customer=customer,
        lines=lines,
        billing_reason=reason,
        period_start=hidden(subscription).get("last_period_start", world.now),
        account_name=world.config.merchant,
    )
    world.add(invoice)
    world.emit("invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Json) -> None:
    """Give a draft its number and the intent that will pay it."""
    customer = world.need("customer", invoice["customer"])
    invoice |= {
        "status": "open",
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        "effective_at": world.now,
        "hosted_invoice_url": f"{world.config.public_url}/c/receipt/{invoice['id']}",
    }
    invoice["status_transitions"]["finalized_at"] = world.now
    customer["next_invoice_sequence"] += 1
    world.save(customer)
    words = "creation" if invoice["billing_reason"] == "subscription_create" else "update"
    intent = payment_intents.begin(
        world,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        method_types=["card"],
        customer=invoice["customer"],
        description=f"Subscription {words}",
    )
    intent["setup_future_usage"] = "off_session" if words == "creation" else None
    hidden(intent)["invoice"] = invoice["id"]
    world.save(intent)
    payment = billing.invoice_payment(
        id=world.new_id("inpay"), created=world.now, invoice=invoice, intent=intent["id"]
    )
    world.add(payment)
    world.save(invoice)
    world.emit("invoice.finalized", invoice)


def payment_of(world: World, invoice: Json) -> Json:
    """Return the invoice payment of a finalised invoice."""
    return world.store.all("invoice_payment", ("invoice", "=", invoice["id"]))[0]


def attempt(
    world: World, invoice: Json, method: Json | None, *, off_session: bool, challenged: bool = False
) -> Refusal | None:
    """Try to collect an open invoice and return why it failed, if so; the caller moves the subscription."""
    payment = payment_of(world, invoice)
    intent = world.need("payment_intent", payment["payment"]["payment_intent"])
    invoice |= {
        "attempted": True,
        "attempt_count": invoice["attempt_count"] + 1,
        "next_payment_attempt": None,
    }
    refused: Refusal | None
    if method is None:
        refused = Refusal(
            "The customer has no default payment method.",
            status=402,
            type="card_error",
            code="missing",
            keep=True,
        )
    else:
        verdict = payment_methods.answer_of(world, method, off_session=off_session)
        if verdict in ("succeed", "challenge"):
            payment_intents.succeed(world, intent, method, challenged=challenged)
            _paid(world, invoice, payment)
            return None
        refused = payment_intents.fail(world, intent, method, verdict)
    world.save(invoice)
    return refused


def announce_failure(world: World, invoice: Json, next_attempt: int | None) -> None:
    """Say that collecting failed and when it will be tried again."""
    invoice["next_payment_attempt"] = next_attempt
    world.save(invoice)
    world.emit("invoice.payment_failed", invoice)
    world.emit("invoice.updated", invoice)


def _paid(world: World, invoice: Json, payment: Json) -> None:
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "auto_advance": False,
    }
    invoice["status_transitions"]["paid_at"] = world.now
    world.save(invoice)
    payment |= {"status": "paid", "amount_paid": invoice["amount_due"]}
    payment["status_transitions"]["paid_at"] = world.now
    world.save(payment)
    world.emit("invoice.updated", invoice)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)
    world.emit("invoice_payment.paid", payment)


def give_up(world: World, invoice: Json, status: str) -> None:
    """Void an invoice or mark it uncollectible."""
    names = {"void": ("voided_at", "invoice.voided")}
    stamp, event = names.get(status, ("marked_uncollectible_at", "invoice.marked_uncollectible"))
    invoice |= {"status": status, "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"][stamp] = world.now
    world.save(invoice)
    for payment in world.store.all("invoice_payment", ("invoice", "=", invoice["id"])):
        if payment["status"] == "open":
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = world.now
            world.save(payment)
            intent = world.need("payment_intent", payment["payment"]["payment_intent"])
            if intent["status"] in payment_intents.OPEN:
                payment_intents.cancel(world, intent, "void_invoice")
    world.emit(event, invoice)


# --- API -------------------------------------------------------------------------------------------


@includable("invoice", "payments")
def payments_of(world: World, invoice: Json) -> Json:
    """Return the payments of an invoice."""
    rows, more = world.store.page("invoice_payment", [("invoice", "=", invoice["id"])])
    return listing(f"/v1/invoice_payments?invoice={invoice['id']}", rows, more)


@route("GET", "/v1/invoices", " ".join([*LISTED, "customer", "subscription", "status"]))
def list_invoices(world: World, given: Json) -> Json:
    """Answer invoices."""
    where: list[Condition] = []
    fields = {
        "customer": "customer",
        "status": "status",
        "subscription": "parent.subscription_details.subscription",
    }
    for name, field in fields.items():
        value = params.text(given, name)
        if value is not None:
            where.append((field, "=", value))
    return answer_page(world, "invoice", given, "/v1/invoices", where)


retrieved("/v1/invoices", "invoice", "invoice")


@route("GET", "/v1/invoices/{id}/lines", " ".join(LISTED))
def list_lines(world: World, given: Json, id: str) -> Json:
    """Answer the lines of an invoice."""
    lines: Json = world.need("invoice", id, "invoice")["lines"]
    return lines


@route("GET", "/v1/invoice_payments", " ".join([*LISTED, "invoice", "status", "payment"]))
def list_payments(world: World, given: Json) -> Json:
    """Answer the links between invoices and payment intents."""
    where: list[Condition] = []
    for name in ("invoice", "status"):
        value = params.text(given, name)
        if value is not None:
            where.append((name, "=", value))
    payment = params.part(given, "payment", ("type", "payment_intent"))
    intent = params.text(payment, "payment_intent")
    if intent is not None:
        where.append(("payment.payment_intent", "=", intent))
    return answer_page(world, "invoice_payment", given, "/v1/invoice_payments", where)


retrieved("/v1/invoice_payments", "invoice_payment", "invoice_payment")


@route("POST", "/v1/invoices/{id}/void")
def void_invoice(world: World, given: Json, id: str) -> Json:
    """Void an open invoice."""
    invoice = world.need("invoice", id, "invoice")
    if invoice["status"] != "open":
        raise Refusal(f"You can only void open invoices; this one is {invoice['status']}.")
    give_up(world, invoice, "void")
    _forgive(world, invoice)
    return invoice


def _forgive(world: World, invoice: Json) -> None:
    """Let a subscription be active again whose latest invoice, the unpaid one, was given up."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    if not details.get("subscription"):
        return
    subscription = world.need("subscription", details["subscription"])
    if subscription["status"] == "past_due" and subscription["latest_invoice"] == invoice["id"]:
        subscription["status"] = "active"
        world.save(subscription)
        world.emit("customer.subscription.updated", subscription, changed={"status": "past_due"})
