"""Money on its way back: undo by the giver, requests that staff decide, the command to the payment service.

A refund is a row before it is anything else; the row's id is the key under which the service is asked, so
that a command sent twice moves money once. The books follow what the service says, never our wish.
"""

from typing import Any
from uuid import UUID

from piccolo.columns import Column

from cishan.audit import actions as audit
from cishan.audit.rules import GIVER, STRIPE, SYSTEM, Transition
from cishan.deadlines import actions as deadlines
from cishan.deadlines.queries import due_days
from cishan.donations.actions import monthly
from cishan.donations.queries.gifts import GONE, GiftView, gift_by_id
from cishan.donations.rules import refunds as rules
from cishan.donations.rules.giving import GiftStatus, RefundGround, RefundKind, RefundStatus
from cishan.donations.tables.gifts import Donation
from cishan.donations.tables.refunds import WORDS, RefundRequest
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch_value

REVIEW, PAY = "refund.review", "refund.pay"
"""The clocks of a request: until it is decided, and until its money has gone."""
_OPEN = ("requested", "approved", "sent")


async def undo(donation_id: UUID) -> None:
    """Take a gift back at its giver's wish: close its payment page, or refund it whole within ten minutes.

    Undoing twice is the same as once. A monthly plan that began with this gift ends with it.
    """
    async with atomic():
        await _lock(donation_id)
        gift = await gift_by_id(donation_id)
        if gift.undo_asked_at is not None:
            return
        rules.require_undo(gift.undoing, clock.now())
        await Donation.update({Donation.undo_asked_at: clock.now()}).where(Donation.id == donation_id)
        if gift.is_waiting:
            await jobs.enqueue("donations.close_checkout", donation_id=str(donation_id))
        else:
            await _command(gift, RefundKind.UNDO, RefundGround.UNDO)
        if gift.plan_id is not None and gift.draft_id is not None:
            await monthly.cancel(gift.plan_id)


async def refund_undone(donation_id: UUID) -> None:
    """Send back a gift that was paid after its giver had undone it."""
    async with atomic():
        await _lock(donation_id)
        gift = await gift_by_id(donation_id)
        if gift.undo_asked_at is None or gift.status not in {GiftStatus.PAID, GiftStatus.PARTLY_REFUNDED}:
            return
        if await fetch_value(
            "SELECT 1 FROM refund_request WHERE donation = {} AND kind = 'undo'", donation_id
        ):
            return
        await _command(gift, RefundKind.UNDO, RefundGround.UNDO)


async def _command(gift: GiftView, kind: RefundKind, ground: RefundGround) -> UUID:
    refund_id = ids.new_id()
    await RefundRequest.insert(
        RefundRequest(
            id=refund_id,
            donation=gift.id,
            created_at=clock.now(),
            kind=kind.value,
            ground=ground.value,
            amount_fen=gift.kept_fen,
            status=RefundStatus.APPROVED.value,
        )
    )
    await _tell(refund_id, kind.value, "", RefundStatus.APPROVED, actor=GIVER)
    await _move(gift, kind.value, GiftStatus.REFUND_PENDING, actor=GIVER)
    await jobs.enqueue("donations.send_refund", refund_id=str(refund_id))
    return refund_id


async def _move(gift: GiftView, event: str, to: GiftStatus, *, actor: str, reason: str = "") -> None:
    await Donation.update({Donation.status: to.value}).where(Donation.id == gift.id)
    step = Transition(
        subject_kind="donation",
        subject_id=str(gift.id),
        event=event,
        from_state=gift.status,
        to_state=to,
        actor=actor,
        reason=reason,
    )
    await audit.record(step)


async def _tell(
    refund_id: UUID, event: str, before: str, after: str, *, actor: str, reason: str = ""
) -> None:
    step = Transition(
        subject_kind="refund",
        subject_id=str(refund_id),
        event=event,
        from_state=before,
        to_state=after,
        actor=actor,
        reason=reason,
    )
    await audit.record(step)


async def request_refund(donation_id: UUID, *, ground: RefundGround, words: str, actor: str = GIVER) -> UUID:
    """Store a giver's wish for their money back; one open request per gift, decided within three days."""
    async with atomic():
        await _lock(donation_id)
        gift = await gift_by_id(donation_id)
        rules.require_refundable(gift.status)
        open_ones = await RefundRequest.count().where(
            (RefundRequest.donation == donation_id) & (RefundRequest.status.is_in(list(_OPEN)))
        )
        if open_ones:
            raise Conflict(
                N_("A refund of this gift was asked for already. The gift's page says how it stands.")
            )
        refund_id = ids.new_id()
        await deadlines.start(REVIEW, subject_kind="refund", subject_id=refund_id)
        due = await due_days(REVIEW, "refund", [refund_id])
        await RefundRequest.insert(
            RefundRequest(
                id=refund_id,
                donation=donation_id,
                created_at=clock.now(),
                kind=RefundKind.REQUEST.value,
                ground=ground.value,
                words_enc=crypto.seal(words, place=WORDS, row=refund_id) if words else None,
                amount_fen=gift.kept_fen,
                status=RefundStatus.REQUESTED.value,
                due_on=due[refund_id],
            )
        )
        await _tell(refund_id, "request", "", RefundStatus.REQUESTED, actor=actor)
        return refund_id


