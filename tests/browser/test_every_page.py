"""Every public page: no accessibility fault in any display mode at any width, no sideways scrolling."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from tests.browser.conftest import Platform, open_context, watch

PAGES = [
    "/about",
    "/help",
    "/privacy",
    "/accessibility",
    "/styleguide",
    "/outbox",
    "/receipts",
    "/no-such-page",
]
MODES = {
    "standard": "std.std.light",
    "dark": "std.std.dark",
    "elder": "xlarge.std.light",
    "contrast": "std.high.light",
}
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wide", [False, True], ids=["phone", "desktop"])
async def test_no_page_has_an_accessibility_fault(
    browser: Browser, platform: Platform, mode: str, wide: bool
) -> None:
    context = await open_context(browser, platform, wide=wide, display=MODES[mode])
    page = await context.new_page()
    faults: list[str] = []
    for path in PAGES:
        await page.goto(path)
        assert await page.locator("html").get_attribute("data-size") == MODES[mode].split(".")[0]
        excess = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if excess > 0:
            faults.append(f"{path}: {excess} px wider than the window")
        result = await Axe().run(page, options=RULES)
        for violation in result.response["violations"]:
            where = violation["nodes"][0]["target"]
            faults.append(f"{path}: {violation['id']} at {where} ({len(violation['nodes'])} places)")
    await context.close()
    assert faults == []


async def test_the_pages_keep_to_their_content_policy(browser: Browser, platform: Platform) -> None:
    context = await open_context(browser, platform, wide=True)
    page = await context.new_page()
    complaints = watch(page)
    for path in PAGES:
        if path != "/no-such-page":
            await page.goto(path)
    await context.close()
    assert complaints == []
