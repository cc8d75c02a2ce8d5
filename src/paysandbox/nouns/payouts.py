"""Automatic payouts: daily, of everything available; they arrive later and may fail after that."""

from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.nouns.balance import book
from paysandbox.routing import listed, retrieved
from paysandbox.shapes import money
from paysandbox.world import World, job


@job("pay_out")
def pay_out(world: World, _: Json) -> None:
    """Send the whole available balance of each currency to the bank, unless it is not positive."""
    for currency, total in world.store.rows(
        "SELECT currency, sum(net) FROM money WHERE swept = 0 AND state = 'available' GROUP BY currency"
    ):
        if int(str(total)) > 0:
            _send(world, str(currency), int(str(total)))


def _send(world: World, currency: str, amount: int) -> None:
    arrival = world.now + world.config.payout_arrival
    payout = money.payout(
        id=world.new_id("po"), created=world.now, arrival_date=arrival, amount=amount, currency=currency
    )
    world.store.run(
        "UPDATE money SET payout = ?, swept = 1 WHERE swept = 0 AND state = 'available' AND currency = ?",
        payout["id"],
        currency,
    )
    txn = book(
        world,
        amount=-amount,
        currency=currency,
        type="payout",
        reporting_category="payout",
        source=payout["id"],
        description="STRIPE PAYOUT",
    )
    world.store.run("UPDATE money SET payout = ? WHERE id = ?", payout["id"], txn["id"])
    payout["balance_transaction"] = txn["id"]
    world.add(payout)
    world.emit("payout.created", payout)
    world.later(world.config.reconciliation_delay, "payout_reconciled", payout=payout["id"])
    world.later(world.config.payout_arrival, "payout_arrived", payout=payout["id"])


@job("payout_reconciled")
def reconciled(world: World, args: Json) -> None:
    """Make the transactions of a payout listable."""
    payout = world.need("payout", args["payout"])
    payout["reconciliation_status"] = "completed"
    world.save(payout)
    world.emit("payout.updated", payout, changed={"reconciliation_status": "in_progress"})
    world.emit("payout.reconciliation_completed", payout)


@job("payout_arrived")
def arrived(world: World, args: Json) -> None:
    """Mark a payout as paid, unless it failed on the way."""
    payout = world.need("payout", args["payout"])
    if payout["status"] != "in_transit":
        return
    payout["status"] = "paid"
    payout["trace_id"] = {"status": "supported", "value": world.draw(16).upper()}
    world.save(payout)
    world.emit("payout.updated", payout, changed={"status": "in_transit"})
    world.emit("payout.paid", payout)


def fail(world: World, id: str, code: str = "account_closed") -> Json:
    """Let a payout come back, even days after it was paid; its money returns to the balance at once."""
    payout = world.need("payout", id, "payout")
    if payout["status"] == "failed":
        raise Refusal(f"Payout {id} has failed already.", param="payout")
    txn = book(
        world,
        amount=payout["amount"],
        currency=payout["currency"],
        type="payout_failure",
        reporting_category="payout_reversal",
        source=payout["id"],
        description="STRIPE PAYOUT FAILURE",
    )
    payout |= {
        "status": "failed",
        "failure_code": code,
        "failure_message": "The bank returned the payout: the account cannot receive it.",
        "failure_balance_transaction": txn["id"],
    }
    world.save(payout)
    world.emit("payout.updated", payout)
    world.emit("payout.failed", payout)
    return payout


listed("/v1/payouts", "payout", "status")
retrieved("/v1/payouts", "payout", "payout")
