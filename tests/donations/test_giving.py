"""The four screens."""

import re
from datetime import timedelta
from typing import Any

from cishan.donations.actions import giving
from cishan.donations.queries import contacts
from cishan.donations.queries.drafts import draft_by_token
from cishan.donations.tables.gifts import Donation
from cishan.kernel import clock
from cishan.plumbing import db as database
from paysandbox import commands
from tests.donations.conftest import ANSWERS, Giver, counts, words
from tests.history import tell


async def test_a_gift_goes_from_the_first_screen_to_the_books(giver: Giver) -> None:
    first = await giver.page("/give/warm-meals")
    assert "孝老助餐 暖心饭桌" in first
    begun = await giver.paid(display_name="爱心邻居", anonymity="alias", message="热饭暖人心")
    gift = await begun.now()
    assert (gift["amount_fen"], gift["status"], gift["channel"]) == (8_880, "paid", "wechat_pay")
    page = await giver.page(begun.path)
    assert gift["number"] in page
    assert "爱心邻居" in page
    books = await database.fetch(
        "SELECT a.gl_code, l.amount FROM books.line AS l JOIN books.account AS a ON a.id = l.account_id"
        " JOIN books.fund AS f ON f.id = a.fund_id WHERE f.code = 'F-CSC.01' ORDER BY l.amount DESC"
    )
    assert [(r["gl_code"], r["amount"]) for r in books] == [("1009", 8_880), ("410102", -8_880)]
    public = await database.fetch("SELECT display_name, amount_fen, message FROM public_gift")
    assert public == [{"display_name": "爱心邻居", "amount_fen": 8_880, "message": "热饭暖人心"}]
    total = await database.fetch("SELECT raised_fen, gift_count, giver_count FROM campaign_total")
    assert total == [{"raised_fen": 8_880, "gift_count": 1, "giver_count": 1}]


async def test_the_facts_stand_beside_the_answers_before_anything_is_paid(giver: Giver) -> None:
    path = await giver.check_page(email="ada@example.org", wants_receipt="1", receipt_title="示例公司")
    page = await giver.page(path)
    for fact in (
        "¥88.80",
        "¥10,000.00",
        "庆云县独居、空巢老人",
        "剩余财产用于相同目的的助餐项目",
        "10 分钟内",
    ):
        assert fact in page
    assert "ada@example.org" in page and "示例公司" in page
    assert (await counts())["donation"] == 0


async def test_change_brings_back_everything_that_was_typed(giver: Giver) -> None:
    path = await giver.check_page(
        amount="", amount_preset="50", message="加油", tribute_kind="memory", tribute_name="一位老师"
    )
    reply = await giver.browser.get(path.replace("/check/", "/change/"))
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert re.search(r'value="50" checked', reply.text)
    assert "加油" in reply.text and 'value="一位老师"' in reply.text
    assert re.search(r'name="tribute_kind" value="memory"\s+checked', reply.text)


async def test_confirming_twice_is_one_gift_and_one_payment_page(giver: Giver) -> None:
    path = await giver.check_page()
    first = await giver.browser.post(path)
    second = await giver.browser.post(path)
    assert first.headers["location"] == second.headers["location"]
    rows = await counts()
    assert (rows["donation"], rows["donation_line"], rows["gift_attempt"]) == (1, 1, 1)
    sessions = await giver.browser.get(path)  # the page stands for whoever goes back
    assert sessions.status_code == 200


async def test_confirming_at_the_same_time_is_one_gift(giver: Giver) -> None:
    draft = await draft_by_token((await giver.check_page()).rsplit("/", 1)[1])
    begun = [await giving.begin(draft, client=b"one"), await giving.begin(draft, client=b"two")]
    assert begun[0] == begun[1]
    assert (await counts())["donation"] == 1


async def test_a_gift_to_the_general_fund_and_to_several_projects(giver: Giver) -> None:
    page = await giver.page("/give?c=warm-meals&c=general")
    assert "为 2 个项目捐款" in page
    basket: dict[str, Any] = {"c": ["warm-meals", "general"], "amount-1": "30", "amount-2": "12.50"}
    begun = await giver.paid(**basket)
    lines = await database.fetch(
        "SELECT fund_code, amount_fen FROM donation_line WHERE donation = {} ORDER BY line_no", begun.id
    )
    assert lines == [
        {"fund_code": "F-CSC.01", "amount_fen": 3_000},
        {"fund_code": "GEN", "amount_fen": 1_250},
    ]
    assert (await begun.now())["status"] == "paid"
    raised = await database.fetch_value("SELECT raised_fen FROM campaign_total")
    assert raised == 3_000


