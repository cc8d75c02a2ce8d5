"""The balance and its movements. Every fen that moves is booked here and nowhere else."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.routing import LISTED, answer_page, retrieved, route
from paysandbox.shapes import money
from paysandbox.store import Condition
from paysandbox.world import DAY, World, job


def book(
    world: World,
    *,
    amount: int,
    currency: str,
    type: str,
    reporting_category: str,
    source: str | None,
    description: str | None = None,
    fee: int = 0,
    fee_description: str = "Stripe processing fees",
    waits: bool = False,
    sign: str = "txn",
) -> Json:
    """Move the balance by amount − fee; what `waits` is available only some days later, at midnight UTC."""
    now = world.now
    available_on = (now // DAY + world.config.available_after_days) * DAY if waits else now
    thing = world.add(
        money.balance_transaction(
            id=world.new_id(sign),
            created=now,
            available_on=available_on,
            amount=amount,
            fee=fee,
            fee_description=fee_description,
            currency=currency,
            type=type,
            reporting_category=reporting_category,
            source=source,
            description=description,
        )
    )
    state = thing["status"]
    net = amount - fee
    swept = 1 if type == "payout" else 0
    world.store.run(
        "INSERT INTO money (id, currency, net, available_on, state, swept) VALUES (?, ?, ?, ?, ?, ?)",
        thing["id"],
        currency,
        net,
        available_on,
        state,
        swept,
    )
    world.store.run("INSERT OR IGNORE INTO balance VALUES (?, 0, 0)", currency)
    world.store.run(f"UPDATE balance SET {state} = {state} + ? WHERE currency = ?", net, currency)
    if state == "pending":
        _once(world, available_on, "mature")
    else:
        _once(world, (now // DAY + 1) * DAY, "mature")
    return thing


def _once(world: World, at: int, name: str) -> None:
    if not world.store.number("SELECT count(*) FROM due WHERE job = ? AND at = ?", name, at):
        world.later(at - world.now, name)


@job("mature")
def mature(world: World, _: Json) -> None:
    """Make available what has waited long enough, then pay out."""
    ripe = "state = 'pending' AND available_on <= ?"
    sums = world.store.rows(f"SELECT currency, sum(net) FROM money WHERE {ripe} GROUP BY currency", world.now)
    world.store.run(
        "UPDATE object SET body = json_set(body, '$.status', 'available')"
        f" WHERE id IN (SELECT id FROM money WHERE {ripe})",
        world.now,
    )
    for currency, net in sums:
        world.store.run(
            "UPDATE balance SET pending = pending - ?, available = available + ? WHERE currency = ?",
            net,
            net,
            currency,
        )
    world.store.run(f"UPDATE money SET state = 'available' WHERE {ripe}", world.now)
    if sums:
        world.emit("balance.available", current(world))
    world.later(0, "pay_out")


def current(world: World) -> Json:
    """Return the balance object."""
    rows = world.store.rows("SELECT currency, available, pending FROM balance")
    available = {str(currency): int(str(amount)) for currency, amount, _ in rows}
    pending = {str(currency): int(str(amount)) for currency, _, amount in rows}
    for currency in world.config.currencies:
        available.setdefault(currency, 0)
        pending.setdefault(currency, 0)
    return money.balance(available, pending)


@route("GET", "/v1/balance")
def retrieve_balance(world: World, given: Json) -> Json:
    """Answer the balance."""
    return current(world)


@route("GET", "/v1/balance_transactions", " ".join([*LISTED, "currency", "payout", "source", "type"]))
def list_transactions(world: World, given: Json) -> Json:
    """Answer balance transactions; those of a payout only once it is reconciled."""
    where: list[Condition] = []
    for name in ("currency", "source", "type"):
        value = params.text(given, name)
        if value is not None:
            where.append((name, "=", value))
    payout = params.text(given, "payout")
    if payout is None:
        return answer_page(world, "balance_transaction", given, "/v1/balance_transactions", where)
    found = world.need("payout", payout, "payout")
    if not found["automatic"]:
        raise Refusal(
            "Balance transaction history can only be filtered on automatic transfers.", param="payout"
        )
    if found["reconciliation_status"] != "completed":
        where.append(("id", "=", ""))
    own = f" AND id IN (SELECT id FROM money WHERE payout = '{found['id']}')"
    return answer_page(world, "balance_transaction", given, "/v1/balance_transactions", where, extra=own)


retrieved("/v1/balance_transactions", "balance_transaction")
retrieved("/v1/balance/history", "balance_transaction")


def faults_in_books(world: World) -> list[str]:
    """Return a sentence for every rule that the sandbox's own books break; none is the only good answer."""
    store, found = world.store, []
    for currency, pending, available in store.rows("SELECT currency, pending, available FROM balance"):
        for state, kept in (("pending", pending), ("available", available)):
            summed = store.number(
                "SELECT sum(net) FROM money WHERE currency = ? AND state = ?", currency, state
            )
            if summed != kept:
                found.append(f"{currency} {state}: balance says {kept}, its transactions sum to {summed}")
    for thing in store.all("balance_transaction"):
        fees = sum(detail["amount"] for detail in thing["fee_details"])
        row = store.run("SELECT net, state FROM money WHERE id = ?", thing["id"]).fetchone()
        if thing["net"] != thing["amount"] - thing["fee"] or fees != thing["fee"]:
            found.append(f"{thing['id']}: amount, fee and net do not agree")
        if row is None or row[0] != thing["net"] or row[1] != thing["status"]:
            found.append(f"{thing['id']}: the object and its row do not agree")
    for payout in store.all("payout"):
        paid = store.number(
            "SELECT sum(net) FROM money WHERE payout = ? AND id <> ?",
            payout["id"],
            payout["balance_transaction"],
        )
        if paid != payout["amount"]:
            found.append(f"{payout['id']}: pays {payout['amount']} for transactions of {paid}")
    for charge in store.all("charge"):
        back = sum(
            refund["amount"]
            for refund in store.all("refund", ("charge", "=", charge["id"]))
            if refund["status"] in ("pending", "succeeded")
        )
        if back != charge["amount_refunded"] or back > charge["amount"]:
            found.append(
                f"{charge['id']}: says {charge['amount_refunded']} refunded, its refunds sum to {back}"
            )
    return found
