"""A whole gift as a stranger makes it: from the front page into the books, and back within ten minutes."""

import re
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser import walking
from tests.browser.conftest import Platform

LATE_SECONDS = 30
SLUG = re.compile(r"/campaigns/([a-z0-9-]+)$")


@pytest.fixture
def held(platform: Platform) -> Iterator[Platform]:
    """The payment service keeps its news to itself, and does not answer questions, until `let_go`."""
    platform.control("deliveries/hold", on=True)
    platform.control(
        "faults", place="request", kind="429", method="GET", path="/v1/checkout/sessions/*", times=0
    )
    yield platform
    let_go(platform)


def let_go(platform: Platform) -> None:
    """Let the webhooks that were held come, and answer again."""
    platform.control("faults/clear")
    platform.control("deliveries/hold", on=False)
    platform.control("deliveries/release")


async def test_a_gift_goes_from_the_front_page_into_the_books_and_back(page: Page, held: Platform) -> None:
    email = f"giver-{uuid4().hex[:8]}@example.com"
    project = await walking.choose_project(page)
    before_fen = await walking.raised_fen(page)

    await _answer(page, email)
    await expect(page.get_by_role("heading", level=1)).to_have_text("付款前请核对")
    await _change_the_amount(page)
    await walking.confirm(page)
    await expect(page.locator("#amount")).to_contain_text("88.80")
    await walking.pay(page)

    await expect(page.get_by_role("heading", level=1)).to_have_text("您的捐赠")
    status = page.locator("#gift-status")
    await expect(status).to_contain_text("确认中")
    await expect(page.get_by_text("尚未收到付款")).to_have_count(0)
    await expect(page.get_by_text(walking.ARRIVED)).to_have_count(0)
    await page.reload()
    await expect(status).to_contain_text("确认中")
    let_go(held)
    await walking.see_it_arrive(page)
    gift = page.url

    await _stands_in_the_books(page)
    await _has_a_receipt(page, gift, count=1)
    await _is_shown_by_the_project(page, project, before_fen + 8880)
    await walking.letter_to(page, email, "您的捐款已到账")

    await page.goto(gift)
    await page.get_by_text("撤销这笔捐赠", exact=True).click()
    await page.get_by_role("button", name="确定撤销").click()
    await walking.until_text(page, gift, "善款已原路退回")
    await walking.until_text(page, gift, "红字收据")
    await _has_a_receipt(page, gift, count=2)
    await walking.until(page, project, lambda looked: _has_raised(looked, before_fen))
    await walking.letter_to(page, email, "¥88.80")


async def _answer(page: Page, email: str) -> None:
    await page.get_by_role("link", name="为这个项目捐款").first.click()
    await walking.type_amount(page, "88.5")
    await walking.open_folded(page, "显示名称", "致敬或缅怀", "票据与联系方式")
    await walking.tick(page, "显示昵称")
    await page.get_by_label("要显示的姓名或昵称").fill("山泉")
    await page.get_by_label("给项目留言").fill("愿冬天都暖和")
    await page.get_by_label("给我开具捐赠票据").check()
    await page.get_by_label("收据抬头").fill("测试张某")
    await page.get_by_label("邮箱").fill(email)
    await walking.go_on(page)


async def _change_the_amount(page: Page) -> None:
    """Go back for the amount: everything else that was typed is still there."""
    await expect(walking.said_of(page, "金额")).to_have_text("¥88.50")
    await page.get_by_role("link", name="更改 金额").click()
    await expect(page.get_by_role("textbox", name="其他金额")).to_have_value("88.50")
    await expect(page.get_by_label("要显示的姓名或昵称")).to_have_value("山泉")
    await expect(page.get_by_label("给项目留言")).to_have_value("愿冬天都暖和")
    await expect(page.get_by_label("给我开具捐赠票据")).to_be_checked()
    await walking.type_amount(page, "88.8")
    await walking.go_on(page)
    await expect(walking.said_of(page, "金额")).to_have_text("¥88.80")
    await expect(walking.said_of(page, "显示为")).to_have_text("山泉")
    await expect(walking.said_of(page, "票据")).to_have_text("测试张某")