async def decide(
    refund_id: UUID, *, approve: bool, by: str, note: str, amount_fen: int | None = None
) -> None:
    """Decide a request. An approved one is sent to the payment service.

    The database takes an approved one only if an approval of that amount was given (`refund_approvals`).
    """
    async with atomic():
        request = (
            await RefundRequest.objects()
            .where(RefundRequest.id == refund_id)
            .lock_rows("NO KEY UPDATE")
            .first()
        )
        if request is None:
            raise NotFound(rules.NO_REQUEST)
        if request.status != RefundStatus.REQUESTED.value:
            raise Conflict(N_("This request is decided already."))
        gift = await gift_by_id(request.donation)
        why = rules.why_not_from_here(channel=gift.channel, payment_intent_id=gift.payment_intent_id)
        if approve and why:
            raise Conflict(why)
        if approve:
            rules.require_refundable(gift.status)
            if amount_fen not in {None, gift.kept_fen}:
                raise Conflict(N_("The amount has changed since this was proposed. Propose it again."))
            request.amount_fen = gift.kept_fen
        request.status = (RefundStatus.APPROVED if approve else RefundStatus.REFUSED).value
        request.decided_at, request.decided_by, request.decision_note = clock.now(), by, note
        await request.save()
        event = "approve" if approve else "refuse"
        await _tell(refund_id, event, RefundStatus.REQUESTED, request.status, actor=by, reason=note)
        await deadlines.stop(REVIEW, subject_kind="refund", subject_id=refund_id)
        if approve:
            await deadlines.start(PAY, subject_kind="refund", subject_id=refund_id)
            await _move(gift, "approve_refund", GiftStatus.REFUND_PENDING, actor=by, reason=note)
            await jobs.enqueue("donations.send_refund", refund_id=str(refund_id))


async def send(refund_id: UUID) -> UUID | None:
    """Give an approved refund to the payment service; return the gift to ask about, None if nothing was sent.

    Must not run inside a transaction. A service that does not answer raises Unavailable: the job tries again.
    """
    request = await RefundRequest.objects().where(RefundRequest.id == refund_id).first()
    if request is None or request.status != RefundStatus.APPROVED.value:
        return None
    gift = await gift_by_id(request.donation)
    try:
        sent = await stripe.create_refund(str(refund_id), gift.payment_intent_id, request.amount_fen)
    except stripe.Declined as error:
        await _note_failure(refund_id, gift.id, error.code)
        return gift.id
    async with atomic():
        changes: dict[Column | str, Any] = {
            RefundRequest.status: RefundStatus.SENT.value,
            RefundRequest.sent_at: clock.now(),
            RefundRequest.stripe_refund_id: sent.id,
        }
        if await _from_approved(refund_id, changes):
            await _tell(refund_id, "send", RefundStatus.APPROVED, RefundStatus.SENT, actor=SYSTEM)
    return gift.id


async def _from_approved(refund_id: UUID, changes: dict[Column | str, Any]) -> bool:
    approved = (RefundRequest.id == refund_id) & (RefundRequest.status == RefundStatus.APPROVED.value)
    return bool(await RefundRequest.update(changes).where(approved).returning(RefundRequest.id))


async def _note_failure(refund_id: UUID, donation_id: UUID, code: str) -> None:
    async with atomic():
        await _lock(donation_id)
        changes: dict[Column | str, Any] = {
            RefundRequest.status: RefundStatus.FAILED.value,
            RefundRequest.failure_code: code[:60],
        }
        if await _from_approved(refund_id, changes):
            states = RefundStatus.APPROVED, RefundStatus.FAILED
            await deadlines.cancel(subject_kind="refund", subject_id=refund_id)
            await _tell(refund_id, "fail", *states, actor=STRIPE, reason=code[:60])
        gift = await gift_by_id(donation_id)
        if gift.status == GiftStatus.REFUND_PENDING:
            back = GiftStatus.PARTLY_REFUNDED if gift.refunded_fen else GiftStatus.PAID
            await _move(gift, "refund_declined", back, actor=STRIPE, reason=code[:60])


async def _lock(donation_id: UUID) -> None:
    row = (
        await Donation.select(Donation.id)
        .where(Donation.id == donation_id)
        .lock_rows("NO KEY UPDATE")
        .first()
    )
    if row is None:
        raise NotFound(GONE)
