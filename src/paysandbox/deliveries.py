"""Webhooks: every event becomes a delivery per endpoint, signed when it leaves, bent by faults on the way."""

import hashlib
import hmac
import json
import time
from fnmatch import fnmatchcase

from paysandbox.config import Json
from paysandbox.faults import Fault, take
from paysandbox.world import DAY, World, public

OLD_VERSION = "2020-08-27"


def signature(payload: str, secrets: tuple[str, ...], at: int | None = None) -> str:
    """Return the Stripe-Signature header: one v1 per secret, over the time and the body."""
    stamp = int(time.time()) if at is None else at
    signed = f"{stamp}.{payload}".encode()
    parts = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={part}" for part in parts)])


def headers(payload: str, secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of a delivery."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks; payment sandbox)",
        "Stripe-Signature": signature(payload, secrets),
    }


def urls(world: World) -> tuple[str, ...]:
    """Return the endpoints; the control API may have changed them."""
    changed = world.store.setting("webhook_urls")
    return world.config.webhook_urls if changed is None else tuple(json.loads(changed))


def secrets(world: World) -> tuple[str, ...]:
    """Return the signing secrets; the control API may have changed them."""
    changed = world.store.setting("webhook_secrets")
    return world.config.webhook_secrets if changed is None else tuple(json.loads(changed))


def enqueue(world: World, event: Json) -> None:
    """Queue an event for every endpoint that wants it; without any endpoint, it is held for whoever asks."""
    if not any(fnmatchcase(event["type"], pattern) for pattern in world.config.webhook_events):
        return
    faults = take(world, "delivery", lambda rule: _fits(rule, event))
    for url in urls(world) or (None,):
        _enqueue_one(world, event, url, faults)


def _fits(rule: Json, event: Json) -> bool:
    thing = event["data"]["object"]
    if not fnmatchcase(event["type"], str(rule.get("type", "*"))):
        return False
    if rule.get("object") not in (None, thing.get("id")):
        return False
    wanted: Json = rule.get("metadata") or {}
    return all((thing.get("metadata") or {}).get(key) == value for key, value in wanted.items())


def _enqueue_one(world: World, event: Json, url: str | None, faults: list[Fault]) -> None:
    held = url is None or world.store.setting("hold") == "true"
    state, at, copies, notes, body = "held" if held else "pending", world.now, 1, [], event
    for fault in faults:
        notes.append(fault.kind)
        if fault.kind == "drop":
            state = "dropped"
        elif fault.kind == "hold" and state == "pending":
            state = "held"
        elif fault.kind == "delay":
            at += int(fault.rule.get("seconds", 60))
        elif fault.kind == "reorder":
            at += world.draw_number(int(fault.rule.get("seconds", 5)) + 1)
        elif fault.kind == "duplicate":
            copies += int(fault.rule.get("copies", 1))
        elif fault.kind == "stale_payload":
            body = stale(world, body)
        elif fault.kind == "old_api_version":
            body = old_version(world, body)
    payload = json.dumps({**body, "pending_webhooks": 1}, ensure_ascii=False)
    for _ in range(copies):
        world.store.run(
            "INSERT INTO delivery (event, type, url, at, state, payload, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
            event["id"],
            event["type"],
            url,
            at,
            state,
            payload,
            " ".join(notes),
        )


def stale(world: World, event: Json) -> Json:
    """Return the event with its object as it was before the change that it tells of."""
    thing = event["data"]["object"]
    before = world.store.previous(thing["id"]) if "id" in thing else None
    if before is None:
        return event
    return {**event, "data": {**event["data"], "object": public(before)}}


def old_version(world: World, event: Json) -> Json:
    """Return the event as an endpoint pinned to the API of 2020 gets it."""
    thing = dict(event["data"]["object"])
    kind = thing.get("object")
    if kind == "invoice":
        rows = world.store.all("invoice_payment", ("invoice", "=", thing["id"]))
        intent = world.store.get(rows[0]["payment"]["payment_intent"]) if rows else None
        thing |= {
            "subscription": thing["parent"]["subscription_details"]["subscription"],
            "payment_intent": None if intent is None else intent["id"],
            "charge": None if intent is None else intent["latest_charge"],
            "paid": thing["status"] == "paid",
        }
        thing.pop("parent")
    elif kind == "subscription":
        item = thing["items"]["data"][0]
        for name in ("current_period_start", "current_period_end"):
            thing[name] = item[name]
    elif kind == "charge":
        rows = world.store.all("refund", ("charge", "=", thing["id"]))
        url = f"/v1/charges/{thing['id']}/refunds"
        thing["refunds"] = {"object": "list", "data": rows, "has_more": False, "url": url}
    elif kind == "payment_intent":
        rows = world.store.all("charge", ("payment_intent", "=", thing["id"]))
        url = f"/v1/charges?payment_intent={thing['id']}"
        thing["charges"] = {"object": "list", "data": rows, "has_more": False, "url": url}
    return {**event, "api_version": OLD_VERSION, "data": {**event["data"], "object": thing}}


# --- the queue -------------------------------------------------------------------------------------

_COLUMNS = "seq, event, type, url, at, attempts, state, payload, note"


