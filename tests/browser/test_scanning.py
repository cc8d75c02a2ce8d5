"""Scans in a real browser: by its camera, by a scanner that types, and without a connection."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import FLAGS, Platform, open_context, watch
from tests.browser.places import sign_in

WIDTH, HEIGHT = 1280, 720
SLOWEST_MS = 1_000
"""A machine that does much else at the same time still reads a picture within this."""


def film(path: Path, kind: str, text: str) -> Path:
    """Write what a camera sees that is held before a code: a little film, uncompressed (YUV4MPEG2)."""
    drawn = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    code = Image.fromarray(drawn.to_image(scale=4)).convert("L")
    code = code.rotate(4, expand=True, fillcolor=255)
    frame = Image.new("L", (WIDTH, HEIGHT), 170)
    frame.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    grey = bytes([128]) * (WIDTH * HEIGHT // 4)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + (b"FRAME\n" + frame.tobytes() + grey + grey) * 2)
    return path


@asynccontextmanager
async def camera(platform: Platform, shown: Path | None, *, wide: bool = False) -> AsyncIterator[Page]:
    """A phone in the hand of a keeper whose camera sees a film; without one it has no camera."""
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"] if shown else []
    path = shutil.which("chromium")
    assert path
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=path, args=[*FLAGS, *flags, f"--use-file-for-fake-video-capture={shown}"]
        )
        async with keeper(browser, platform, wide=wide) as page:
            yield page
        await browser.close()


@asynccontextmanager
async def keeper(browser: Browser, platform: Platform, *, wide: bool = False) -> AsyncIterator[Page]:
    """A page of somebody who keeps the warehouse; a complaint of the browser fails the test."""
    context = await open_context(browser, platform, wide=wide)
    page = await context.new_page()
    await sign_in(page, "demo-warehouse")
    complaints = watch(page)
    yield page
    await context.close()
    assert complaints == []


async def a_label(page: Page, platform: Platform) -> str:
    """Print a label that stands for nothing yet; return its code."""
    await page.request.post("/staff/warehouse/labels", form={"what": "ahead", "count": "1"})
    connection = await asyncpg.connect(platform.database_url)
    code = await connection.fetchval("SELECT code FROM stock_label ORDER BY id DESC LIMIT 1")
    await connection.close()
    return str(code)


async def reads(page: Page) -> list[float]:
    """Milliseconds that each look at the camera's picture took."""
    found = await page.evaluate("performance.getEntriesByName('read code').map((one) => one.duration)")
    return [float(one) for one in found]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("EAN13", "6901234567892"), ("Code128", "NO-SUCH-BIN"), ("DataMatrix", "L990101-00000")],
)
async def test_the_camera_reads_codes_and_an_unknown_one_is_said_to_be_so(
    platform: Platform, tmp_path: Path, kind: str, text: str
) -> None:
    async with camera(platform, film(tmp_path / "seen.y4m", kind, text)) as page:
        await page.goto("/staff/scan")
        await page.get_by_role("button", name="扫码", exact=True).click()
        result = page.locator("[data-scan-result]")
        await expect(result).to_contain_text(text)
        await expect(result).to_have_class(re.compile("scan-bad"))
        await expect(page.locator("[data-scan-recent]")).to_contain_text(f"{text} 未通过")
        await expect(page.locator("[data-scan-video]")).to_be_visible()
        took = await reads(page)
        assert min(took) < SLOWEST_MS, took
        # The code stays before the camera and is the same scan.
        assert len(await page.locator(".scan-line").all()) == 1
        await page.get_by_role("button", name="关闭摄像头").click()
        await expect(page.locator("[data-scan-video]")).to_be_hidden()


async def test_the_camera_reads_our_own_label_and_goes_there(platform: Platform, tmp_path: Path) -> None:
    async with camera(platform, None) as page:
        label = await a_label(page, platform)
    shown = film(tmp_path / "seen.y4m", "QRCode", f"https://labels.example.org/s/{label}")
    async with camera(platform, shown) as page:
        await page.goto("/staff/warehouse")
        await page.get_by_role("button", name="扫码", exact=True).click()
        await expect(page).to_have_url(f"{platform.url}/staff/warehouse/labels/{label}")


async def test_where_there_is_no_camera_none_is_offered(platform: Platform) -> None:
    async with camera(platform, None) as page:
        await page.goto("/staff/scan")
        await expect(page.locator(".scan")).to_be_visible()
        await expect(page.get_by_role("button", name="扫码", exact=True)).to_be_hidden()


@pytest.mark.parametrize("wide", [False, True], ids=["phone", "desktop"])
async def test_a_scanner_that_types_needs_no_focus(browser: Browser, platform: Platform, wide: bool) -> None:
    async with keeper(browser, platform, wide=wide) as page:
        label = await a_label(page, platform)
        await page.goto("/staff/scan")
        await page.keyboard.type("NO-SUCH", delay=2)
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-scan-result]")).to_have_text(re.compile("没有编码为 NO-SUCH"))
        await page.keyboard.type("6901234567892", delay=2)
        await page.keyboard.press("Tab")
        await expect(page.locator("[data-scan-result]")).to_contain_text("6901234567892")
        await expect(page.locator(".scan-line")).to_have_count(2)
        await page.keyboard.type(f"http://127.0.0.1/s/{label}", delay=2)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{platform.url}/staff/warehouse/labels/{label}")
        await expect(page.locator(".scan-line").first).to_contain_text("成功")


async def test_a_scan_without_a_connection_is_kept_and_sent_later(
    browser: Browser, platform: Platform
) -> None:
    context = await open_context(browser, platform, wide=False)
    page = await context.new_page()
    await sign_in(page, "demo-warehouse")
    label = await a_label(page, platform)
    await page.goto("/staff/scan")
    await context.set_offline(True)
    await page.keyboard.type(label)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-scan-result]")).to_contain_text("网络中断")
    await expect(page.locator("[data-scan-result]")).to_have_class(re.compile("scan-lost"))
    await context.set_offline(False)
    await expect(page).to_have_url(f"{platform.url}/staff/warehouse/labels/{label}")
    await context.close()


async def test_the_reader_runs_on_no_page_without_a_camera(browser: Browser, platform: Platform) -> None:
    async with keeper(browser, platform) as page:
        for path, runs in (("/staff/scan", True), ("/staff", False)):
            await page.goto(path)
            compiled = await page.evaluate(
                "WebAssembly.compile(new Uint8Array([0,97,115,109,1,0,0,0])).then(() => true, () => false)"
            )
            assert compiled is runs, path
