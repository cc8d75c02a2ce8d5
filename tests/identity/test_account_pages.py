"""Registering, one's sessions, password and children; and every form of it under fire."""

from datetime import date, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.identity.queries import accounts as queries
from cishan.identity.rules.accounts import device, is_minor
from cishan.identity.tables.accounts import Account, AccountSession, OneTimeCode
from cishan.identity.tables.people import Guardianship, Person
from cishan.kernel import clock
from cishan.plumbing import db as database
from tests.identity.entering import EMAIL, MOBILE, prove, register
from tests.identity.showing import add_app

PASSWORD, NEW = "correct horse battery", "a new sentence of mine"


async def test_registering_keeps_name_and_contact_encrypted(client: httpx.AsyncClient) -> None:
    await register(client, EMAIL, password=PASSWORD)
    (person,), (account,) = await Person.select(), await Account.select()
    assert account["person"] == person["id"]
    assert "张某某".encode() not in bytes(person["name_enc"])
    assert b"giver" not in bytes(account["email_enc"])
    assert bytes(account["password_hash"]).startswith(b"$argon2id$")
    assert account["mobile_enc"] is None
    page = (await client.get("/account")).text
    assert "张某某" in page
    assert "g**@example.org" in page
    assert "giver@example.org" not in page.lower()


async def test_a_registered_person_signs_in_by_either_spelling_and_is_no_staff(
    client: httpx.AsyncClient,
) -> None:
    await register(client, password=PASSWORD)
    out = await client.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert await AccountSession.count() == 0
    for typed in ("13800138000", "+86 138 0013 8000"):
        form = {"login": typed, "password": PASSWORD, "next": "/campaigns"}
        answer = await client.post("/sign-in", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns")
    assert await AccountSession.count() == 1
    staff = await client.get("/staff")
    assert staff.status_code == 403
    assert "您目前没有任何岗位" in staff.text


async def test_without_a_password_no_password_opens(client: httpx.AsyncClient) -> None:
    await register(client)
    await client.post("/sign-out")
    for guess in ("nobody", PASSWORD):
        answer = await client.post("/sign-in", data={"login": MOBILE, "password": guess})
        assert answer.status_code == 422
    assert await AccountSession.count() == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "请填写"),
        ({"password": "12345678"}, "太常见"),
        ({"password": "short"}, "至少"),
        ({"password": "+8613800138000"}, "不能是您自己"),
        ({"adult": ""}, "未满18周岁"),
        ({"agree": ""}, "未经您同意"),
    ],
)
async def test_a_refused_registration_makes_nobody(
    client: httpx.AsyncClient, changes: dict[str, str], words: str
) -> None:
    await prove(client, MOBILE)
    form = {"name": "张某某", "password": "", "adult": "1", "agree": "1", **changes}
    answer = await client.post("/register", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert (await Person.count(), await Account.count(), await AccountSession.count()) == (0, 0, 0)
    again = await client.post("/register", data={"name": "张某某", "adult": "1", "agree": "1"})
    assert again.status_code == 303  # the proof was not spent


async def test_a_proof_makes_one_account_and_lasts_half_an_hour(client: httpx.AsyncClient) -> None:
    form = {"name": "张某某", "adult": "1", "agree": "1"}
    await prove(client, MOBILE)
    with clock.fixed(clock.now() + timedelta(minutes=31)):
        late = await client.post("/register", data=form)
    assert late.status_code == 422
    assert (await client.post("/register", data=form)).status_code == 303
    assert (await client.post("/register", data=form)).headers["location"] == "/sign-in"
    assert await Account.count() == 1


async def test_two_proofs_of_one_number_make_one_account(client: httpx.AsyncClient) -> None:
    form = {"name": "张某某", "adult": "1", "agree": "1"}
    await prove(client, MOBILE)
    first = client.cookies["code"]
    began = clock.now() + timedelta(minutes=2)
    with clock.fixed(began):
        await prove(client, MOBILE)
        assert (await client.post("/register", data=form)).status_code == 303
        client.cookies.clear()
        answer = await client.post("/register", data=form, headers={"cookie": f"code={first}"})
    assert answer.status_code == 409
    assert (await Account.count(), await Person.count()) == (1, 1)


async def test_one_sees_and_ends_ones_own_sessions_only(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    mine = client.cookies["session"]
    client.cookies.clear()
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD}, headers=agent)
    firefox = client.cookies["session"]
    page = (await client.get("/account/security")).text
    assert "Firefox · Linux" in page
    here = await queries.visitor_of(firefox)
    there = await queries.visitor_of(mine)
    assert here is not None
    assert there is not None
    client.cookies.clear()
    await OneTimeCode.delete(force=True)
    await register(client, EMAIL)
    for chosen in (str(here.session_id), "x", ""):
        await client.post("/account/security/sessions/end", data={"id": chosen})
        await client.post("/account/security/sessions/end-others")
    assert await queries.visitor_of(firefox) is not None
    client.cookies.set("session", firefox)
    ended = await client.post("/account/security/sessions/end", data={"id": str(there.session_id)})
    assert ended.status_code == 303
    assert await queries.visitor_of(mine) is None
    assert await queries.visitor_of(firefox) is not None


