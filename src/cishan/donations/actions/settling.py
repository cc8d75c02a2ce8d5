"""Bringing gifts, their movements and the books in line with what the payment service says."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import STRIPE, Transition
from cishan.deadlines import actions as deadlines
from cishan.donations.actions import monthly
from cishan.donations.queries import settling as queries
from cishan.donations.rules import settling as rules
from cishan.donations.rules.giving import GiftStatus, RefundStatus
from cishan.donations.rules.settling import Applied, Gift, Movement, Outcome, Payment, Problem, Settlement
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Entry
from cishan.plumbing import db, jobs

IDENTIFY = "donation.identify"
"""The clock of money in suspense."""
_UPDATE = """
    UPDATE donation AS d
       SET status = n.status, fee_fen = n.fee, refunded_fen = n.refunded, failure_code = n.failure,
           channel = coalesce(n.channel, d.channel), paid_at = coalesce(n.paid_at, d.paid_at),
           stripe_payment_intent_id = coalesce(nullif(n.intent, ''), d.stripe_payment_intent_id),
           stripe_session_id = coalesce(d.stripe_session_id, nullif(n.session, '')),
           stripe_invoice_id = coalesce(d.stripe_invoice_id, nullif(n.invoice, ''))
      FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
                  $6::text[], $7::timestamptz[], $8::text[], $9::text[], $10::text[])
           AS n (id, status, fee, refunded, failure, channel, paid_at, intent, session, invoice)
     WHERE d.id = n.id"""
_INSERT = """
    INSERT INTO donation_movement
           (id, donation, kind, txn_id, amount_fen, fee_fen, at, source_id, entry_id, problem)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                         $7::timestamptz[], $8::text[], $9::bigint[], $10::text[])
        ON CONFLICT (txn_id) DO NOTHING"""
_REFUNDS_DONE = """
    UPDATE refund_request AS r
       SET status = CASE WHEN r.stripe_refund_id = ANY($2::text[]) THEN 'failed' ELSE 'done' END
      FROM (SELECT id, status FROM refund_request
             WHERE status IN ('approved', 'sent') AND stripe_refund_id = ANY($1::text[] || $2::text[])
             ORDER BY id FOR NO KEY UPDATE) AS before
     WHERE r.id = before.id RETURNING r.id, before.status AS from_state, r.status AS to_state"""


@dataclass(slots=True)
class _Batch:
    """What one call will write, gathered before anything is written."""

    entries: list[Entry] = field(default_factory=list)
    movements: list[tuple[UUID | None, Movement, Problem]] = field(default_factory=list)
    gifts: dict[UUID, tuple[Gift, Payment, Settlement]] = field(default_factory=dict)
    news: set[UUID] = field(default_factory=set)
    paid: set[UUID] = field(default_factory=set)
    applied: list[Applied] = field(default_factory=list)


async def apply_payments(
    payments: Sequence[Payment], *, glimpsed: bool = False, last_try: bool = False
) -> list[Applied]:
    """Let gifts, movements and books say what the payment service says, in the running transaction.

    The same again, in any order, changes nothing. `glimpsed` payments may be known in part only: those that
    are come back INCOMPLETE and untouched. With `last_try` money whose gift never appeared goes to suspense.
    """
    assert db.in_transaction(), "apply_payments() belongs into the transaction of its cause"
    if not payments:
        return []
    payments = _joined(payments)
    gifts = await queries.lock_gifts(payments)
    known = await queries.known_txns({m.txn_id for p in payments for m in p.movements})
    batch = _Batch()
    for payment in payments:
        gift = _gift_of(payment, gifts)
        if glimpsed and rules.is_incomplete(gift, payment):
            batch.applied.append(Applied(payment.key, Outcome.INCOMPLETE))
        elif gift is None and rules.is_ours_but_moneyless(payment):
            batch.applied.append(Applied(payment.key, Outcome.SETTLED))
        elif gift is None and rules.is_ours(payment) and not last_try:
            batch.applied.append(Applied(payment.key, Outcome.WAITING))
        else:
            _gather(batch, gift, payment, known)
    await _write(batch)
    return batch.applied


async def write_months(payments: Iterable[Payment]) -> None:
    """Write the gifts of paid months that are not written yet; a month whose plan is unknown is left alone.

    Call it before the transaction that settles: it locks plans, and settling locks gifts first.
    """
    for payment in payments:
        plan_id = queries.uuid_in(payment.metadata, "plan_id")
        if plan_id is None or not rules.is_later_month(payment) or payment.currency != rules.CURRENCY:
            continue
        with suppress(NotFound):
            at = payment.paid_at or clock.now()
            await monthly.month_gift(
                plan_id, invoice_id=payment.invoice_id, amount_fen=payment.amount_fen, at=at
            )


async def refetch_payment(*, payment_intent_id: str = "", session_id: str = "") -> Applied | None:
    """Ask the payment service how one payment stands now and settle it; None if it knows of no money yet."""
    if session_id:
        session = await stripe.fetch_session(session_id)
        payment_intent_id = session.payment_intent_id
        if not payment_intent_id and session.invoice_id:
            payment_intent_id = await stripe.payment_of_invoice(session.invoice_id)
        payment = session.as_payment()
        if payment_intent_id:
            payment = await stripe.fetch_payment(payment_intent_id)
    else:
        payment = await stripe.fetch_payment(payment_intent_id)
    await write_months([payment])
    async with db.atomic():
        applied = await apply_payments([payment])
    return applied[0] if applied else None


async def suspend(movements: Sequence[Movement], problem: Problem) -> int:
    """Put movements into suspense that are not booked yet, in the running transaction; return how many."""
    known = await queries.known_txns({m.txn_id for m in movements})
    batch = _Batch()
    _suspend(batch, [m for m in movements if m.txn_id not in known], problem)
    await _write(batch)
    return len(batch.movements)


def _joined(payments: Sequence[Payment]) -> list[Payment]:
    """Return the payments, one for each payment intent: the last word counts, the movements add up."""
    found: dict[str, Payment] = {}
    for payment in payments:
        known = found.get(payment.key)
        found[payment.key] = payment if known is None else rules.join(known, payment)
    return [found[key] for key in sorted(found)]


def _gift_of(payment: Payment, gifts: Iterable[Gift]) -> Gift | None:
    """Return the gift that a payment pays: by its own id, its invoice, our metadata, its session."""
    named = queries.uuid_in(payment.metadata, "donation_id")
    if payment.invoice_id and not payment.begins_plan:
        named = None  # the subscription's metadata name the first month's gift
    by_intent = by_invoice = by_name = by_session = None
    for gift in gifts:
        if payment.payment_intent_id and gift.payment_intent_id == payment.payment_intent_id:
            by_intent = gift
        if payment.invoice_id and gift.invoice_id == payment.invoice_id:
            by_invoice = gift
        if gift.id == named:
            by_name = gift
        if payment.session_id and gift.session_id == payment.session_id:
            by_session = gift
    return by_intent or by_invoice or by_name or by_session


def _gather(batch: _Batch, gift: Gift | None, payment: Payment, known: set[str]) -> None:
    if gift is not None and gift.id in batch.gifts:
        gift = rules.after(gift, batch.gifts[gift.id][2])
    problem = rules.problem_of(gift, payment)
    fresh = [m for m in payment.movements if m.txn_id not in known]
    if problem or gift is None or rules.is_stale(gift, payment):
        _suspend(batch, fresh, problem)
        outcome = Outcome.SUSPENSE if payment.movements else Outcome.SETTLED
        batch.applied.append(Applied(payment.key, outcome, None, None, problem, len(fresh)))
        return
    strange = [m for m in fresh if m.kind not in rules.OF_GIFTS]
    _suspend(batch, strange, Problem.CATEGORY)
    settlement = rules.settle(gift, payment, today=clock.today())
    batch.entries += settlement.entries
    batch.movements += [(gift.id, movement, Problem.NONE) for movement in settlement.fresh]
    if settlement.fresh or settlement.status is not gift.status:
        batch.news.add(gift.id)
    if any(m.kind is rules.Kind.CHARGE for m in settlement.fresh):
        batch.paid.add(gift.id)
    waiting = payment.state is rules.State.SUCCEEDED and settlement.status is GiftStatus.PROCESSING
    batch.applied.append(
        Applied(
            payment.key,
            Outcome.WAITING if waiting else Outcome.SETTLED,
            gift.id,
            settlement.status,
            Problem.CATEGORY if strange else Problem.NONE,
            len(settlement.fresh) + len(strange),
        )
    )
    earlier = batch.gifts.get(gift.id)
    if earlier is not None:
        settlement = replace(settlement, fresh=earlier[2].fresh + settlement.fresh)
        gift = earlier[0]
    batch.gifts[gift.id] = (gift, payment, settlement)


def _suspend(batch: _Batch, movements: Sequence[Movement], problem: Problem) -> None:
    batch.entries += rules.suspense_entries(movements, memo=f"{problem.value}")
    batch.movements += [(None, movement, problem) for movement in movements]


async def _write(batch: _Batch) -> None:
    posted = await ledger.post(batch.entries)
    entry_ids = {e.source_key: p.id for e, p in zip(batch.entries, posted, strict=True)}
    connection = db.connection()
    if batch.movements:
        rows = [
            (
                *(ids.new_id(), gift_id, m.kind.value, m.txn_id, m.amount_fen, m.fee_fen, m.at, m.source_id),
                *(entry_ids.get(m.txn_id), problem.value),
            )
            for gift_id, m, problem in batch.movements
        ]
        await connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
        await _let_staff_look(batch.movements)
    changed = [batch.gifts[gift_id] for gift_id in sorted(batch.gifts) if _differs(*batch.gifts[gift_id])]
    if changed:
        gifts = [
            (
                *(g.id, s.status.value, s.fee_fen, s.refunded_fen, s.failure_code, s.channel, s.paid_at),
                *(p.payment_intent_id, p.session_id, p.invoice_id),
            )
            for g, p, s in changed
        ]
        await connection.execute(_UPDATE, *(list(column) for column in zip(*gifts, strict=True)))
    await audit.record(*(_step(g, s) for g, _, s in changed if s.status is not g.status))
    done = [r for _, _, s in batch.gifts.values() for r in s.refunds_done]
    failed = [r for _, _, s in batch.gifts.values() for r in s.refunds_failed]
    if done or failed:
        rows = await connection.fetch(_REFUNDS_DONE, done, failed)
        await audit.record(*(_refunded(row) for row in rows))
        for row in rows:
            if row["to_state"] == RefundStatus.DONE:
                await deadlines.stop("refund.pay", subject_kind="refund", subject_id=row["id"])
            else:
                await deadlines.cancel(subject_kind="refund", subject_id=row["id"])
    for gift_id in sorted(batch.paid):
        gift, payment, settlement = batch.gifts[gift_id]
        if gift.plan_id is not None and settlement.paid_at is not None:
            await monthly.paid(
                gift.plan_id, paid_at=settlement.paid_at, subscription_id=payment.subscription_id
            )
    await _follow_up(batch)


async def _let_staff_look(movements: Iterable[tuple[UUID | None, Movement, Problem]]) -> None:
    """Start the clock of every payment whose owner must be found; what it waits for is its `txn_id`."""
    for gift_id, movement, _ in movements:
        if gift_id is None and movement.kind is rules.Kind.CHARGE:
            await deadlines.start(IDENTIFY, subject_kind="suspense", subject_id=movement.txn_id)


def _step(gift: Gift, settlement: Settlement) -> Transition:
    return Transition(
        subject_kind="donation",
        subject_id=str(gift.id),
        event="settle",
        from_state=gift.status,
        to_state=settlement.status,
        actor=STRIPE,
        reason=settlement.failure_code or "",
    )


def _refunded(row: Mapping[str, Any]) -> Transition:
    return Transition(
        subject_kind="refund",
        subject_id=str(row["id"]),
        event="arrive" if row["to_state"] == RefundStatus.DONE else "fail",
        from_state=row["from_state"],
        to_state=row["to_state"],
        actor=STRIPE,
    )


def _differs(gift: Gift, payment: Payment, settlement: Settlement) -> bool:
    """Tell whether the gift's row must be written at all: most news is no news."""
    return (
        bool(settlement.fresh)
        or settlement.status is not gift.status
        or (payment.payment_intent_id not in {"", gift.payment_intent_id})
        or settlement.failure_code is not None
        or bool(settlement.refunds_done or settlement.refunds_failed)
    )


async def _follow_up(batch: _Batch) -> None:
    """Ask for what follows from settled gifts: receipts, thanks (with the first receipt), public totals."""
    receipts = [
        {"donation_id": str(gift_id)}
        for gift_id in sorted(batch.news)
        if any(m.kind in rules.OF_RECEIPTS - {rules.Kind.CHARGE} for m in batch.gifts[gift_id][2].fresh)
    ]
    await jobs.enqueue_many("donations.issue_receipt", receipts)
    if batch.paid:
        await jobs.enqueue_many(
            "donations.thank_all", [{"donation_ids": [str(i) for i in sorted(batch.paid)]}]
        )
    if batch.news:
        await jobs.enqueue("donations.refresh_totals", donation_ids=[str(i) for i in sorted(batch.news)])
