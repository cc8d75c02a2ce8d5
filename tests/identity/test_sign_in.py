"""Staff sign in with a secret that only their browser has; guessing is slow."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from cishan import gateways
from cishan.identity.actions import accounts as actions
from cishan.identity.actions import people
from cishan.identity.actions.sessions import sign_out, touch
from cishan.identity.queries import posts as queries
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules import accounts as rules
from cishan.identity.tables.accounts import Account, AccountSession, SignInAttempt
from cishan.kernel import clock
from cishan.kernel.errors import Invalid, TooMany
from cishan.settings import Settings
from tests.identity import staffing

PASSWORD = "correct horse battery"


@pytest.fixture
async def account(db: None, config: Settings) -> AsyncIterator[None]:
    """A staff account called ada."""
    await staffing.a_member("ada", name="项目部", password=PASSWORD)
    yield
    gateways.use(config)


async def _sign_in(username: str = "ada", password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return await actions.sign_in(login=username, password=password, address=address)


async def test_a_session_is_known_by_the_hash_of_its_secret_alone(account: None) -> None:
    token = await _sign_in()
    staff = await queries.staff_of(token)
    assert staff is not None
    assert staff.name == "项目部"
    rows = await AccountSession.select()
    assert token.encode() not in bytes(rows[0]["token_hash"])
    await sign_out(token)
    await sign_out(token)
    assert await queries.staff_of(token) is None


async def test_names_are_folded_and_passwords_are_not(account: None) -> None:
    await _sign_in(" ＡＤＡ ")
    with pytest.raises(Invalid):
        await _sign_in(password=PASSWORD.upper())


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("ada", "")])
async def test_a_wrong_name_and_a_wrong_password_sound_alike(
    account: None, username: str, password: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await _sign_in(username, password)
    assert str(refusal.value) == "This name and password do not belong together."
    assert await AccountSession.count() == 0


async def test_after_five_failures_the_right_password_has_to_wait_too(account: None) -> None:
    for _ in range(rules.FAILURES_PER_NAME):
        with pytest.raises(Invalid):
            await _sign_in(password="wrong")
    with pytest.raises(TooMany):
        await _sign_in(address="10.9.9.9")
    with clock.fixed(clock.now() + rules.WINDOW + timedelta(seconds=1)):
        assert await _sign_in()


async def test_one_address_cannot_try_many_names(account: None) -> None:
    await SignInAttempt.insert(*[_failure(n) for n in range(rules.FAILURES_PER_ADDRESS)])
    with pytest.raises(TooMany):
        await _sign_in()
    assert await _sign_in(address="10.9.9.9")


def _failure(_: int) -> SignInAttempt:
    from cishan.kernel import ids
    from cishan.plumbing import crypto

    subject = crypto.blind_index("10.0.0.1", purpose="sign-in address")
    return SignInAttempt(id=ids.new_id(), subject=subject, at=clock.now())


async def test_neither_name_nor_address_is_kept_of_a_failure(account: None) -> None:
    with pytest.raises(Invalid):
        await _sign_in(password="wrong")
    for row in await SignInAttempt.select():
        assert b"ada" not in bytes(row["subject"])
        assert b"10.0.0.1" not in bytes(row["subject"])


async def test_a_staff_session_ends_after_half_an_hour_without_use(account: None) -> None:
    token, began = await _sign_in(), clock.now()
    with clock.fixed(began + rules.STAFF_IDLE - timedelta(minutes=1)):
        visitor = await visitor_of(token)
        assert visitor is not None
        await touch(visitor)
    with clock.fixed(began + rules.STAFF_IDLE * 2 - timedelta(minutes=2)):
        assert await queries.staff_of(token) is not None
    with clock.fixed(began + rules.STAFF_IDLE * 2):
        assert await queries.staff_of(token) is None


async def test_a_staff_session_ends_after_twelve_hours_of_use(account: None) -> None:
    token = await _sign_in()
    begun = (await AccountSession.select())[0]["created_at"]
    await AccountSession.update({AccountSession.seen_at: begun + timedelta(hours=12)}, force=True)
    with clock.fixed(begun + timedelta(hours=12) - timedelta(seconds=1)):
        assert await queries.staff_of(token) is not None
    with clock.fixed(begun + timedelta(hours=12)):
        assert await queries.staff_of(token) is None


async def test_a_demo_account_opens_nothing_on_a_real_site(account: None, config: Settings) -> None:
    token = await _sign_in()
    gateways.use(replace(config, demo=False))
    assert await queries.staff_of(token) is None
    with pytest.raises(Invalid):
        await _sign_in()


async def test_making_an_account_twice_keeps_the_first_password(account: None) -> None:
    await people.create_account(username="ada", name="x", password="other", is_demo=True)
    assert await _sign_in()
    assert await Account.count() == 1


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(
    client: httpx.AsyncClient, account: None
) -> None:
    form = {"username": "ada", "password": PASSWORD, "next": "/staff"}
    answer = await client.post("/staff/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/staff")).status_code == 200
    out = await client.post("/staff/sign-out")
    assert out.status_code == 303
    back = await client.get("/staff")
    assert (back.status_code, back.headers["location"]) == (303, "/staff/sign-in?next=%2Fstaff")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
async def test_signing_in_never_leads_to_another_site(
    client: httpx.AsyncClient, account: None, target: str
) -> None:
    form = {"username": "ada", "password": PASSWORD, "next": target}
    answer = await client.post("/staff/sign-in", data=form)
    assert answer.headers["location"] == "/staff"


async def test_a_refused_sign_in_shows_the_form_again_without_the_password(
    client: httpx.AsyncClient, account: None
) -> None:
    answer = await client.post("/staff/sign-in", data={"username": "ada", "password": "secret-typo"})
    assert answer.status_code == 422
    assert "账号或密码不正确" in answer.text
    assert "secret-typo" not in answer.text
    assert "set-cookie" not in answer.headers
    empty = await client.post("/staff/sign-in", data={})
    assert empty.status_code == 422


async def test_a_form_of_another_site_does_not_sign_in(client: httpx.AsyncClient, account: None) -> None:
    form = {"username": "ada", "password": PASSWORD}
    answer = await client.post("/staff/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await AccountSession.count() == 0


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, "f" * 43])
async def test_a_made_up_cookie_is_nobody(client: httpx.AsyncClient, cookie: str) -> None:
    answer = await client.get("/staff", headers={"cookie": f"session={cookie}"})
    assert answer.status_code == 303
