"""From the payment to the paper: a gift that is really paid, thanked for, undone, and reversed in red."""

import io

from pypdf import PdfReader

from cishan.donations.queries import receipt_proofs
from cishan.donations.queries import receipts as queries
from cishan.donations.rules.receipts import ReceiptKind
from cishan.kernel import clock
from cishan.notify.queries import newest
from tests.donations.conftest import Giver, work

WISH = {"wants_receipt": "1", "receipt_title": "张某某", "email": "giver@example.org"}


async def test_a_paid_gift_is_thanked_for_with_its_receipt_and_its_refund_with_the_red_one(
    giver: Giver,
) -> None:
    gift = await giver.paid(**WISH)
    (receipt,) = await queries.for_gift(gift.id)
    assert (receipt.amount_fen, receipt.sheet.payer_title) == (8_880, "张某某")
    assert receipt.sheet.lines[0].code != "GEN"
    (thanks,) = await newest()
    assert thanks.mail is not None
    assert (thanks.template, thanks.mail.to_email) == ("gift_thanks", "giver@example.org")
    (attached,) = thanks.mail.attachments
    text = "".join(PdfReader(io.BytesIO(attached.content)).pages[0].extract_text().split())
    assert "人民币捌拾捌元捌角" in text
    assert receipt.sheet.lines[0].name.replace(" ", "") in text
    page = await giver.page(gift.path)
    assert f"捐赠收据 {receipt.number}" in page
    assert "捐赠证书" in page

    assert (await giver.browser.post(f"{gift.path}/undo")).status_code == 303
    await work()
    await giver.browser.get(f"{gift.path}?back=paid")
    await work()
    original, red = await queries.for_gift(gift.id)
    assert (original.kind, red.kind, red.amount_fen) == (ReceiptKind.RECEIPT, ReceiptKind.RED, -8_880)
    returned = (await newest())[0]
    assert returned.mail is not None
    assert returned.template == "refund_done"
    assert returned.mail.attachments[0].filename == red.filename
    assert f"红字收据 {red.number}" in await giver.page(gift.path)
    assert [letter.state for letter in await newest()] == ["kept", "kept"]


async def test_a_paid_gift_without_a_wish_has_its_waiver(giver: Giver) -> None:
    gift = await giver.paid(email="giver@example.org")
    assert await queries.for_gift(gift.id) == []
    assert await receipt_proofs.without_paper(paid_before=clock.now()) == []
    (thanks,) = await newest()
    assert thanks.mail is not None
    assert thanks.mail.attachments == []
    assert "您当时没有申请收据" in await giver.page(gift.path)
