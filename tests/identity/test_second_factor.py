"""Authenticator apps and recovery codes: added by showing one, asked at sign-in, taken once."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import httpx
import pytest

from cishan.audit import queries as history
from cishan.identity import commands
from cishan.identity.actions import factors
from cishan.identity.actions.people import new_person
from cishan.identity.actions.sessions import open_session
from cishan.identity.queries import accounts as queries
from cishan.identity.queries.factors import Standing, recovery_codes_left, standing_of
from cishan.identity.rules import factors as rules
from cishan.identity.rules.accounts import Method
from cishan.identity.tables.accounts import Account, AccountSession, OneTimeCode
from cishan.identity.tables.factors import Factor, RecoveryCode
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.plumbing import crypto
from cishan.plumbing import db as database
from cishan.settings import Settings
from tests.identity.entering import EMAIL, MOBILE, letters, prove, register
from tests.identity.showing import add_app, code, hidden, shown_codes, typed_key

PASSWORD = "correct horse battery"
CHECK = "/account/second-factor/check"


async def _with_app(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    await register(client, password=PASSWORD)
    return await add_app(client)


async def _by_password(client: httpx.AsyncClient, next: str = "/campaigns") -> httpx.Response:
    client.cookies.delete("session")
    return await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD, "next": next})


async def _events() -> list[tuple[str, str, str]]:
    (account,) = await Account.select(Account.id)
    steps = await history.history_of("account", account["id"])
    return [(step.event, step.to_state, step.reason) for step in reversed(steps)]


async def test_an_app_is_added_by_its_first_code_and_ten_recovery_codes_are_shown(
    client: httpx.AsyncClient,
) -> None:
    await register(client, password=PASSWORD)
    mine = client.cookies["session"]
    await _by_password(client)
    other, client_session = client.cookies["session"], mine
    client.cookies.set("session", client_session)
    page = await client.get("/account/security/app")
    assert page.headers["cache-control"] == "no-store"
    secret, offer = typed_key(page.text), hidden(page.text, "offer")
    assert secret not in offer
    wrong = await client.post("/account/security/app", data={"code": "000000", "offer": offer})
    assert wrong.status_code == 422
    assert "验证码不正确" in wrong.text
    assert typed_key(wrong.text) == secret  # the app that scanned it goes on
    assert await Factor.count() == 0
    form = {"code": code(secret), "offer": offer, "label": "", "next": "/campaigns"}
    added = await client.post("/account/security/app", data=form)
    assert added.status_code == 200
    assert len(set(shown_codes(added.text))) == 10
    assert 'href="/campaigns"' in added.text
    (factor,) = await Factor.select()
    assert (factor["kind"], factor["label"]) == ("totp", "")
    assert secret.encode() not in bytes(factor["secret_enc"])
    assert await queries.visitor_of(other) is None
    visitor = await queries.visitor_of(mine)
    assert visitor is not None
    assert visitor.second_factor_at is not None
    security = (await client.get("/account/security")).text
    assert "10个恢复码还剩10个" in security
    for shown in shown_codes(added.text):
        assert shown not in security
    assert (await _events())[-2:] == [("end_session", "ended", ""), ("add_factor", "totp", "")]


async def test_the_right_password_opens_nothing_until_the_code_is_shown(client: httpx.AsyncClient) -> None:
    secret, _ = await _with_app(client)
    entered = await _by_password(client)
    assert (entered.status_code, entered.headers["location"]) == (303, f"{CHECK}?next=%2Fcampaigns")
    half = client.cookies["session"]
    assert await queries.visitor_of(half) is None
    for path in ("/account", "/account/security", "/account/contacts"):
        assert (await client.get(path)).headers["location"].startswith("/sign-in")
    page = await client.get(f"{CHECK}?next=/campaigns")
    assert "还差一步" in page.text
    assert (await client.post(CHECK, data={"code": "12"})).status_code == 422
    form = {"code": code(secret), "next": "/campaigns"}
    shown = await client.post(CHECK, data=form)
    assert (shown.status_code, shown.headers["location"]) == (303, "/campaigns")
    assert client.cookies["session"] != half
    assert await standing_of(half) is None
    visitor = await queries.visitor_of(client.cookies["session"])
    assert visitor is not None
    assert visitor.second_factor_at is not None
    (session,) = await AccountSession.select().where(AccountSession.id == visitor.session_id)
    assert session["expires_at"] - clock.now() > timedelta(hours=11)
    assert (await _events())[-1] == ("sign_in", "open", "password + totp")


async def test_a_code_by_text_message_is_no_second_factor(client: httpx.AsyncClient) -> None:
    await _with_app(client)
    client.cookies.clear()
    await OneTimeCode.delete(force=True)
    proved = await prove(client, MOBILE)
    assert proved.headers["location"] == f"{CHECK}?next=%2Faccount"
    assert await queries.visitor_of(client.cookies["session"]) is None
    page = (await client.get(CHECK)).text
    assert "短信" not in page


@pytest.mark.parametrize(("steps_off", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
async def test_the_clock_may_be_one_step_off(client: httpx.AsyncClient, steps_off: int, status: int) -> None:
    secret, _ = await _with_app(client)
    with clock.fixed(clock.now() + timedelta(minutes=5)):
        await _by_password(client)
        answer = await client.post(CHECK, data={"code": code(secret, steps_off=steps_off)})
    assert answer.status_code == status


async def test_no_code_is_taken_twice_not_even_the_one_that_added_the_app(client: httpx.AsyncClient) -> None:
    with clock.fixed(clock.now()):
        secret, _ = await _with_app(client)
        await _by_password(client)
        used = code(secret)
        assert (await client.post(CHECK, data={"code": code(secret, steps_off=-1)})).status_code == 422
        assert (await client.post(CHECK, data={"code": used})).status_code == 303
        await _by_password(client)
        again = await client.post(CHECK, data={"code": used})
        assert again.status_code == 422
        assert "已经用过" in again.text
        assert (await client.post(CHECK, data={"code": code(secret, steps_off=1)})).status_code == 303


async def test_after_five_failures_even_the_right_code_waits_a_quarter_of_an_hour(
    client: httpx.AsyncClient,
) -> None:
    secret, codes = await _with_app(client)
    began = clock.now()
    with clock.fixed(began):
        await _by_password(client)
        for _ in range(3):
            assert (await client.post(CHECK, data={"code": code(secret, steps_off=9)})).status_code == 422
        for _ in range(2):
            form = {"recovery": "abcde-23456"}
            assert (await client.post(f"{CHECK}/recovery", data=form)).status_code == 422
        assert (await client.post(CHECK, data={"code": code(secret)})).status_code == 429
        assert (await client.post(f"{CHECK}/recovery", data={"recovery": codes[0]})).status_code == 429
    assert [event for event, _, _ in await _events()].count("locked") == 1
    with clock.fixed(began + timedelta(minutes=15)):
        await _by_password(client)
        assert (await client.post(CHECK, data={"code": code(secret)})).status_code == 303


async def test_the_password_waits_ten_minutes_for_its_second_factor(client: httpx.AsyncClient) -> None:
    secret, _ = await _with_app(client)
    began = clock.now()
    with clock.fixed(began):
        await _by_password(client)
    with clock.fixed(began + rules.DUE_LIFE):
        late = await client.post(CHECK, data={"code": code(secret)})
    assert (late.status_code, late.headers["location"]) == (303, "/sign-in")


async def test_a_recovery_code_works_once_however_it_is_typed_and_the_owner_is_told(
    client: httpx.AsyncClient,
) -> None:
    _, codes = await _with_app(client)
    await _by_password(client)
    typed = codes[3].upper().replace("-", " ")
    used = await client.post(f"{CHECK}/recovery", data={"recovery": typed, "next": "//evil.example"})
    assert (used.status_code, used.headers["location"]) == (303, "/account")
    assert "还剩9个" in (await client.get("/account/security")).text
    assert len([letter for letter in await letters(client) if "使用了一个恢复码" in letter]) == 1
    await _by_password(client)
    again = await client.post(f"{CHECK}/recovery", data={"recovery": codes[3]})
    assert again.status_code == 422
    assert "恢复码不正确或已经用过" in again.text
    assert await RecoveryCode.count().where(RecoveryCode.used_at.is_not_null()) == 1


async def test_what_is_kept_of_recovery_codes_tells_nothing(client: httpx.AsyncClient) -> None:
    _, codes = await _with_app(client)
    rows = await database.fetch("SELECT recovery_code::text AS whole FROM recovery_code")
    for shown in codes:
        for row in rows:
            assert shown not in row["whole"]
            assert shown.encode().hex() not in row["whole"]


async def test_new_recovery_codes_end_the_old_ones(client: httpx.AsyncClient) -> None:
    _, codes = await _with_app(client)
    made = await client.post("/account/security/recovery-codes")
    assert made.status_code == 200
    new = shown_codes(made.text)
    assert (len(new), set(new) & set(codes)) == (10, set())
    await _by_password(client)
    assert (await client.post(f"{CHECK}/recovery", data={"recovery": codes[0]})).status_code == 422
    assert (await client.post(f"{CHECK}/recovery", data={"recovery": new[0]})).status_code == 303


async def test_changing_factors_needs_one_that_was_shown_ten_minutes_ago_or_less(
    client: httpx.AsyncClient,
) -> None:
    secret, _ = await _with_app(client)
    (factor,) = await Factor.select()
    later = clock.now() + timedelta(minutes=11)
    with clock.fixed(later):
        form = {"id": str(factor["id"])}
        referer = {"referer": "http://127.0.0.1:8000/account/security?x=1"}
        for path in ("remove", "recovery-codes", "app", "passkey"):
            asked = await client.post(f"/account/security/{path}", data=form, headers=referer)
            assert asked.status_code == 303
            assert asked.headers["location"] == f"{CHECK}?next=%2Faccount%2Fsecurity"
        for path in ("/account/security/app", "/account/security/passkey", "/account/contacts"):
            asked = await client.get(path)
            assert asked.headers["location"] == f"{CHECK}?next={path.replace('/', '%2F')}"
        assert await Factor.count() == 1
        assert await recovery_codes_left(factor["account"]) == 10
        before = client.cookies["session"]
        shown = await client.post(CHECK, data={"code": code(secret), "next": "/account/security"})
        assert shown.headers["location"] == "/account/security"
        assert client.cookies["session"] != before
        assert (await client.post("/account/security/remove", data=form)).status_code == 303
    assert (await Factor.count(), await RecoveryCode.count()) == (0, 0)
    assert (await _events())[-1] == ("remove_factor", "removed", "手机")
    entered = await _by_password(client)
    assert entered.headers["location"] == "/campaigns"


async def test_the_first_factor_is_added_soon_after_signing_in_or_after_signing_in_again(
    client: httpx.AsyncClient,
) -> None:
    await register(client, password=PASSWORD)
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        asked = await client.get("/account/security/app")
        assert asked.headers["location"] == "/sign-in?next=%2Faccount%2Fsecurity%2Fapp"
        assert (await client.post("/account/security/app", data={})).headers["location"] == "/sign-in"
        await _by_password(client)
        assert (await client.get("/account/security/app")).status_code == 200


async def test_an_offer_is_good_for_one_session_and_half_an_hour(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    visitor = await queries.visitor_of(client.cookies["session"])
    assert visitor is not None
    secret, sealed = factors.offer(visitor)
    assert factors.offered(visitor, sealed) == secret
    await _by_password(client)
    other = await queries.visitor_of(client.cookies["session"])
    assert other is not None
    for wrong in (sealed[:-2], "", "zz", "00" * 40):
        with pytest.raises(Invalid):
            factors.offered(visitor, wrong)
    with pytest.raises(Invalid):
        factors.offered(other, sealed)
    with clock.fixed(clock.now() + timedelta(minutes=31)), pytest.raises(Invalid):
        factors.offered(visitor, sealed)


async def test_somebody_elses_factor_is_left_alone(client: httpx.AsyncClient) -> None:
    await _with_app(client)
    (factor,) = await Factor.select()
    client.cookies.clear()
    await register(client, EMAIL)
    for chosen in (str(factor["id"]), "x", ""):
        answer = await client.post("/account/security/remove", data={"id": chosen})
        assert answer.status_code == 404
    assert await Factor.count() == 1


async def test_without_a_factor_one_is_led_to_add_one_and_back(client: httpx.AsyncClient) -> None:
    await register(client)
    asked = await client.get(f"{CHECK}?next=/staff/refunds")
    assert asked.headers["location"] == "/account/security?next=%2Fstaff%2Frefunds"
    page = (await client.get(asked.headers["location"])).text
    assert "您要做的操作需要二次验证" in page
    assert "/account/security/app?next=%2Fstaff%2Frefunds" in page.replace(
        "next=/staff/refunds", "next=%2Fstaff%2Frefunds"
    )
    client.cookies.clear()
    for path in (CHECK, f"{CHECK}/recovery", f"{CHECK}/passkey"):
        assert (await client.post(path, data={})).headers["location"] == "/sign-in"
    assert (await client.get(CHECK)).headers["location"].startswith("/sign-in?next=")


async def test_a_second_app_makes_no_new_recovery_codes_and_ten_are_enough(client: httpx.AsyncClient) -> None:
    await _with_app(client)
    for _ in range(rules.MAX_FACTORS - 1):
        _, codes = await add_app(client)
        assert codes == []
    page = (await client.get("/account/security/app")).text
    secret = typed_key(page)
    form = {"code": code(secret), "offer": hidden(page, "offer")}
    assert (await client.post("/account/security/app", data=form)).status_code == 409
    assert await Factor.count() == rules.MAX_FACTORS


SECRET, CODES = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", ["abcde-23456", "fghjk-56789"]


async def _two_browsers() -> list[Standing]:
    """Return two browsers that entered the right password of an account with an app and recovery codes."""
    now, account_id, factor_id, salt = clock.now(), ids.new_id(), ids.new_id(), b"s" * 16
    person_id = await new_person("张某某", None)
    await Account.insert(
        Account(id=account_id, person=person_id, username="ada", password_hash=b"x", created_at=now)
    )
    sealed = crypto.seal(SECRET, place="factor.secret_enc", row=factor_id)
    app = Factor(
        id=factor_id,
        account=account_id,
        kind="totp",
        label="x",
        secret_enc=sealed,
        last_step=1,
        created_at=now,
    )
    await Factor.insert(app)
    for kept in rules.hash_recovery_codes(CODES, salt):
        row = RecoveryCode(id=ids.new_id(), account=account_id, salt=salt, code_hash=kept, created_at=now)
        await RecoveryCode.insert(row)
    found = []
    for _ in range(2):
        token = await open_session(account_id, method=Method.PASSWORD, device="")
        standing = await standing_of(token)
        assert standing is not None
        assert standing.due
        found.append(standing)
    return found


async def _is_let_in(showing: Awaitable[str]) -> bool:
    try:
        await showing
    except Invalid:
        return False
    return True


async def test_of_two_browsers_with_one_recovery_code_one_gets_in(racing: str, config: Settings) -> None:
    browsers = await _two_browsers()
    tries = (_is_let_in(factors.use_recovery_code(browser, CODES[0])) for browser in browsers)
    assert sorted(await asyncio.gather(*tries)) == [False, True]
    assert await recovery_codes_left(browsers[0].account_id) == 1
    assert await AccountSession.count().where(AccountSession.second_factor_due.eq(True)) == 1


async def test_of_two_browsers_with_one_code_of_the_app_one_gets_in(racing: str, config: Settings) -> None:
    browsers = await _two_browsers()
    with clock.fixed(clock.now()):
        shown = code(SECRET)
        tries = (_is_let_in(factors.show_code(browser, shown)) for browser in browsers)
        assert sorted(await asyncio.gather(*tries)) == [False, True]
    assert await AccountSession.count().where(AccountSession.second_factor_due.eq(True)) == 1


async def test_the_command_takes_away_what_is_lost(client: httpx.AsyncClient) -> None:
    await _with_app(client)
    with pytest.raises(NotFound):
        await commands._forget_factors("nobody@example.org", "x")
    await commands._forget_factors(MOBILE, "来电核实")
    assert (await Factor.count(), await RecoveryCode.count(), await AccountSession.count()) == (0, 0, 0)
    assert (await _events())[-1] == ("forget_factors", "one factor", "来电核实")
    assert (await _by_password(client)).headers["location"] == "/campaigns"
