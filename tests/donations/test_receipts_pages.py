"""Receipts over HTTP: asked for and fetched by the gift's secret link, checked by anyone."""

import re

import httpx
import pytest

from cishan.donations.actions import receipts as actions
from cishan.donations.pages.receipts import TRIES_A_MINUTE
from cishan.donations.queries import contacts
from cishan.donations.queries import receipts as queries
from cishan.donations.tables.receipts import Receipt
from cishan.plumbing.db import fetch
from tests.donations.paid_gifts import EMAIL, a_gift


async def test_a_giver_asks_for_a_receipt_later(client: httpx.AsyncClient) -> None:
    gift = await a_gift(5_000, wants_receipt=False, title="")
    path = contacts.gift_path(gift)
    page = await client.get(f"{path}/receipt")
    assert page.status_code == 200
    assert "申请收据" in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    answer = await client.post(f"{path}/receipt", data={"payer": "person", "title": "张某某", "uscc": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#receipts")
    (receipt,) = await queries.for_gift(gift)
    assert (receipt.sheet.payer_title, receipt.sheet.payer_uscc) == ("张某某", "")
    again = await client.post(f"{path}/receipt", data={"payer": "person", "title": "别人"})
    assert again.status_code == 409
    assert len(await queries.for_gift(gift)) == 1
    assert "捐赠收据 SJ" in (await client.get(f"{path}/receipt")).text


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"payer": "person", "title": ""}, "请填写收据抬头。"),
        ({"payer": "company", "title": "某某公司", "uscc": ""}, "需要填写统一社会信用代码"),
        ({"payer": "company", "title": "某某公司", "uscc": "91371400MA00000001"}, "共 18 位"),
        ({"payer": "nobody", "title": "张某某"}, "请选择其中一项"),
        ({"payer": "person", "title": "长" * 101}, "100"),
    ],
)
async def test_a_wrong_wish_is_refused_and_nothing_written(
    client: httpx.AsyncClient, typed: dict[str, str], complaint: str
) -> None:
    gift = await a_gift(5_000, wants_receipt=False, title="")
    before = await fetch("SELECT * FROM donation WHERE id = {}", gift)
    answer = await client.post(f"{contacts.gift_path(gift)}/receipt", data=typed)
    assert answer.status_code == 422
    assert complaint in answer.text
    assert await Receipt.count() == 0
    assert await fetch("SELECT * FROM donation WHERE id = {}", gift) == before


async def test_the_pdf_comes_by_the_secret_link_alone(client: httpx.AsyncClient) -> None:
    gift, other = await a_gift(5_000), await a_gift(6_000)
    (receipt,) = await actions.write_due(gift)
    await actions.write_due(other)
    file = await client.get(f"{contacts.gift_path(gift)}/receipts/{receipt.number}.pdf")
    assert file.status_code == 200
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["cache-control"] == "no-store"
    assert re.fullmatch(
        rf"attachment; filename=\"{receipt.number}\.pdf\"; filename\*=UTF-8''[A-Za-z0-9%.-]+",
        file.headers["content-disposition"],
    )
    assert file.content == await queries.document(receipt)
    for path in (
        f"{contacts.gift_path(other)}/receipts/{receipt.number}.pdf",
        f"{contacts.gift_path(gift)}/receipts/SJ2026-99999999.pdf",
        f"{contacts.gift_path(gift)[:-1]}x/receipts/{receipt.number}.pdf",
    ):
        assert (await client.get(path)).status_code == 404


async def test_anyone_with_the_code_can_check_a_receipt(client: httpx.AsyncClient) -> None:
    gift = await a_gift(5_000)
    (receipt,) = await actions.write_due(gift)
    code = receipt.sheet.check_code
    typed = {"number": receipt.number.lower(), "code": f" {code[:4]} {code[4:].lower()} "}
    answer = await client.get("/receipts", params=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/receipts/{receipt.number}/{code}")
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    for words in ("有效", "张*某", "¥50.00", receipt.number):
        assert words in page.text
    for secret in ("张某某", EMAIL, contacts.gift_token(gift)):
        assert secret not in page.text
    assert page.headers["x-robots-tag"] == "noindex, nofollow"


async def test_a_wrong_code_looks_like_an_unknown_number(client: httpx.AsyncClient) -> None:
    (receipt,) = await actions.write_due(await a_gift(5_000))

    async def told(number: str, code: str) -> tuple[int, str]:
        answer = await client.get(f"/receipts/{number}/{code}")
        text = answer.text.replace(f"/receipts/{number}/{code}", "PATH")
        return answer.status_code, re.sub(r"[\w-]{16}(?=</code>)|request.?id.*", "", text)

    wrong = await told(receipt.number, "AAAAAAAA")
    unknown = await told("SJ2026-00000099", "AAAAAAAA")
    assert wrong[0] == unknown[0] == 404
    assert wrong == unknown
    assert "没有与此号码和校验码相符的收据" in wrong[1]


async def test_an_empty_check_is_told_what_is_missing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/receipts")).status_code == 200
    answer = await client.get("/receipts", params={"number": "", "code": ""})
    assert answer.status_code == 422
    assert "请填写收据号码。" in answer.text
    assert "请填写校验码。" in answer.text


async def test_who_guesses_codes_is_slowed_down(client: httpx.AsyncClient) -> None:
    codes = [
        (await client.get("/receipts/SJ2026-00000001/AAAAAAAA")).status_code
        for _ in range(TRIES_A_MINUTE + 1)
    ]
    assert codes == [404] * TRIES_A_MINUTE + [429]


async def test_every_page_of_receipts_speaks_english_too(client: httpx.AsyncClient) -> None:
    gift = await a_gift(5_000, wants_receipt=False)
    client.cookies.set("lang", "en")
    for path in ("/receipts", f"{contacts.gift_path(gift)}/receipt"):
        page = (await client.get(path)).text
        main = page[page.index("<main") : page.index("</main>")].replace("公益事业捐赠票据", "")
        assert not re.search(r"[\u4e00-\u9fff]", main)
