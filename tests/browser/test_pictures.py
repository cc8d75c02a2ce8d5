"""The README's pictures, taken from the running platform."""

import io

import pytest
from PIL import Image
from playwright.async_api import Browser, Page

from tests.browser import places
from tests.browser.conftest import Platform, open_context
from tests.databases import ROOT

TARGET = ROOT / "frontend" / "static" / "img" / "readme"
MOST_BYTES = 250_000


@pytest.mark.pictures
async def test_the_pictures_of_the_readme_are_taken_anew(browser: Browser, platform: Platform) -> None:
    found = await places.find(browser, platform)
    gift = found.by_route["/g/{token:str}"][1]
    TARGET.mkdir(exist_ok=True)
    wide = await _visitor(browser, platform, wide=True)
    await _take(wide, "/", "home")
    await _take(wide, found.by_route["/receipts/{number:str}/{code:str}"][0], "receipt")
    phone = await _visitor(browser, platform)
    await _take(phone, found.by_route["/campaigns/{slug:str}"][0], "campaign")
    await _take(phone, found.by_route["/give/check/{token:str}"][0], "check")
    await _take(phone, gift, "gift")
    await _take(await _visitor(browser, platform, display="xlarge.std.light"), "/campaigns", "elder")

    taken = {path.stem: path.stat().st_size for path in TARGET.glob("*.png")}
    assert set(taken) == {"home", "receipt", "campaign", "check", "gift", "elder"}
    assert max(taken.values()) <= MOST_BYTES


async def _visitor(browser: Browser, platform: Platform, *, wide: bool = False, display: str = "") -> Page:
    context = await open_context(browser, platform, wide=wide, display=display)
    page = await context.new_page()
    await page.set_viewport_size({"width": 1280, "height": 800} if wide else {"width": 375, "height": 760})
    return page


async def _take(page: Page, path: str, name: str) -> None:
    """Keep what one sees first, in 128 colours."""
    await page.goto(path)
    await page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    picture.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        TARGET / f"{name}.png", optimize=True
    )
