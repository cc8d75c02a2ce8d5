"""Every page: no accessibility fault in any display mode, no sideways scrolling, no complaint of the browser.

A page is loaded twice: in Chinese on the phone, where large type (长辈版) and high contrast are then put on
as the server would write them, and in English, on the phone and on the desktop, where it is dark at last.
The pages that are written otherwise for a mode are also asked for with its cookie.
"""

import asyncio
import re
from collections import defaultdict
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.conftest import Platform, open_context, watch
from tests.browser.places import CODE_COOKIE, STAFF_COOKIE, VARIANTS, Places, find

WALKERS = 2
"""As many as CI has cores."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
ALL: dict[str, object] = {"runOnly": {"type": "tag", "values": TAGS}}
WITHOUT_CONTRAST: dict[str, object] = {**ALL, "rules": {CONTRAST: {"enabled": False}}}


def _only(*rules: str) -> dict[str, object]:
    return {"runOnly": {"type": "rule", "values": list(rules)}}


RULES: dict[str, dict[str, object] | None] = {
    "phone": ALL,
    "elder phone": _only("target-size", "scrollable-region-focusable"),
    "high contrast phone": _only(CONTRAST),
    "English phone": None,
    "English elder phone": None,
    "English desktop": WITHOUT_CONTRAST,
    "dark desktop": _only(CONTRAST),
}
"""What a mode can change of axe's answers, all of them on the phone; sizes and width are measured in each."""
COOKIES = {
    "elder phone": "xlarge.std.light",
    "high contrast phone": "std.high.light",
    "dark desktop": "std.std.dark",
}
PHONE, DESKTOP = ViewportSize(width=375, height=812), ViewportSize(width=1280, height=900)
ERRORS = tuple(path for path in VARIANTS if path in ("/no-such-page", "/display"))
SERVED = ("/", "/accessibility", "/styleguide", "/staff/warehouse")
"""Pages that are also asked for with a mode's cookie: those whose words follow it, and two usual ones."""
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
LOOK = """
async ({size, contrast, rules, within}) => {
  const root = document.documentElement;
  if (size) root.dataset.size = size;
  if (contrast) root.dataset.contrast = contrast;
  const faults = [];
  const excess = root.scrollWidth - root.clientWidth;
  if (excess > 0) faults.push(`${excess} px wider than the window`);
  const wanted = 'button, select, textarea, summary, .button, nav a, input:not([type=hidden])';
  const smallest = root.dataset.size === 'std' ? 44 : 60;
  for (const thing of document.querySelectorAll(wanted)) {
    if (!thing.checkVisibility({visibilityProperty: true}) || thing.closest('.visually-hidden')) continue;
    if (thing.closest('[aria-label="面包屑"], .breadcrumb')) continue;
    const boxes = [thing, ...(thing.labels || [])].map(part => part.getBoundingClientRect());
    const high = Math.max(...boxes.map(box => box.height)), wide = Math.max(...boxes.map(box => box.width));
    if (high < smallest - 0.5 || wide < 44 - 0.5)
      faults.push(['too small to touch:', thing.tagName, thing.className, Math.round(wide), Math.round(high),
                   (thing.innerText || thing.name || '').trim()].join(' '));
  }
  if (rules) {
    const found = await axe.run(within, {...rules, resultTypes: ['violations']});
    for (const violation of found.violations)
      faults.push(`${violation.id} at ${violation.nodes[0].target} (${violation.nodes.length} places)`);
  }
  return [...new Set(faults)];
}
"""

Faults = dict[str, list[str]]
"""What is wrong, by mode."""


class Window:
    """One visitor's browser in one language, which goes to pages and notes what is wrong with them."""

    def __init__(self, page: Page, platform: Platform, places: Places, language: str) -> None:
        self.page, self.platform, self.places, self.language = page, platform, places, language
        self.complaints = watch(page)
        self.faults: Faults = defaultdict(list)

    async def keep(self, name: str, value: str) -> None:
        """Put a cookie into the browser."""
        await self.page.context.add_cookies([{"name": name, "value": value, "url": self.platform.url}])

    async def load(self, mode: str, path: str) -> None:
        """Go to a page as somebody who may see it."""
        self.complaints.clear()
        await self.keep(STAFF_COOKIE, self.places.cookie_of(path))
        await self.page.goto(_in(self.language, path))
        if "/sign-in" in self.page.url and "/sign-in" not in path and path != "/register":
            self._blame(mode, path, "nobody was signed in to see it")
        if await self.page.locator("html").get_attribute("lang") != (self.language or "zh-CN"):
            self._blame(mode, path, "is in another language")

    async def look(
        self, mode: str, path: str, *, size: str = "", contrast: str = "", within: str = "html"
    ) -> None:
        """Put on a size and a contrast as the server would write them, and ask the rules of the mode."""
        asked = {"size": size, "contrast": contrast, "rules": RULES[mode], "within": within}
        self._blame(mode, path, *await self.page.evaluate(LOOK, asked))
        if path not in ERRORS and not path.startswith("/staff/scan/"):  # an unknown code is a 404
            self._blame(mode, path, *self.complaints)
        self.complaints.clear()

    def _blame(self, mode: str, path: str, *faults: str) -> None:
        self.faults[mode] += [f"{path}: {fault}" for fault in faults]


