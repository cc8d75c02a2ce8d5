"""Receipts of goods, and thanks without an amount where there is none."""

from typing import Literal
from uuid import UUID

from cishan import gateways
from cishan.donations.actions import goods as actions
from cishan.donations.actions.receipts import tell_sent
from cishan.donations.queries import goods, receipts
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.rules.receipts import ReceiptKind
from cishan.gateways.mail import Attachment
from cishan.notify import actions as notify
from cishan.notify import rules as letters
from cishan.notify.rules.events import GOODS_NEWS
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import job
from cishan.warehouse.queries import intake
from cishan.warehouse.rules.offers import OfferView


@job("donations.issue_goods_receipt")
async def issue_goods_receipt(offer_id: str) -> None:
    """Write the receipt of goods that were booked, or its reversal, and send it to who left an address."""
    offer = UUID(offer_id)
    await actions.write_due(offer)
    gift = await goods.of_offer(offer)
    found = await intake.offer_by_id(offer)
    with i18n.speaking(found.language):
        found = await intake.offer_by_id(offer)
    email = (await intake.giver_of(offer)).email
    if not email:
        return
    if gift is None:
        if found.booked_at is not None:
            await _send(found, email, "thanks", None)
        return
    for receipt in await receipts.for_goods(gift.id):
        await _send(found, email, "red" if receipt.kind is ReceiptKind.RED else "receipt", receipt)


async def _send(
    found: OfferView, email: str, kind: Literal["receipt", "red", "thanks"], receipt: ReceiptView | None
) -> None:
    """Write the letter; the PDF is set before the transaction begins."""
    letter = letters.GoodsPaper(
        kind=kind,
        number=found.number,
        receipt_number=receipt.number if receipt else "",
        amount_fen=receipt.amount_fen if receipt else 0,
        lines=(_lines(found) if kind != "red" else ()) or (_printed(receipt) if receipt else ()),
        url=gateways.settings().public_url + intake.offer_path(found.id),
    )
    files = []
    if receipt is not None:
        files = [Attachment(receipt.filename, "application/pdf", await receipts.document(receipt))]
    key = f"goods paper:{receipt.id}" if receipt else f"goods paper:{found.id}"
    async with atomic():
        written = await notify.tell_address(
            key=key,
            to_email=email,
            language=found.language,
            event=GOODS_NEWS,
            letter=letter,
            attachments=files,
        )
        if written and receipt is not None:
            await tell_sent(receipt.id, template=letter.template)


def _lines(found: OfferView) -> tuple[letters.GoodsLine, ...]:
    """Return what was taken in."""
    lines = {line.id: line for line in found.lines}
    return tuple(
        letters.GoodsLine(
            name=lines[one.line].name, quantity=f"{one.quantity} {lines[one.line].unit}", declined=""
        )
        for one in found.grades
        if one.lot
    )


def _printed(receipt: ReceiptView) -> tuple[letters.GoodsLine, ...]:
    """Return what a reversal takes back, as it is printed there."""
    return tuple(
        letters.GoodsLine(name=line.name, quantity=f"{line.quantity} {line.unit}", declined="")
        for line in receipt.sheet.lines
    )
