"""Judging messages that a word rule held back."""

from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.donations.rules.giving import MessageState
from cishan.donations.tables.gifts import Donation
from cishan.donations.tables.moderation import MessageJudgement
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic


async def judge_message(
    donation_id: UUID, *, shown: bool, staff_id: UUID, staff_name: str, actor: str = "", role: str = ""
) -> None:
    """Show a held message in public, or refuse it for good; the same judgement again changes nothing.

    `actor` is the person behind the account.
    """
    wanted = MessageState.SHOWN if shown else MessageState.REFUSED
    async with atomic():
        gift = (
            await Donation.select(Donation.message_state)
            .where(Donation.id == donation_id)
            .lock_rows("NO KEY UPDATE")
            .first()
        )
        if gift is None or gift["message_state"] == MessageState.NONE:
            raise NotFound(N_("This gift carries no held message."))
        if gift["message_state"] == wanted:
            return
        if gift["message_state"] != MessageState.PENDING:
            raise Conflict(N_("Somebody else has judged this message already."))
        await Donation.update({Donation.message_state: wanted.value}).where(Donation.id == donation_id)
        await MessageJudgement.insert(
            MessageJudgement(
                id=ids.new_id(),
                donation=donation_id,
                is_shown=shown,
                judged_by=staff_id,
                judged_by_name=staff_name,
                judged_at=clock.now(),
            )
        )
        await audit.record(
            Transition(
                subject_kind="gift_message",
                subject_id=str(donation_id),
                event="show" if shown else "refuse",
                from_state=MessageState.PENDING,
                to_state=wanted,
                actor=actor or str(staff_id),
                acting_role=role,
            )
        )
        await jobs.enqueue("donations.refresh_totals", donation_ids=[str(donation_id)])