async def _open(
    browser: Browser,
    platform: Platform,
    places: Places,
    *,
    language: str = "",
    display: str = "",
    wide: bool = False,
) -> Window:
    context = await open_context(browser, platform, wide=wide, display=display)
    await context.add_init_script(AXE)
    window = Window(await context.new_page(), platform, places, language)
    await window.keep(CODE_COOKIE, places.code_cookie)
    if language:  # a page that leads on to another keeps the visitor's language by the cookie
        await window.keep("lang", language)
    return window


def _in(language: str, path: str) -> str:
    return path + ("&" if "?" in path else "?") + f"lang={language}" if language else path


async def _in_chinese(window: Window, path: str) -> None:
    """Look at a page on the phone, then in large type and in high contrast."""
    await window.load("phone", path)
    await window.look("phone", path)
    await window.look("elder phone", path, size="xlarge", within="main")
    await window.look("high contrast phone", path, size="std", contrast="high", within="main")


async def _in_english(window: Window, path: str) -> None:
    """Look at a page in English on the phone and on the desktop, and there in the dark."""
    await window.load("English phone", path)
    await window.look("English phone", path)
    await window.look("English elder phone", path, size="xlarge")
    await window.page.set_viewport_size(DESKTOP)
    await window.look("English desktop", path, size="std")
    await window.page.emulate_media(color_scheme="dark")
    await window.look("dark desktop", path, within="main")
    await window.page.emulate_media(color_scheme="light")
    await window.page.set_viewport_size(PHONE)


@pytest.fixture(scope="module")
async def places(browser: Browser, platform: Platform) -> Places:
    """The addresses of all pages."""
    return await find(browser, platform)


@pytest.fixture(scope="module")
async def faults(browser: Browser, platform: Platform, places: Places) -> Faults:
    """What is wrong with any page in any mode: some walkers share the pages out among themselves."""
    to_see = iter([(path, language) for path in places.all for language in ("", "en")])
    found: Faults = defaultdict(list)

    async def walk() -> None:
        chinese = await _open(browser, platform, places)
        english = await _open(browser, platform, places, language="en")
        for path, language in to_see:
            await (_in_english(english, path) if language else _in_chinese(chinese, path))
        for window in (chinese, english):
            await window.page.context.close()
            for mode, faults in window.faults.items():
                found[mode] += faults

    await asyncio.gather(*(walk() for _ in range(WALKERS)))
    return found


@pytest.mark.parametrize("mode", RULES)
def test_no_page_has_a_fault(faults: Faults, mode: str) -> None:
    assert sorted(faults[mode]) == []


@pytest.mark.parametrize("mode", COOKIES)
async def test_no_page_has_a_fault_as_the_server_makes_it_for_a_mode(
    browser: Browser, platform: Platform, places: Places, mode: str
) -> None:
    window = await _open(browser, platform, places, display=COOKIES[mode], wide="desktop" in mode)
    for path in SERVED:
        await window.load(mode, path)
        root = window.page.locator("html")
        shown = [await root.get_attribute(f"data-{what}") for what in ("size", "contrast", "theme")]
        assert ".".join(map(str, shown)) == COOKIES[mode]
        await window.look(mode, path)
    await window.page.context.close()
    assert window.faults == {mode: []}


def test_only_the_pages_asked_for_in_each_mode_are_written_by_it() -> None:
    templates = Path("frontend/templates")
    writing = [page for page in templates.rglob("*.html") if re.search(r"\bdisplay\.", page.read_text())]
    named = {str(page.relative_to(templates)) for page in writing if page.parent.name != "layout"}
    assert named == {"core/home.html", "core/accessibility.html"}
