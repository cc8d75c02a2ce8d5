"""Paid gifts without a payment service: what settling leaves behind, for tests of what follows."""

from datetime import timedelta
from uuid import UUID

from cishan.donations.actions.monthly import gift_number
from cishan.donations.queries import contacts
from cishan.donations.rules.giving import (
    Anonymity,
    DonorKind,
    GiftStatus,
    MessageState,
    Tribute,
)
from cishan.donations.tables.gifts import Donation, DonationLine, DonationMovement
from cishan.kernel import clock, ids
from cishan.kernel.payments import Kind
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic
from tests.history import tell

EMAIL = "giver@example.org"


async def a_gift(
    *amounts_fen: int,
    status: GiftStatus = GiftStatus.PAID,
    wants_receipt: bool = True,
    title: str = "张某某",
    email: str = EMAIL,
    language: str = "zh-CN",
    channel: str = "alipay",
) -> UUID:
    """Return the id of a gift whose lines go to the general fund and to a special one."""
    donation_id, now = ids.new_id(), clock.now()
    paid = status not in {
        GiftStatus.AWAITING_PAYMENT,
        GiftStatus.PROCESSING,
        GiftStatus.FAILED,
        GiftStatus.EXPIRED,
    }
    async with atomic():
        await Donation.insert(
            Donation(
                id=donation_id,
                number=gift_number(now),
                token_hash=ids.token_hash(contacts.gift_token(donation_id)),
                created_at=now,
                amount_fen=sum(amounts_fen),
                currency="CNY",
                status=status.value,
                channel=channel if paid else None,
                paid_at=now if paid else None,
                anonymity=Anonymity.HIDDEN.value,
                message_state=MessageState.NONE.value,
                tribute_kind=Tribute.NONE.value,
                donor_kind=DonorKind.PERSON.value,
                wants_receipt=wants_receipt,
                receipt_title=title,
                contact_email_index=contacts.email_index(email) if email else None,
                contact_email_enc=crypto.seal(email, place=contacts.EMAIL, row=donation_id)
                if email
                else None,
                language=language,
            )
        )
        if status is not GiftStatus.AWAITING_PAYMENT:
            await tell("donation", donation_id, "", status)
        for line_no, (fund, amount_fen) in enumerate(
            zip(("GEN", "EDU", "MED"), amounts_fen, strict=False), 1
        ):
            await DonationLine.insert(
                DonationLine(
                    id=ids.new_id(),
                    donation=donation_id,
                    line_no=line_no,
                    fund_code=fund,
                    amount_fen=amount_fen,
                )
            )
    return donation_id


async def money_moved(donation_id: UUID, kind: Kind, amount_fen: int, txn_id: str, minutes: int = 1) -> None:
    """Record a movement, signed as the payment service signs it."""
    at = clock.now() + timedelta(minutes=minutes)
    await DonationMovement.insert(
        DonationMovement(
            id=ids.new_id(),
            donation=donation_id,
            kind=kind.value,
            txn_id=txn_id,
            amount_fen=amount_fen,
            at=at,
        )
    )
    if kind is Kind.REFUND:
        refunded = Donation.refunded_fen
        await Donation.update({refunded: refunded - amount_fen}).where(Donation.id == donation_id)
