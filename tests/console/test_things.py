"""The page of a thing shows facts masked; who looks behind the mask says what for and is written down."""

import re

import httpx
import pytest

from cishan.audit import rules
from cishan.audit.queries import reads_of
from cishan.donations.queries import contacts
from cishan.donations.queries.contacts import PHONE
from cishan.donations.tables.gifts import Donation
from cishan.identity.rules.roles import Role
from cishan.plumbing import crypto
from cishan.plumbing import db as database
from tests.campaigns import making
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.donations.paid_gifts import EMAIL, a_gift
from tests.identity import staffing
from tests.identity.entering import register

TITLE, MOBILE = "测试张某某", "+8613812348000"


async def _gift() -> tuple[object, str]:
    donation_id = await a_gift(10_000, title=TITLE)
    await Donation.update(
        {Donation.contact_phone_enc: crypto.seal(MOBILE, place=PHONE, row=donation_id)}
    ).where(Donation.id == donation_id)
    number = await database.fetch_value("SELECT number FROM donation WHERE id = {}", donation_id)
    return donation_id, f"/staff/gifts/{number}"


async def test_a_gift_is_masked_until_somebody_says_what_for(enter: Enter) -> None:
    donation_id, path = await _gift()
    client = await enter(Role.FINANCE_MAKER)
    page = await client.get(path)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    shown = words(page.text)
    assert "¥100.00" in shown and "测***某" in shown and "g**@example.org" in shown
    assert "138****8000" in shown
    for secret in (TITLE, EMAIL, "13812348000"):
        assert secret not in page.text
    refused = await client.post(f"{path}/look", data={"purpose": " "})
    assert refused.status_code == 422
    assert TITLE not in refused.text
    assert await reads_of("donation", str(donation_id)) == []
    opened = await client.post(f"{path}/look", data={"purpose": "退款前核对身份"})
    assert (opened.status_code, opened.headers["cache-control"]) == (200, "no-store")
    for secret in (TITLE, EMAIL, "13812348000"):
        assert secret in opened.text
    (look,) = await reads_of("donation", str(donation_id))
    assert (look.purpose, look.acting_role) == ("退款前核对身份", Role.FINANCE_MAKER)
    assert look.fields == ("receipt_title", "email", "phone")
    again = await client.get(path)
    assert TITLE not in again.text and "退款前核对身份" in again.text


