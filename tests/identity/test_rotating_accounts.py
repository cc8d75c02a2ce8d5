"""While keys are rotated, everybody gets in: those under the old key, and those under the new one."""

import os

import httpx
import pytest

from cishan import gateways, settings
from cishan.identity.actions.accounts import account_of, sign_in
from cishan.identity.actions.codes import ask_code
from cishan.identity.queries.reach import person_reached_by
from cishan.identity.tables.accounts import Account, OneTimeCode
from cishan.kernel.contacts import contact
from cishan.kernel.errors import Conflict, TooMany
from cishan.plumbing import crypto, rotation
from tests.identity.entering import newest_code, prove, register

OLD, NEW = "test-secret-key-test-secret-key-0", "n" * 32
PASSWORD = "correct horse battery"
PEOPLE = ("138 0013 8000", "139 0013 9000", "giver@example.org")


class Killed(Exception):
    """The command was stopped in the midst of its work."""


def _die(after: str) -> None:
    if after.startswith("account."):
        raise Killed


async def test_a_rotation_that_stops_midway_locks_nobody_out_and_doubles_nobody(
    client: httpx.AsyncClient, config: settings.Settings
) -> None:
    for person in PEOPLE:
        client.cookies.clear()
        await register(client, person, password=PASSWORD)
    await OneTimeCode.delete(force=True)
    gateways.use(settings.load({**os.environ, "SECRET_KEY": OLD, "DATA_KEYS": f"{NEW},{OLD}"}))
    with pytest.raises(Killed):
        await rotation.rotate(batch=1, say=_die)
    keys = {bytes(row["mobile_enc"] or row["email_enc"])[0] for row in await Account.select()}
    assert len(keys) == 2
    for person in PEOPLE:
        assert await account_of(contact(person)) is not None
        assert await person_reached_by(contact(person)) is not None
        assert await sign_in(login=person, password=PASSWORD, address="10.0.0.1")
        client.cookies.clear()
        assert (await prove(client, person)).headers["location"] == "/account"
    assert await Account.count() == len(PEOPLE)
    with pytest.raises(TooMany):  # the pause between two codes holds under either key
        await ask_code(contact(PEOPLE[0]), address="10.0.0.2", language="zh-CN")
    done = {column.name: column for column in await rotation.rotate(say=lambda _: None)}
    assert done["account.mobile_enc"].renewed + done["account.email_enc"].renewed == len(PEOPLE) - 1
    gateways.use(settings.load({**os.environ, "SECRET_KEY": OLD, "DATA_KEYS": NEW}))
    for person in PEOPLE:
        assert await account_of(contact(person)) is not None
    assert crypto.present_key_id() in keys


async def test_nobody_registers_twice_because_the_key_changed(client: httpx.AsyncClient) -> None:
    await register(client, PEOPLE[0])
    client.cookies.clear()
    await register(client, PEOPLE[1])
    await OneTimeCode.delete(force=True)
    gateways.use(settings.load({**os.environ, "SECRET_KEY": OLD, "DATA_KEYS": f"{NEW},{OLD}"}))
    await client.post("/account/contacts", data={"contact": PEOPLE[0]})
    code = await newest_code(client)
    answer = await client.post("/account/contacts/check", data={"code": code})
    assert answer.status_code == Conflict.status
    assert await Account.count() == 2
