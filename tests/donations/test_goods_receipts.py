"""Receipts of goods: kind, quantity, value, giver and handler; none without a value or for others' goods."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from cishan import settings
from cishan.donations.actions import goods as actions
from cishan.donations.jobs.goods import issue_goods_receipt
from cishan.donations.queries import goods, receipt_proofs, receipts
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, NotFound
from cishan.notify.queries import newest
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import receiving, reversals
from cishan.warehouse.queries import intake
from cishan.warehouse.rules.reversals import Wrong
from cishan.warehouse.rules.stock import Basis
from tests.conftest import as_owner
from tests.warehouse import offering
from tests.warehouse.offering import DAY, a_booked_offer, a_house, an_offer, line, the_keeper


@pytest.fixture(autouse=True)
def _configured(config: settings.Settings) -> None:
    """The platform has its settings, and so its keys."""


async def _booked(**more: object) -> UUID:
    with clock.fixed(DAY):
        found = await a_booked_offer(await a_house(), **more)  # type: ignore[arg-type]
    return found.id


async def test_a_receipt_of_goods_says_kind_quantity_value_giver_and_handler(db: None) -> None:
    offer = await _booked(wants_receipt=True, fund="F-NDXD")
    with clock.fixed(DAY):
        (receipt,) = await actions.write_due(offer)
        assert await actions.write_due(offer) == []
    found = await intake.offer_by_id(offer)
    sheet = receipt.sheet
    assert (receipt.number, receipt.amount_fen, receipt.donation_id) == ("SJ2026-00000001", 240_000, None)
    assert [(x.code, x.name, x.unit, x.quantity, x.standard_fen, x.amount_fen) for x in sheet.lines] == [
        ("F-NDXD", "棉被1.5×2m", "床", 20, 12_000, 240_000)
    ]
    assert (sheet.payer_title, sheet.collector, sheet.is_goods) == ("爱心网友", "库管", True)
    assert sheet.given_on.isoformat() == sheet.issued_on.isoformat() == "2026-08-01"
    assert sheet.amount_words == "人民币贰仟肆佰元整"
    assert sheet.remarks == (f"捐赠编号 {found.number}", "实物捐赠，按公允价值计价")
    paper = await receipts.document(receipt)
    assert paper.startswith(b"%PDF-")
    checked = await receipts.verify(receipt.number, receipt.sheet.check_code)
    assert (checked.state.value, checked.masked_payer, checked.held_fen) == ("valid", "爱**友", 240_000)


async def test_the_receipt_comes_by_letter_once(db: None) -> None:
    offer = await _booked(wants_receipt=True, email=offering.EMAIL)
    for _ in range(2):
        await issue_goods_receipt(str(offer))
    papers = [letter for letter in await newest() if letter.template == "goods_paper"]
    (letter,) = papers
    assert letter.mail is not None
    assert letter.mail.subject == "您的物资捐赠收据已开具"
    (attached,) = letter.mail.attachments
    assert attached.content.startswith(b"%PDF-")


async def test_who_wants_none_has_a_waiver_until_they_ask(db: None) -> None:
    offer = await _booked()
    later = clock.now() + timedelta(hours=1)
    assert len(await receipt_proofs.without_paper(paid_before=later)) == 0
    assert len(await goods.without_paper(booked_before=later)) == 1
    assert await actions.write_due(offer) == []
    assert await goods.without_paper(booked_before=later) == []
    assert await fetch("SELECT reason, donation FROM receipt_waiver") == [
        {"reason": "not_wanted", "donation": None}
    ]
    (receipt,) = await actions.ask_for(offer, title="某某食品有限公司", uscc="91371400MA0000000Q")
    assert (receipt.sheet.payer_title, receipt.sheet.payer_uscc) == ("某某食品有限公司", "91371400MA0000000Q")
    assert await fetch_value("SELECT withdrawn_at IS NOT NULL FROM receipt_waiver") is True
    assert await goods.without_paper(booked_before=later) == []
    assert await goods.wrong_sums(settled_before=later) == []
    with pytest.raises(Conflict, match="already"):
        await actions.ask_for(offer, title="另一个抬头", uscc="")


@pytest.mark.parametrize(
    "more", [{"value_fen": 0, "basis": Basis.MEMO}, {"receiver": "庆云镇敬老院"}], ids=["memo", "entrusted"]
)
async def test_goods_that_are_not_valued_or_not_ours_have_thanks_and_no_receipt(
    db: None, more: dict[str, object]
) -> None:
    offer = await _booked(wants_receipt=True, email=offering.EMAIL, **more)
    await issue_goods_receipt(str(offer))
    assert await fetch_value("SELECT count(*) FROM receipt") == 0
    assert await fetch_value("SELECT count(*) FROM goods_gift") == 0
    assert await goods.without_paper(booked_before=clock.now() + timedelta(hours=1)) == []
    (letter,) = [one for one in await newest() if one.template == "goods_paper"]
    assert letter.mail is not None
    assert not letter.mail.attachments
    assert "¥" not in letter.mail.text
    with pytest.raises(NotFound):
        await actions.ask_for(offer, title="张某", uscc="")


async def test_a_check_of_all_receipts_knows_goods(db: None) -> None:
    offer = await _booked(wants_receipt=True)
    report = await receipt_proofs.prove(settled_before=clock.now() + timedelta(hours=1))
    assert report.without_paper == ((await intake.offer_by_id(offer)).number,)
    await actions.write_due(offer)
    assert (await receipt_proofs.prove(settled_before=clock.now() + timedelta(hours=1))).is_whole


async def test_a_receipt_is_of_money_or_of_goods(db: None) -> None:
    await actions.write_due(await _booked(wants_receipt=True))
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.CheckViolationError, match="receipt_waiver_of_one_gift"):
            await owner.execute(
                "INSERT INTO receipt_waiver (id, reason, recorded_at)"
                " VALUES (gen_random_uuid(), 'not_wanted', now())"
            )
        await owner.execute("ROLLBACK TO attempt")


async def test_the_receipt_is_fetched_by_the_secret_link_of_its_offer_alone(
    db: None, client: httpx.AsyncClient
) -> None:
    offer = await _booked()
    path = intake.offer_path(offer)
    await actions.write_due(offer)
    page = await client.get(f"{path}/receipts")
    assert "您没有要求开具收据" in page.text or "收据" in page.text
    wrong = await client.post(f"{path}/receipts", data={"payer": "company", "title": "某某公司", "uscc": "1"})
    assert wrong.status_code == 422
    assert await fetch_value("SELECT count(*) FROM receipt") == 0
    asked = await client.post(f"{path}/receipts", data={"payer": "person", "title": "张某某"})
    assert asked.status_code == 303
    (number,) = [row["number"] for row in await fetch("SELECT number FROM receipt")]
    paper = await client.get(f"{path}/receipts/{number}.pdf")
    assert paper.content.startswith(b"%PDF-")
    other = await an_offer(await a_house("QY"), await line("BASKETBALL", 3))
    assert (await client.get(f"{intake.offer_path(other.id)}/receipts/{number}.pdf")).status_code == 404


async def _reverse(offer: UUID) -> None:
    """Reverse the booking because its value was wrong."""
    request, maker, checker = uuid4(), await the_keeper("zhou"), await the_keeper("wu")
    reversal = await reversals.propose(
        offer, wrong=Wrong.VALUE, fund="", reason="价值多记", request=request, by=maker
    )
    await reversals.agree(reversal, by=checker)


async def _rebook(offer: UUID, value_fen: int) -> None:
    """Value the goods anew and book them; the two change places."""
    await offering.valued(await intake.offer_by_id(offer), await the_keeper("wu"), value_fen)
    await receiving.book(offer, request=uuid4(), by=await the_keeper("zhou"))


async def _papers(offer: UUID) -> list[tuple[str, str, int, int]]:
    gift = await goods.of_offer(offer)
    assert gift is not None
    return [
        (one.number[-1], one.kind.value, one.amount_fen, one.sheet.lines[0].quantity)
        for one in await receipts.for_goods(gift.id)
    ]


async def test_a_reversed_booking_has_its_receipt_answered_by_a_red_one_and_a_new_one_follows(
    db: None,
) -> None:
    offer = await _booked(wants_receipt=True, fund="F-NDXD", email=offering.EMAIL)
    await issue_goods_receipt(str(offer))
    await _reverse(offer)
    asked = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'donations.issue_goods_receipt'"
    assert await fetch_value(asked) == 2
    for _ in range(2):
        await issue_goods_receipt(str(offer))
    assert await _papers(offer) == [("1", "receipt", 240_000, 20), ("2", "red", -240_000, -20)]
    await _rebook(offer, 24_000)
    for _ in range(2):
        await issue_goods_receipt(str(offer))
    assert await _papers(offer) == [
        ("1", "receipt", 240_000, 20),
        ("2", "red", -240_000, -20),
        ("3", "receipt", 24_000, 20),
    ]
    gift = await goods.of_offer(offer)
    assert gift is not None
    first, red, new = await receipts.for_goods(gift.id)
    assert (red.original_id, new.original_id, gift.amount_fen) == (first.id, None, 24_000)
    assert red.sheet.remarks[0] == f"冲减收据 {first.number}"
    assert new.sheet.remarks[-1] == f"更正入库后重开，原收据 {first.number} 已冲减"
    assert new.sheet.amount_words == "人民币贰佰肆拾元整"
    told = [await receipts.verify(one.number, one.sheet.check_code) for one in (first, red, new)]
    assert [one.state.value for one in told] == ["reversed", "red", "valid"]
    subjects = [one.mail.subject for one in await newest() if one.template == "goods_paper" and one.mail]
    assert sorted(subjects) == ["您的物资捐赠收据已开具", "您的物资捐赠收据已开具", "您的物资捐赠收据已更正"]
    later = clock.now() + timedelta(hours=1)
    assert (await receipt_proofs.prove(settled_before=later)).is_whole


async def test_receipts_come_right_though_the_paper_is_late(db: None) -> None:
    offer = await _booked(wants_receipt=True)
    await actions.write_due(offer)
    await _reverse(offer)
    later = clock.now() + timedelta(hours=1)
    assert await goods.wrong_sums(settled_before=later) == [(await intake.offer_by_id(offer)).number]
    assert await goods.wrong_sums(settled_before=clock.now() - timedelta(hours=1)) == []
    await _rebook(offer, 240_000)
    assert len(await actions.write_due(offer)) == 2
    assert await actions.write_due(offer) == []
    assert await _papers(offer) == [
        ("1", "receipt", 240_000, 20),
        ("2", "red", -240_000, -20),
        ("3", "receipt", 240_000, 20),
    ]
    await _reverse(offer)
    await actions.write_due(offer)
    assert [amount for _, _, amount, _ in await _papers(offer)] == [240_000, -240_000, 240_000, -240_000]
    assert (await receipt_proofs.prove(settled_before=later)).is_whole


async def test_who_had_no_receipt_gets_none_for_a_reversal(db: None) -> None:
    offer = await _booked(email=offering.EMAIL)
    await actions.write_due(offer)
    await _reverse(offer)
    await issue_goods_receipt(str(offer))
    assert await fetch_value("SELECT count(*) FROM receipt") == 0
    assert await actions.ask_for(offer, title="张某某", uscc="") == []
    await _rebook(offer, 24_000)
    (receipt,) = await actions.write_due(offer)
    assert (receipt.amount_fen, receipt.sheet.payer_title) == (24_000, "张某某")
    assert await goods.without_paper(booked_before=clock.now() + timedelta(hours=1)) == []


async def test_nobody_is_thanked_for_goods_whose_booking_was_reversed_before_the_letter(db: None) -> None:
    offer = await _booked(value_fen=0, basis=Basis.MEMO, email=offering.EMAIL)
    await _reverse(offer)
    await issue_goods_receipt(str(offer))
    assert [one for one in await newest() if one.template == "goods_paper"] == []
