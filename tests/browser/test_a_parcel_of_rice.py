"""Twenty bags of rice by phone: offered, counted, shelved, handed out, and counted again with one missing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
from playwright.async_api import Browser, CDPSession, Locator, Page, expect

from cishan.kernel import clock
from tests.browser import places, walking
from tests.browser.conftest import Platform, open_context, watch
from tests.browser.test_two_pairs_of_eyes import cishan, enrol

BIN = "DZ-B-11"
"""A shelf on which the demonstration has nothing."""
SITE = "德州市爱心仓库（演示）"
COUNTS = "/staff/warehouse/counts"
ORDERS = "/staff/warehouse/orders"
OFFERS = "/staff/goods-offers"
LOT = re.compile(r"L\d{6}-[0-9A-Z]{5}")


@asynccontextmanager
async def _phone(
    browser: Browser, platform: Platform, username: str = "", *, refusals: int = 0
) -> AsyncIterator[Page]:
    """Give somebody's own telephone, signed in as staff if named.

    A complaint of it fails the test; that somebody was refused (403) is an answer, and so often it must come.
    """
    context = await open_context(browser, platform, wide=False, touch=True)
    page = await context.new_page()
    complaints = watch(page)
    if username:
        await places.sign_in(page, username)
    yield page
    await context.close()
    refused = [one for one in complaints if "403 (Forbidden)" in one]
    assert complaints == refused, complaints
    assert len(refused) == refusals


async def _is_fit(page: Page, step: str) -> None:
    """See that a page fits the telephone and says nothing in English."""
    await page.wait_for_function("document.documentElement.scrollWidth <= 375")
    said = await page.get_by_role("main").inner_text()
    assert re.findall(r"(?<![\w@./-])[A-Z]?[a-z]{3,}(?![\w@./-])", said) == [], (step, page.url)


def _tile(page: Page, label: str) -> Locator:
    return page.locator(".stat-tile, .stat").filter(has_text=label).first


async def _offer(page: Page) -> None:
    """Offer twenty bags as somebody who gives."""
    await page.goto("/goods/give")
    await page.get_by_label("物资", exact=True).select_option(label="大米10kg (袋)")
    await page.get_by_label("数量（件或箱）").fill("20")
    made = clock.today() - timedelta(days=10)
    await page.get_by_label("生产日期").fill(made.isoformat())
    await page.get_by_label("到期日").fill((made + timedelta(days=365)).isoformat())
    await walking.tick(page, "全新未使用")
    await page.locator("#field-site").select_option(label=await _site_label(page))
    await page.get_by_label("您的姓名").fill("爱心网友")
    await page.locator("#field-phone").fill("13800005678")
    await _is_fit(page, "01-offer")
    await page.get_by_role("button", name="提交捐赠意向").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您的物资捐赠意向")
    await _is_fit(page, "02-offered")


async def _site_label(page: Page) -> str:
    options = await page.locator("#field-site option").all_inner_texts()
    return next(option for option in options if option.strip().startswith(SITE))


async def _accept(page: Page, number: str) -> None:
    """Accept the goods and make an appointment for today."""
    await page.goto(OFFERS)
    await _is_fit(page, "03-offers")
    await page.goto(f"{OFFERS}/{number}")
    await _is_fit(page, "04-answer")
    await page.get_by_role("main").locator("label").filter(has_text=re.compile("^接收$")).click(force=True)
    await page.get_by_role("button", name="发送答复").click()
    await page.get_by_label("日期").fill(clock.today().isoformat())
    await page.get_by_role("button", name="确定约定并通知捐赠人").click()
    await expect(walking.said_of(page, "约定时间")).to_contain_text("09:00–11:30")
    await _is_fit(page, "05-appointed")


async def _count(page: Page, number: str, pieces: str) -> None:
    """Count what came, without a hint of what another counted or of what was offered."""
    await page.goto(f"{OFFERS}/{number}")
    await page.get_by_role("link", name="清点物资").click()
    field = page.get_by_label("大米10kg (袋)")
    await expect(field).to_have_value("")
    shown = (await page.get_by_role("main").inner_text()).replace(number, "")
    assert re.findall(r"(?<!\d)20(?!\d)", shown) == [], shown
    await _is_fit(page, "06-count")
    await field.fill(pieces)
    await page.get_by_role("button", name="清点完毕").click()
    await expect(page).to_have_url(re.compile(f"{number}$"))


async def _value(page: Page, number: str) -> None:
    """Find all bags fit and value them at 1,100.00 元 together."""
    await page.goto(f"{OFFERS}/{number}")
    await expect(page.get_by_role("main")).to_contain_text("共清点 20 袋")
    await _is_fit(page, "07-grade")
    await page.get_by_role("button", name="保存等级").click()
    await expect(page.get_by_role("heading", name="物资计价")).to_be_visible()
    await walking.tick(page, "公允价值")
    await page.get_by_label("合计价值（元）").fill("1100")
    await page.get_by_label("凭据号码或价格来源").fill("超市标价每袋55元")
    await _is_fit(page, "08-value")
    await page.get_by_role("button", name="保存价值").click()
    await expect(page.get_by_role("main")).to_contain_text("合计价值 ¥1,100.00")
    await page.get_by_role("button", name="入库并入账").click()
    await expect(page.get_by_role("main")).to_contain_text("这批物资由您计价，须由别人入账。")
    await _is_fit(page, "09-not-by-the-same")


async def _book(page: Page, number: str) -> str:
    """Take the goods into the books as somebody else, shelve them, and return their lot."""
    await page.goto(f"{OFFERS}/{number}")
    await page.get_by_role("button", name="入库并入账").click()
    await expect(page.get_by_role("heading", name="物资存放位置")).to_be_visible()
    found = LOT.search(await page.get_by_role("main").inner_text())
    assert found, "the page names the lot"
    lot = found[0]
    await _is_fit(page, "10-booked")
    await expect(page.get_by_label("件数")).to_have_value("20")
    code = page.get_by_label("货位（扫码或输入）")
    await code.fill("")
    await code.press_sequentially(BIN)
    await code.press("Enter")
    await expect(page.get_by_role("heading", name=f"大米10kg · 20 袋 · {BIN}")).to_be_visible()
    await _is_fit(page, "11-shelved")
    return lot


async def _request(page: Page) -> str:
    """Ask for three bags for one receiver, set them aside, and return the number of the order."""
    await page.goto(f"{ORDERS}/new")
    await _is_fit(page, "12-request")
    await page.get_by_label("从哪个仓库").select_option(label=f"DZ {SITE}")
    await page.get_by_label("名称").fill("演示网友丙")
    await page.get_by_label("居住地区").select_option("371400")
    await page.get_by_label("年龄").fill("71")
    await page.locator("#item-1").select_option(label="大米10kg（袋）")
    await page.locator("#quantity-1").fill("3")
    await page.get_by_label("用途").fill("演示：困难家庭口粮")
    await page.get_by_role("button", name="申请物资").click()
    await expect(page).to_have_url(re.compile(r"/orders/CK\d{6}-\d+$"))
    await expect(_cells(page, "所需物资")).to_have_text(["3 袋", "0", "0", "0"])
    await _is_fit(page, "13-requested")
    await page.get_by_role("button", name="预留现有库存").click()
    await expect(_cells(page, "所需物资")).to_have_text(["3 袋", "3", "0", "0"])
    await _is_fit(page, "14-reserved")
    return page.url.rsplit("/", 1)[1]


def _cells(page: Page, caption: str) -> Locator:
    return page.get_by_role("table", name=caption, exact=True).locator("tbody td")


async def _scan(page: Page, code: str) -> None:
    """Scan as a scanner does that types, wherever the focus is, once the page is there."""
    await page.wait_for_load_state("load")
    await page.keyboard.type(code, delay=2)
    await page.keyboard.press("Enter")


async def _pick(page: Page, number: str, lot: str) -> None:
    """Scan the new lot though an older one goes first, say why, and take it."""
    await page.goto(f"{ORDERS}/{number}/pick")
    await _is_fit(page, "15-pick")
    await _scan(page, lot)
    await expect(page.locator("[data-scan-words]")).to_contain_text(lot)
    await _is_fit(page, "16-other-lot")
    await page.get_by_role("link", name="仍要拿这个批次").click()
    await expect(page.get_by_label("另一个批次号")).to_have_value(lot)
    await page.get_by_label("为什么选它").fill("领取人当场要求较新的")
    await _is_fit(page, "17-instead")
    await page.get_by_role("button", name="拿这个批次").click()
    await expect(page).to_have_url(re.compile("/pick$"))
    await _scan(page, BIN)
    await expect(page.locator("[data-scan-words]")).to_contain_text(BIN)
    await _scan(page, lot)
    await expect(page.locator("[data-scan-words]")).to_have_text(f"大米10kg，批次 {lot}：请拿 3 袋。")
    await expect(page.locator(".pick-chosen .pick-count")).to_have_text("3 袋")
    await _is_fit(page, "18-chosen")
    await page.get_by_role("button", name="已拣货").click()
    await expect(page.get_by_text("已全部拣完")).to_be_visible()
    await _is_fit(page, "19-picked")


async def _hand_over(page: Page, number: str) -> None:
    """Pack one parcel and hand it over; receiver and second person sign with a finger."""
    await page.get_by_role("link", name="打包", exact=True).click()
    await page.get_by_label("包裹数量").fill("1")
    await _is_fit(page, "20-pack")
    await page.get_by_role("button", name="已打包").click()
    await expect(page).to_have_url(re.compile(f"{number}$"))
    await _is_fit(page, "21-packed")
    await page.goto(f"{ORDERS}/{number}/hand-over")
    await page.get_by_label("同事").select_option(label="演示·仓库协管员")
    finger = await page.context.new_cdp_session(page)
    for name in ("signature", "second_signature"):
        await _sign(page, finger, name)
    await _is_fit(page, "22-signed")
    await page.get_by_role("button", name="已发放").click()
    await expect(page).to_have_url(re.compile(f"{number}$"))
    await expect(_cells(page, "所需物资")).to_have_text(["3 袋", "0", "0", "3"])
    await expect(walking.said_of(page, "签字方式")).to_have_text("屏幕签名")
    await expect(walking.said_of(page, "在场第二人")).to_have_text("演示·仓库协管员")
    await _is_fit(page, "23-handed-over")


async def _sign(page: Page, finger: CDPSession, name: str) -> None:
    """Draw a line on a pad with a finger."""
    pad = page.locator(f"[data-signature={name}] canvas")
    await pad.scroll_into_view_if_needed()
    box = await pad.bounding_box()
    assert box is not None
    for step in range(12):
        at = {"x": box["x"] + 30 + step * 18, "y": box["y"] + 40 + (step % 3) * 22}
        kind = "touchMove" if step else "touchStart"
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def _begin(page: Page) -> str:
    """Freeze the bin for a stocktake; return its path."""
    await page.goto(COUNTS)
    await page.get_by_label("其他货位").fill(BIN)
    await _is_fit(page, "24-stocktakes")
    await page.get_by_role("button", name="冻结货位并开始盘点").click()
    await expect(page).to_have_url(re.compile(f"{COUNTS}/[0-9a-f-]{{36}}$"))
    await expect(page.get_by_role("button", name=f"清点货位 {BIN}")).to_be_visible()
    await _is_fit(page, "25-frozen")
    return "/" + page.url.split("/", 3)[3]


async def _take_stock(page: Page, path: str, lot: str, pieces: str) -> None:
    """Count the bin by scanning the lot's label, told neither the books nor the other count."""
    await page.goto(path)
    await page.get_by_role("button", name=f"清点货位 {BIN}").click()
    await expect(page).to_have_url(re.compile("/count/"))
    said = await page.get_by_role("main").inner_text()
    assert [number for number in ("16", "17") if f"{number} 袋" in said] == []
    assert lot not in said
    await page.get_by_label("批次", exact=True).press_sequentially(lot)
    await page.get_by_label("数量（件）").fill(pieces)
    await page.get_by_role("button", name="记下，下一批").click()
    await expect(page.locator(".count-entries .count-number")).to_have_text(f"{pieces} 袋")
    await _is_fit(page, "26-counted")
    await page.locator("summary", has_text="本货位已全部清点").click()
    await page.get_by_role("button", name="确认，结束我的清点").click()
    await expect(page).to_have_url(re.compile(f"{path}$"))
    await _is_fit(page, "27-ended")


