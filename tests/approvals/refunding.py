"""Getting a refund approved as the house does it."""

from uuid import UUID

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Decision
from cishan.donations.actions import refund_approvals
from seeds import approvals as seeds
from tests.approvals import making


async def approve(refund_id: UUID, reason: str) -> Acting:
    """Let one propose, one check and one release a small refund; return who released it."""
    office = await making.an_office()
    await seeds.load()
    approval_id = await refund_approvals.propose_refund(refund_id, reason=reason, by=office.maker)
    await approvals.check(approval_id, office.checker, Decision.PASS)
    await approvals.release(approval_id, office.cashier)
    return office.cashier
