"""Refunds, money in suspense, messages and posts: one list for each, with what may be done in its rows."""

import csv
import io
import re
from uuid import UUID

import httpx
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Decision
from cishan.audit.queries import reads_of
from cishan.donations.actions import refund_approvals
from cishan.donations.actions.refunds import request_refund
from cishan.donations.rules.giving import GiftStatus, RefundGround
from cishan.donations.tables.gifts import Donation
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.settings import Settings
from seeds import approvals as seeds
from tests.approvals import making
from tests.approvals.making import Office
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.donations.paid_gifts import a_gift
from tests.identity import staffing

NOT_A_GIFT = "不是人民币捐款，由会计以凭证处理。"
TO_DECIDE = "/staff/refunds?status=requested&kind=request&sort=due_on"


@pytest.fixture
async def office(client: httpx.AsyncClient, config: Settings) -> Office:
    made = await making.an_office()
    await seeds.load()
    set_language(CHINESE)
    return made


async def _asked(amount_fen: int = 10_000) -> tuple[UUID, UUID, str]:
    """A gift paid by card whose giver asked for it back: gift, request, number."""
    gift = await a_gift(amount_fen, channel="card")
    await Donation.update({Donation.stripe_payment_intent_id: f"pi_{gift.hex}"}).where(Donation.id == gift)
    asked = await request_refund(gift, ground=RefundGround.DUPLICATE, words="重复支付")
    return gift, asked, str(await fetch_value("SELECT number FROM donation WHERE id = {}", gift))


async def _file(client: httpx.AsyncClient, path: str, purpose: str = "核对") -> list[list[str]]:
    answer = await client.post(path, data={"format": "csv", "purpose": purpose})
    assert answer.status_code == 200, words(answer.text)
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]


async def test_a_refund_is_proposed_from_its_list_and_then_shows_where_it_stands(
    enter: Enter, office: Office
) -> None:
    _, asked, number = await _asked()
    client = await enter(Role.FINANCE_MAKER)
    page = (await client.get(TO_DECIDE)).text
    assert number in page and f'href="/staff/refunds/{asked}/propose"' in page
    approval_id = await refund_approvals.propose_refund(asked, reason="已核对流水", by=office.maker)
    page = (await client.get(TO_DECIDE)).text
    assert f'href="/staff/approvals/{approval_id}"' in page and "待复核" in page
    assert f'href="/staff/refunds/{asked}/propose"' not in page
    (row,) = await _file(client, f"/staff/refunds/export?number={number}")
    assert (row[1], row[5], row[9], row[10]) == (number, "审核中", "100.00", "待复核")
    await approvals.check(approval_id, office.checker, Decision.RETURN, "请附说明")
    assert f'href="/staff/refunds/{asked}/propose"' in (await client.get(TO_DECIDE)).text


async def test_who_may_not_propose_reads_why_not_and_a_county_sees_nothing(enter: Enter) -> None:
    _, _, number = await _asked()
    auditor = await enter(Role.AUDITOR)
    page = (await auditor.get(TO_DECIDE)).text
    assert number in page and "/propose" not in page and "/staff/refunds/start" not in page
    assert "需要以下岗位之一：项目专员、财务经办" in words(page)
    assert (await auditor.get("/staff/refunds/start")).status_code == 403
    county = await enter(Role.PROJECT_OFFICER, username="bea", region=staffing.COUNTY)
    assert number not in (await county.get(TO_DECIDE)).text
    assert await _file(county, "/staff/refunds/export") == []


