"""Another data key: everything comes under it, whenever the command is killed, and stays readable."""

import asyncio
import os
import re
import subprocess
import sys
from uuid import UUID

import pytest

from cishan import gateways, piccolo_app, settings
from cishan.donations.queries import contacts
from cishan.donations.queries.finding import gifts_of
from cishan.plumbing import crypto, rotation
from cishan.plumbing import db as database
from cishan.plumbing.sealed import REGISTRY
from tests.conftest import as_owner
from tests.donations.paid_gifts import EMAIL, a_gift

OLD, NEW = "o" * 32, "n" * 32
GIFTS = 60
assert piccolo_app.APP_CONFIG


def _use(data_keys: str) -> None:
    gateways.use(settings.load({**os.environ, "SECRET_KEY": OLD, "DATA_KEYS": data_keys}))


def _command(*words: str, url: str, keys: str = f"{NEW},{OLD}") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "cishan.cli", "rotate-keys", *words],
        env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": OLD, "DATA_KEYS": keys},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def _under(key_id: int) -> int:
    sql = "SELECT count(*) FROM donation WHERE get_byte(contact_email_enc, 0) = {}"
    return int(await database.fetch_value(sql, key_id))


async def test_every_encrypted_column_is_declared(db: None) -> None:
    rows = await database.fetch(
        "SELECT table_schema || '.' || table_name || '.' || column_name AS name"
        "  FROM information_schema.columns WHERE column_name LIKE '%\\_enc' AND data_type = 'bytea'"
    )
    assert {row["name"].removeprefix("public.") for row in rows} == set(REGISTRY)


@pytest.mark.slow
async def test_a_killed_rotation_is_finished_by_the_next(racing: str) -> None:
    _use("")
    old = crypto.present_key_id()
    ids = [await a_gift(1_000, email=f"giver{n % 7}@example.org") for n in range(GIFTS)]
    _use(f"{NEW},{OLD}")
    new = crypto.present_key_id()

    for deaths in range(3):
        running = await asyncio.to_thread(_command, "--batch", "1", url=racing)
        assert running.stdout is not None
        lines = 0
        while lines < 4 and "donation." in await asyncio.to_thread(running.stdout.readline):
            lines += 1
        running.kill()  # SIGKILL, in the midst of its work
        await asyncio.to_thread(running.communicate)
        done = await _under(new)
        assert lines == 4, deaths
        assert 4 * (deaths + 1) <= done < GIFTS
        assert done + await _under(old) == GIFTS
        # Meanwhile nobody is lost, under whichever key they are.
        assert len(await gifts_of(contacts.email_indexes("giver3@example.org"))) == 9
        assert await contacts.gift_email(ids[0]) == "giver0@example.org"
        assert await contacts.gift_email(ids[-1]) == f"giver{(GIFTS - 1) % 7}@example.org"

    running = await asyncio.to_thread(_command, url=racing)
    said, _ = await asyncio.to_thread(running.communicate)
    assert running.returncode == 0, said
    assert f"donation.contact_email_enc: {GIFTS} values\n" in said
    assert said.endswith("Everything is under the present key.\n")
    assert (await _under(new), await _under(old)) == (GIFTS, 0)

    _use(NEW)  # the old key may go
    assert len(await gifts_of([contacts.email_index("giver3@example.org")])) == 9
    for number, gift in enumerate(ids):
        assert await contacts.gift_email(gift) == f"giver{number % 7}@example.org"
    again = await asyncio.to_thread(_command, "--verify", url=racing, keys=NEW)
    said, _ = await asyncio.to_thread(again.communicate)
    assert (again.returncode, re.findall(r"\d+ of \d+", said)) == (0, [])


async def test_what_is_not_right_is_named_and_left_as_it_is(db: None) -> None:
    _use("")
    good, moved, strange = [await a_gift(1_000) for _ in range(3)]
    other = await database.fetch_value("SELECT contact_email_enc FROM donation WHERE id = {}", good)
    await database.fetch("UPDATE donation SET contact_email_enc = {} WHERE id = {}", other, moved)
    _use(f"{NEW},{OLD}")
    await database.fetch(
        "UPDATE donation SET contact_email_enc = {}, contact_email_index = {} WHERE id = {}",
        crypto.seal(EMAIL, place=contacts.EMAIL, row=strange),
        b"x" * 16,
        strange,
    )
    said: list[str] = []
    email = {c.name: c for c in await rotation.rotate(say=said.append)}["donation.contact_email_enc"]
    assert (email.renewed, email.unreadable) == (1, [moved])
    assert said == ["donation.contact_email_enc: 1 of 2"]
    found = {c.name: c for c in await rotation.verify()}["donation.contact_email_enc"]
    assert (found.values, found.old, found.unreadable, found.wrong_index) == (3, 1, [moved], [strange])
    assert not found.whole
    assert await _value(moved) == other
    assert await contacts.gift_email(good) == EMAIL


async def test_an_index_that_a_column_got_later_is_made_by_the_next_rotation(db: None) -> None:
    _use("")
    with_phone, without = await a_gift(1_000), await a_gift(1_000)
    await database.fetch(
        "UPDATE donation SET contact_phone_enc = {} WHERE id = {}",
        crypto.seal("+8613812348000", place=contacts.PHONE, row=with_phone),
        with_phone,
    )
    before = {c.name: c for c in await rotation.verify()}["donation.contact_phone_enc"]
    assert (before.values, before.wrong_index, before.whole) == (1, [with_phone], False)
    said: list[str] = []
    await rotation.rotate(say=said.append)
    assert said == ["donation.contact_phone_enc: 1 of 1"]
    assert all(column.whole for column in await rotation.verify())
    rows = await database.fetch("SELECT id, contact_phone_index AS index FROM donation ORDER BY id")
    assert {row["id"]: row["index"] for row in rows} == {
        with_phone: contacts.phone_index("+8613812348000"),
        without: None,
    }
    await rotation.rotate(say=said.append)
    assert len(said) == 1


async def _value(gift: UUID) -> bytes:
    return bytes(await database.fetch_value("SELECT contact_email_enc FROM donation WHERE id = {}", gift))


async def test_the_application_may_rotate_without_being_the_owner(db: None) -> None:
    _use("")
    await a_gift(1_000)
    _use(f"{NEW},{OLD}")
    assert await database.fetch_value("SELECT current_user") == settings.APP_ROLE
    await rotation.rotate(say=lambda _: None)
    assert all(column.whole for column in await rotation.verify())
    async with as_owner():
        assert await _under(crypto.present_key_id()) == 1
