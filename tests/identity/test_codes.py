"""One-time codes: the same answer for everybody, used once, by one browser, soon and seldom."""

from datetime import timedelta

import httpx
import pytest

from cishan.identity.actions import codes
from cishan.identity.queries import accounts as queries
from cishan.identity.rules import accounts as rules
from cishan.identity.tables.accounts import Account, AccountSession, OneTimeCode
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, contact
from cishan.kernel.errors import Invalid, TooMany
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.settings import Settings
from tests.identity.entering import EMAIL, MOBILE, newest_code, prove, register

PHONE = contact(MOBILE)


async def _ask(to: str = MOBILE, address: str = "10.0.0.1") -> str:
    return await codes.ask_code(contact(to), address=address, language="zh-CN")


async def _code() -> str:
    rows = await OneTimeCode.select(OneTimeCode.id).order_by(OneTimeCode.id, ascending=False).limit(1)
    return queries.code_for(rows[0]["id"])


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_the_right_code_is_right_once_and_in_one_browser(db: None, config: Settings) -> None:
    token = await _ask()
    code = await _code()
    with pytest.raises(Invalid, match="no longer valid"):
        await codes.prove(ids.new_token(), code)
    assert await codes.prove(token, code) is None
    with pytest.raises(Invalid, match="no longer valid"):
        await codes.prove(token, code)
    assert await AccountSession.count() == 0


async def test_a_code_is_good_for_ten_minutes(db: None, config: Settings) -> None:
    began = clock.now()
    with clock.fixed(began):
        token = await _ask()
    code = await _code()
    with clock.fixed(began + rules.CODE_LIFE), pytest.raises(Invalid, match="no longer valid"):
        await codes.prove(token, code)
    with clock.fixed(began + rules.CODE_LIFE - timedelta(seconds=1)):
        assert await codes.prove(token, code) is None


async def test_after_five_mistakes_the_right_code_is_dead(db: None, config: Settings) -> None:
    token = await _ask()
    code = await _code()
    for _ in range(rules.CODE_TRIES):
        with pytest.raises(Invalid, match="not the code"):
            await codes.prove(token, _other(code))
    with pytest.raises(TooMany):
        await codes.prove(token, code)
    (row,) = await OneTimeCode.select()
    assert (row["tries"], row["proved_at"]) == (5, None)


async def test_one_code_a_minute_and_five_a_day_go_to_one_place(db: None, config: Settings) -> None:
    began = clock.now()
    for n in range(rules.CODES_PER_DAY):
        with clock.fixed(began + n * rules.CODE_PAUSE):
            await _ask(address=f"10.0.0.{n}")
            with pytest.raises(TooMany, match="a moment ago"):
                await _ask("+86 138-0013-8000", address="10.9.9.9")
    with clock.fixed(began + timedelta(hours=23)), pytest.raises(TooMany, match="Too many codes"):
        await _ask(address="10.9.9.9")
    assert await OneTimeCode.count() == 5
    with clock.fixed(began + timedelta(hours=25)):
        await _ask(address="10.9.9.9")


async def test_one_address_cannot_send_codes_to_the_whole_town(db: None, config: Settings) -> None:
    for n in range(rules.CODES_PER_ADDRESS):
        await _ask(f"giver{n}@example.org")
    with pytest.raises(TooMany):
        await _ask("another@example.org")
    await _ask("another@example.org", address="10.9.9.9")
    assert await OneTimeCode.count() == 21


async def test_nothing_of_contact_code_or_address_stands_in_the_clear(db: None, config: Settings) -> None:
    await _ask(EMAIL)
    (row,) = await database.fetch("SELECT one_time_code::text AS whole FROM one_time_code")
    told = row["whole"].lower()
    for secret in (b"giver@example.org", b"10.0.0.1", (await _code()).encode()):
        assert secret.hex() not in told
        assert secret.decode() not in told