async def _stands_in_the_books(page: Page) -> None:
    books = page.get_by_role("region", name="在慈善组织账上")
    await expect(books).to_contain_text("¥88.80 已全额记入项目")
    await books.get_by_text("查看凭证分录").first.click()
    columns = await books.locator("tbody tr").all()
    debits, credits = Decimal(0), Decimal(0)
    for row in columns:
        debit, credit = [await cell.inner_text() for cell in (await row.get_by_role("cell").all())[-2:]]
        debits += Decimal(debit.strip("¥ ") or 0)
        credits += Decimal(credit.strip("¥ ") or 0)
    assert debits == credits > Decimal("88.80")


async def _has_a_receipt(page: Page, gift: str, *, count: int) -> None:
    """Take every receipt of the gift as a PDF; the first counts for its whole amount."""

    async def came(looked: Page) -> bool:
        return await looked.locator("#receipts li").count() == count

    await walking.until(page, gift, came)
    for item in await page.locator("#receipts li").all():
        link = item.get_by_role("link", name="PDF")
        answer = await page.request.get(await link.get_attribute("href") or "")
        assert (answer.status, (await answer.body())[:5]) == (200, b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"


async def _has_raised(page: Page, fen: int) -> bool:
    return await walking.raised_fen(page) == fen


async def _is_shown_by_the_project(page: Page, project: str, fen: int) -> None:
    await walking.until(page, project, lambda looked: _has_raised(looked, fen))
    newest = page.get_by_role("region", name="捐赠记录").get_by_role("listitem").first
    await expect(newest).to_contain_text("山泉")
    await expect(newest).to_contain_text("愿冬天都暖和")
    await expect(newest).to_contain_text("¥88.80")


@pytest.fixture
async def slug(phone: Page) -> str:
    """A project that takes gifts."""
    found = SLUG.search(await walking.choose_project(phone))
    assert found
    return found[1]


async def test_a_declined_card_is_told_honestly_and_the_next_try_works(phone: Page, slug: str) -> None:
    await walking.give(phone, slug, "20")
    await walking.pay(phone, "支付被拒", "银行卡")
    await expect(phone.get_by_role("alert")).to_contain_text("没有扣款")
    await walking.pay(phone, method="银行卡")
    await walking.see_it_arrive(phone)
    await expect(walking.said_of(phone, "支付方式")).to_have_text("银行卡")


async def test_a_bank_that_asks_is_answered_and_the_gift_arrives(phone: Page, slug: str) -> None:
    await walking.give(phone, slug, "20")
    await walking.pay(phone, "需要银行验证（3-D Secure）", "银行卡")
    await phone.get_by_role("button", name="同意付款").click()
    await walking.see_it_arrive(phone)


async def test_who_leaves_the_payment_page_has_paid_nothing_and_may_go_on(phone: Page, slug: str) -> None:
    await walking.give(phone, slug, "20")
    await walking.pay(phone, "放弃，返回上一页")
    await expect(phone.locator("#gift-status")).to_contain_text("尚未付款")
    await expect(phone.locator("#gift-status")).to_contain_text("没有扣款")
    await expect(walking.said_of(phone, "到账时间")).to_have_count(0)
    await phone.get_by_role("button", name="继续付款").click()
    await walking.pay(phone)
    await walking.see_it_arrive(phone)


async def test_a_payment_that_comes_late_is_not_claimed_before(
    phone: Page, slug: str, platform: Platform
) -> None:
    await walking.give(phone, slug, "20")
    await walking.pay(phone, "稍后到账")
    await expect(phone.locator("#gift-status")).to_contain_text("确认中")
    await expect(phone.get_by_text(walking.ARRIVED)).to_have_count(0)
    platform.control("clock", seconds=LATE_SECONDS)
    await walking.see_it_arrive(phone)


async def test_a_monthly_gift_by_card_starts_pauses_and_goes_on(phone: Page, slug: str) -> None:
    await _give_monthly(phone, slug, "银行卡")
    await walking.pay(phone, method="银行卡")
    await walking.see_it_arrive(phone)
    await _pause_and_go_on(phone)


async def test_a_monthly_gift_by_reminder_starts_pauses_and_goes_on(phone: Page, slug: str) -> None:
    await _give_monthly(phone, slug, "支付宝或微信支付")
    await walking.pay(phone, method="微信支付")
    await walking.see_it_arrive(phone)
    await _pause_and_go_on(phone)
    await phone.get_by_role("link", name="现在完成本月捐赠").click()
    await expect(phone.get_by_role("button", name="支付 ¥30.00")).to_be_visible()


async def _give_monthly(page: Page, slug: str, way: str) -> None:
    await page.goto(f"/give/{slug}")
    await walking.type_amount(page, "30")
    await walking.tick(page, "每月")
    await walking.open_folded(page, "选择每月时", "票据与联系方式")
    await walking.tick(page, way)
    await page.get_by_label("邮箱").fill(f"monthly-{uuid4().hex[:8]}@example.com")
    await walking.go_on(page)
    await expect(walking.said_of(page, "捐赠频率")).to_contain_text("每月")
    await walking.confirm(page)


async def _pause_and_go_on(page: Page) -> None:
    gift = page.url

    async def active(looked: Page) -> bool:
        return await looked.get_by_text("下一次是").count() > 0

    await walking.until(page, gift, active)
    await page.get_by_role("link", name="管理月捐").click()
    await expect(page.get_by_role("heading", name="接下来的日期")).to_be_visible()
    await page.locator("summary").filter(has_text="暂停").click()
    await page.get_by_role("button", name="暂停").click()
    await expect(page.get_by_text("已暂停").first).to_be_visible()
    await expect(page.get_by_role("heading", name="接下来的日期")).to_have_count(0)
    await page.get_by_role("button", name="恢复").click()
    await expect(page.get_by_role("heading", name="接下来的日期")).to_be_visible()


async def test_two_projects_are_given_to_in_one_payment(phone: Page) -> None:
    await phone.goto("/give")
    for box in (await phone.get_by_role("checkbox").all())[:2]:
        await box.check()
    await phone.get_by_role("button", name="为所选项目捐款").click()
    boxes = phone.get_by_role("textbox", name="其他金额")
    await expect(boxes).to_have_count(2)
    await boxes.nth(0).fill("12.30")
    await boxes.nth(1).fill("45.60")
    await walking.go_on(phone)
    await expect(walking.said_of(phone, "合计")).to_have_text("¥57.90")
    await walking.confirm(phone)
    await expect(phone.locator("#amount")).to_contain_text("57.90")
    await walking.pay(phone)
    await walking.see_it_arrive(phone)
    await expect(phone.get_by_role("region", name="这笔捐赠")).to_contain_text("¥12.30")
    await expect(phone.get_by_role("region", name="这笔捐赠")).to_contain_text("¥45.60")


async def test_a_wrong_code_of_a_company_is_named_and_nothing_typed_is_lost(page: Page, slug: str) -> None:
    await page.goto(f"/give/{slug}")
    await walking.type_amount(page, "500")
    await walking.open_folded(page, "以单位名义捐赠")
    await walking.tick(page, "企业或单位")
    await page.get_by_label("单位名称", exact=False).last.fill("示例测试有限公司")
    await page.get_by_label("统一社会信用代码").fill("91371400MA3C000000")
    await walking.go_on(page)
    summary = page.get_by_role("alert")
    await expect(summary).to_contain_text("统一社会信用代码不正确")
    await expect(page).to_have_title(re.compile("^错误"))
    if await page.evaluate("!!window.htmx"):
        await expect(summary).to_be_focused()
    await expect(page.get_by_role("textbox", name="其他金额")).to_have_value("500")
    await expect(page.get_by_label("单位名称", exact=False).last).to_have_value("示例测试有限公司")
    await summary.get_by_role("link").first.click()
    await expect(page.get_by_label("统一社会信用代码")).to_be_focused()


async def test_who_lost_the_link_gets_it_by_letter(phone: Page, slug: str) -> None:
    email = f"lost-{uuid4().hex[:8]}@example.com"
    await phone.goto(f"/give/{slug}")
    await walking.type_amount(phone, "20")
    await walking.open_folded(phone, "票据与联系方式")
    await phone.get_by_label("邮箱").fill(email)
    await walking.go_on(phone)
    await walking.confirm(phone)
    await walking.pay(phone)
    await walking.see_it_arrive(phone)
    number = await walking.said_of(phone, "捐赠编号").inner_text()
    await phone.goto("/g")
    await phone.get_by_label("邮箱").fill(email)
    await phone.get_by_role("button", name="发送链接").click()
    await expect(phone.get_by_role("main")).to_contain_text("请查收邮件")
    await walking.letter_to(phone, email, "您的捐款链接")
    await phone.get_by_role("main").locator("a[href*='/g/']").first.click()
    await expect(phone.get_by_role("main")).to_contain_text(number)
