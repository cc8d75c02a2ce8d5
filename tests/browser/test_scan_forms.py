"""Forms of several fields in a real browser: scans fill one after the other, and the keyboard sends them."""

from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Platform
from tests.browser.test_scanning import camera, film, keeper


@dataclass(frozen=True, slots=True)
class Lying:
    """Free pieces of a lot on a shelf of the demo, and another shelf of the site."""

    lot: str
    bin: str
    free: int
    other: str


async def lying(platform: Platform) -> Lying:
    connection = await asyncpg.connect(platform.database_url)
    row = await connection.fetchrow(
        """SELECT l.number AS lot, b.code AS bin, s.on_hand - s.reserved AS free, o.code AS other
             FROM stock_balance AS s JOIN stock_lot AS l ON l.id = s.lot JOIN stock_bin AS b ON b.id = s.bin
             JOIN stock_bin AS o ON o.site = b.site AND o.purpose = 'shelf' AND o.id <> b.id AND o.active
            WHERE b.purpose = 'shelf' AND l.state = 'open' AND s.on_hand - s.reserved > 5
              AND b.frozen_by IS NULL AND o.frozen_by IS NULL
            ORDER BY l.number, o.code LIMIT 1"""
    )
    await connection.close()
    return Lying(*row)


async def scan(page: Page, code: str) -> None:
    """Scan as a scanner does that types and presses Enter."""
    await page.keyboard.type(code, delay=2)
    await page.keyboard.press("Enter")


async def test_goods_are_moved_by_three_scans_and_a_number(browser: Browser, platform: Platform) -> None:
    thing = await lying(platform)
    async with keeper(browser, platform) as page:
        await page.goto("/staff/warehouse/move")
        await page.evaluate("document.activeElement.blur()")
        await scan(page, thing.lot.lower())  # nothing has the focus: it is for the first field
        await expect(page.locator("#field-from_bin")).to_be_focused()
        await scan(page, thing.bin)
        await expect(page.locator("#field-bin")).to_be_focused()
        await scan(page, thing.other)
        await expect(page.locator("#field-quantity")).to_be_focused()
        await expect(page.locator("#field-lot")).to_have_value(thing.lot.lower())
        await scan(page, "1")
        await expect(
            page.get_by_role("status").filter(has_text=f"{thing.bin} → {thing.other}")
        ).to_be_visible()
        await page.goto("/staff/warehouse/move")
        await scan(page, thing.lot)
        await page.keyboard.press("Enter")  # what lies in one place needs no bin to come from
        await expect(page.locator("#field-bin")).to_be_focused()


async def test_scanned_goods_come_onto_the_list_and_the_number_leads_back_to_the_scans(
    browser: Browser, platform: Platform
) -> None:
    async with keeper(browser, platform) as page:
        await page.goto("/staff/warehouse/orders/new")
        await page.locator("#field-name").fill("张某某")
        await page.locator("#field-find").focus()
        await scan(page, "RICE10")
        await expect(page.locator("#quantity-1")).to_be_focused()
        await expect(page.locator("#item-1 option:checked")).to_contain_text("大米10kg")
        await expect(page.locator("#field-name")).to_have_value("张某某")
        await scan(page, "2")
        await expect(page.locator("#field-find")).to_be_focused()
        await scan(page, "QUILT")
        await expect(page.locator("#quantity-2")).to_be_focused()
        await expect(page.locator("#quantity-1")).to_have_value("2")


async def test_the_camera_fills_the_next_empty_field(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> None:
    thing = await lying(platform)
    seen = film(
        tmp_path_factory.mktemp("film") / "seen.y4m", "QRCode", f"https://labels.example.org/s/{thing.lot}"
    )
    async with camera(platform, seen) as page:
        await page.goto("/staff/warehouse/move")
        await page.get_by_role("button", name="扫码", exact=True).click()
        await expect(page.locator("[data-scan-words]")).to_contain_text("下一项：移出货位")
        await expect(page.locator("#field-lot")).to_have_value(f"https://labels.example.org/s/{thing.lot}")
        await expect(page.locator("#field-from_bin")).to_have_value("")
