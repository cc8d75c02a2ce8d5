"""All receipts of a year on one list, and the certificate of giving."""

import io
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import pytest
from pypdf import PdfReader

from cishan.donations.actions import letters
from cishan.donations.actions import receipts as actions
from cishan.donations.queries import contacts, yearly
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.tables.gifts import Donation
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.payments import Kind
from cishan.notify.queries import newest
from cishan.plumbing.db import atomic
from tests.donations.paid_gifts import EMAIL, a_gift, money_moved

OTHER = "another@example.org"


def _text(document: bytes) -> str:
    pages = PdfReader(io.BytesIO(document)).pages
    return "".join("".join(page.extract_text() for page in pages).split()).replace("\u200b", "")


async def _receipts_of_two_years() -> None:
    for moment, amount, email in (
        ("2026-03-01T04:00:00+00:00", 10_000, EMAIL),
        ("2026-05-01T04:00:00+00:00", 20_000, EMAIL.upper()),
        ("2026-06-01T04:00:00+00:00", 77_700, OTHER),
        ("2027-01-01T04:00:00+00:00", 5_000, EMAIL),
    ):
        with clock.fixed(datetime.fromisoformat(moment)):
            gift = await a_gift(amount, email=email)
            await actions.write_due(gift)
            if amount == 20_000:
                await money_moved(gift, Kind.REFUND, -5_000, "txn_r1")
                await actions.write_due(gift)


async def test_a_year_lists_the_giver_s_own_receipts_and_subtracts_what_went_back(
    client: httpx.AsyncClient,
) -> None:
    await _receipts_of_two_years()
    newer, older = await yearly.year_links(EMAIL)
    assert (newer.year, older.year) == (2027, 2026)
    answer = await client.get(urlsplit(older.url).path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="receipts-2026.pdf"; ')
    text = _text(answer.content)
    for words in (
        "2026年度捐赠收据汇总",
        "全年合计（已扣除退款），共3张收据",
        "¥250.00",
        "人民币贰佰伍拾元整",
        "SJ2026-000000012026-03-01",
        "SJ2026-00000003（红字）2026-05-01",
        "-50.00",
        "截至2026年5月1日",
    ):
        assert words in text, words
    assert "SJ2026-00000004" not in text
    assert "777.00" not in text
    assert (await client.get(urlsplit(older.url).path)).content == answer.content


async def test_a_link_opens_its_own_year_and_giver_alone(client: httpx.AsyncClient) -> None:
    await _receipts_of_two_years()
    newer, older = (urlsplit(link.url).path for link in await yearly.year_links(EMAIL))
    token_2026, token_2027 = older.rpartition("/")[2], newer.rpartition("/")[2]
    assert token_2026 != token_2027
    mine, other = yearly.contact_of(EMAIL), yearly.contact_of(OTHER)
    for path in (
        f"/receipts/yearly/{mine}/2027/{token_2026}",
        f"/receipts/yearly/{other}/2026/{token_2026}",
        f"/receipts/yearly/{mine}/2026/{token_2026[:-1]}",
        f"/receipts/yearly/{mine}/2026/令牌",
        yearly.year_path(mine, 2025),
    ):
        assert (await client.get(path)).status_code == 404


async def test_a_long_year_goes_over_several_pages_with_its_head_on_each(client: httpx.AsyncClient) -> None:
    with clock.fixed(datetime.fromisoformat("2026-03-01T04:00:00+00:00")):
        for _ in range(45):
            await actions.write_due(await a_gift(100))
        listed = await yearly.year_by_link(
            yearly.contact_of(EMAIL),
            2026,
            yearly.year_path(yearly.contact_of(EMAIL), 2026).rpartition("/")[2],
        )
        pages = PdfReader(io.BytesIO(await yearly.year_document(listed))).pages
    assert len(pages) == 2
    assert all("收据号码" in page.extract_text() for page in pages)
    assert listed.total_fen == 4_500


async def test_who_asks_for_their_gifts_gets_the_years_too(client: httpx.AsyncClient) -> None:
    await _receipts_of_two_years()
    async with atomic():
        await letters.my_gifts("find:1", to_email=EMAIL, language="zh-CN", gifts=(), plans=())
    (letter,) = await newest()
    assert letter.mail is not None
    assert "2026 年全部收据汇总（PDF）" in letter.mail.text
    assert yearly.year_path(yearly.contact_of(EMAIL), 2026) in letter.mail.text


async def test_a_certificate_thanks_by_the_chosen_name(client: httpx.AsyncClient) -> None:
    with clock.fixed(datetime.fromisoformat("2026-11-22T04:00:00+00:00")):
        gift = await a_gift(8_888, title="张某某")
    path = f"{contacts.gift_path(gift)}/certificate.pdf"
    text = _text((await client.get(path)).content)
    assert "爱心网友：" in text
    assert "张某某" not in text  # the receipt's name is not the shown name
    assert "感谢您于2026年11月22日" in text
    assert "捐赠人民币¥88.88（捌拾捌元捌角捌分）" in text
    await (
        Donation.update(
            {
                Donation.anonymity: "alias",
                Donation.display_name: "#panic(1) 暖心人" + "长" * 30,
                Donation.tribute_kind: "memory",
                Donation.tribute_name: "某" * 48 + "老师",
            }
        )
        .where(Donation.id == gift)
        .run()
    )
    document = (await client.get(path)).content
    assert "#panic(1)暖心人长长" in _text(document)
    assert "某某老师。" in _text(document)
    assert len(PdfReader(io.BytesIO(document)).pages) == 1


@pytest.mark.parametrize("status", [GiftStatus.AWAITING_PAYMENT, GiftStatus.FAILED, GiftStatus.EXPIRED])
async def test_a_gift_that_did_not_arrive_has_no_certificate(
    client: httpx.AsyncClient, status: GiftStatus
) -> None:
    gift = await a_gift(5_000, status=status)
    assert (await client.get(f"{contacts.gift_path(gift)}/certificate.pdf")).status_code == 404


async def test_a_gift_that_went_back_has_no_certificate(client: httpx.AsyncClient) -> None:
    gift = await a_gift(5_000, status=GiftStatus.REFUNDED)
    await money_moved(gift, Kind.REFUND, -5_000, "txn_r1")
    assert (await client.get(f"{contacts.gift_path(gift)}/certificate.pdf")).status_code == 404


async def test_a_link_without_receipts_is_not_found(client: httpx.AsyncClient) -> None:
    with pytest.raises(NotFound):
        await yearly.year_by_link(yearly.contact_of(EMAIL), 2026, "x")
