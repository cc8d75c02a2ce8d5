"""Every page: no accessibility fault in any display mode, no sideways scrolling, no complaint of the browser.

Covered are the phone as it comes, dark on the desktop, large type (长辈版) and high contrast on the phone,
and the English edition on the desktop. Pages of the staff are looked at on the phone, by all rules.
"""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.browser.conftest import Platform, open_context, watch
from tests.browser.places import CODE_COOKIE, STAFF_COOKIE, VARIANTS, Places, find

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _rules(*only: str, without: str = "") -> dict[str, object]:
    """Return what axe looks for: everything, the named rules alone, or everything but one."""
    run = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": TAGS}
    off = {without: {"enabled": False}} if without else {}
    return {"runOnly": run, "rules": off, "resultTypes": ["violations"]}


RULES = _rules()
CONTRAST = "color-contrast"
MODES = {
    "phone": (False, "std.std.light", "", RULES),
    "dark desktop": (
        True,
        "std.std.dark",
        "",
        _rules(CONTRAST, "landmark-unique", "region", "duplicate-id-aria"),
    ),
    "elder phone": (False, "xlarge.std.light", "", _rules("target-size", "scrollable-region-focusable")),
    "high contrast phone": (False, "std.high.light", "", _rules(CONTRAST)),
    "English desktop": (True, "std.std.light", "en", _rules(without=CONTRAST)),
}
"""Width, display, language, and the rules whose answer the mode can change; all of them on the phone."""
ERRORS = tuple(path for path in VARIANTS if path in ("/no-such-page", "/display"))
SMALLEST_PX = {"std": 44, "xlarge": 60}
MEASURE = """
smallest => {
  const wanted = 'button, select, textarea, summary, .button, nav a, input:not([type=hidden])';
  const found = [];
  for (const thing of document.querySelectorAll(wanted)) {
    if (!thing.checkVisibility({visibilityProperty: true}) || thing.closest('.visually-hidden')) continue;
    const boxes = [thing, ...(thing.labels || [])].map(part => part.getBoundingClientRect());
    if (thing.closest('[aria-label="面包屑"], .breadcrumb')) continue;
    const high = Math.max(...boxes.map(box => box.height)), wide = Math.max(...boxes.map(box => box.width));
    if (high < smallest - 0.5 || wide < 44 - 0.5)
      found.push([thing.tagName, thing.className, (thing.innerText || thing.name || '').trim(),
                  Math.round(wide), Math.round(high)].join(' '));
  }
  return [...new Set(found)];
}
"""


@pytest.fixture(scope="module")
async def places(browser: Browser, platform: Platform) -> Places:
    """The addresses of all pages."""
    return await find(browser, platform)


@pytest.mark.parametrize("mode", MODES)
async def test_no_page_has_a_fault(browser: Browser, platform: Platform, places: Places, mode: str) -> None:
    wide, display, language, rules = MODES[mode]
    context = await open_context(browser, platform, wide=wide, display=display)
    await context.add_cookies([{"name": CODE_COOKIE, "value": places.code_cookie, "url": platform.url}])
    if language:  # a page that leads on to another keeps the visitor's language by the cookie
        await context.add_cookies([{"name": "lang", "value": language, "url": platform.url}])
    page = await context.new_page()
    complaints = watch(page)
    faults: list[str] = []
    for path in places.all:
        if mode != "phone" and path.startswith("/staff"):
            continue
        await context.add_cookies(
            [{"name": STAFF_COOKIE, "value": places.cookie_of(path), "url": platform.url}]
        )
        await page.goto(_in(language, path))
        if "/sign-in" in page.url and "/sign-in" not in path and path != "/register":
            faults.append(f"{path}: nobody was signed in to see it")
        faults += [f"{path}: {fault}" for fault in await _faults(page, display, language, rules)]
        if path not in ERRORS and not path.startswith("/staff/scan/"):  # an unknown code is a 404
            faults += [f"{path}: {complaint}" for complaint in complaints]
        complaints.clear()
    await context.close()
    assert faults == []


def _in(language: str, path: str) -> str:
    return path + ("&" if "?" in path else "?") + f"lang={language}" if language else path


async def _faults(page: Page, display: str, language: str, rules: dict[str, object]) -> list[str]:
    """Return what is wrong with the page that is open."""
    html = page.locator("html")
    assert await html.get_attribute("data-size") == display.split(".", maxsplit=1)[0]
    assert await html.get_attribute("lang") == (language or "zh-CN")
    faults = []
    excess = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if excess > 0:
        faults.append(f"{excess} px wider than the window")
    smallest = SMALLEST_PX[display.split(".", maxsplit=1)[0]]
    faults += [f"too small to touch: {thing}" for thing in await page.evaluate(MEASURE, smallest)]
    result = await Axe().run(page, options=rules)
    for violation in result.response["violations"]:
        where = violation["nodes"][0]["target"]
        faults.append(f"{violation['id']} at {where} ({len(violation['nodes'])} places)")
    return faults
