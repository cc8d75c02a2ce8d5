"""Subscriptions: begun by Checkout or the API, changed, paused, ended."""

from copy import deepcopy
from datetime import UTC, datetime

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal, missing, no_such
from paysandbox.nouns import invoices, payment_methods
from paysandbox.nouns.products import price_of
from paysandbox.routing import LISTED, answer_page, retrieved, route
from paysandbox.shapes import billing
from paysandbox.store import Condition
from paysandbox.world import DAY, World, hidden, public

BEHAVIORS = ("void", "keep_as_draft", "mark_uncollectible")
ENDED = ("canceled", "incomplete_expired")


def period_end(anchor: int, cycle: Json, periods: int) -> int:
    """Return when the nth period ends; months keep the anchor's day, or the month's last."""
    count = int(cycle["interval_count"]) * periods
    if cycle["interval"] == "day":
        return anchor + count * DAY
    if cycle["interval"] == "week":
        return anchor + count * 7 * DAY
    months = count * (12 if cycle["interval"] == "year" else 1)
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    month += 1
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    last_day = datetime.fromtimestamp(first_of_next.timestamp() - DAY, UTC).day
    return int(start.replace(year=year, month=month, day=min(start.day, last_day)).timestamp())


def begin(
    world: World,
    *,
    customer: Json,
    lines: list[tuple[Json, int]],
    method: Json | None,
    metadata: Json,
    description: str | None = None,
    challenged: bool = False,
    off_session: bool = False,
) -> Json:
    """Start a subscription and collect its first invoice; it is active only if that was paid."""
    cycle = lines[0][0]["recurring"]
    if any(price["recurring"] is None for price, _ in lines):
        raise Refusal(
            "The price specified is set to `type=one_time` but a subscription needs recurring prices."
        )
    if any(price["recurring"] != cycle for price, _ in lines):
        raise Refusal("All prices of a subscription must have the same interval.", param="items")
    id, end = world.new_id("sub"), period_end(world.now, cycle, 1)
    items = [
        billing.subscription_item(
            id=world.new_id("si", 14),
            created=world.now,
            subscription=id,
            price=price,
            quantity=quantity,
            start=world.now,
            end=end,
        )
        for price, quantity in lines
    ]
    subscription = billing.subscription(
        id=id, created=world.now, customer=customer["id"], currency=lines[0][0]["currency"], items=items
    )
    subscription |= {
        "metadata": metadata,
        "description": description,
        "default_payment_method": None if method is None else method["id"],
    }
    hidden(subscription)["periods"] = 1
    world.add(subscription)
    customer["currency"] = subscription["currency"]
    world.save(customer)
    world.emit("customer.subscription.created", subscription)
    invoice = invoices.draft(world, subscription, reason="subscription_create")
    invoices.finalize(world, invoice)
    subscription["latest_invoice"] = invoice["id"]
    refused = invoices.attempt(
        world,
        invoice,
        method or default_method(world, subscription),
        off_session=off_session,
        challenged=challenged,
    )
    if refused is None:
        activate(world, subscription)
    else:
        world.save(subscription)
        invoices.announce_failure(world, invoice, None)
        world.later(23 * 3600, "subscription_incomplete_expired", subscription=id)
    world.later(end - world.now, "subscription_renews", subscription=id, periods=1)
    return subscription


def activate(world: World, subscription: Json) -> None:
    """Note that the subscription is paid up."""
    before = subscription["status"]
    subscription["status"] = "active"
    world.save(subscription)
    if before != "active":
        world.emit("customer.subscription.updated", subscription, changed={"status": before})


def default_method(world: World, subscription: Json) -> Json | None:
    """Return the method that renewals use: the subscription's, else the customer's."""
    id = subscription["default_payment_method"]
    if id is None:
        customer = world.need("customer", subscription["customer"])
        id = customer["invoice_settings"]["default_payment_method"]
    method = None if id is None else world.need("payment_method", id)
    return method if method is not None and method["customer"] == subscription["customer"] else None


