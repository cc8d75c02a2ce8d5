"""Receipts of gifts: written once, without gaps, reversed by refunds, and never changed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from cishan import settings
from cishan.donations.actions import receipts as actions
from cishan.donations.jobs import receipts as receipt_jobs
from cishan.donations.queries import receipt_proofs
from cishan.donations.queries import receipts as queries
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.receipts import ReceiptKind
from cishan.donations.tables.receipts import Receipt, ReceiptWaiver
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.payments import Kind
from cishan.notify.queries import newest
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.conftest import as_owner
from tests.donations.paid_gifts import EMAIL, a_gift, money_moved
from tests.history import tell

DAY = datetime.fromisoformat("2026-11-22T04:00:00+00:00")


@pytest.fixture(autouse=True)
def _configured(config: settings.Settings) -> None:
    """The platform has its settings, and so its keys."""


async def _sum(donation_id: UUID) -> int:
    return sum(r.amount_fen for r in await queries.for_gift(donation_id))


async def test_a_paid_gift_gets_one_receipt_however_often_it_is_asked_for(db: None) -> None:
    with clock.fixed(DAY):
        gift = await a_gift(3_000, 7_005)
        (receipt,) = await actions.write_due(gift)
        assert await actions.write_due(gift) == []
    assert (receipt.number, receipt.kind, receipt.amount_fen) == (
        "SJ2026-00000001",
        ReceiptKind.RECEIPT,
        10_005,
    )
    sheet = receipt.sheet
    assert sheet.payer_title == "张某某"
    assert sheet.amount_words == "人民币壹佰元零伍分"
    assert [(x.code, x.unit, x.quantity, x.standard_fen, x.amount_fen) for x in sheet.lines] == [
        ("GEN", "元", 1, 3_000, 3_000),
        ("EDU", "元", 1, 7_005, 7_005),
    ]
    assert sheet.given_on.isoformat() == sheet.issued_on.isoformat() == "2026-11-22"
    assert sheet.remarks[1] == "货币捐赠，以支付宝到账"
    assert await Receipt.count() == 1


@pytest.mark.parametrize("status", [GiftStatus.AWAITING_PAYMENT, GiftStatus.FAILED, GiftStatus.EXPIRED])
async def test_a_gift_that_is_not_paid_has_no_receipt(db: None, status: GiftStatus) -> None:
    assert await actions.write_due(await a_gift(5_000, status=status)) == []
    assert await Receipt.count() == 0
    assert await ReceiptWaiver.count() == 0


async def test_a_gift_that_wants_none_has_a_waiver_until_it_does(db: None) -> None:
    gift = await a_gift(5_000, wants_receipt=False, title="")
    later = clock.now() + timedelta(hours=1)
    assert len(await receipt_proofs.without_paper(paid_before=later)) == 1
    await actions.write_due(gift)
    await actions.write_due(gift)
    (waiver,) = await fetch("SELECT reason, withdrawn_at FROM receipt_waiver")
    assert waiver == {"reason": "not_wanted", "withdrawn_at": None}
    assert await receipt_proofs.without_paper(paid_before=later) == []

    (receipt,) = await actions.ask_for(gift, title="某某食品有限公司", uscc="91371400MA0000000Q")
    assert (receipt.sheet.payer_title, receipt.sheet.payer_uscc) == ("某某食品有限公司", "91371400MA0000000Q")
    assert await fetch_value("SELECT withdrawn_at IS NOT NULL FROM receipt_waiver") is True
    assert await receipt_proofs.without_paper(paid_before=later) == []
    with pytest.raises(Conflict, match="already"):
        await actions.ask_for(gift, title="另一个抬头", uscc="")
    assert await Receipt.count() == 1


async def test_a_receipt_asked_for_before_the_payment_comes_with_it(db: None) -> None:
    gift = await a_gift(5_000, status=GiftStatus.PROCESSING, wants_receipt=False)
    assert await actions.ask_for(gift, title="张某某", uscc="") == []
    await tell("donation", gift, "processing", "paid")
    await fetch("UPDATE donation SET status = 'paid', paid_at = now() WHERE id = {}", gift)
    assert len(await actions.write_due(gift)) == 1


async def test_nothing_is_receipted_of_which_nothing_is_left(db: None) -> None:
    gift = await a_gift(5_000, status=GiftStatus.REFUNDED, wants_receipt=False)
    await money_moved(gift, Kind.REFUND, -5_000, "txn_r1")
    with pytest.raises(Conflict, match="nothing to receipt"):
        await actions.ask_for(gift, title="张某某", uscc="")
    assert await Receipt.count() == 0
    early = await a_gift(5_000, status=GiftStatus.REFUNDED)
    await money_moved(early, Kind.REFUND, -5_000, "txn_r2")
    assert await actions.write_due(early) == []
    assert await fetch_value("SELECT reason FROM receipt_waiver WHERE donation = {}", early) == "returned"


async def test_each_refund_is_reversed_once_in_red(db: None) -> None:
    gift = await a_gift(3_000, 7_000, status=GiftStatus.PARTLY_REFUNDED)
    (original,) = await actions.write_due(gift)
    await money_moved(gift, Kind.REFUND, -2_500, "txn_r1")
    (red,) = await actions.write_due(gift)
    assert await actions.write_due(gift) == []
    assert (red.kind, red.amount_fen, red.original_id) == (ReceiptKind.RED, -2_500, original.id)
    assert red.sheet.amount_words == "人民币（负数）贰拾伍元整"
    assert [(x.quantity, x.amount_fen) for x in red.sheet.lines] == [(-1, -750), (-1, -1_750)]
    assert red.sheet.remarks[0] == f"冲减收据 {original.number}"
    await money_moved(gift, Kind.REFUND, -7_500, "txn_r2", minutes=2)
    await actions.write_due(gift)
    assert await _sum(gift) == 0
    assert await Receipt.count() == 3
    assert await receipt_proofs.missing_numbers() == []


async def test_a_lost_dispute_is_reversed_and_a_won_one_restored(db: None) -> None:
    gift = await a_gift(10_000, status=GiftStatus.DISPUTED)
    await actions.write_due(gift)
    await money_moved(gift, Kind.DISPUTE, -10_000, "txn_d1")
    await actions.write_due(gift)
    assert await _sum(gift) == 0
    await money_moved(gift, Kind.DISPUTE_REVERSAL, 10_000, "txn_d2", minutes=2)
    (restored,) = await actions.write_due(gift)
    assert (restored.kind, restored.amount_fen) == (ReceiptKind.RECEIPT, 10_000)
    assert await _sum(gift) == 10_000


async def test_numbers_have_no_gap_when_many_write_at_once_and_some_fail(racing: str) -> None:
    gifts = [await a_gift(100 * n) for n in range(1, 17)]

    async def write(index: int, gift: UUID) -> None:
        async with atomic():
            await actions.write_due(gift)
            if index % 4 == 0:
                raise ZeroDivisionError

    results = await asyncio.gather(*(write(n, g) for n, g in enumerate(gifts)), return_exceptions=True)
    assert [type(r) for r in results if r is not None] == [ZeroDivisionError] * 4
    # And the same gift by several at once: one receipt.
    await asyncio.gather(*(actions.write_due(gifts[0]) for _ in range(6)))
    rows = await fetch("SELECT serial, number FROM receipt ORDER BY serial")
    assert [row["serial"] for row in rows] == list(range(1, 14))
    assert await receipt_proofs.missing_numbers() == []


async def test_each_year_begins_at_one_and_a_chinese_new_year_s_day_counts(db: None) -> None:
    numbers = []
    for moment in ("2026-12-31T15:59:59+00:00", "2026-12-31T16:00:00+00:00", "2027-01-02T00:00:00+00:00"):
        with clock.fixed(datetime.fromisoformat(moment)):
            numbers += [r.number for r in await actions.write_due(await a_gift(100))]
    assert numbers == ["SJ2026-00000001", "SJ2027-00000001", "SJ2027-00000002"]


BEHIND = [
    "UPDATE receipt SET amount_fen = 1",
    "UPDATE receipt SET payer_title = '别人'",
    "UPDATE receipt SET sheet = jsonb_set(sheet, '{amount_fen}', '1')",
    "UPDATE receipt SET check_code = 'AAAAAAAA'",
    "DELETE FROM receipt",
    "TRUNCATE receipt CASCADE",
    "UPDATE receipt_series SET last_serial = 0",
    "UPDATE receipt_series SET last_serial = last_serial + 2",
    "DELETE FROM receipt_series",
]


@pytest.mark.parametrize("sql", BEHIND)
async def test_a_receipt_cannot_be_changed_or_removed_by_anyone(db: None, sql: str) -> None:
    await actions.write_due(await a_gift(5_000))
    before = await fetch("SELECT r.*, s.last_serial FROM receipt r, receipt_series s")
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.RaiseError):
            await owner.execute(sql)
        await owner.execute("ROLLBACK TO attempt")
    assert await fetch("SELECT r.*, s.last_serial FROM receipt r, receipt_series s") == before


async def test_the_fiscal_receipt_is_noted_once(db: None) -> None:
    (receipt,) = await actions.write_due(await a_gift(5_000))
    note = "UPDATE receipt SET fiscal_code = '37060126', fiscal_number = {}"
    await fetch(note, "0000000017")
    noted = await queries.by_id(receipt.id)
    assert (noted.fiscal_code, noted.fiscal_number) == ("37060126", "0000000017")
    with pytest.raises(asyncpg.RaiseError, match="is issued"):
        async with atomic():
            await fetch(note, "0000000018")


async def test_a_number_that_does_not_follow_is_refused_by_the_database(db: None) -> None:
    await actions.write_due(await a_gift(5_000))
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.RaiseError, match="does not follow"):
            await owner.execute(
                "INSERT INTO receipt (id, series, year, serial, number, check_code, kind, donation, cause,"
                " covers, amount_fen, payer_title, payer_uscc, issued_at, sheet)"
                " SELECT gen_random_uuid(), series, year, 7, 'SJ2026-00000007', check_code, kind, donation,"
                " 'planted', covers, amount_fen, payer_title, payer_uscc, issued_at,"
                " jsonb_set(sheet, '{number}', '\"SJ2026-00000007\"') FROM receipt"
            )
        await owner.execute("ROLLBACK TO attempt")
    assert await Receipt.count() == 1


async def test_a_stranger_learns_whether_a_receipt_stands_and_not_who_gave(db: None) -> None:
    gift = await a_gift(10_000)
    (receipt,) = await actions.write_due(gift)
    code = receipt.sheet.check_code
    seen = await queries.verify(receipt.number, code.lower())
    assert (seen.state, seen.masked_payer, seen.amount_fen) == ("valid", "张*某", 10_000)
    await money_moved(gift, Kind.REFUND, -4_000, "txn_r1")
    (red,) = await actions.write_due(gift)
    seen = await queries.verify(receipt.number, code)
    assert (seen.state, seen.held_fen, seen.reversals) == ("partly_reversed", 6_000, ((red.number, -4_000),))
    await money_moved(gift, Kind.REFUND, -6_000, "txn_r2", minutes=2)
    await actions.write_due(gift)
    assert (await queries.verify(receipt.number, code)).state == "reversed"
    seen = await queries.verify(red.number, red.sheet.check_code)
    assert (seen.state, seen.reverses) == ("red", receipt.number)


async def test_a_wrong_code_and_an_unknown_number_are_refused_alike(db: None) -> None:
    (receipt,) = await actions.write_due(await a_gift(10_000))
    told = set()
    for number, code in (
        (receipt.number, "AAAAAAAA"),
        (receipt.number, ""),
        (receipt.number, "校验码"),
        ("SJ2026-00000099", receipt.sheet.check_code),
        ("SJ2026-00000099", "--------"),
        ("'; DROP TABLE receipt; --", "AAAAAAAA"),
    ):
        with pytest.raises(NotFound) as refused:
            await queries.verify(number, code)
        told.add(str(refused.value))
    assert len(told) == 1


async def test_thanks_carry_the_receipt_and_are_sent_once(db: None) -> None:
    gift = await a_gift(5_000)
    await receipt_jobs.issue_receipt(str(gift))
    await receipt_jobs.thank(str(gift))
    await receipt_jobs.thank(str(gift))
    await jobs.work_off()
    (letter,) = await newest()
    assert letter.mail is not None
    assert (letter.template, letter.mail.to_email) == ("gift_thanks", EMAIL)
    (attached,) = letter.mail.attachments
    assert attached.filename == f"捐赠收据-{(await queries.for_gift(gift))[0].number}.pdf"
    assert attached.content.startswith(b"%PDF")


async def test_thanks_without_a_receipt_say_how_to_get_one(db: None) -> None:
    await receipt_jobs.thank(str(await a_gift(5_000, wants_receipt=False, language="en")))
    (letter,) = await newest()
    assert letter.mail is not None
    assert not letter.mail.attachments
    assert "you can ask for one on the page of your gift" in letter.mail.text


async def test_a_batch_of_paid_gifts_is_thanked_where_somebody_awaits_it(db: None) -> None:
    silent = await a_gift(1_000, wants_receipt=False, email="")
    reachable = await a_gift(2_000, wants_receipt=False)
    receipted = await a_gift(3_000, email="")
    unpaid = await a_gift(4_000, wants_receipt=False, email="", status=GiftStatus.PROCESSING)
    batch = [str(g) for g in (silent, reachable, receipted, unpaid)]
    for _ in range(2):
        await receipt_jobs.thank_all(batch)
        await jobs.work_off()
    waivers = await fetch("SELECT donation, reason FROM receipt_waiver ORDER BY donation")
    assert {row["donation"] for row in waivers} == {silent, reachable}
    assert {row["reason"] for row in waivers} == {"not_wanted"}
    (letter,) = await newest()
    assert letter.mail is not None
    assert "¥20.00" in letter.mail.text
    assert not letter.mail.attachments
    assert len(await queries.for_gift(receipted)) == 1
    # The one who asks later gets the receipt; the waiver is withdrawn.
    await actions.ask_for(silent, title="张某某", uscc="")
    assert await actions.waive_unwanted([silent]) == [silent]
    assert len(await queries.for_gift(silent)) == 1


async def test_who_left_no_address_gets_no_letter_but_the_receipt(db: None) -> None:
    gift = await a_gift(5_000, email="")
    await receipt_jobs.thank(str(gift))
    await receipt_jobs.issue_receipt(str(gift))
    assert len(await queries.for_gift(gift)) == 1
    assert await newest() == []


async def test_a_refund_is_told_once_with_its_red_receipt(db: None) -> None:
    gift = await a_gift(5_000, status=GiftStatus.PARTLY_REFUNDED)
    await actions.write_due(gift)
    await money_moved(gift, Kind.REFUND, -2_000, "txn_r1")
    for _ in range(2):
        await receipt_jobs.issue_receipt(str(gift))
    (letter,) = await newest()
    assert letter.mail is not None
    assert letter.mail.subject == "您的捐款已退回 ¥20.00"
    assert "仍捐赠金额：¥30.00" in letter.mail.text
    assert letter.mail.attachments[0].filename.startswith("红字捐赠收据-SJ")


async def test_a_receipt_asked_for_later_is_sent(db: None) -> None:
    gift = await a_gift(5_000, wants_receipt=False)
    await receipt_jobs.thank(str(gift))
    await actions.ask_for(gift, title="张某某", uscc="")
    await jobs.work_off()
    assert {letter.template for letter in await newest()} == {"gift_thanks", "receipt_ready"}


async def test_the_check_names_what_is_planted_behind_the_back(db: None) -> None:
    good, waived, unequal, bare = [await a_gift(1_000 * n, wants_receipt=n != 2) for n in range(1, 5)]
    for gift in (good, waived, unequal):
        await actions.write_due(gift)
    await money_moved(unequal, Kind.REFUND, -500, "txn_r1")
    async with as_owner() as owner:
        await owner.execute("ALTER TABLE receipt DISABLE TRIGGER USER")
        await owner.execute("UPDATE receipt_series SET last_serial = last_serial + 1")
        await owner.execute("ALTER TABLE receipt ENABLE TRIGGER USER")
    now = clock.now()
    report = await receipt_proofs.prove(settled_before=now + timedelta(hours=1))
    numbers = {row["id"]: row["number"] for row in await fetch("SELECT id, number FROM donation")}
    year = clock.today().year
    assert not report.is_whole
    assert report.receipts == 2
    assert report.missing_numbers == (f"SJ{year}-00000003",)
    assert report.without_paper == (numbers[bare],)
    assert report.wrong_sums == (numbers[unequal],)
    # What happened a moment ago may have its papers on the way.
    early = await receipt_proofs.prove(settled_before=now - timedelta(hours=1))
    assert (early.without_paper, early.wrong_sums) == ((), ())