async def test_the_pages_of_a_gift_and_its_refund_offer_the_next_step_or_say_why_not(
    enter: Enter, office: Office, client: httpx.AsyncClient
) -> None:
    gift = await a_gift(10_000, channel="card")
    await Donation.update({Donation.stripe_payment_intent_id: f"pi_{gift.hex}"}).where(Donation.id == gift)
    number = await fetch_value("SELECT number FROM donation WHERE id = {}", gift)
    await enter(Role.FINANCE_MAKER)
    page = (await client.get(f"/staff/gifts/{number}")).text
    assert f'href="/staff/refunds/start?gift={number}"' in page
    asked = await request_refund(gift, ground=RefundGround.DUPLICATE, words="重复支付")
    here = (f"/staff/gifts/{number}", f"/staff/refunds/{asked}")
    for path in here:
        assert f'href="/staff/refunds/{asked}/propose"' in (await client.get(path)).text
    await enter(Role.CASHIER, username="bea")
    for path in here:
        page = (await client.get(path)).text
        assert "/propose" not in page
        assert re.search("提交退款审批 .*需要以下岗位之一：项目专员、财务经办", words(page))
    approval_id = await refund_approvals.propose_refund(asked, reason="已核对流水", by=office.maker)
    for path in here:
        page = (await client.get(path)).text
        assert re.search("复核这项审批 .*财务复核", words(page)) and "提交退款审批" not in page
    checker = await enter(Role.FINANCE_CHECKER, username="cem")
    page = words((await checker.get(here[1])).text)
    assert "您的岗位属于其他机构或地区" in page  # another organisation than the one that decides
    assert f'href="/staff/approvals/{approval_id}"' in (await checker.get(here[1])).text
    client.cookies.set("session", await making.a_browser(office, "dan", Role.FINANCE_CHECKER))
    for path in here:
        page = (await client.get(path)).text
        assert re.search(
            f'<a class="button button-primary" href="/staff/approvals/{approval_id}">.*复核这项审批', page
        )


async def test_what_cannot_go_back_says_why(enter: Enter) -> None:
    client = await enter(Role.FINANCE_MAKER)
    bank = await a_gift(10_000, channel="bank_transfer")
    failed = await a_gift(10_000, status=GiftStatus.FAILED)
    for gift, why in ((bank, "银行转账"), (failed, "只有善款仍在我们账上时才能申请退款")):
        number = await fetch_value("SELECT number FROM donation WHERE id = {}", gift)
        page = (await client.get(f"/staff/gifts/{number}")).text
        assert "/staff/refunds/start" not in page
        assert why in words(page), words(page)