def end(world: World, subscription: Json, *, reason: str) -> None:
    """Cancel a subscription now, with what is still unpaid of it."""
    subscription |= {
        "status": "canceled",
        "ended_at": world.now,
        "canceled_at": subscription["canceled_at"] or world.now,
    }
    subscription["cancellation_details"]["reason"] = reason
    world.save(subscription)
    where = ("parent.subscription_details.subscription", "=", subscription["id"])
    for invoice in world.store.all("invoice", where):
        if invoice["status"] == "draft":
            invoice["auto_advance"] = False
            world.save(invoice)
        elif invoice["status"] == "open":
            invoices.give_up(world, invoice, "void")
    world.emit("customer.subscription.deleted", subscription)


# --- API -------------------------------------------------------------------------------------------

CREATE = (
    "customer items default_payment_method metadata description payment_behavior off_session "
    "collection_method currency payment_settings proration_behavior"
)


@route("POST", "/v1/subscriptions", CREATE)
def create_subscription(world: World, given: Json) -> Json:
    """Start a subscription for a customer who has a payment method."""
    customer = world.need("customer", params.required(given, "customer"), "customer")
    rows = params.rows(given, "items")
    if not rows:
        raise missing("items")
    lines = []
    for row in rows:
        params.only(row, ("price", "price_data", "quantity", "metadata"), "items")
        price, _ = price_of(world, row, new_product=False)
        lines.append((price, params.whole(row, "quantity", least=1) or 1))
    named = params.text(given, "default_payment_method")
    method = None if named is None else _own_method(world, named, customer["id"])
    return begin(
        world,
        customer=customer,
        lines=lines,
        method=method,
        metadata=params.metadata(given),
        description=params.text(given, "description"),
        off_session=True,
    )


def _own_method(world: World, id: str, customer: str) -> Json:
    method = world.need("payment_method", id, "default_payment_method")
    if method["customer"] != customer:
        raise no_such("payment_method", id, "default_payment_method")
    return method


UPDATE = (
    "items metadata description default_payment_method pause_collection cancel_at_period_end cancel_at "
    "cancellation_details proration_behavior payment_behavior off_session"
)


@route("POST", "/v1/subscriptions/{id}", UPDATE)
def update_subscription(world: World, given: Json, id: str) -> Json:
    """Change a subscription; a change of amount holds from the next period on."""
    subscription = world.need("subscription", id)
    if subscription["status"] in ENDED:
        raise Refusal("A canceled subscription can only update its cancellation_details and metadata.")
    before = deepcopy(public(subscription))
    if "default_payment_method" in given:
        named = params.required(given, "default_payment_method")
        subscription["default_payment_method"] = _own_method(world, named, subscription["customer"])["id"]
    if "description" in given:
        subscription["description"] = params.text(given, "description", limit=500)
    subscription["metadata"] = params.metadata(given, subscription["metadata"])
    _pause(world, subscription, given)
    _plan_end(world, subscription, given)
    if "items" in given:
        _change_items(world, subscription, given)
    world.save(subscription)
    changed = {name: before[name] for name in before if before[name] != subscription[name]}
    if changed:
        world.emit("customer.subscription.updated", subscription, changed=changed)
    return subscription


def _pause(world: World, subscription: Json, given: Json) -> None:
    if "pause_collection" not in given:
        return
    pause = params.part(given, "pause_collection", ("behavior", "resumes_at"))
    if not pause:
        subscription["pause_collection"] = None
        return
    params.required(pause, "behavior")
    resumes_at = params.whole(pause, "resumes_at")
    if resumes_at is not None:
        if resumes_at <= world.now:
            raise Refusal(
                "pause_collection[resumes_at] must be in the future.", param="pause_collection[resumes_at]"
            )
        world.later(
            resumes_at - world.now, "subscription_resumes", subscription=subscription["id"], at=resumes_at
        )
    behavior = params.choice(pause, "behavior", BEHAVIORS)
    subscription["pause_collection"] = {"behavior": behavior, "resumes_at": resumes_at}


