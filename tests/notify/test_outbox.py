"""The outbox page of a demonstration."""

import re
from dataclasses import replace

import httpx
import pytest

from cishan import settings
from cishan.gateways.mail import Attachment
from cishan.kernel import ids
from cishan.main import create_asgi
from cishan.notify import actions, queries
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from tests.notify.letters import GIFT, THANKS

RECEIPT = Attachment("捐赠收据.pdf", "application/pdf", b"%PDF-1.7 test")


@pytest.fixture
async def letter_id(client: httpx.AsyncClient) -> str:
    """A letter with an attachment that stays in the outbox."""
    async with atomic():
        await actions.send(
            key="k", to_email="giver@example.org", language="zh-CN", letter=THANKS, attachments=[RECEIPT]
        )
    await jobs.work_off()
    return str((await queries.newest())[0].id)


async def test_an_empty_outbox_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/outbox")
    assert answer.status_code == 200
    assert "还没有信件" in answer.text


async def test_letters_are_listed_and_kept_out_of_search_engines(
    client: httpx.AsyncClient, letter_id: str
) -> None:
    answer = await client.get("/outbox")
    assert f'href="/outbox/{letter_id}"' in answer.text
    assert "giver@example.org" in answer.text
    assert "留存于此" in answer.text
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.text


async def test_the_links_of_a_letter_can_be_followed(client: httpx.AsyncClient, letter_id: str) -> None:
    page = (await client.get(f"/outbox/{letter_id}")).text
    assert f'<a href="{GIFT}"' in page
    (attached,) = re.findall(r'href="(/outbox/[^"]+/attachments/0)"', page)
    file = await client.get(attached)
    assert file.content == RECEIPT.content
    assert file.headers["content-type"] == "application/pdf"
    disposition = "inline; filename*=UTF-8''%E6%8D%90%E8%B5%A0%E6%94%B6%E6%8D%AE.pdf"
    assert file.headers["content-disposition"] == disposition
    assert (await client.get(attached[:-1] + "1")).status_code == 404


async def test_the_letter_as_sent_may_use_its_own_style_and_nothing_else(
    client: httpx.AsyncClient, letter_id: str
) -> None:
    answer = await client.get(f"/outbox/{letter_id}/html")
    policy = answer.headers["content-security-policy"]
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]{44}';", policy)
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


async def test_outside_a_demonstration_there_is_no_outbox(
    client: httpx.AsyncClient, config: settings.Settings, letter_id: str
) -> None:
    transport = httpx.ASGITransport(app=create_asgi(replace(config, demo=False), with_pool=False))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url) as visitor:
        for path in ("", f"/{letter_id}", f"/{letter_id}/html", f"/{letter_id}/attachments/0"):
            answer = await visitor.get(f"/outbox{path}")
            assert answer.status_code == 404
            assert "giver@example.org" not in answer.text


async def test_an_unknown_letter_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/outbox/{ids.new_id()}")).status_code == 404
    assert (await client.get("/outbox/no-uuid")).status_code == 404