@pytest.mark.parametrize("known", [False, True])
async def test_asking_tells_nobody_whether_there_is_an_account(
    client: httpx.AsyncClient, known: bool
) -> None:
    if known:
        await register(client, EMAIL)
        client.cookies.clear()
        await OneTimeCode.delete(force=True)
    answer = await client.post("/sign-in/code", data={"contact": EMAIL})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/code")
    page = await client.get("/sign-in/code")
    assert page.status_code == 200
    assert "g**@example.org" in page.text
    assert "giver@example.org" not in page.text.lower()
    assert len(await newest_code(client)) == 6


async def test_a_text_message_lies_in_the_outbox_and_a_code_is_sent_once(client: httpx.AsyncClient) -> None:
    await client.post("/sign-in/code", data={"contact": MOBILE})
    code = await newest_code(client)
    assert code == await _code()
    outbox = (await client.get("/outbox")).text
    assert "短信" in outbox
    assert "+8613800138000" in outbox
    (row,) = await OneTimeCode.select()
    await jobs.REGISTRY["notify.send_code"].work(code_id=str(row["id"]))
    await jobs.work_off()
    assert await database.fetch_value("SELECT count(*) FROM letter") == 1


async def test_a_code_that_is_over_is_not_sent(db: None, config: Settings) -> None:
    await _ask()
    with clock.fixed(clock.now() + rules.CODE_LIFE * 2):
        await jobs.work_off()
    assert await database.fetch_value("SELECT count(*) FROM letter") == 0


async def test_entering_a_code_signs_in_to_the_account_that_has_it(client: httpx.AsyncClient) -> None:
    await register(client)
    assert await Account.count() == 1
    first = client.cookies["session"]
    await OneTimeCode.delete(force=True)
    answer = await prove(client, "+86 13800138000")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert client.cookies["session"] != first
    assert await queries.visitor_of(first) is None  # rotated
    visitor = await queries.visitor_of(client.cookies["session"])
    assert visitor is not None
    assert (visitor.name, visitor.method, visitor.is_staff) == ("张某某", "code", False)
    assert visitor.second_factor_at is None
    assert await Account.count() == 1


async def test_a_closed_account_is_not_entered_by_code(client: httpx.AsyncClient) -> None:
    await register(client)
    await Account.update({Account.active: False}, force=True)
    assert (await client.get("/account")).status_code == 303
    await OneTimeCode.delete(force=True)
    answer = await prove(client, MOBILE)
    assert answer.status_code == 403
    assert "该账号已停用" in answer.text


async def test_a_wrong_code_is_told_beside_the_field(client: httpx.AsyncClient) -> None:
    await client.post("/sign-in/code", data={"contact": MOBILE})
    for typed, words in (("", "请填写"), ("12", "六位数字"), (_other(await newest_code(client)), "不正确")):
        answer = await client.post("/sign-in/code/check", data={"code": typed})
        assert answer.status_code == 422
        assert words in answer.text


async def test_without_a_code_there_is_nothing_to_enter(client: httpx.AsyncClient) -> None:
    for path in ("/sign-in/code", "/register"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    for path in ("/sign-in/code/check", "/register"):
        answer = await client.post(path, data={"code": "123456"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "typed",
    ["", "x", "0534-2345678", "12345", "a@b", "@", "+1 202 555 0123", "１３８００１３８", "\x00@a.cn"],
)
async def test_what_is_no_contact_is_refused_and_nothing_is_sent(
    client: httpx.AsyncClient, typed: str
) -> None:
    answer = await client.post("/sign-in/code", data={"contact": typed})
    assert answer.status_code == 422
    assert await OneTimeCode.count() == 0


def test_contacts_have_one_spelling_and_show_little() -> None:
    assert (PHONE.channel, PHONE.value, PHONE.masked) == (Channel.MOBILE, "+8613800138000", "138****8000")
    assert contact("１３８００１３８０００") == PHONE
    mail = contact(EMAIL)
    assert (mail.channel, mail.value, mail.masked) == (Channel.EMAIL, "giver@example.org", "g**@example.org")
