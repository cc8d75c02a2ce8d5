"""One's own inbox: what stands in it, who may see it, and the number beside the bell."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cishan.kernel import clock, ids
from cishan.notify import actions, jobs
from cishan.notify.actions import wishes
from cishan.notify.queries import inbox
from cishan.notify.rules import events
from cishan.plumbing import db as database
from cishan.plumbing.db import atomic
from tests.identity.entering import register
from tests.notify.letters import CHECK, THANKS
from tests.notify.people import a_person

PAGE = {"accept": "text/html"}


async def me() -> UUID:
    """Return who registered last."""
    found: UUID = await database.fetch_value("SELECT id FROM person ORDER BY created_at DESC LIMIT 1")
    return found


async def told(person_id: UUID, number: int = 1) -> list[UUID]:
    """Tell somebody so many things, a minute apart; return the ids, the oldest first."""
    start = clock.now()
    for n in range(number):
        with clock.fixed(start + timedelta(minutes=n)):
            async with atomic():
                await actions.tell(
                    key=f"told:{ids.new_id()}",
                    person_id=person_id,
                    event=events.CHECK_WANTED,
                    letter=CHECK if n % 2 else THANKS,
                )
    rows = await database.fetch("SELECT id FROM message WHERE person = {} ORDER BY created_at", person_id)
    return [row["id"] for row in rows]


def listed(page: str) -> list[str]:
    return re.findall(r'<a href="/inbox/([0-9a-f-]{36})"', page)


async def test_whoever_is_not_signed_in_is_led_to_the_door(client: httpx.AsyncClient) -> None:
    for path, door in (
        ("/inbox", "%2Finbox"),
        (f"/inbox/{ids.new_id()}", "%2Finbox%2F"),
        ("/account/messages", ""),
    ):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next=")
        assert door in answer.headers["location"]
    assert (await client.post("/inbox/read-all")).status_code == 303


async def test_an_empty_inbox_says_so(client: httpx.AsyncClient) -> None:
    await register(client)
    answer = await client.get("/inbox")
    assert answer.status_code == 200
    assert "暂无消息" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_unread_messages_stand_first_and_opening_one_reads_it(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    first, second, third = await told(person, 3)
    assert listed((await client.get("/inbox")).text) == [str(third), str(second), str(first)]
    page = await client.get(f"/inbox/{third}")
    assert "您的捐款已到账，谢谢您！" in page.text
    assert '<dl class="summary-list">' in page.text
    assert "https://cishan.example/g/secret-of-the-gift" in page.text
    assert listed((await client.get("/inbox")).text) == [str(second), str(first), str(third)]
    assert listed((await client.get("/inbox?show=unread")).text) == [str(second), str(first)]
    assert await inbox.unread(person) == 2


async def test_a_browser_that_only_fetches_ahead_reads_nothing(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    (one,) = await told(person)
    await client.get(f"/inbox/{one}", headers={"sec-purpose": "prefetch;prerender"})
    assert await inbox.unread(person) == 1


async def test_all_can_be_marked_as_read_at_once_and_only_ones_own(client: httpx.AsyncClient) -> None:
    other = await a_person()
    await told(other, 2)
    await register(client)
    person = await me()
    await told(person, 2)
    answer = await client.post("/inbox/read-all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert (await inbox.unread(person), await inbox.unread(other)) == (0, 2)
    assert "消息已全部读完" in (await client.get("/inbox?show=unread")).text


async def test_anothers_message_is_not_found_and_stays_unread(client: httpx.AsyncClient) -> None:
    other = await a_person()
    (theirs,) = await told(other)
    await register(client)
    answer = await client.get(f"/inbox/{theirs}")
    assert answer.status_code == 404
    assert "2026-0017" not in answer.text
    assert await inbox.unread(other) == 1


async def test_a_long_inbox_is_paged(client: httpx.AsyncClient) -> None:
    await register(client)
    all_of_them = [str(one) for one in reversed(await told(await me(), 45))]
    pages = [listed((await client.get(f"/inbox?page={n}")).text) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert [one for page in pages for one in page] == all_of_them
    assert listed((await client.get("/inbox?page=999999999999999999999")).text) == pages[2]
    assert listed((await client.get("/inbox?page=-3")).text) == pages[0]
    assert (await client.get("/inbox?page=x")).status_code == 400
    assert (await client.get("/inbox?show=theirs")).status_code == 400


async def test_the_bell_tells_how_many_are_unread_on_every_page(client: httpx.AsyncClient) -> None:
    assert "/inbox" not in (await client.get("/about", headers=PAGE)).text
    await register(client)
    assert "bell-count" not in (await client.get("/about", headers=PAGE)).text
    person = await me()
    one, *_ = await told(person, 3)
    assert ">3</span>" in (await client.get("/about", headers=PAGE)).text
    assert ">2</span>" in (await client.get(f"/inbox/{one}", headers=PAGE)).text
    await client.post("/inbox/read-all")
    page = (await client.get("/about", headers=PAGE)).text
    assert 'href="/inbox"' in page
    assert "bell-count" not in page


async def test_more_than_a_hundred_are_not_counted_out(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    (one,) = await told(person)
    await database.fetch(
        "INSERT INTO message (id, key, person, event, language, created_at, content_enc)"
        " SELECT gen_random_uuid(), n::text, person, event, language, created_at, content_enc"
        " FROM message, generate_series(1, 130) AS n WHERE id = {}",
        one,
    )
    assert ">99+</span>" in (await client.get("/about", headers=PAGE)).text


async def test_a_stranger_and_a_part_of_a_page_cost_no_query(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    run = database.engine().run_querystring

    async def counted(querystring: object, *given: object, **named: object) -> object:
        asked.append(str(querystring))
        return await run(querystring, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(database.engine()), "run_querystring", lambda _, *a, **k: counted(*a, **k))
    await client.get("/about", headers=PAGE)
    assert asked == []
    monkeypatch.undo()
    await register(client)
    monkeypatch.setattr(type(database.engine()), "run_querystring", lambda _, *a, **k: counted(*a, **k))
    await client.get("/about", headers={**PAGE, "hx-request": "true"})
    assert asked == []
    await client.get("/about", headers=PAGE)
    assert len(asked) == 2  # whose session it is, and how many are unread


async def test_messages_of_two_years_ago_are_gone_and_younger_ones_are_not(client: httpx.AsyncClient) -> None:
    person = await a_person()
    await told(person)
    with clock.fixed(clock.now() + timedelta(days=730)):
        await jobs.forget()
        assert (await inbox.inbox(person)).total == 1
    with clock.fixed(clock.now() + timedelta(days=732)):
        await jobs.forget()
    assert (await inbox.inbox(person)).total == 0


STEPS = st.lists(st.sampled_from(["tell", "read newest", "read oldest", "read all"]), max_size=12)


def _walks(number: int) -> list[list[str]]:
    found: list[list[str]] = []

    @settings(max_examples=number, database=None)
    @given(STEPS)
    def collect(steps: list[str]) -> None:
        found.append(steps)

    collect()
    return found


async def test_the_bell_always_tells_the_number_of_unread_messages(db: None, config: object) -> None:
    for steps in _walks(25):
        person, unread, all_told = await a_person(), set(), []
        for step in steps:
            if step == "tell":
                all_told = await told(person)
                unread.add(all_told[-1])
            elif step == "read all":
                await wishes.mark_all_read(person)
                unread.clear()
            elif all_told:
                one = all_told[-1 if step == "read newest" else 0]
                await wishes.mark_read(person, one)
                unread.discard(one)
            box = await inbox.inbox(person)
            assert (box.unread, await inbox.unread(person)) == (len(unread), len(unread)), steps
            assert {m.id for m in box.messages if not m.read_at} == unread, steps