async def _explain(page: Page, path: str, lot: str) -> str:
    """Say how one bag came to be missing and lay it before the approvers; return the approval's path."""
    await page.goto(path)
    await _is_fit(page, "28-differences")
    cells = _cells(page, "差异清单")
    await expect(cells.first).to_contain_text(lot)
    await expect(cells.and_(page.locator(".numeric"))).to_have_text(["17", "16", "-1", "-¥55.00"])
    await page.get_by_label(f"{BIN} 中 {lot} 的差异说明").fill("搬运时破损一袋，已清理")
    await page.get_by_role("button", name="提交审批").click()
    await expect(page).to_have_url(re.compile("/staff/approvals/[0-9a-f-]{36}$"))
    await _is_fit(page, "29-proposed")
    return "/" + page.url.split("/", 3)[3]


async def _approve(page: Page, path: str) -> None:
    """Approve the difference with the second factor."""
    await enrol(page)
    await page.goto(path)
    await expect(walking.said_of(page, "金额")).to_have_text("¥55.00")
    await _is_fit(page, "30-approval")
    await walking.tick(page, "同意")
    await page.get_by_role("button", name="确认决定").click()
    await expect(page.get_by_role("main")).to_contain_text("已批准")
    await _is_fit(page, "31-approved")


async def _is_accounted_for(page: Page, platform: Platform, path: str, lot: str) -> None:
    """Find 16 bags of 880.00 元 on the lot's page, and the stock sound."""
    await page.goto(path)
    await expect(page.get_by_role("main")).to_contain_text("已盘点并调整")
    connection = await asyncpg.connect(platform.database_url)
    row = await connection.fetchrow("SELECT id, quantity FROM stock_lot WHERE number = $1", lot)
    await connection.close()
    assert row["quantity"] == 20
    await page.goto(f"/staff/warehouse/lots/{row['id']}")
    await expect(_tile(page, "库存").locator("dd")).to_have_text("16 袋")
    await expect(_tile(page, "入库数量").locator("dd")).to_have_text("20 袋")
    await expect(_tile(page, "价值").locator("dd")).to_have_text("¥880.00")
    await _is_fit(page, "32-lot")
    checked = cishan(platform, "check-stock")
    assert (checked.returncode, checked.stdout.split(":")[0]) == (0, "The stock is sound"), checked.stdout


async def test_twenty_bags_of_rice_go_from_a_giver_to_a_receiver_and_are_accounted_for(
    browser: Browser, platform: Platform
) -> None:
    async with (
        _phone(browser, platform) as giver,
        _phone(browser, platform, "demo-warehouse", refusals=1) as keeper,
        _phone(browser, platform, "demo-warehouse-2") as second,
        _phone(browser, platform, "demo-checker") as checker,
    ):
        await _offer(giver)
        number = await giver.get_by_role("main").locator("strong").first.inner_text()
        await _accept(keeper, number)
        await _count(keeper, number, "20")
        await _count(second, number, "20")
        await _value(keeper, number)
        lot = await _book(second, number)
        order = await _request(keeper)
        await _pick(keeper, order, lot)
        await _hand_over(keeper, order)
        path = await _begin(keeper)
        await _take_stock(keeper, path, lot, "16")
        await _take_stock(second, path, lot, "16")
        approval = await _explain(keeper, path, lot)
        await _approve(checker, approval)
        await _is_accounted_for(keeper, platform, path, lot)