async def test_the_result_page_never_says_failed_while_the_news_is_pending(giver: Giver) -> None:
    begun = await giver.gift()
    giver.sandbox.pay(begun.session_id)
    page = await giver.page(f"{begun.path}?back=paid")
    assert "确认中" in page
    assert "未付款" not in page and "失败" not in page
    left = await giver.page(f"{begun.path}?back=left")
    assert "尚未付款" in left and "没有扣款" in left


async def test_the_status_fragment_sends_the_page_on_when_there_is_news(giver: Giver) -> None:
    begun = await giver.gift()
    same = await giver.browser.get(f"{begun.path}/status?seen=awaiting_payment&back=paid")
    assert same.status_code == 200 and "hx-redirect" not in same.headers
    assert 'hx-trigger="every 3s"' in same.text
    news = await giver.browser.get(f"{begun.path}/status?seen=processing")
    assert news.headers["hx-redirect"] == begun.path


async def test_a_gift_page_is_private(giver: Giver) -> None:
    begun = await giver.paid(
        email="ada@example.org", phone="138 0013 8000", wants_receipt="1", receipt_title="张某"
    )
    reply = await giver.browser.get(begun.path)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert "noindex" in reply.headers["x-robots-tag"]
    for secret in ("ada@example.org", "13800138000", "138 0013 8000"):
        assert secret not in reply.text
    row = await begun.now()
    assert b"ada@example.org" not in bytes(row["contact_email_enc"])
    assert b"138" not in bytes(row["contact_phone_enc"])
    assert row["contact_phone_index"] == contacts.phone_index("+8613800138000")
    assert begun.path.rsplit("/", 1)[1].encode() not in bytes(row["token_hash"])


async def test_a_message_with_a_link_waits_for_a_person(giver: Giver) -> None:
    begun = await giver.paid(message="加微信 abc12345 领红包")
    assert (await begun.now())["message_state"] == "pending"
    assert await database.fetch("SELECT message FROM public_gift") == [{"message": ""}]
    assert "人工审核" in await giver.page(begun.path)


async def test_a_hidden_giver_stays_hidden_in_public(giver: Giver) -> None:
    await giver.paid(display_name="不该出现", anonymity="hidden")
    assert await database.fetch("SELECT display_name FROM public_gift") == [{"display_name": ""}]
    assert await database.fetch("SELECT display_name FROM donation") == [{"display_name": ""}]


async def test_a_company_gives_under_its_code(giver: Giver) -> None:
    begun = await giver.gift(
        donor_kind="company",
        company_name="德州示例食品有限公司",
        company_uscc="91371400ma00000000"[:17] + _check("91371400MA0000000"),
        anonymity="name",
    )
    row = await begun.now()
    assert row["company_uscc"] == "91371400MA0000000" + _check("91371400MA0000000")
    assert row["display_name"] == "德州示例食品有限公司"


def _check(code: str) -> str:
    from stdnum.cn import uscc

    return str(uscc.calc_check_digit(code))


WRONG: list[tuple[dict[str, str], str]] = [
    ({"amount": ""}, "请选择或输入金额"),
    ({"amount": "0"}, "单笔捐赠最低 ¥1"),
    ({"amount": "0.99"}, "单笔捐赠最低 ¥1"),
    ({"amount": "50000.01"}, "不超过 ¥50,000"),
    ({"amount": "-5"}, "请输入金额"),
    ({"amount": "1e3"}, "请输入金额"),
    ({"amount": "NaN"}, "请输入金额"),
    ({"amount": "9" * 400}, "请输入金额"),
    ({"amount": "12.345"}, "请输入金额"),
    ({"rhythm": "weekly"}, "请选择其中一项"),
    ({"rhythm": "monthly"}, "月捐需要填写邮箱"),
    ({"rhythm": "monthly", "email": "a@b.cn", "day": "31"}, "1 至 28 日"),
    ({"wants_receipt": "1"}, "请输入接收票据的邮箱"),
    ({"wants_receipt": "1", "email": "a@b.cn"}, "请输入票据抬头"),
    ({"email": "not an address"}, "请输入邮箱"),
    ({"email": "a@b.cn\r\nBcc: x@y.cn"}, "请输入邮箱"),
    ({"phone": "12"}, "请输入电话号码"),
    ({"donor_kind": "company"}, "请输入单位的登记名称"),
    (
        {"donor_kind": "company", "company_name": "示例", "company_uscc": "91371400MA00000000"},
        "统一社会信用代码",
    ),
    ({"anonymity": "alias"}, "请输入要显示的名称"),
    ({"anonymity": "alias", "display_name": "www.example.com"}, "请不要填写网址"),
    ({"tribute_kind": "memory"}, "请输入致敬或缅怀的人"),
    ({"message": "好" * 101}, "100"),
]