def _plan_end(world: World, subscription: Json, given: Json) -> None:
    details = params.part(given, "cancellation_details", ("comment", "feedback"))
    for name in details:
        subscription["cancellation_details"][name] = params.text(details, name)
    at_period_end = params.flag(given, "cancel_at_period_end")
    cancel_at = params.whole(given, "cancel_at")
    if at_period_end is None and "cancel_at" not in given:
        return
    if at_period_end:
        cancel_at = max(item["current_period_end"] for item in subscription["items"]["data"])
    elif cancel_at is not None:
        if cancel_at <= world.now:
            raise Refusal("cancel_at must be in the future.", param="cancel_at")
        world.later(cancel_at - world.now, "subscription_ends", subscription=subscription["id"], at=cancel_at)
    subscription |= {
        "cancel_at_period_end": bool(at_period_end),
        "cancel_at": cancel_at,
        "canceled_at": None if cancel_at is None else world.now,
    }
    subscription["cancellation_details"]["reason"] = None if cancel_at is None else "cancellation_requested"


def _change_items(world: World, subscription: Json, given: Json) -> None:
    items = {item["id"]: item for item in subscription["items"]["data"]}
    for row in params.rows(given, "items"):
        params.only(row, ("id", "price", "price_data", "quantity", "metadata"), "items")
        item = items.get(params.required(row, "id"))
        if item is None:
            raise no_such("subscription_item", str(row["id"]), "items[0][id]")
        if (
            params.choice(given, "proration_behavior", ("none", "create_prorations", "always_invoice"))
            != "none"
        ):
            raise Refusal(
                "The sandbox changes items only with proration_behavior=none: the new amount holds from"
                " the next period.",
                param="proration_behavior",
            )
        if "price" in row or "price_data" in row:
            price, _ = price_of(world, row, new_product=False)
            if price["recurring"] is None or price["currency"] != subscription["currency"]:
                raise Refusal(
                    "The new price must be recurring and in the subscription's currency.", param="items"
                )
            if price["recurring"] != item["price"]["recurring"]:
                raise Refusal("The sandbox does not change a subscription's interval.", param="items")
            item |= {"price": price, "plan": billing.plan(price)}
        item["quantity"] = params.whole(row, "quantity", least=1) or item["quantity"]


@route("DELETE", "/v1/subscriptions/{id}", "cancellation_details invoice_now prorate")
def cancel_subscription(world: World, given: Json, id: str) -> Json:
    """End a subscription now; what was paid stays paid."""
    subscription = world.need("subscription", id)
    if subscription["status"] in ENDED:
        raise no_such("subscription", id, "id")
    details = params.part(given, "cancellation_details", ("comment", "feedback"))
    for name in details:
        subscription["cancellation_details"][name] = params.text(details, name)
    end(world, subscription, reason="cancellation_requested")
    return subscription


@route("GET", "/v1/subscriptions", " ".join([*LISTED, "customer", "status", "price"]))
def list_subscriptions(world: World, given: Json) -> Json:
    """Answer subscriptions; without a status, those that have not ended."""
    where: list[Condition] = []
    customer, status = params.text(given, "customer"), params.text(given, "status")
    if customer is not None:
        where.append(("customer", "=", customer))
    if status is None:
        where += [("status", "<>", "canceled"), ("status", "<>", "incomplete_expired")]
    elif status == "ended":
        where.append(("ended_at", ">", 0))
    elif status != "all":
        where.append(("status", "=", status))
    return answer_page(world, "subscription", given, "/v1/subscriptions", where)


retrieved("/v1/subscriptions", "subscription")


@route("POST", "/v1/invoices/{id}/pay", "payment_method off_session")
def pay_invoice(world: World, given: Json, id: str) -> Json:
    """Try to collect an open invoice now, with another card if one is named."""
    invoice = world.need("invoice", id, "invoice")
    if invoice["status"] == "paid":
        raise Refusal("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        raise Refusal(f"This invoice is {invoice['status']} and cannot be paid.")
    subscription = world.need("subscription", invoice["parent"]["subscription_details"]["subscription"])
    named = params.text(given, "payment_method")
    method = default_method(world, subscription)
    if named is not None:
        method = payment_methods.find(world, named)
        payment_methods.attach(world, method, subscription["customer"])
    refused = invoices.attempt(
        world, invoice, method, off_session=params.flag(given, "off_session") is not False
    )
    if refused is not None:
        invoices.announce_failure(world, invoice, invoice["next_payment_attempt"])
        raise refused
    activate(world, subscription)
    return invoice
