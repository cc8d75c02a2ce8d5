"""Two keepers count a bin by phone and disagree, also on goods without a label; one counts a third time."""

import re

import asyncpg
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Platform, open_context, watch
from tests.browser.places import sign_in
from tests.browser.test_scan_forms import scan

COUNTS = "/staff/warehouse/counts"


async def _shelf(platform: Platform) -> tuple[str, str, int]:
    """Return a shelf of the demonstration with one lot on it, the lot's number, and its pieces."""
    connection = await asyncpg.connect(platform.database_url)
    row = await connection.fetchrow(
        """SELECT b.code, max(l.number) AS lot, max(s.on_hand) AS pieces
             FROM stock_bin AS b JOIN stock_balance AS s ON s.bin = b.id AND s.on_hand > 0
             JOIN stock_lot AS l ON l.id = s.lot JOIN stock_site AS t ON t.id = b.site
            WHERE b.purpose = 'shelf' AND b.frozen_by IS NULL AND t.code = 'DZ'
            GROUP BY b.code HAVING count(*) = 1 AND max(s.on_hand) > 3 ORDER BY b.code LIMIT 1"""
    )
    await connection.close()
    return str(row["code"]), str(row["lot"]), int(row["pieces"])


async def _fits(page: Page) -> None:
    await page.wait_for_function("document.documentElement.scrollWidth <= 375")


async def _count(page: Page, path: str, shelf: str, lot: str, pieces: int, *, loose: int = 0) -> None:
    """Count a shelf by scanning, and what lies there without a label; end the count."""
    await page.goto(path)
    await page.get_by_role("button", name=f"清点货位 {shelf}").click()
    await expect(page.locator("#field-scan")).to_be_focused()
    await scan(page, lot)
    await expect(page.locator("#field-quantity")).to_be_focused()
    await scan(page, str(pieces))
    await expect(page.locator(".count-entries .count-number")).to_have_count(1)
    await expect(page.locator("#field-scan")).to_be_focused()
    if loose:
        await _enter_loose(page, loose)
    await _fits(page)
    await page.locator("summary", has_text="本货位已全部清点").click()
    await page.get_by_role("button", name="确认，结束我的清点").click()
    await expect(page).to_have_url(re.compile(f"{path}$"))


async def _enter_loose(page: Page, pieces: int) -> None:
    """Scan goods that have a maker's code but no label of ours, and say why."""
    await scan(page, "QUILT")
    await scan(page, str(pieces))
    await expect(page.locator("#field-item option:checked")).to_contain_text("棉被")
    await expect(page.locator("#field-pieces")).to_have_value(str(pieces))
    await _fits(page)
    await page.locator("#field-why").fill("标签脱落")
    await page.get_by_role("button", name="录入", exact=True).click()
    await expect(page.locator(".count-entries")).to_contain_text("无标签")


async def test_a_third_count_settles_what_two_disagree_on(browser: Browser, platform: Platform) -> None:
    shelf, lot, pieces = await _shelf(platform)
    context = await open_context(browser, platform, wide=False, touch=True)
    page = await context.new_page()
    complaints = watch(page)
    await sign_in(page, "demo-warehouse")
    await page.goto(COUNTS)
    await page.get_by_label("其他货位").fill(shelf)
    await page.get_by_role("button", name="冻结货位并开始盘点").click()
    await expect(page).to_have_url(re.compile(f"{COUNTS}/[0-9a-f-]{{36}}$"))
    path = "/" + page.url.split("/", 3)[3]
    await _count(page, path, shelf, lot, pieces)
    await sign_in(page, "demo-warehouse-2")
    await _count(page, path, shelf, lot, pieces - 1, loose=2)
    await expect(page.get_by_role("main")).to_contain_text("两次不一致")
    await sign_in(page, "demo-warehouse")
    await page.goto(path)
    await page.get_by_role("button", name=f"清点货位 {shelf}").click()
    asked = page.get_by_role("list").filter(has_text=lot).first
    await expect(asked).to_contain_text("棉被")
    await _fits(page)
    await scan(page, lot)
    await scan(page, str(pieces - 1))
    await expect(page.locator(".count-entries .count-number")).to_have_count(1)
    await _enter_loose(page, 2)
    await page.locator("summary", has_text="本货位已全部清点").click()
    await page.get_by_role("button", name="确认，结束我的清点").click()
    await expect(page.get_by_role("main")).to_contain_text("盘点发现的无标签物资")
    cells = page.get_by_role("table", name="差异清单", exact=True).locator("tbody td.numeric")
    await expect(cells.nth(2)).to_have_text("-1")
    await expect(page.locator(".count-entries .count-number")).to_contain_text("+2")
    await _fits(page)
    await page.locator("summary", has_text="放弃").click()
    await page.locator("#field-abandon_reason").fill("演示结束")
    await page.get_by_role("button", name="放弃盘点").click()
    await expect(page.get_by_role("button", name="提交审批")).to_have_count(0)
    await context.close()
    assert [one for one in complaints if "422" not in one] == []
