"""What the calendar does to subscriptions: renew, collect, retry, resume, end."""

from paysandbox.config import Json
from paysandbox.nouns import invoices
from paysandbox.nouns.subscriptions import ENDED, activate, default_method, end, period_end
from paysandbox.world import DAY, World, hidden, job


@job("subscription_renews")
def renews(world: World, args: Json) -> None:
    """Begin the next period and draft its invoice, or end where that was asked for."""
    subscription = world.need("subscription", args["subscription"])
    part = hidden(subscription)
    if subscription["status"] in (*ENDED, "incomplete") or part["periods"] != args["periods"]:
        return
    if subscription["cancel_at_period_end"]:
        end(world, subscription, reason="cancellation_requested")
        return
    items = subscription["items"]["data"]
    part["last_period_start"] = items[0]["current_period_start"]
    part["periods"] += 1
    cycle = items[0]["price"]["recurring"]
    start = items[0]["current_period_end"]
    next_end = period_end(subscription["billing_cycle_anchor"], cycle, part["periods"])
    for item in items:
        item |= {"current_period_start": start, "current_period_end": next_end}
    invoice = invoices.draft(world, subscription, reason="subscription_cycle")
    subscription["latest_invoice"] = invoice["id"]
    world.save(subscription)
    world.emit("customer.subscription.updated", subscription, changed={"latest_invoice": None})
    world.later(
        next_end - world.now, "subscription_renews", subscription=subscription["id"], periods=part["periods"]
    )
    pause = subscription["pause_collection"]
    if pause is None:
        world.later(world.config.invoice_draft, "invoice_collected", invoice=invoice["id"])
    elif pause["behavior"] == "keep_as_draft":
        invoice["auto_advance"] = False
        world.save(invoice)
    else:
        status = "void" if pause["behavior"] == "void" else "uncollectible"
        invoices.finalize(world, invoice)
        invoices.give_up(world, invoice, status)


@job("invoice_collected")
def collected(world: World, args: Json) -> None:
    """Finalise a draft and try to collect it."""
    invoice = world.need("invoice", args["invoice"])
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        invoices.finalize(world, invoice)
        _try(world, invoice, 0)


@job("invoice_retried")
def retried(world: World, args: Json) -> None:
    """Try once more to collect what failed before."""
    invoice = world.need("invoice", args["invoice"])
    if invoice["status"] == "open":
        _try(world, invoice, args["tries"])


def _try(world: World, invoice: Json, tries: int) -> None:
    subscription = world.need("subscription", invoice["parent"]["subscription_details"]["subscription"])
    refused = invoices.attempt(world, invoice, default_method(world, subscription), off_session=True)
    if refused is None:
        activate(world, subscription)
        return
    days = world.config.dunning_days
    if tries < len(days):
        wait = days[tries] * DAY
        invoices.announce_failure(world, invoice, world.now + wait)
        world.later(wait, "invoice_retried", invoice=invoice["id"], tries=tries + 1)
        if subscription["status"] != "past_due":
            before = subscription["status"]
            subscription["status"] = "past_due"
            world.save(subscription)
            world.emit("customer.subscription.updated", subscription, changed={"status": before})
    else:
        invoices.announce_failure(world, invoice, None)
        end(world, subscription, reason="payment_failed")


@job("subscription_resumes")
def resumes(world: World, args: Json) -> None:
    """End a pause at the moment that was named when it began."""
    subscription = world.need("subscription", args["subscription"])
    pause = subscription["pause_collection"]
    if pause is None or pause["resumes_at"] != args["at"] or subscription["status"] in ENDED:
        return
    subscription["pause_collection"] = None
    world.save(subscription)
    world.emit("customer.subscription.updated", subscription, changed={"pause_collection": pause})


@job("subscription_ends")
def ends(world: World, args: Json) -> None:
    """End a subscription at the moment that was asked for."""
    subscription = world.need("subscription", args["subscription"])
    if subscription["cancel_at"] == args["at"] and subscription["status"] not in ENDED:
        end(world, subscription, reason="cancellation_requested")


@job("subscription_incomplete_expired")
def incomplete_expired(world: World, args: Json) -> None:
    """Give up a subscription whose first invoice was never paid."""
    subscription = world.need("subscription", args["subscription"])
    if subscription["status"] != "incomplete":
        return
    subscription |= {"status": "incomplete_expired", "ended_at": world.now}
    world.save(subscription)
    invoice = world.need("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoices.give_up(world, invoice, "void")
    world.emit("customer.subscription.updated", subscription, changed={"status": "incomplete"})
