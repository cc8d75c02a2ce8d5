"""Whatever dies or is tried again, in any order: told once, sent at least once, twins only after a death."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cishan import gateways
from cishan import settings as house
from cishan.gateways import mail, sms
from cishan.kernel import clock
from cishan.notify import actions, rules
from cishan.notify import jobs as letter_jobs
from cishan.notify.actions import delivery
from cishan.notify.queries import inbox
from cishan.notify.rules import events
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from tests.notify.letters import CHECK
from tests.notify.people import a_person
from tests.notify.postman import Postman, open_office
from tests.notify.provider import Provider

START = datetime.fromisoformat("2026-11-22T04:00:00+00:00")
STEPS = (
    "tell",
    "work",
    "die with a letter in hand",
    "die after it was taken",
    "busy",
    "deliver twice",
    "a minute",
    "a lease",
    "sweep",
    "lose the queue",
)


class Undone(Exception):
    """Ends an example."""


@dataclass
class World:
    """Both servers, the clock, and how often a worker died after a letter was taken."""

    postman: Postman
    provider: Provider
    now: datetime = START
    deaths: Counter[str] = field(default_factory=Counter)

    def sent(self) -> Counter[str]:
        """Return how often each letter was taken, by its id."""
        mails = [str(message["Message-ID"])[1:].partition("@")[0] for message in self.postman.seen]
        return Counter([*mails, *(body["id"] for _, body in self.provider.seen)])


@pytest.fixture
async def world(db: None, config: house.Settings) -> AsyncIterator[World]:
    office = await open_office(Postman())
    provider = Provider()
    await provider.open()
    gateways.use(replace(config, smtp_url=office.url, sms_url=provider.url))
    yield World(office.postman, provider)
    office.close()
    provider.close()


async def letters() -> list[UUID]:
    return [row["id"] for row in await database.fetch("SELECT id FROM letter ORDER BY channel")]


async def step(world: World, name: str, person: UUID, which: int) -> None:
    with clock.fixed(world.now):
        known = await letters()
        one = known[which % len(known)] if known else None
        match name:
            case "tell":
                async with atomic():
                    await actions.tell(key="k", person_id=person, event=events.ACCOUNT_SAFETY, letter=CHECK)
            case "work":
                await jobs.work_off()
            case "busy":
                world.postman.data_answer, world.provider.status = "451 later", 503
                taken = len(world.postman.seen)
                await jobs.work_off()
                del world.postman.seen[taken:]  # what a server did not take it does not deliver
                world.postman.data_answer, world.provider.status = "250 OK", 202
            case "sweep":
                await letter_jobs.sweep()
            case "lose the queue":
                await database.fetch("DELETE FROM procrastinate_jobs")
            case "deliver twice" if one is not None:
                await letter_jobs.deliver(str(one))
                await letter_jobs.deliver(str(one))
            case "die with a letter in hand" if one is not None:
                await delivery.take(one)
            case "die after it was taken" if one is not None:
                await _die_after(world, one)
            case "a minute":
                world.now += timedelta(minutes=1)
            case "a lease":
                world.now += rules.LEASE + timedelta(minutes=2)


async def _die_after(world: World, letter_id: UUID) -> None:
    """Do what the job does up to the other side's answer, and note nothing."""
    letter = await delivery.take(letter_id)
    if letter is None:
        return
    if letter.mail is not None:
        await mail.deliver(letter.mail)
    elif letter.sms is not None:
        await sms.deliver(letter.sms)
    world.deaths[str(letter_id)] += 1


def examples(number: int) -> list[list[tuple[str, int]]]:
    found: list[list[tuple[str, int]]] = []

    @settings(max_examples=number, database=None)
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), min_size=3, max_size=14))
    def collect(steps: list[tuple[str, int]]) -> None:
        found.append(steps)

    collect()
    return found


async def test_no_order_of_deaths_and_retries_loses_or_doubles_a_message(world: World) -> None:
    twins = 0
    for steps in examples(40):
        world.postman.seen.clear()
        world.provider.seen.clear()
        world.deaths.clear()
        world.now = START
        with pytest.raises(Undone):
            async with atomic():
                await _live_through(world, [("tell", 0), *steps])
                twins += sum(world.deaths.values())
                raise Undone
    assert twins > 10  # the examples do reach the one case in which a twin is sent


async def _live_through(world: World, steps: list[tuple[str, int]]) -> None:
    person = await a_person(email="giver@example.org", mobile="+8613800138000")
    for name, which in steps:
        await step(world, name, person, which)
        for letter, times in world.sent().items():
            assert times <= 1 + world.deaths[letter], (steps, name)
    for _ in range(rules.MAX_TRIES):  # then nothing goes wrong any more
        world.now += rules.LONGEST_PAUSE + timedelta(minutes=2)
        await step(world, "sweep", person, 0)
        await step(world, "work", person, 0)
    rows = await database.fetch("SELECT id::text, channel, state FROM letter ORDER BY channel")
    assert [(row["channel"], row["state"]) for row in rows] == [("email", "sent"), ("mobile", "sent")], steps
    sent = world.sent()
    assert set(sent) == {row["id"] for row in rows}, steps
    assert len(world.provider.rung) == 1, steps
    assert (await inbox.inbox(person)).total == 1, steps
