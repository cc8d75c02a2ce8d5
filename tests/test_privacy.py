"""Personal data that people leave through the real screens comes out nowhere: page, log or bare row."""

import html
import io
import logging
import re
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import unquote

import httpx
import pytest
import structlog
from litestar.routes import HTTPRoute

from cishan.campaigns import queries as campaigns
from cishan.main import create_app, create_asgi
from cishan.plumbing import db as database
from cishan.plumbing import logs
from cishan.settings import Settings
from tests.conftest import as_owner
from tests.donations.conftest import Giver, campaign, counts, sandbox, work
from tests.identity import staffing

__all__ = ["campaign", "sandbox"]

NAME = "令狐测试"
EMAIL = "canary.giver@example.org"
COMPANY_EMAIL = "canary.company@example.org"
MONTHLY_EMAIL = "canary.monthly@example.org"
PHONE = "13912345678"
ADDRESS = "新湖街道演示路77号"
ID_NUMBER = "11010519491231002X"
SAID_PHONE = "13787654321"
SAID_ID = "371402199003078814"
TOKEN = "Zk3vQ0XyT1mN8bL2rW5c7A"
STAFF = "canary.staff"
PASSWORD = "canary-pass-word-77"
CONTACTS = (EMAIL, COMPANY_EMAIL, MONTHLY_EMAIL, PHONE, ADDRESS)
PERSONAL = (*CONTACTS, NAME, ID_NUMBER, SAID_PHONE, SAID_ID, STAFF, PASSWORD)
SPACED = ("139 1234 5678", "137 8765 4321")
NOWHERE_IN_CLEAR = (*CONTACTS, ID_NUMBER, PASSWORD)
"""Names stand on receipts and in messages that staff must read; these stand nowhere unencrypted."""

