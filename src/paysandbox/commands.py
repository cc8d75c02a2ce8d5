"""What the control API can do. Each command takes the world and a JSON object, and returns JSON."""

import json

from paysandbox import deliveries, faults
from paysandbox.config import Json, split
from paysandbox.errors import Refusal, missing
from paysandbox.nouns import balance, charges, checkout, disputes, payment_methods, payouts, refunds
from paysandbox.store import TABLES
from paysandbox.world import DAY, World, public


def _number(given: Json, name: str, default: int | None = None) -> int:
    if name not in given:
        if default is None:
            raise missing(name)
        return default
    return int(given[name])


def _truth(given: Json, name: str, default: bool) -> bool:
    value = given.get(name, default)
    return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes", "on")


def state(world: World, given: Json) -> Json:
    """Tell the time, the balance, how many of each thing there are, and what is switched on."""
    kinds = world.store.rows("SELECT kind, count(*) FROM object GROUP BY kind")
    states = world.store.rows("SELECT state, count(*) FROM delivery GROUP BY state")
    return {
        "now": world.now,
        "seed": world.seed,
        "next_due": world.next_due(),
        "balance": balance.current(world),
        "objects": {str(kind): count for kind, count in kinds},
        "deliveries": {str(kind): count for kind, count in states},
        "hold": world.store.setting("hold") == "true",
        "webhook_urls": list(deliveries.urls(world)),
        "faults": faults.listed(world),
    }


def check(world: World, given: Json) -> Json:
    """Check the sandbox's own books."""
    found = balance.faults_in_books(world)
    return {"ok": not found, "faults": found}


def clock(world: World, given: Json) -> Json:
    """Move the clock forward by `seconds` and `days`, or `to` a time, and do all that falls due."""
    before = world.now
    seconds = _number(given, "seconds", 0) + _number(given, "days", 0) * DAY
    if "to" in given:
        seconds = int(given["to"]) - before
    if not 0 <= seconds <= 20 * 366 * DAY:
        raise Refusal("The clock moves forward only, by at most twenty years.")
    world.move_clock(seconds)
    done = world.catch_up()
    return {"before": before, "now": world.now, "jobs": done}


def checkout_outcomes() -> tuple[str, ...]:
    """Return the outcomes that a session may be given."""
    return (
        "paid",
        "challenge",
        "approved",
        "refused",
        "card_declined",
        "insufficient_funds",
        "late",
        "late_failed",
        "expired",
    )


def checkout_session(world: World, id: str) -> Json:
    """Return an open session."""
    session = world.need("checkout.session", id, "session")
    if session["status"] != "open":
        raise Refusal(f"Checkout session {id} is {session['status']}.", param="session")
    return session


def settle(world: World, session: Json, outcome: str, kind: str) -> str | None:
    """Give an open session an outcome, as the hosted page would."""
    if outcome not in checkout_outcomes():
        raise Refusal(f"Unknown outcome; known are: {', '.join(checkout_outcomes())}", param="outcome")
    if outcome == "expired":
        checkout.expire(world, session)
        return None
    return checkout.settle(world, session, outcome, kind)


def settle_session(world: World, given: Json, id: str) -> Json:
    """Settle an open session by `outcome` and `method` without opening its page."""
    session = checkout_session(world, id)
    kind = str(given.get("method", session["payment_method_types"][0]))
    refused = settle(world, session, str(given.get("outcome", "paid")), kind)
    return {"session": public(session), "refused": refused}


def gifts(world: World, given: Json) -> Json:
    """Make `count` sessions of `amount` with `metadata` and pay them at once: a burst of gifts."""
    count = _number(given, "count", 10)
    if not 1 <= count <= 10_000:
        raise Refusal("Between 1 and 10000 gifts at a time.", param="count")
    raw = given.get("metadata") or {}
    metadata: Json = json.loads(raw) if isinstance(raw, str) else raw
    made = []
    for number in range(count):
        own = {key: str(value).replace("{n}", str(number)) for key, value in metadata.items()}
        price = {"currency": "cny", "unit_amount": str(_number(given, "amount", 5_000))}
        price_data = {**price, "product_data": {"name": str(given.get("name", "捐款"))}}
        session = checkout.create_session(
            world,
            {
                "mode": "payment",
                "success_url": "https://example.com/thanks",
                "line_items": [{"quantity": "1", "price_data": price_data}],
                "metadata": own,
                "payment_intent_data": {"metadata": own},
            },
        )
        settle(world, session, str(given.get("outcome", "paid")), str(given.get("method", "wechat_pay")))
        made.append({"session": session["id"], "payment_intent": session["payment_intent"]})
    return {"gifts": made}


def _charge_of(world: World, given: Json) -> Json:
    if "payment_intent" in given:
        intent = world.need("payment_intent", str(given["payment_intent"]), "payment_intent")
        return world.need("charge", str(intent["latest_charge"]), "charge")
    if "charge" not in given:
        raise missing("charge")
    return world.need("charge", str(given["charge"]), "charge")


def dispute(world: World, given: Json) -> Json:
    """Open a dispute of a `charge` or `payment_intent`, of `amount` or what is left, for `reason`."""
    amount = _number(given, "amount", 0) or None
    charge = _charge_of(world, given)
    reason = str(given.get("reason", "fraudulent"))
    return public(disputes.open_dispute(world, charge["id"], amount=amount, reason=reason))


