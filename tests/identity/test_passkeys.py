"""Passkeys: made and shown for this site, this session and this purpose, and each challenge once."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from cishan.identity.pages.door import site_of
from cishan.identity.queries import accounts as queries
from cishan.identity.tables.accounts import Account, AccountSession
from cishan.identity.tables.factors import Factor, SpentChallenge
from cishan.kernel import clock
from cishan.settings import Settings
from tests.identity.entering import EMAIL, MOBILE, register
from tests.identity.showing import Key, add_app, add_key, options_of

PASSWORD = "correct horse battery"
CHECK = "/account/second-factor/check"


@pytest.fixture
def named(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser that came to the site by a name: browsers make no passkeys for numbers."""
    client.headers["host"] = "localhost:8000"
    return client


async def _by_password(client: httpx.AsyncClient) -> httpx.Response:
    client.cookies.delete("session")
    return await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD})


async def test_a_passkey_is_added_and_is_the_second_factor(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    assert len(await add_key(named, key)) == 10
    (factor,) = await Factor.select()
    assert (factor["kind"], factor["label"], factor["sign_count"]) == ("passkey", "", 0)
    assert bytes(factor["credential_id"]) == key.id
    entered = await _by_password(named)
    assert entered.headers["location"] == f"{CHECK}?next=%2Faccount"
    page = (await named.get(CHECK)).text
    options = options_of(page)
    assert options["rpId"] == "localhost"
    assert len(options["allowCredentials"]) == 1
    form = {"answer": key.show(options), "next": "/campaigns"}
    shown = await named.post(f"{CHECK}/passkey", data=form)
    assert (shown.status_code, shown.headers["location"]) == (303, "/campaigns")
    visitor = await queries.visitor_of(named.cookies["session"])
    assert visitor is not None
    assert visitor.second_factor_at is not None


async def test_a_passkey_alone_opens_the_account_without_saying_whose(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    await add_key(named, key)
    await named.post("/sign-out")
    for door, wanted in (("/sign-in?next=/campaigns", "/campaigns"), ("/staff/sign-in", "/staff")):
        options = options_of((await named.get(door)).text)
        assert options.get("allowCredentials", []) == []
        assert options["userVerification"] == "required"
        form = {"answer": key.show(options), "next": wanted}
        entered = await named.post("/sign-in/passkey", data=form)
        assert (entered.status_code, entered.headers["location"]) == (303, wanted)
        visitor = await queries.visitor_of(named.cookies["session"])
        assert visitor is not None
        assert visitor.method == "passkey"
        assert visitor.second_factor_at is not None


async def _refused(client: httpx.AsyncClient, answer: str) -> None:
    before = await AccountSession.count()
    reply = await client.post("/sign-in/passkey", data={"answer": answer})
    assert reply.status_code == 422
    assert "set-cookie" not in reply.headers
    assert await AccountSession.count() == before


async def test_nothing_but_the_right_answer_of_that_key_opens(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    await add_key(named, key)
    await named.post("/sign-out")

    async def asked() -> dict[str, Any]:
        return options_of((await named.get("/sign-in")).text)

    await _refused(named, key.show(await asked(), origin="https://evil.example"))
    await _refused(named, key.show({**await asked(), "rpId": "evil.example"}))
    await _refused(named, Key(verifies=False, secret=key.secret).show(await asked()))
    await _refused(named, Key().show(await asked()))
    await _refused(named, Key(secret=key.secret, id=b"unknown").show(await asked()))
    await _refused(named, key.show({**await asked(), "challenge": "AAAA"}))
    await _refused(named, key.show({**await asked(), "challenge": "A" * 64}))
    late = await asked()
    with clock.fixed(clock.now() + timedelta(minutes=11)):
        await _refused(named, key.show(late))
    await Account.update({Account.active: False}, force=True)
    await _refused(named, key.show(await asked()))


async def test_an_answer_is_taken_once(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    await add_key(named, key)
    await named.post("/sign-out")
    answer = key.show(options_of((await named.get("/sign-in")).text))
    assert (await named.post("/sign-in/passkey", data={"answer": answer})).status_code == 303
    named.cookies.clear()
    await _refused(named, answer)
    assert await SpentChallenge.count() == 2  # that of making it, that of showing it


async def test_a_key_whose_count_goes_back_is_a_copy(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key(counts=7)
    await add_key(named, key)
    await named.post("/sign-out")
    key.counts = 8
    answer = key.show(options_of((await named.get("/sign-in")).text))
    assert (await named.post("/sign-in/passkey", data={"answer": answer})).status_code == 303
    assert (await Factor.select())[0]["sign_count"] == 8
    await named.post("/sign-out")
    await _refused(named, key.show(options_of((await named.get("/sign-in")).text)))


async def test_a_challenge_is_for_one_purpose_and_one_session(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    await add_key(named, key)
    await _by_password(named)
    second = options_of((await named.get(CHECK)).text)
    first = options_of((await named.get("/sign-in")).text)
    await _refused(named, key.show(second))
    reply = await named.post(f"{CHECK}/passkey", data={"answer": key.show(first)})
    assert reply.status_code == 422
    await _by_password(named)
    reply = await named.post(f"{CHECK}/passkey", data={"answer": key.show(second)})
    assert reply.status_code == 422
    assert "通行密钥验证没有成功" in reply.text


async def test_the_passkey_of_somebody_else_is_no_second_factor(named: httpx.AsyncClient) -> None:
    await register(named, EMAIL)
    theirs = Key(id=b"theirs")
    await add_key(named, theirs)
    named.cookies.clear()
    await register(named, password=PASSWORD)
    await add_key(named, Key(id=b"mine"))
    await _by_password(named)
    answer = theirs.show(options_of((await named.get(CHECK)).text))
    assert (await named.post(f"{CHECK}/passkey", data={"answer": answer})).status_code == 422
    assert await queries.visitor_of(named.cookies["session"]) is None


async def test_one_passkey_is_added_once(named: httpx.AsyncClient) -> None:
    await register(named, password=PASSWORD)
    key = Key()
    await add_key(named, key)
    page = (await named.get("/account/security/passkey")).text
    assert len(options_of(page)["excludeCredentials"]) == 1
    again = await named.post("/account/security/passkey", data={"answer": key.make(options_of(page))})
    assert again.status_code == 422
    assert "已在使用" in again.text
    assert await Factor.count() == 1


async def test_at_an_address_without_a_name_the_app_is_offered_instead(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    assert "data-options" not in (await client.get("/sign-in")).text
    page = (await client.get("/account/security/passkey")).text
    assert "data-options" not in page
    assert "/account/security/app" in page
    await add_app(client)
    await _by_password(client)
    for path in ("/sign-in/passkey", f"{CHECK}/passkey"):
        assert (await client.post(path, data={"answer": "{}"})).status_code == 422


@pytest.mark.parametrize(
    ("public_url", "host", "site"),
    [
        ("https://gives.example", "gives.example", ("gives.example", "https://gives.example")),
        ("https://gives.example", "WWW.gives.example", ("gives.example", "https://www.gives.example")),
        ("https://gives.example", "other.example:8443", ("other.example", "https://other.example:8443")),
        ("http://gives.example", "gives.example", None),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", None),
        ("http://127.0.0.1:8000", "localhost:8000", ("localhost", "http://localhost:8000")),
    ],
)
def test_a_passkey_is_bound_to_the_name_under_which_one_came(
    config: Settings, public_url: str, host: str, site: tuple[str, str] | None
) -> None:
    found = site_of(_asked(config, public_url, host))
    assert (None if found is None else (found.host, found.origin)) == site


def _asked(config: Settings, public_url: str, host: str) -> Any:
    from dataclasses import replace
    from types import SimpleNamespace

    state = SimpleNamespace(settings=replace(config, public_url=public_url))
    return SimpleNamespace(app=SimpleNamespace(state=state), headers={"host": host})