async def test_signing_out_everywhere_else_leaves_this_browser(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    mine = client.cookies["session"]
    client.cookies.clear()
    await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD})
    await client.post("/account/security/sessions/end-others")
    assert await queries.visitor_of(mine) is None
    assert (await client.get("/account")).status_code == 200


async def test_a_session_of_a_giver_ends_after_a_week_without_use(client: httpx.AsyncClient) -> None:
    await register(client)
    token, now = client.cookies["session"], clock.now()
    with clock.fixed(now + timedelta(days=7) - timedelta(minutes=1)):
        assert await queries.visitor_of(token) is not None
    with clock.fixed(now + timedelta(days=7)):
        assert await queries.visitor_of(token) is None


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    other = client.cookies["session"]
    client.cookies.clear()
    await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD})
    for form, words in (
        ({"current": "wrong", "password": NEW}, "当前密码不正确"),
        ({"current": PASSWORD, "password": "password"}, "太常见"),
        ({"current": PASSWORD, "password": "张某某"}, "至少"),
        ({"password": NEW}, "当前密码不正确"),
    ):
        refused = await client.post("/account/password", data=form)
        assert refused.status_code == 422
        assert words in refused.text
        assert NEW not in refused.text
    assert await queries.visitor_of(other) is not None
    done = await client.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert await queries.visitor_of(other) is None
    await client.post("/sign-out")
    assert (await client.post("/sign-in", data={"login": MOBILE, "password": PASSWORD})).status_code == 422
    assert (await client.post("/sign-in", data={"login": MOBILE, "password": NEW})).status_code == 303


async def test_a_forgotten_password_is_replaced_after_a_code_but_not_later(client: httpx.AsyncClient) -> None:
    await register(client, password=PASSWORD)
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        late = await client.post("/account/password", data={"password": NEW})
    assert late.status_code == 422
    assert (await client.post("/account/password", data={"password": NEW})).status_code == 303


