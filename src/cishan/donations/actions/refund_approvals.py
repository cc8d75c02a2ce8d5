"""Refunds that staff decide: one proposes, others check and release, then the payment service is told."""

from uuid import UUID

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, ApprovalView, Decision, Kind, register
from cishan.donations.actions import refunds
from cishan.donations.actions.suspense import HOUSE, payee_of
from cishan.donations.queries import refunds as queries
from cishan.donations.queries import suspense
from cishan.donations.queries.gifts import gift_by_id
from cishan.donations.rules import refunds as rules
from cishan.donations.rules.giving import RefundGround, RefundKind, RefundStatus
from cishan.identity.queries.regions import organisation_named
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic

KIND = "refund"
SUBJECT = "refund"


async def propose_refund(refund_id: UUID, *, reason: str, by: Acting) -> UUID:
    """Lay a giver's open request before the checkers, for all that is kept; return the approval."""
    if not reason.strip():
        raise Invalid(N_("Say why the money shall go back. The giver reads it."), field="reason")
    async with atomic():
        request = await queries.refund_by_id(refund_id)
        if request is None or request.kind is not RefundKind.REQUEST:
            raise NotFound(rules.NO_REQUEST)
        if request.status is not RefundStatus.REQUESTED:
            raise Conflict(N_("This request is decided already."))
        gift = await gift_by_id(request.donation_id)
        rules.require_refundable(gift.status)
        why = rules.why_not_from_here(channel=gift.channel, payment_intent_id=gift.payment_intent_id)
        if why:
            raise Conflict(why)
        house = await organisation_named(HOUSE)
        return await approvals.propose(
            kind=KIND,
            subject_kind=SUBJECT,
            subject_id=refund_id,
            title=gift.number,
            amount_fen=gift.kept_fen,
            payee=await payee_of(gift.id),
            by=by,
            organisation_id=house.id,
            region_code=house.region,
            facts=[
                (N_("Gift number"), gift.number),
                (N_("Project"), gift.title),
                (N_("Ground"), rules.GROUND_LABELS[request.ground]),
            ],
            reason=reason,
        )


async def start_refund(number: str, *, ground: RefundGround, words: str, by: Acting) -> UUID:
    """Ask for a refund in the giver's place (after a call, say), propose it, and return the approval."""
    gift_id = await suspense.gift_numbered(number.strip())
    if gift_id is None:
        raise Invalid(N_("There is no gift with this number."), field="gift_number")
    async with atomic():
        refund_id = await refunds.request_refund(gift_id, ground=ground, words="", actor=str(by.person_id))
        return await propose_refund(refund_id, reason=words, by=by)


async def _approved(approval: ApprovalView, by: Acting) -> None:
    refund_id = UUID(approval.subject_id)
    await refunds.decide(
        refund_id,
        approve=True,
        by=str(by.person_id),
        note=approval.steps[0].reason,
        amount_fen=approval.amount_fen,
    )


async def _rejected(approval: ApprovalView, by: Acting) -> None:
    why = next(step.reason for step in approval.steps if step.decision is Decision.REJECT)
    await refunds.decide(UUID(approval.subject_id), approve=False, by=str(by.person_id), note=why)


def _here(refund_id: str) -> str:
    return f"/staff/refunds/{refund_id}"


register(
    Kind(
        code=KIND,
        title=N_("Refund of a gift"),
        on_approved=_approved,
        on_rejected=_rejected,
        href=_here,
    )
)
