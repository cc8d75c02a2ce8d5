"""Receipts and the letters that carry them."""

from uuid import UUID

from cishan import gateways
from cishan.donations.actions import receipts as actions
from cishan.donations.queries import contacts
from cishan.donations.queries import receipts as queries
from cishan.donations.queries.gifts import GiftView, gift_by_id
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.receipts import ReceiptKind
from cishan.gateways.mail import Attachment
from cishan.kernel import clock
from cishan.notify import actions as notify
from cishan.notify import rules as letters
from cishan.notify.rules import events
from cishan.notify.rules.events import Event
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import enqueue_many, job


@job("donations.issue_receipt")
async def issue_receipt(donation_id: str) -> None:
    """Write the receipts that are due, and tell the giver of every refund, with the red receipt."""
    gift_id = UUID(donation_id)
    await actions.write_due(gift_id)
    refunds = await queries.refunds(gift_id)
    email = await contacts.gift_email(gift_id)
    if not refunds or not email:
        return
    gift, receipts = await _spoken(gift_id), await queries.for_gift(gift_id)
    for refund in refunds:
        red = next((r for r in receipts if r.kind is ReceiptKind.RED and refund.txn_id in r.covers), None)
        letter = letters.RefundDone(
            gift_number=gift.number,
            refunded_fen=-refund.amount_fen,
            kept_fen=gift.kept_fen,
            gift_url=_gift_url(gift_id),
            red_receipt_number=red.number if red else "",
        )
        await _send(f"refund:{refund.txn_id}", email, gift.language, (events.REFUND_DONE, letter), red)


@job("donations.thank_all")
async def thank_all(donation_ids: list[str]) -> None:
    """Have the givers thanked, each by a job of its own, who left an address or want a receipt."""
    async with atomic():
        awaited = await actions.waive_unwanted([UUID(i) for i in donation_ids])
        await enqueue_many("donations.thank", [{"donation_id": str(i)} for i in awaited])


@job("donations.thank")
async def thank(donation_id: str) -> None:
    """Thank the giver of a gift that has arrived, with its receipt if one is wanted."""
    gift_id = UUID(donation_id)
    await actions.write_due(gift_id)
    gift = await _spoken(gift_id)
    email = await contacts.gift_email(gift_id)
    if not email or gift.paid_at is None or gift.status in {GiftStatus.REFUNDED, GiftStatus.CHARGED_BACK}:
        return
    receipt = next(iter(await queries.for_gift(gift_id)), None)
    letter = letters.GiftThanks(
        gift_number=gift.number,
        amount_fen=gift.amount_fen,
        given_on=clock.china_day(gift.paid_at),
        purposes=tuple(line.title for line in gift.lines),
        gift_url=_gift_url(gift_id),
        monthly=gift.plan_id is not None,
        receipt_number=receipt.number if receipt else "",
    )
    await _send(f"thanks:{gift_id}", email, gift.language, (events.GIFT_ARRIVED, letter), receipt)


@job("donations.send_receipt")
async def send_receipt(receipt_id: str) -> None:
    """Send a receipt that was asked for after the letter of thanks."""
    receipt = await queries.by_id(UUID(receipt_id))
    if receipt.donation_id is None:
        return
    email = await contacts.gift_email(receipt.donation_id)
    if not email:
        return
    gift = await gift_by_id(receipt.donation_id)
    letter = letters.ReceiptReady(
        gift_number=gift.number,
        receipt_number=receipt.number,
        amount_fen=receipt.amount_fen,
        gift_url=_gift_url(gift.id),
        verify_url=receipt.sheet.verify_url,
    )
    await _send(f"receipt:{receipt.id}", email, gift.language, (events.RECEIPT_READY, letter), receipt)


async def _spoken(gift_id: UUID) -> GiftView:
    """Return a gift with its titles in the giver's language."""
    gift = await gift_by_id(gift_id)
    with i18n.speaking(gift.language):
        return await gift_by_id(gift_id)


def _gift_url(gift_id: UUID) -> str:
    return gateways.settings().public_url + contacts.gift_path(gift_id)


async def _send(
    key: str, email: str, language: str, what: tuple[Event, letters.Letter], receipt: ReceiptView | None
) -> None:
    """Write the letter, into the giver's inbox too; the PDF is set before the transaction begins."""
    event, letter = what
    files = []
    if receipt is not None:
        files = [Attachment(receipt.filename, "application/pdf", await queries.document(receipt))]
    async with atomic():
        written = await notify.tell_address(
            key=key, to_email=email, language=language, event=event, letter=letter, attachments=files
        )
        if written and receipt is not None:
            await actions.tell_sent(receipt.id, template=letter.template)