def _row(world: World, row: tuple[object, ...], *, signed: bool) -> Json:
    names = ("id", "event", "type", "url", "at", "attempts", "state", "body", "note")
    found: Json = dict(zip(names, row, strict=True))
    if signed:
        found["headers"] = headers(str(found["body"]), secrets(world))
    return found


def queued(
    world: World,
    *,
    state: str | None = None,
    event: str | None = None,
    limit: int = 1_000,
    signed: bool = True,
) -> list[Json]:
    """Return deliveries in the order in which they arose, each with `headers` signed now and its `body`."""
    sql, values = f"SELECT {_COLUMNS} FROM delivery WHERE 1 = 1", list[object]()
    if state is not None:
        sql += " AND state = ?"
        values.append(state)
    if event is not None:
        sql += " AND event = ?"
        values.append(event)
    rows = world.store.rows(f"{sql} ORDER BY seq LIMIT ?", *values, limit)
    return [_row(world, row, signed=signed) for row in rows]


def take_held(world: World) -> list[Json]:
    """Return the held deliveries whose time has come and count them as delivered by the caller."""
    due = "state = 'held' AND at <= ?"
    rows = world.store.rows(f"SELECT {_COLUMNS} FROM delivery WHERE {due} ORDER BY at, seq", world.now)
    world.store.run(
        f"UPDATE delivery SET state = 'delivered', attempts = attempts + 1 WHERE {due}", world.now
    )
    return [_row(world, row, signed=True) for row in rows]


def release(world: World, ids: list[int] | None, order: str) -> int:
    """Send held deliveries: those named in their order, or all of them `as_is`, `reverse` or `shuffle`d."""
    if ids is None:
        ids = [
            int(str(row[0]))
            for row in world.store.rows("SELECT seq FROM delivery WHERE state = 'held' ORDER BY seq")
        ]
        if order == "reverse":
            ids.reverse()
        elif order == "shuffle":
            for last in range(len(ids) - 1, 0, -1):
                other = world.draw_number(last + 1)
                ids[last], ids[other] = ids[other], ids[last]
    sent = 0
    for id in ids:
        row = world.store.run(
            "SELECT event, type, url, payload, state FROM delivery WHERE seq = ?", id
        ).fetchone()
        if row is None or row[2] is None:
            continue
        # A new row at the end of the queue keeps the order asked for; naming an id twice sends it twice.
        world.store.run(
            "INSERT INTO delivery (event, type, url, at, state, payload, note)"
            " VALUES (?, ?, ?, ?, 'pending', ?, 'released')",
            row[0],
            row[1],
            row[2],
            world.now,
            row[3],
        )
        world.store.run(
            "UPDATE delivery SET state = 'released' WHERE seq = ? AND state IN ('held', 'dropped')", id
        )
        sent += 1
    return sent


def flush(world: World) -> int:
    """Make everything that waits for its time due now, retries too."""
    return world.store.run("UPDATE delivery SET at = ? WHERE state = 'pending'", world.now).rowcount


def resend(world: World, event_id: str) -> int:
    """Send an event once more to every endpoint, as the Dashboard's button does."""
    event = world.need("event", event_id, "event")
    for url in urls(world) or (None,):
        _enqueue_one(world, event, url, [])
    return len(urls(world))


def due(world: World, limit: int) -> list[Json]:
    """Return deliveries to send now and mark them as being sent."""
    rows = world.store.rows(
        f"SELECT {_COLUMNS} FROM delivery WHERE state = 'pending' AND at <= ? ORDER BY at, seq LIMIT ?",
        world.now,
        limit,
    )
    found = [_row(world, row, signed=True) for row in rows]
    for one in found:
        world.store.run(
            "UPDATE delivery SET state = 'sending', attempts = attempts + 1 WHERE seq = ?", one["id"]
        )
    return found


def finished(world: World, delivery: Json, *, ok: bool, note: str) -> None:
    """Note how a delivery went; a failed one is tried again later, until the retries are used up."""
    attempts = int(delivery["attempts"]) + 1
    delays = world.config.retry_delays
    if ok:
        state, at = "delivered", world.now
        world.store.run(
            "UPDATE delivery SET state = 'released'"
            " WHERE event = ? AND url = ? AND state IN ('dropped', 'failed')",
            delivery["event"],
            delivery["url"],
        )
    elif attempts <= len(delays):
        state, at = "pending", world.now + delays[attempts - 1]
    else:
        state, at = "failed", world.now
    world.store.run(
        "UPDATE delivery SET state = ?, at = ?, note = ? WHERE seq = ?", state, at, note, delivery["id"]
    )


def recover(world: World) -> None:
    """After a crash, send again what was being sent: it may not have arrived. Forget what is long done."""
    world.store.run("UPDATE delivery SET state = 'pending' WHERE state = 'sending'")
    world.store.run(
        "DELETE FROM delivery WHERE state IN ('delivered', 'released') AND at < ?", world.now - 30 * DAY
    )


def next_at(world: World) -> int | None:
    """Return when the next delivery is due."""
    row = world.store.rows("SELECT min(at) FROM delivery WHERE state = 'pending'")[0]
    return None if row[0] is None else int(str(row[0]))
