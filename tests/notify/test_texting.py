"""Text messages: short, in both languages, through a real HTTP gateway, never at night without need."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from cishan import gateways, settings
from cishan.kernel import clock
from cishan.kernel.quiet import quiet_hours
from cishan.notify import actions, queries, rules
from cishan.notify import jobs as letter_jobs
from cishan.notify.queries import LetterView
from cishan.notify.rules import events, texting
from cishan.notify.rules.events import Event
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from tests.notify.letters import CHECK, EVERY_LETTER
from tests.notify.people import a_person
from tests.notify.provider import Provider

MOBILE = "+8613800138000"
NOON, NIGHT = (datetime.fromisoformat(f"2026-11-22T{t}+08:00") for t in ("12:00:00", "23:30:00"))


@pytest.fixture
async def provider(config: settings.Settings) -> AsyncIterator[Provider]:
    """A running provider to which the gateway is pointed."""
    provider = Provider()
    await provider.open()
    gateways.use(replace(config, sms_url=provider.url, sms_token="t0ken"))
    yield provider
    provider.close()


async def tell(
    event: Event = events.ACCOUNT_SAFETY, letter: rules.Letter = CHECK, language: str = "zh-CN"
) -> UUID:
    person = await a_person(mobile=MOBILE)
    await database.fetch(
        "INSERT INTO message_wish (id, person, event, channel, wanted)"
        " VALUES (gen_random_uuid(), {}, {}, 'mobile', true)",
        person,
        event.code,
    )
    async with atomic():
        await actions.tell(key="k", person_id=person, event=event, letter=letter, language=language)
    return person


async def only() -> LetterView:
    (letter,) = await queries.newest()
    return letter


@pytest.mark.parametrize("letter", EVERY_LETTER, ids=lambda letter: letter.template)
async def test_every_letter_fits_a_text_message_in_both_languages(
    db: None, config: settings.Settings, letter: rules.Letter
) -> None:
    texts = {}
    for language in ("zh-CN", "en"):
        async with database.atomic():
            await tell(letter=letter, language=language)
            text = await only()
            await database.fetch("DELETE FROM account")
            await database.fetch("DELETE FROM letter")
        assert text.sms is not None
        texts[language] = text.sms.text
    assert texts["zh-CN"].startswith("【德州慈善总会】")
    assert texts["zh-CN"].endswith("。请登录网站查看。")
    assert texting.parts(texts["zh-CN"]) == 1, texts["zh-CN"]
    assert texting.parts(texts["en"]) <= texting.MAX_PARTS, texts["en"]
    words = texts["en"].removeprefix("[德州慈善总会] ")
    assert not re.search(r"[\u4e00-\u9fff]", words), words
    assert not re.search(r"https?:|2026-0017|G20261122", texts["zh-CN"] + texts["en"])


async def test_the_code_for_signing_in_fits_too(db: None, config: settings.Settings) -> None:
    from cishan.identity.actions.codes import ask_code
    from cishan.kernel.contacts import contact

    for number, (language, most) in enumerate((("zh-CN", 1), ("en", texting.MAX_PARTS))):
        await ask_code(contact(f"138001380{number:02d}"), address=f"192.0.2.{number}", language=language)
        await jobs.work_off()
        text = (await queries.newest(limit=1))[0].sms
        assert text is not None
        assert texting.parts(text.text) <= most, text.text


@pytest.mark.parametrize(("length", "parts"), [(1, 1), (65, 1), (66, 2), (130, 2), (131, 3)])
def test_a_part_has_sixty_five_characters(length: int, parts: int) -> None:
    assert texting.parts("字" * length) == parts


async def test_a_text_message_arrives_whole(db: None, provider: Provider) -> None:
    await tell()
    await jobs.work_off()
    letter = await only()
    assert (letter.state, letter.tries) == ("sent", 1)
    ((headers, body),) = provider.seen
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["idempotency-key"] == str(letter.id)
    assert headers["content-type"] == "application/json"
    assert body == {
        "id": str(letter.id),
        "to": MOBILE,
        "text": "【德州慈善总会】有事项待您审核。请登录网站查看。",
    }


async def test_a_provider_that_is_down_is_tried_again_and_one_that_refuses_is_not(
    db: None, provider: Provider
) -> None:
    with clock.fixed(NOON):
        provider.status = 503
        await tell()
        await jobs.work_off()
        letter = await only()
        assert (letter.state, letter.last_error) == ("waiting", "the SMS gateway said 503")
    provider.status = 422
    with clock.fixed(NOON + timedelta(minutes=3)):
        await letter_jobs.sweep()
        assert await jobs.work_off() == 1
    letter = await only()
    assert (letter.state, letter.tries, letter.last_error) == ("failed", 2, "the SMS gateway said 422")
    since = clock.now() - timedelta(days=3650)
    assert await queries.count_undelivered(since=since) == 1
    (lost,) = await queries.undelivered(since=since)
    assert (lost.id, lost.channel, lost.tries) == (letter.id, "mobile", 2)
    assert provider.seen == []


async def test_at_night_only_what_is_urgent_rings(db: None, provider: Provider) -> None:
    with clock.fixed(NIGHT):
        await tell(events.CHECK_WANTED)
        await jobs.work_off()
    sleeping = await only()
    assert (sleeping.state, sleeping.tries, provider.seen) == ("waiting", 0, [])
    with clock.fixed(NIGHT + timedelta(hours=8)):  # half past seven
        await letter_jobs.sweep()
        assert await jobs.work_off() == 0
    with clock.fixed(NIGHT + timedelta(hours=8, minutes=32)):
        await letter_jobs.sweep()
        assert await jobs.work_off() == 1
    awake = await only()
    assert (awake.state, awake.tries, len(provider.seen)) == ("sent", 1, 1)


async def test_what_protects_an_account_rings_at_night(db: None, provider: Provider) -> None:
    with clock.fixed(NIGHT):
        await tell(events.ACCOUNT_SAFETY)
        await jobs.work_off()
    assert len(provider.seen) == 1


async def test_without_quiet_hours_nothing_waits(db: None, provider: Provider) -> None:
    gateways.use(replace(gateways.settings(), sms_quiet_hours=None))
    with clock.fixed(NIGHT):
        await tell(events.CHECK_WANTED)
        await jobs.work_off()
    assert len(provider.seen) == 1


@pytest.mark.parametrize(
    ("hours", "moment", "over"),
    [
        ("21:00-08:00", "2026-11-22T20:59:59", None),
        ("21:00-08:00", "2026-11-22T21:00:00", "2026-11-23T08:00:00"),
        ("21:00-08:00", "2026-11-23T00:00:00", "2026-11-23T08:00:00"),
        ("21:00-08:00", "2026-11-23T07:59:59", "2026-11-23T08:00:00"),
        ("21:00-08:00", "2026-11-23T08:00:00", None),
        ("21:00-08:00", "2026-12-31T23:00:00", "2027-01-01T08:00:00"),
        ("12:00-14:00", "2026-11-22T13:00:00", "2026-11-22T14:00:00"),
        ("12:00-14:00", "2026-11-22T14:00:00", None),
        ("12:00-12:00", "2026-11-22T12:00:00", None),
    ],
)
def test_quiet_hours_end_when_they_say(hours: str, moment: str, over: str | None) -> None:
    quiet = quiet_hours(hours)
    assert quiet is not None
    expected = datetime.fromisoformat(f"{over}+08:00") if over else None
    assert quiet.over_at(datetime.fromisoformat(f"{moment}+08:00")) == expected


@pytest.mark.parametrize("text", ["21-8", "24:00-08:00", "21:00-08:60", "always", "21:00 - 08:00"])
def test_quiet_hours_that_are_none_stop_the_start(text: str) -> None:
    with pytest.raises(settings.SettingsError, match="SMS_QUIET_HOURS"):
        settings.load({"SMS_QUIET_HOURS": text})
    assert settings.load({"SMS_QUIET_HOURS": ""}).sms_quiet_hours is None


KILLED = """
import asyncio, os, sys
from cishan import gateways, settings
from cishan.notify import jobs
gateways.use(settings.load(os.environ))
asyncio.run(jobs.deliver(sys.argv[1]))
"""


async def test_a_worker_killed_after_the_provider_took_it_sends_a_twin_that_the_provider_drops(
    racing: str, provider: Provider
) -> None:
    await tell()
    letter = await only()
    environ = {
        **os.environ,
        "DATABASE_URL": racing,
        "SMS_URL": provider.url,
        "SECRET_KEY": gateways.settings().secret_key,
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(letter.id), env=environ)
    provider.on_message = lambda: os.kill(worker.pid, signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL
    assert ((await only()).state, len(provider.seen)) == ("waiting", 1)

    provider.on_message = lambda: None
    with clock.fixed(clock.now() + rules.LEASE + timedelta(minutes=2)):
        await letter_jobs.sweep()
        await jobs.work_off()
    assert (await only()).state == "sent"
    first, second = (headers["idempotency-key"] for headers, _ in provider.seen)
    assert first == second == str(letter.id)
    assert provider.rung == ["【德州慈善总会】有事项待您审核。请登录网站查看。"]