GIVEN = {"slug": "warm-meals", "file_path": "robots.txt"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the processes would write on stderr, from the first request on."""
    out, root = io.StringIO(), logging.getLogger()
    before, stderr = (root.handlers[:], root.level), sys.stderr
    sys.stderr = out
    logs.configure("json")
    sys.stderr = stderr
    yield out
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


@pytest.fixture
async def people(
    campaign: campaigns.GivingCard, sandbox: object, config: Settings, log: io.StringIO
) -> AsyncIterator[Giver]:
    """Givers, a company, a monthly giver and staff leave all that the screens take; no demonstration."""
    site = logs.AccessLog(create_asgi(replace(config, demo=False), with_pool=False))
    transport = httpx.ASGITransport(app=site)  # type: ignore[arg-type]
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url, headers=headers) as browser:
        giver = Giver(browser, sandbox)  # type: ignore[arg-type]
        wish = {"wants_receipt": "on", "receipt_title": NAME, "email": EMAIL, "phone": PHONE}
        hidden = await giver.paid(anonymity="hidden", display_name=NAME, **wish)
        await giver.paid(anonymity="alias", display_name="爱心网友小草", amount="120", **wish)
        await giver.paid(
            donor_kind="company",
            company_name="演示食品有限公司",
            company_uscc="91110000600037341L",
            email=COMPANY_EMAIL,
            phone=PHONE,
        )
        await giver.paid(rhythm="monthly", monthly_by="remind", day="5", amount="30", email=MONTHLY_EMAIL)
        for words in (f"加油，我的电话{SAID_PHONE}", f"我的身份证{SAID_ID}", "祝早日康复"):
            await giver.paid(anonymity="alias", display_name="网友", message=words)
        asked = {"ground": "mistake", "words": f"{NAME}，{PHONE}，{ADDRESS}，{ID_NUMBER}"}
        await browser.post(f"{hidden.path}/refund", data=asked)
        await browser.post("/g", data={"email": EMAIL})
        await browser.get(f"/search?q={PHONE}")
        await staffing.a_member(STAFF, name="工作人员", password=PASSWORD, is_demo=False)
        await browser.post("/staff/sign-in", data={"username": STAFF, "password": PASSWORD})
        await browser.post("/staff/sign-in", data={"username": STAFF, "password": PASSWORD + "x"})
        browser.cookies.clear()
        await work()
        yield giver


def _addresses(config: Settings) -> list[str]:
    """Return an address for every GET route of the site, with its places filled."""
    found = set()
    for route in create_app(config, with_pool=False).routes:
        if isinstance(route, HTTPRoute) and "GET" in route.methods:
            path = route.path
            for name, kind in re.findall(r"{(\w+):(\w+)}", path):
                other = {"uuid": "01900000-0000-7000-8000-000000000001", "int": "2026"}.get(kind, "x")
                path = path.replace(f"{{{name}:{kind}}}", GIVEN.get(name, other))
            found.add(path)
    return sorted(found)


def _told(text: str) -> set[str]:
    plain = html.unescape(unquote(text))
    return {word for word in (*PERSONAL, *SPACED) if word in plain}


async def test_no_page_tells_of_anybody(people: Giver, config: Settings) -> None:
    assert (await counts())["donation"] == 7
    shown = await database.fetch("SELECT message FROM public_gift ORDER BY given_at")
    assert "祝早日康复" in {row["message"] for row in shown}
    numbers = await database.fetch("SELECT number, check_code FROM receipt WHERE kind = 'receipt'")
    addresses = [
        *_addresses(config),
        *(f"/receipts/{row['number']}/{row['check_code']}" for row in numbers),
        *("/nothing-here", "/g/no-such-token", "/give/nope", "/campaigns/nope", "/campaigns?page=2"),
        *("/campaigns/warm-meals/gifts?page=1", "/disclosure/journal?after=1", "/search?q=网友"),
    ]
    assert len(addresses) > 40
    statuses: dict[str, int] = {}
    for address in addresses:
        for headers in ({}, {"HX-Request": "true"}, {"cookie": "lang=en"}):
            reply = await people.browser.get(address, headers=headers)
            statuses[address] = reply.status_code
            assert reply.status_code < 500, address
            body = reply.content.decode("utf-8", "replace") + str(dict(reply.headers))
            assert _told(body) == set(), address
    assert [a for a in ("/", "/campaigns/warm-meals", "/transparency/funds.csv") if statuses[a] != 200] == []
    assert statuses["/outbox"] == 404  # the letters are for demonstrations alone
    assert {s for a, s in statuses.items() if a.startswith("/receipts/2")} <= {200}


async def test_refusals_do_not_repeat_what_others_left(people: Giver) -> None:
    before = await counts()
    for path, form in (
        ("/give", {"c": "warm-meals", "amount": "x"}),
        ("/g", {"email": "nobody"}),
        ("/g/x/undo", {}),
        ("/staff/sign-in", {"username": "x", "password": "y"}),
        ("/campaigns", {}),
        ("/webhooks/stripe", {}),
    ):
        reply = await people.browser.post(path, data=form)
        assert 400 <= reply.status_code < 500, (path, reply.status_code)
        assert _told(reply.text) == set(), path
    assert await counts() == before


async def test_the_log_tells_of_nobody(people: Giver, log: io.StringIO) -> None:
    for path in (f"/g/{TOKEN}", f"/search?q={EMAIL}", f"/{PHONE}", f"/{EMAIL}/"):
        await people.browser.get(path)
    logging.getLogger("any.library").warning("no letter for %s (%s, %s)", EMAIL, PHONE, ID_NUMBER)
    written = log.getvalue()
    assert written.count('"event": "request"') >= 25
    assert _told(written) == set()
    assert TOKEN not in written


async def test_contact_data_is_nowhere_in_the_clear(people: Giver) -> None:
    async with as_owner():
        tables = await database.fetch(
            "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
        )
        found = []
        for table in tables:
            for word in NOWHERE_IN_CLEAR:
                sql = f"SELECT count(*) FROM {table['name']} AS t WHERE to_jsonb(t)::text LIKE {{}}"
                if await database.fetch_value(sql, f"%{word}%"):
                    found.append((table["name"], word))
    assert found == []
