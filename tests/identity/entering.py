"""Getting into an account, as tests need it."""

import re

import httpx

from cishan.plumbing import jobs

MOBILE, EMAIL = "138 0013 8000", "Giver@Example.org"


async def newest_code(client: httpx.AsyncClient) -> str:
    """Have letters delivered to the outbox and read the six digits of the newest one there."""
    await jobs.work_off()
    outbox = (await client.get("/outbox")).text
    newest = re.search(r'href="(/outbox/[0-9a-f-]{36})"', outbox)
    assert newest
    words = (await client.get(newest[1])).text
    found = re.search(r"(?<![0-9+-])([0-9]{6})(?![0-9])", words.partition("letter-text")[2])
    assert found, words
    return found[1]


async def letters(client: httpx.AsyncClient) -> list[str]:
    """Have letters delivered to the outbox and return the pages of all of them, the newest first."""
    await jobs.work_off()
    outbox = (await client.get("/outbox")).text
    found = re.findall(r'href="(/outbox/[0-9a-f-]{36})"', outbox)
    return [(await client.get(path)).text for path in dict.fromkeys(found)]


async def prove(client: httpx.AsyncClient, contact: str) -> httpx.Response:
    """Ask for a code and enter it; return the answer."""
    asked = await client.post("/sign-in/code", data={"contact": contact})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in/code")
    return await client.post("/sign-in/code/check", data={"code": await newest_code(client)})


async def register(client: httpx.AsyncClient, contact: str = MOBILE, *, password: str = "") -> None:
    """Register with a contact and stay signed in."""
    proved = await prove(client, contact)
    assert (proved.status_code, proved.headers["location"]) == (303, "/register")
    form = {"name": "张某某", "password": password, "adult": "1", "agree": "1"}
    made = await client.post("/register", data=form)
    assert (made.status_code, made.headers["location"]) == (303, "/account")