def close_dispute(world: World, given: Json, id: str) -> Json:
    """Close a dispute: `outcome` won or lost."""
    return public(disputes.close(world, id, str(given.get("outcome", "lost"))))


def refund(world: World, given: Json) -> Json:
    """Refund a `charge` or `payment_intent` as somebody at the Dashboard would, without the platform."""
    charge = _charge_of(world, given)
    charges.ensure_booked(world, charge)
    request = {"charge": charge["id"]}
    if "amount" in given:
        request["amount"] = str(given["amount"])
    return public(refunds.create_refund(world, request))


def fail_refund(world: World, given: Json, id: str) -> Json:
    """Let a refund fail, pending or not."""
    return public(refunds.fail(world, id, str(given.get("reason", "unknown"))))


def pay_out(world: World, given: Json) -> Json:
    """Send the available balance to the bank now; `all` first makes everything available."""
    if _truth(given, "all", False):
        world.store.run("UPDATE money SET available_on = ? WHERE state = 'pending'", world.now)
        balance.mature(world, {})
    payouts.pay_out(world, {})
    found, _ = world.store.page("payout", limit=1)
    return {"payout": found[0] if found else None}


def fail_payout(world: World, given: Json, id: str) -> Json:
    """Let a payout fail, even after it was paid."""
    return public(payouts.fail(world, id, str(given.get("code", "account_closed"))))


def card(world: World, given: Json, id: str) -> Json:
    """Change a card: `change` is expire, renew, or what it answers from now on (card_declined, …)."""
    change = str(given.get("change", "expire"))
    if change == "expire":
        return public(payment_methods.expire(world, id))
    if change == "renew":
        return public(payment_methods.renew(world, id))
    if change not in ("succeed", "challenge", *charges.DECLINES):
        raise Refusal("Unknown change.", param="change")
    return public(payment_methods.behave(world, id, change))


def movement(world: World, given: Json) -> Json:
    """Book any other movement of the balance: a monthly fee, a reserve, a kind nobody has met before."""
    return balance.book(
        world,
        amount=_number(given, "amount"),
        currency=str(given.get("currency", "cny")),
        type=str(given.get("type", "stripe_fee")),
        reporting_category=str(given.get("reporting_category", "fee")),
        source=None,
        description=str(given.get("description", "Billing fee")),
        fee=_number(given, "fee", 0),
    )


def deliveries_list(world: World, given: Json) -> Json:
    """List webhook deliveries with fresh signatures; `state`, `event`, `limit` choose."""
    limit = _number(given, "limit", 1_000)
    return {
        "deliveries": deliveries.queued(
            world, state=given.get("state"), event=given.get("event"), limit=limit
        )
    }


def take(world: World, given: Json) -> Json:
    """Hand over all held deliveries, signed now, and count them as delivered."""
    return {"deliveries": deliveries.take_held(world)}


def hold(world: World, given: Json) -> Json:
    """Collect new deliveries instead of sending them (`on` true) or send again (`on` false)."""
    on = _truth(given, "on", True)
    world.store.set("hold", "true" if on else "false")
    return {"hold": on}


def release(world: World, given: Json) -> Json:
    """Send held deliveries: `ids` in the order given (repeats allowed), or all in an `order`."""
    ids = given.get("ids")
    numbers = None if ids is None else [int(one) for one in (split(ids) if isinstance(ids, str) else ids)]
    return {"released": deliveries.release(world, numbers, str(given.get("order", "as_is")))}


def flush(world: World, given: Json) -> Json:
    """Make delayed deliveries and retries due at once: a burst."""
    return {"due": deliveries.flush(world)}


def resend(world: World, given: Json) -> Json:
    """Deliver an `event` once more."""
    return {"deliveries": deliveries.resend(world, str(given.get("event", "")))}


def faults_list(world: World, given: Json) -> Json:
    """List the faults in force."""
    return {"faults": faults.listed(world)}


def fault(world: World, given: Json) -> Json:
    """Add a fault: `place` (delivery or request), `kind`, what it fits, `times` (0: always), `chance`."""
    rule = {key: value for key, value in given.items() if key != "place"}
    return {"id": faults.add(world, str(given.get("place", "delivery")), rule)}


def clear_faults(world: World, given: Json) -> Json:
    """Drop all faults."""
    faults.clear(world)
    return {"faults": []}


def webhooks(world: World, given: Json) -> Json:
    """Change where webhooks go (`urls`) and how they are signed (`secrets`; two during a rotation)."""
    for name in ("urls", "secrets"):
        if name in given:
            value = given[name]
            words = list(split(value)) if isinstance(value, str) else [str(word) for word in value]
            world.store.set(f"webhook_{name}", json.dumps(words))
    return {"urls": list(deliveries.urls(world)), "secrets": len(deliveries.secrets(world))}


def reset(world: World, given: Json) -> Json:
    """Forget everything; the same seed and clock begin again."""
    world.forget(tables=TABLES, seed=given.get("seed"))
    return {"now": world.now, "seed": world.seed}