async def test_a_guardian_adds_a_child_and_has_it_forgotten(client: httpx.AsyncClient) -> None:
    await register(client)
    born = clock.today().replace(day=1) - timedelta(days=3650)
    form = {"name": "小某", "born_on": born.isoformat(), "consent": "1"}
    assert (await client.post("/account/children", data=form)).status_code == 303
    assert "小某" in (await client.get("/account")).text
    (link,) = await Guardianship.select()
    (child,) = await Person.select().where(Person.id == link["minor"])
    assert (child["born_on"], link["withdrawn_at"]) == (born, None)
    assert "小某".encode() not in bytes(child["name_enc"])
    mine = client.cookies["session"]
    client.cookies.clear()
    await register(client, EMAIL)
    stranger = await client.post("/account/children/withdraw", data={"id": str(link["id"])})
    assert stranger.status_code == 404
    assert "小某" not in (await client.get("/account")).text
    client.cookies.set("session", mine)
    for status in (303, 404):
        answer = await client.post("/account/children/withdraw", data={"id": str(link["id"])})
        assert answer.status_code == status
    (child,) = await Person.select().where(Person.id == link["minor"])
    assert child["born_on"] is None
    assert "小某" not in (await client.get("/account")).text
    assert (await Guardianship.select())[0]["withdrawn_at"] is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"consent": ""}, "未经您同意"),
        ({"name": ""}, "请填写"),
        ({"born_on": "2999-01-01"}, "已经过去"),
        ({"born_on": "2000-01-01"}, "年满18周岁请自行注册"),
        ({"born_on": "yesterday"}, "日期"),
    ],
)
async def test_a_refused_child_is_not_kept(
    client: httpx.AsyncClient, changes: dict[str, str], words: str
) -> None:
    await register(client)
    form = {"name": "小某", "born_on": "2018-05-01", "consent": "1", **changes}
    answer = await client.post("/account/children", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert (await Person.count(), await Guardianship.count()) == (1, 0)


async def test_account_pages_ask_to_sign_in(client: httpx.AsyncClient) -> None:
    for path in (
        "/account",
        "/account/password",
        "/account/children",
        "/account/security",
        "/account/contacts",
    ):
        answer = await client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2Faccount")
    security = ("sessions/end", "sessions/end-others", "app", "passkey", "remove", "recovery-codes")
    own = ("password", "children", "children/withdraw", "contacts", "contacts/check")
    for path in (*own, *(f"security/{path}" for path in security)):
        answer = await client.post(f"/account/{path}", data={})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("born", "today", "minor"),
    [
        (date(2008, 11, 22), date(2026, 11, 21), True),
        (date(2008, 11, 22), date(2026, 11, 22), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (None, date(2026, 1, 1), False),
    ],
)
def test_one_is_of_age_on_the_eighteenth_birthday(born: date | None, today: date, minor: bool) -> None:
    assert is_minor(born, today) is minor


def test_a_device_is_told_in_two_words() -> None:
    wechat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/122 Mobile MicroMessenger/8.0"
    assert device(wechat) == "微信 · Android"
    assert device("curl/8") == ""


FORMS = {
    "/sign-in": ("login", "password", "next"),
    "/staff/sign-in": ("username", "password", "next"),
    "/sign-in/code": ("contact", "next"),
    "/sign-in/code/check": ("code", "next"),
    "/register": ("name", "password", "next"),
    "/account/password": ("current", "password"),
    "/account/children": ("name", "born_on", "consent"),
    "/account/children/withdraw": ("id",),
    "/account/security/sessions/end": ("id",),
    "/account/security/app": ("code", "offer", "label", "next"),
    "/account/security/passkey": ("answer", "label", "next"),
    "/account/security/remove": ("id",),
    "/account/contacts": ("contact",),
    "/account/contacts/check": ("code",),
    "/account/second-factor/check": ("code", "next"),
    "/account/second-factor/check/recovery": ("recovery", "next"),
    "/account/second-factor/check/passkey": ("answer", "next"),
    "/sign-in/passkey": ("answer", "next"),
}
BROKEN_ANSWERS = (
    "{}",
    "[]",
    "null",
    '{"id": 1, "rawId": [], "type": "public-key", "response": {}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response":'
    ' {"clientDataJSON": "e30", "attestationObject": "oA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response":'
    ' {"clientDataJSON": "eyJ0eXBlIjoieCIsImNoYWxsZW5nZSI6Iml4Iiwib3JpZ2luIjpudWxsfQ",'
    ' "authenticatorData": "AA",'
    ' "signature": "", "attestationObject": "//8"}}',
    "[" * 5_000,
)
HOSTILE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(BROKEN_ANSWERS),
    st.sampled_from(["", "\x00", "'; --", "٣" * 11, "9" * 300, "2018-02-30", "\ud7ff@a.cn"]),
)


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_of_the_slice_breaks_or_changes_anything(client: httpx.AsyncClient, path: str) -> None:
    await register(client, password=PASSWORD)
    # Whoever came by a code may set any good password: here one who came by password is meant.
    await AccountSession.update({AccountSession.method: "password"}, force=True)
    if "second-factor" in path:
        await add_app(client)
        await OneTimeCode.delete(force=True)
    client.headers["host"] = "localhost:8000"  # where passkeys work
    cookies = {"session": client.cookies["session"]}
    if path in {"/sign-in/code/check", "/register", "/account/contacts/check"}:
        await client.post("/sign-in/code", data={"contact": EMAIL})
        cookies["code"] = client.cookies["code"]
        if path == "/register":
            await OneTimeCode.update({OneTimeCode.proved_at: clock.now()}).where(
                OneTimeCode.used_at.is_null()
            )
    before = await _everything()
    examples: list[dict[str, str]] = []

    @settings(max_examples=15, suppress_health_check=list(HealthCheck), database=None)
    @given(st.fixed_dictionaries(dict.fromkeys(FORMS[path], HOSTILE)))
    def collect(form: dict[str, str]) -> None:
        examples.append(form)

    collect()
    for form in examples:
        client.cookies.clear()
        for name, value in cookies.items():
            client.cookies.set(name, value)
        answer = await client.post(path, data=form)
        assert 400 <= answer.status_code < 500, (form, answer.status_code)
        assert "set-cookie" not in answer.headers
    assert await _everything() == before


async def _everything() -> list[dict[str, object]]:
    """Return accounts, people and sessions as text; failed tries and the last use may differ."""
    return await database.fetch(
        """SELECT (SELECT string_agg(account::text, ';' ORDER BY id) FROM account) AS accounts,
                  (SELECT string_agg(person::text, ';' ORDER BY id) FROM person) AS people,
                  (SELECT count(*) FROM guardianship) AS guardianships,
                  (SELECT string_agg(factor::text, ';' ORDER BY id) FROM factor) AS factors,
                  (SELECT string_agg(code::text, ';' ORDER BY id) FROM recovery_code AS code) AS recovery,
                  (SELECT string_agg(token_hash::text, ';' ORDER BY id) FROM account_session) AS sessions,
                  (SELECT count(*) FROM one_time_code) AS codes"""
    )
