"""Goods go out by phone: scanned, packed, and signed for on the screen by two people."""

import re

import asyncpg
from playwright.async_api import Browser, Page, expect

from tests.browser import goods_out, places
from tests.browser.conftest import Platform, open_context


async def _sign(page: Page, name: str) -> None:
    """Draw a name on a pad, as a finger does."""
    pad = page.locator(f"[data-signature={name}] canvas")
    await pad.scroll_into_view_if_needed()
    box = await pad.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 30, box["y"] + 60)
    await page.mouse.down()
    for step in range(1, 12):
        await page.mouse.move(box["x"] + 30 + step * 18, box["y"] + 60 + (step % 3) * 22)
    await page.mouse.up()


async def _scan(page: Page, code: str) -> None:
    """Scan on the page that picks and see the answer, which may not widen the page."""
    await page.locator("[data-scan-input]").fill(code)
    await page.locator("[data-scan-input]").press("Enter")
    await expect(page.locator("[data-scan-words]")).to_contain_text(code)
    assert await page.evaluate("document.documentElement.scrollWidth") == 375


async def test_goods_are_picked_by_scanning_and_signed_for_on_the_screen(
    browser: Browser, platform: Platform
) -> None:
    context = await open_context(browser, platform, wide=False)
    page = await context.new_page()
    await places.sign_in(page, "demo-warehouse")
    await goods_out.write_list(page)
    connection = await asyncpg.connect(platform.database_url)
    order_id, number = await connection.fetchrow(
        "SELECT id, number FROM goods_order ORDER BY requested_at DESC, number LIMIT 1"
    )
    lots = await connection.fetch(
        """SELECT l.number FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
             JOIN stock_lot AS l ON l.id = p.lot WHERE line.goods_order = $1""",
        order_id,
    )
    here = f"{goods_out.HOME}/{number}"
    await page.goto(f"{here}/pick")
    for code in ("L261122-NO-LOT-OF-OURS-00000000000000000", "DZ-A-01"):
        await _scan(page, code)
    for row in lots:
        await _scan(page, row["number"])
        taken = page.get_by_role("button", name="已拣货")
        if await page.locator(".pick-chosen").count():
            async with page.expect_navigation():
                await taken.click()
    await expect(page.get_by_text("已全部拣完")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    await page.get_by_role("link", name="打包").click()
    await page.get_by_role("button", name=re.compile("打包|已打包|Packed")).click()
    await expect(page).to_have_url(re.compile(f"{number}$"))
    await page.goto(f"{here}/hand-over")
    await page.get_by_label("或志愿者").fill("演示志愿者")
    await _sign(page, "signature")
    await page.get_by_role("button", name="已发放").click()
    await expect(page.get_by_text("请在场第二人在屏幕上签名").first).to_be_visible()
    await _sign(page, "signature")
    await _sign(page, "second_signature")
    await page.get_by_role("button", name="已发放").click()
    await expect(page).to_have_url(re.compile(f"{number}$"))
    await expect(page.get_by_text("屏幕签名")).to_be_visible()
    row = await connection.fetchrow(
        """SELECT o.state, h.signed, (SELECT count(*) FROM stored_file AS f WHERE f.owner_id = o.id) AS papers
             FROM goods_order AS o JOIN goods_handover AS h ON h.goods_order = o.id WHERE o.id = $1""",
        order_id,
    )
    assert tuple(row) == ("handed_over", "screen", 2)
    await connection.close()
    await context.close()