async def test_without_a_second_factor_or_the_right_nobody_looks_behind_a_mask(enter: Enter) -> None:
    donation_id, path = await _gift()
    client = await enter(Role.FINANCE_MAKER, factor=False)
    answer = await client.post(f"{path}/look", data={"purpose": "看看"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/second-factor/check")
    cashier = await enter(Role.CASHIER, username="bea")
    assert (await cashier.post(f"{path}/look", data={"purpose": "看看"})).status_code == 403
    page = words((await cashier.get(path)).text)
    assert "显示完整信息" in page and "财务经办" in page  # why not, and who may
    assert await reads_of("donation", str(donation_id)) == []


async def test_there_are_only_so_many_looks_a_day(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LOOKS_PER_DAY", 2)
    donation_id, path = await _gift()
    client = await enter(Role.FINANCE_MAKER)
    told = [(await client.post(f"{path}/look", data={"purpose": "核对"})).status_code for _ in range(3)]
    assert told == [200, 200, 429]
    assert len(await reads_of("donation", str(donation_id))) == 2
    other = await enter(Role.FINANCE_CHECKER, username="bea")
    assert (await other.post(f"{path}/look", data={"purpose": "核对"})).status_code == 200


async def test_moves_say_why_they_cannot_be_made(enter: Enter) -> None:
    _, path = await _gift()
    officer = await enter(Role.PROJECT_OFFICER)
    assert "这笔捐赠没有待审留言" in (await officer.get(path)).text
    maker = await enter(Role.FINANCE_MAKER, username="bea")
    page = words((await maker.get(path)).text)
    assert re.search("审阅留言 .*项目专员", page), page


async def test_a_campaign_in_draft_is_seen_by_staff_within_reach_alone(enter: Enter) -> None:
    await making.a_live_campaign()
    officer = await enter(Role.PROJECT_OFFICER)
    page = words((await officer.get("/staff/campaigns/warm-meals")).text)
    assert "发布项目动态" in page and "目标" in page
    far = await enter(Role.PROJECT_OFFICER, username="bea", region=staffing.OTHER)
    seen = (await far.get("/staff/campaigns/warm-meals")).status_code
    county = await database.fetch_value("SELECT county FROM campaign WHERE slug = 'warm-meals'")
    assert seen == (200 if county == staffing.OTHER else 404)
    keeper = await enter(Role.WAREHOUSE_KEEPER, username="cem")
    assert (await keeper.get("/staff/campaigns/warm-meals")).status_code == 403


PERSON = {"q": "138 0013 8000"}


async def _person(client: httpx.AsyncClient) -> object:
    await register(client)
    client.cookies.clear()
    return await database.fetch_value("SELECT person FROM account WHERE mobile_index IS NOT NULL")


async def test_one_number_leads_straight_to_its_thing(enter: Enter) -> None:
    _, path = await _gift()
    client = await enter(Role.FINANCE_MAKER)
    number = path.rsplit("/", 1)[1]
    for typed in (number, f" {number.lower()} "):
        answer = await client.post("/staff/search", data={"q": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    nothing = await client.post("/staff/search", data={"q": "G20200101-NICHTS"})
    assert (nothing.status_code, "没有找到" in nothing.text) == (200, True)
    assert (await client.post("/staff/search", data={"q": ""})).status_code == 422
    assert (await client.get("/staff/search")).status_code == 200


async def test_who_looks_for_a_person_says_what_for_and_is_written_down(
    enter: Enter, client: httpx.AsyncClient
) -> None:
    person_id = await _person(client)
    await enter(Role.PROJECT_OFFICER)
    asked = await client.post("/staff/search", data=PERSON)
    assert (asked.status_code, "请填写用途" in asked.text) == (200, True)
    found = await client.post("/staff/search", data={**PERSON, "purpose": "来电查询"})
    assert (found.status_code, found.headers["location"]) == (303, f"/staff/persons/{person_id}")
    assert "13800138000" not in found.headers["location"]
    rows = await database.fetch(
        "SELECT subject_kind, subject_id, purpose, fields::text AS fields FROM audit.sensitive_read"
    )
    assert [(r["subject_kind"], r["purpose"], r["fields"]) for r in rows] == [
        ("search", "来电查询", '["mobile"]')
    ]
    assert "138" not in rows[0]["subject_id"][:6] and len(rows[0]["subject_id"]) == 32
    page = await client.get(f"/staff/persons/{person_id}")
    assert page.status_code == 200
    assert "张*某" in page.text and "138****8000" in page.text
    assert "张某某" not in page.text and "13800138000" not in page.text
    opened = await client.post(f"/staff/persons/{person_id}/look", data={"purpose": "核对身份"})
    assert "张某某" in opened.text and "13800138000" in opened.text
    (look,) = await reads_of("person", str(person_id))
    assert look.purpose == "核对身份"


async def test_an_address_finds_the_gifts_made_with_it(enter: Enter) -> None:
    first, second = await a_gift(10_000), await a_gift(20_000)
    client = await enter(Role.FINANCE_MAKER)
    page = await client.post("/staff/search", data={"q": EMAIL.upper(), "purpose": "核对"})
    assert page.status_code == 200
    for one in (first, second):
        number = await database.fetch_value("SELECT number FROM donation WHERE id = {}", one)
        assert f'href="/staff/gifts/{number}"' in page.text
    county = await enter(Role.PROJECT_OFFICER, username="bea", region=staffing.COUNTY)
    nothing = await county.post("/staff/search", data={"q": EMAIL, "purpose": "核对"})
    assert "没有找到" in nothing.text


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        (MOBILE, "138 1234 8000"),
        ("+865342668000", "0534-266 8000"),
        ("+442079460958", "+44 20 7946 0958"),
    ],
)
async def test_a_telephone_number_finds_the_gifts_of_its_giver(enter: Enter, stored: str, typed: str) -> None:
    first, second, other = await a_gift(10_000), await a_gift(20_000), await a_gift(30_000)
    for one in (first, second):
        await Donation.update(
            {
                Donation.contact_phone_enc: crypto.seal(stored, place=PHONE, row=one),
                Donation.contact_phone_index: contacts.phone_index(stored),
            }
        ).where(Donation.id == one)
    client = await enter(Role.FINANCE_MAKER)
    asked = await client.post("/staff/search", data={"q": typed})
    assert "请填写用途" in asked.text
    page = await client.post("/staff/search", data={"q": typed, "purpose": "来电查询"})
    assert page.status_code == 200
    for one, there in ((first, True), (second, True), (other, False)):
        number = await database.fetch_value("SELECT number FROM donation WHERE id = {}", one)
        assert (f'href="/staff/gifts/{number}"' in page.text) == there
    county = await enter(Role.PROJECT_OFFICER, username="bea", region=staffing.COUNTY)
    nothing = await county.post("/staff/search", data={"q": typed, "purpose": "来电查询"})
    assert "没有找到" in nothing.text


@pytest.mark.parametrize(
    "typed", ["371402199003078888", "\x00", "' OR 1=1 --", "9" * 70, "pi_x", "%", "91371400MA3C00000X", "{}"]
)
async def test_whatever_is_typed_the_search_answers(enter: Enter, typed: str) -> None:
    client = await enter(Role.AUDITOR)
    answer = await client.post("/staff/search", data={"q": typed, "purpose": "核对"})
    assert answer.status_code in {200, 422}, answer.status_code


async def test_what_did_not_get_through_is_tried_again_once(enter: Enter) -> None:
    await database.fetch(
        """INSERT INTO intake.stripe_event (id, type, subject, at, api_version, state, last_error)
           VALUES ('evt_1', 'charge.x', 'ch_1', now(), 'v', 'parked', 'no such gift')"""
    )
    client = await enter(Role.FINANCE_MAKER)
    assert "evt_1" in (await client.get("/staff/payment-messages?state=parked")).text
    answer = await client.post("/staff/payment-messages/replay", data={"id": "evt_1"})
    assert answer.status_code == 303
    assert await database.fetch_value("SELECT state FROM intake.stripe_event") == "new"
    assert (await client.post("/staff/payment-messages/replay", data={"id": "evt_1"})).status_code == 409
    for path, bad in (("payment-messages/replay", "x"), ("jobs/retry", "0")):
        assert (await client.post(f"/staff/{path}", data={"id": bad})).status_code in {404, 409}
        assert (await client.post(f"/staff/{path}", data={})).status_code == 404
    steps = await database.fetch(
        "SELECT event, from_state, to_state, acting_role FROM audit.transition"
        " WHERE subject_kind = 'payment_message'"
    )
    assert steps == [
        {"event": "try_again", "from_state": "parked", "to_state": "waiting", "acting_role": "finance_maker"}
    ]
    assert "重新处理" not in (await client.get("/staff/payment-messages")).text  # it waits already
    auditor = await enter(Role.AUDITOR, username="bea")
    assert (await auditor.post("/staff/jobs/retry", data={"id": "1"})).status_code == 403
    assert "重新处理" not in (await auditor.get("/staff/payment-messages")).text