async def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_kept(giver: Giver) -> None:
    before = await counts()
    for answers, complaint in WRONG:
        reply = await giver.browser.post("/give", data={**ANSWERS, **answers})
        assert (reply.status_code, complaint in words(reply.text)) == (422, True), (
            answers,
            words(reply.text),
        )
        assert 'id="error-summary"' in reply.text
    assert await counts() == before


async def test_a_closed_campaign_takes_no_gift_and_says_why(giver: Giver) -> None:
    path = await giver.check_page()
    async with database.atomic():
        sql = "UPDATE campaign SET state = 'suspended', state_reason = '核查中' RETURNING id"
        (row,) = await database.fetch(sql)
        await tell("campaign", row["id"], "live", "suspended")
    reply = await giver.browser.post(path)
    assert reply.status_code == 409
    assert "暂停" in words(reply.text)
    assert (await counts())["donation"] == 0
    assert "不接受捐赠" in await giver.page("/give/warm-meals")


async def test_an_eleventh_gift_within_a_minute_is_refused_and_the_limit_survives_a_restart(
    giver: Giver,
) -> None:
    for _ in range(10):
        assert (await giver.confirm(amount="1")).status_code == 303
    refused = await giver.confirm(amount="1")
    assert refused.status_code == 429
    assert (await counts())["donation"] == 10
    with clock.fixed(clock.now() + timedelta(minutes=1, seconds=1)):
        assert (await giver.confirm(amount="1")).status_code == 303


async def test_a_contact_gives_no_more_than_the_day_allows(giver: Giver) -> None:
    for _ in range(2):
        assert (await giver.confirm(amount="50000", email="ada@example.org")).status_code == 303
    refused = await giver.confirm(amount="1", email="ADA@example.org")
    assert refused.status_code == 429
    assert "¥100,000" in words(refused.text)
    assert (await giver.confirm(amount="1", email="bea@example.org")).status_code == 303


async def test_a_limit_of_tomorrow_does_not_hold_today(giver: Giver) -> None:
    await database.fetch(
        "INSERT INTO gift_limit (id, kind, effective_from, amount_fen, reason)"
        " VALUES (gen_random_uuid(), 'gift_max', '2026-11-23', 1000, 'from tomorrow') RETURNING id"
    )
    assert (await giver.confirm(amount="88.8")).status_code == 303
    with clock.fixed(clock.now() + timedelta(days=1)):
        reply = await giver.browser.post("/give", data=ANSWERS)
    assert reply.status_code == 422
    assert "不超过 ¥10" in words(reply.text)


async def test_a_large_gift_is_marked_for_the_check_of_its_source(giver: Giver) -> None:
    assert (await (await giver.gift(amount="20000")).now())["is_large"] is True
    assert (await (await giver.gift(amount="19999.99")).now())["is_large"] is False


async def test_when_the_payment_service_is_down_the_gift_waits_and_can_be_paid_later(
    giver: Giver,
) -> None:
    path = await giver.check_page()
    giver.sandbox.tell(commands.fault, {"place": "request", "kind": "429", "times": 3})
    reply = await giver.browser.post(path)
    assert reply.status_code == 303
    page = reply.headers["location"]
    assert page.startswith("/g/")
    told = await giver.page(page)
    assert "付款页面没有打开" in told and "继续付款" in told
    assert "等待付款" not in told
    giver.sandbox.tell(commands.clear_faults)
    again = await giver.browser.post(f"{page}/pay")
    assert again.status_code == 303
    assert "/c/pay/" in again.headers["location"]
    assert "付款页面没有打开" not in await giver.page(page)
    assert await Donation.count() == 1


async def test_an_unknown_or_cut_link_is_not_found(giver: Giver) -> None:
    begun = await giver.gift()
    for path in (begun.path[:-1], begun.path + "x", "/g/" + "A" * 43, "/g/%FF%FE", "/give/check/nope"):
        assert (await giver.browser.get(path)).status_code == 404, path
    assert (await giver.browser.post(f"{begun.path[:-1]}/undo")).status_code == 404