async def test_an_approval_is_found_by_reference_by_what_it_is_about_and_by_its_payee(
    enter: Enter, office: Office
) -> None:
    _, asked, number = await _asked()
    approval_id = await refund_approvals.propose_refund(asked, reason="已核对流水", by=office.maker)
    client = await enter(Role.FINANCE_MAKER)
    reference = str(approval_id)[-8:]
    for typed, path in (
        (reference, f"/staff/approvals/{approval_id}"),
        (reference.upper(), f"/staff/approvals/{approval_id}"),
        (str(asked)[-8:].upper(), f"/staff/refunds/{asked}"),
    ):
        answer = await client.post("/staff/search", data={"q": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    both = await client.post("/staff/search", data={"q": number.lower()})
    by_payee = await client.post("/staff/search", data={"q": "giver@example.org", "purpose": "来电"})
    for answer in (both, by_payee):
        assert answer.status_code == 200
        for href in (f"/staff/approvals/{approval_id}", f"/staff/gifts/{number}"):
            assert f'href="{href}"' in answer.text
    county = await enter(Role.PROJECT_OFFICER, username="bea", region=staffing.COUNTY)
    for typed in (reference, str(asked)[-8:]):
        answer = await county.post("/staff/search", data={"q": typed, "purpose": "来电"})
        assert (answer.status_code, "没有找到" in answer.text) == (200, True)


async def test_addresses_that_moved_lead_on(enter: Enter) -> None:
    client = await enter(Role.AUDITOR)
    moved = {path: await client.get(path) for path in ("/staff/refunds/open", "/staff/words")}
    assert {path: (a.status_code, a.headers["location"]) for path, a in moved.items()} == {
        "/staff/refunds/open": (303, TO_DECIDE),
        "/staff/words": (303, "/staff/messages"),
    }


async def test_a_refund_in_the_givers_place_keeps_what_was_typed_when_it_is_refused(enter: Enter) -> None:
    client = await enter(Role.FINANCE_MAKER)
    assert 'value="G-1"' in (await client.get("/staff/refunds/start?gift=G-1")).text
    typed = {"gift_number": "G-1", "ground": "duplicate", "reason": "来电说明重复付款"}
    answer = await client.post("/staff/refunds/start", data=typed)
    assert answer.status_code == 422
    assert 'value="G-1"' in answer.text and "来电说明重复付款" in answer.text
    assert 'id="field-gift_number-error"' in answer.text
    assert (await client.post("/staff/refunds/start", data={})).status_code == 422
    assert await fetch_value("SELECT count(*) FROM refund_request") == 0


async def _movement(txn_id: str, amount_fen: int, *, problem: str = "unidentified") -> None:
    await fetch(
        "INSERT INTO donation_movement (id, kind, txn_id, amount_fen, fee_fen, at, source_id, problem)"
        " VALUES ({}, 'charge', {}, {}, 0, {}, '', {})",
        ids.new_id(),
        txn_id,
        amount_fen,
        clock.now(),
        problem,
    )


async def test_money_in_suspense_is_listed_summed_and_taken_away(enter: Enter) -> None:
    await _movement("txn_a", 70_000)
    await _movement("txn_b", 5_005, problem="currency")
    client = await enter(Role.FINANCE_MAKER)
    page = (await client.get("/staff/suspense")).text
    assert "¥750.05" in words(page)
    assert 'href="/staff/suspense/txn_a/propose"' in page
    assert 'href="/staff/suspense/txn_b/propose"' not in page
    assert "txn_b" not in (await client.get("/staff/suspense?problem=unidentified")).text
    rows = await _file(client, "/staff/suspense/export?sort=-amount_fen")
    assert [(row[0], row[1], row[5], row[6]) for row in rows] == [
        ("txn_a", "没有对应的捐赠", "700.00", ""),
        ("txn_b", "外币", "50.05", ""),
    ]
    assert [row[7] for row in rows] == ["", NOT_A_GIFT]
    assert NOT_A_GIFT in page
    county = await enter(Role.FINANCE_MAKER, username="bea", region=staffing.COUNTY)
    assert "txn_a" not in (await county.get("/staff/suspense")).text
    assert await _file(county, "/staff/suspense/export") == []


async def test_the_list_of_posts_leaves_with_a_purpose_and_within_reach(enter: Enter) -> None:
    await staffing.a_member("far", Role.COUNCIL, name="演示外县", region=staffing.OTHER)
    await staffing.a_member("near", Role.CASHIER, name="演示本县", region=staffing.COUNTY)
    client = await enter(Role.ADMINISTRATOR, region=staffing.COUNTY)
    page = (await client.get("/staff/people?sort=-starts_on")).text
    assert "演示本县" in page and "演示外县" not in page
    assert 'action="/staff/people/export?sort=-starts_on"' in page
    refused = await client.post("/staff/people/export", data={"format": "csv"})
    assert (refused.status_code, "请填写用途" in refused.text) == (422, True)
    assert "邀请" in words(refused.text)
    assert await reads_of("list", "people") == []
    rows = await _file(client, "/staff/people/export?role=cashier", "年度核对")
    assert [row[:4] for row in rows] == [["演示本县", "出纳", "371423慈善总会", "庆云县"]]
    (look,) = await reads_of("list", "people")
    assert (look.purpose, look.acting_role) == ("年度核对 · role=cashier · 1", Role.ADMINISTRATOR)
    sheet = await client.post("/staff/people/export", data={"format": "xlsx", "purpose": "核对"})
    assert sheet.headers["content-type"].endswith("spreadsheetml.sheet")


async def test_a_keeper_of_a_warehouse_reads_approvals_of_goods_and_none_of_money(
    enter: Enter, office: Office
) -> None:
    _, asked, number = await _asked()
    refund = await refund_approvals.propose_refund(asked, reason="重复支付", by=office.people["maker"])
    keeper = await enter(Role.WAREHOUSE_KEEPER)
    assert number not in (await keeper.get("/staff/approvals/all")).text
    assert (await keeper.get(f"/staff/approvals/{refund}")).status_code == 404
    officer = await enter(Role.PROJECT_OFFICER)
    assert number in (await officer.get("/staff/approvals/all")).text
    assert (await officer.get(f"/staff/approvals/{refund}")).status_code == 200
