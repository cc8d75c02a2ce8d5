"""What a giver does with the pages, by the words that they see."""

import re
import time
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from cishan.kernel.money import parse_yuan

PROJECT = "冬日暖炕"
SECONDS_TO_ARRIVE = 60
ARRIVED = re.compile("善款已到账")


async def open_folded(page: Page, *titles: str) -> None:
    """Unfold the optional parts of a form."""
    for title in titles:
        part = page.locator("details").filter(has=page.locator("summary", has_text=title)).first
        if await part.get_attribute("open") is None:
            await part.locator("summary").first.click()


async def choose_project(page: Page) -> str:
    """Go from the front page by the list to a project; return its path."""
    await page.goto("/")
    await page.get_by_role("navigation").get_by_role("link", name="慈善筹项目").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("慈善项目")
    await page.get_by_role("main").get_by_role("link", name=re.compile(PROJECT)).first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(PROJECT)
    return page.url.removeprefix(_origin(page))


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


async def tick(page: Page, choice: str) -> None:
    """Choose one of the options where its words are, whether they or its button lie on top."""
    await page.get_by_role("main").locator("label").filter(has_text=choice).first.click(force=True)
    await expect(page.get_by_role("radio", name=choice).first).to_be_checked()


async def type_amount(page: Page, yuan: str) -> None:
    """Type an amount of one's own."""
    await page.get_by_role("textbox", name="其他金额").first.fill(yuan)


async def go_on(page: Page) -> None:
    """Leave the first screen for the second."""
    await page.get_by_role("button", name="下一步").click()


async def give(page: Page, slug: str, yuan: str) -> None:
    """Give an amount to a project without a word more, up to the payment page."""
    await page.goto(f"/give/{slug}")
    await type_amount(page, yuan)
    await go_on(page)
    await confirm(page)


async def confirm(page: Page) -> None:
    """Confirm what was checked and wait for the payment page."""
    await page.get_by_role("button", name="确认并支付").click()
    await expect(page.get_by_role("button", name="支付成功")).to_be_visible()


async def pay(page: Page, outcome: str = "支付成功", method: str = "支付宝") -> None:
    """Choose at the payment sandbox how the payment ends."""
    await page.get_by_role("radio", name=method).check()
    await page.get_by_role("button", name=outcome, exact=True).click()


async def see_it_arrive(page: Page) -> None:
    """Wait on the gift's page until it says by itself that the money has come."""
    heading = page.get_by_role("heading", name=ARRIVED)
    await expect(heading).to_be_visible(timeout=SECONDS_TO_ARRIVE * 1000)


async def until(page: Page, path: str, seen: Callable[[Page], Awaitable[bool]]) -> None:
    """Look at a page again and again until it shows what is due."""
    deadline = time.monotonic() + SECONDS_TO_ARRIVE
    while True:
        await page.goto(path)
        if await seen(page):
            return
        assert time.monotonic() < deadline, f"{path} did not come to show it"
        await page.wait_for_timeout(200)  # between two looks; the deadline above is the limit


async def until_text(page: Page, path: str, text: str) -> None:
    """Look at a page again and again until its content says a text."""

    async def said(looked_at: Page) -> bool:
        return text in await looked_at.get_by_role("main").inner_text()

    await until(page, path, said)


async def raised_fen(page: Page) -> int:
    """Read off a project's page what it has raised."""
    text = await page.get_by_role("region", name="筹款进度").inner_text()
    found = re.search(r"¥([\d,.]+)", text)
    assert found, text
    return parse_yuan(found[1])


def said_of(page: Page, term: str) -> Locator:
    """Return what a list of answers says under a term."""
    return page.locator("dl > div").filter(has=page.get_by_text(term, exact=True)).locator("dd").first


async def letter_to(page: Page, email: str, subject: str) -> None:
    """Open the newest letter with that subject to an address."""

    def row(looked_at: Page) -> Locator:
        return looked_at.get_by_role("row").filter(has_text=email).filter(has_text=subject)

    async def came(looked_at: Page) -> bool:
        return await row(looked_at).count() > 0

    await until(page, "/outbox", came)
    await row(page).first.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(subject)


async def code_for(page: Page, email: str) -> str:
    """Return the six digits that were sent to an address."""
    await letter_to(page, email, "验证码")
    text = await page.get_by_role("main").inner_text()
    found = re.search(r"(?<![\d+-])\d{6}(?!\d)", text.replace(email, ""))
    assert found, text
    return found[0]
