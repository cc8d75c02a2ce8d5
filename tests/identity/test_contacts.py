"""A second contact, or another in place of the first: proved by a code, told to the old one."""

from datetime import timedelta

import httpx
import pytest

from cishan.audit import queries as history
from cishan.identity.actions.accounts import account_of
from cishan.identity.queries import accounts as queries
from cishan.identity.tables.accounts import Account, OneTimeCode
from cishan.identity.tables.factors import ReplacedContact
from cishan.kernel import clock
from cishan.kernel.contacts import contact
from cishan.plumbing import db as database
from tests.identity.entering import EMAIL, MOBILE, letters, newest_code, prove, register

PASSWORD = "correct horse battery"


async def _change(client: httpx.AsyncClient, to: str) -> httpx.Response:
    asked = await client.post("/account/contacts", data={"contact": to})
    assert (asked.status_code, asked.headers["location"]) == (303, "/account/contacts/check")
    assert (await client.get("/account/contacts/check")).status_code == 200
    return await client.post("/account/contacts/check", data={"code": await newest_code(client)})


@pytest.mark.parametrize(("first", "second"), [(MOBILE, EMAIL), (EMAIL, MOBILE)])
async def test_a_second_contact_is_proved_by_a_code_and_then_signs_in(
    client: httpx.AsyncClient, first: str, second: str
) -> None:
    await register(client, first, password=PASSWORD)
    done = await _change(client, second)
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    page = (await client.get("/account")).text
    assert "138****8000, g**@example.org" in page
    assert await ReplacedContact.count() == 0
    client.cookies.clear()
    answer = await client.post("/sign-in", data={"login": second, "password": PASSWORD})
    assert answer.status_code == 303
    await OneTimeCode.delete(force=True)
    client.cookies.clear()
    assert (await prove(client, second)).headers["location"] == "/account"
    assert await Account.count() == 1
    (account,) = await Account.select(Account.id)
    steps = [(s.event, s.from_state, s.to_state) for s in await history.history_of("account", account["id"])]
    assert ("change_contact", "", contact(second).channel) in steps


async def test_a_new_number_takes_the_place_of_the_old_one_which_is_told(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    mine = client.cookies["session"]
    client.cookies.clear()
    await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD})
    assert (await _change(client, "139 0013 9000")).status_code == 303
    assert await queries.visitor_of(mine) is None
    assert await account_of(contact(MOBILE)) is None
    (row,) = await database.fetch("SELECT replaced_contact::text AS whole FROM replaced_contact")
    assert "13800138000" not in row["whole"]
    told = [letter for letter in await letters(client) if "手机号或邮箱已更换" in letter]
    assert sorted("+8613800138000" in letter for letter in told) == [False, True]
    assert sorted("+8613900139000" in letter for letter in told) == [False, True]
    assert await ReplacedContact.count() == 0
    await OneTimeCode.delete(force=True)
    client.cookies.clear()
    assert (await prove(client, MOBILE)).headers["location"] == "/register"


async def test_a_contact_of_another_account_stays_there(client: httpx.AsyncClient) -> None:
    await register(client, EMAIL)
    theirs = await account_of(contact(EMAIL))
    client.cookies.clear()
    await register(client)
    await OneTimeCode.delete(force=True)
    assert (await _change(client, EMAIL)).status_code == 409
    assert await account_of(contact(EMAIL)) == theirs
    await OneTimeCode.delete(force=True)
    again = await _change(client, MOBILE)
    assert again.status_code == 409
    assert "已经是您账号的联系方式" in again.text


async def test_without_the_code_nothing_changes(client: httpx.AsyncClient) -> None:
    await register(client)
    before = await Account.select()
    for wrong in ("", "x", "12345"):
        assert (await client.post("/account/contacts", data={"contact": wrong})).status_code == 422
    assert (await client.post("/account/contacts/check", data={"code": "123456"})).headers["location"] == (
        "/account/contacts"
    )
    assert (await client.get("/account/contacts/check")).headers["location"] == "/account/contacts"
    await client.post("/account/contacts", data={"contact": EMAIL})
    right = await newest_code(client)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert (await client.post("/account/contacts/check", data={"code": wrong})).status_code == 422
    assert await Account.select() == before


async def test_contacts_are_changed_soon_after_signing_in_or_after_signing_in_again(
    client: httpx.AsyncClient,
) -> None:
    await register(client)
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        asked = await client.get("/account/contacts")
        assert asked.headers["location"] == "/sign-in?next=%2Faccount%2Fcontacts"
        assert (await client.post("/account/contacts", data={"contact": EMAIL})).headers[
            "location"
        ] == "/sign-in"
