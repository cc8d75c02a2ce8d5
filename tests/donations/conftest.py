"""A giver's browser without JavaScript before a real campaign, a real database and a real payment sandbox."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from importlib import import_module
from typing import Any

import httpx
import pytest

from cishan.campaigns import queries as campaigns
from cishan.donations.queries import contacts
from cishan.ledger import actions as ledger
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.settings import Settings
from tests.campaigns import making
from tests.payments.conftest import Sandbox, sandbox

__all__ = ["sandbox"]

ANSWERS = {"c": "warm-meals", "amount": "88.8", "rhythm": "once", "anonymity": "hidden"}


@dataclass
class Giver:
    """Somebody who gives, with the pages that they see."""

    browser: httpx.AsyncClient
    sandbox: Sandbox

    async def check_page(self, **answers: Any) -> str:
        """Answer the first screen and return the path of the second."""
        reply = await self.browser.post("/give", data={**ANSWERS, **answers})
        assert reply.status_code == 303, words(reply.text)
        return str(reply.headers["location"])

    async def confirm(self, **answers: Any) -> httpx.Response:
        """Answer and confirm; return the redirect."""
        return await self.browser.post(await self.check_page(**answers))

    async def gift(self, **answers: Any) -> "Begun":
        """Begin a gift and stand before its payment page."""
        reply = await self.confirm(**answers)
        assert reply.status_code == 303, words(reply.text)
        row = (await database.fetch("SELECT * FROM donation ORDER BY created_at DESC, id DESC LIMIT 1"))[0]
        return Begun(row, contacts.gift_path(row["id"]), str(reply.headers["location"]))

    async def paid(self, *, method: str = "wechat_pay", **answers: Any) -> "Begun":
        """Give, pay, come back, and let the worker do its work."""
        begun = await self.gift(**answers)
        self.sandbox.pay(begun.session_id, method=method)
        await self.browser.get(f"{begun.path}?back=paid")
        await work()
        return begun

    async def page(self, path: str) -> str:
        """Return the words of a page."""
        reply = await self.browser.get(path)
        assert reply.status_code == 200, (reply.status_code, words(reply.text))
        return words(reply.text)


async def work() -> None:
    """Let the worker do what is due."""
    import_module("cishan.worker")
    await jobs.work_off()


@dataclass(frozen=True)
class Begun:
    """A gift that waits for its payment."""

    row: dict[str, Any]
    path: str
    url: str

    @property
    def id(self) -> Any:
        return self.row["id"]

    @property
    def session_id(self) -> str:
        return str(self.row["stripe_session_id"])

    async def now(self) -> dict[str, Any]:
        """Return the gift's row as it is now."""
        return (await database.fetch("SELECT * FROM donation WHERE id = {}", self.id))[0]


def words(html: str) -> str:
    """Return what a person reads on a page's main part."""
    main = html.partition("<main")[2].partition("</main>")[0] or html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.fixture
async def campaign(db: None, sandbox: Sandbox) -> campaigns.GivingCard:
    """A live campaign whose fund is open."""
    async with database.atomic():
        await ledger.open_fund(making.PLAN.fund_code, name="暖心饭桌（演示）")
    return await making.a_live_campaign()


@pytest.fixture
async def giver(
    campaign: campaigns.GivingCard, sandbox: Sandbox, client: httpx.AsyncClient, config: Settings
) -> AsyncIterator[Giver]:
    """Somebody before the live campaign."""
    yield Giver(client, sandbox)


async def counts() -> dict[str, int]:
    """Return how many rows there are of all that giving may write."""
    tables = ("donation", "donation_line", "gift_draft", "gift_attempt", "monthly_plan", "refund_request")
    return {t: await database.fetch_value(f"SELECT count(*) FROM {t}") for t in tables}
