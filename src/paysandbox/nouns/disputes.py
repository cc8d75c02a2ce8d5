"""Chargebacks of card payments: made and closed on command, by the control API."""

from paysandbox import params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.nouns import charges
from paysandbox.nouns.balance import book
from paysandbox.routing import listed, retrieved, route
from paysandbox.shapes import payments
from paysandbox.world import World

OUTCOMES = ("won", "lost")
CLOSED = ("won", "lost", "warning_closed", "prevented")
REASONS = (
    "fraudulent",
    "general",
    "duplicate",
    "product_not_received",
    "unrecognized",
    "credit_not_processed",
)


def open_dispute(
    world: World, charge_id: str, *, amount: int | None = None, reason: str = "fraudulent"
) -> Json:
    """Let the payer's bank take a card payment back, with the fee; one dispute per charge."""
    charge = world.need("charge", charge_id, "charge")
    if charge["payment_method_details"]["type"] != "card":
        raise Refusal("Alipay and WeChat Pay payments cannot be disputed.", param="charge")
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise Refusal(f"Charge {charge_id} cannot be disputed (again).", param="charge")
    if reason not in REASONS:
        raise Refusal(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    left = charge["amount"] - charge["amount_refunded"]
    taken = amount if amount is not None else left or charge["amount"]
    if not 0 < taken <= charge["amount"]:
        raise Refusal("A dispute takes between 1 and the whole amount of the charge.", param="amount")
    charges.ensure_booked(world, charge)
    dispute = payments.dispute(
        id=world.new_id("dp"), created=world.now, charge=charge, amount=taken, reason=reason
    )
    world.add(dispute)
    charge["disputed"] = True
    world.save(charge)
    world.emit("charge.dispute.created", dispute)
    _move(world, dispute, -taken, fee=world.config.dispute_fee, category="dispute")
    world.emit("charge.dispute.funds_withdrawn", dispute)
    world.emit("charge.updated", charge, changed={"disputed": False})
    return dispute


def close(world: World, id: str, outcome: str) -> Json:
    """Decide a dispute: won gives the money back (the fee only if configured), lost keeps it taken."""
    dispute = world.need("dispute", id, "dispute")
    if dispute["status"] in CLOSED:
        raise Refusal(f"Dispute {id} is closed already ({dispute['status']}).", param="dispute")
    if outcome not in OUTCOMES:
        raise Refusal("Invalid outcome: must be one of won, lost", param="outcome")
    dispute["status"] = outcome
    world.save(dispute)
    world.emit("charge.dispute.closed", dispute)
    if outcome == "won":
        fee = -world.config.dispute_fee if world.config.dispute_fee_returned_when_won else 0
        _move(world, dispute, dispute["amount"], fee=fee, category="dispute_reversal")
        world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def _move(world: World, dispute: Json, amount: int, *, fee: int, category: str) -> None:
    words = "withdrawal" if amount < 0 else "reversal"
    txn = book(
        world,
        amount=amount,
        currency=dispute["currency"],
        type="adjustment",
        reporting_category=category,
        source=dispute["id"],
        description=f"Chargeback {words} for {dispute['charge']}",
        fee=fee,
        fee_description="Dispute fee",
    )
    dispute["balance_transactions"].append(txn)
    world.save(dispute)


listed("/v1/disputes", "dispute", "charge", "payment_intent")
retrieved("/v1/disputes", "dispute", "dispute")


@route("POST", "/v1/disputes/{id}", "evidence metadata submit")
def update_dispute(world: World, given: Json, id: str) -> Json:
    """Take evidence; submitting it (the default) puts the case under review."""
    dispute = world.need("dispute", id, "dispute")
    if dispute["status"] in CLOSED:
        raise Refusal("This dispute is already closed", code="dispute_closed")
    evidence = params.part(given, "evidence", payments.EVIDENCE)
    for name in evidence:
        dispute["evidence"][name] = params.text(evidence, name, limit=150_000)
    dispute["metadata"] = params.metadata(given, dispute["metadata"])
    if evidence:
        dispute["evidence_details"]["has_evidence"] = True
        if params.flag(given, "submit") is not False:
            dispute["status"] = "under_review"
            dispute["evidence_details"] |= {"submission_count": 1, "submission_method": "manual"}
    world.save(dispute)
    world.emit("charge.dispute.updated", dispute)
    return dispute


@route("POST", "/v1/disputes/{id}/close")
def close_dispute(world: World, given: Json, id: str) -> Json:
    """Accept that the dispute is lost."""
    return close(world, id, "lost")
