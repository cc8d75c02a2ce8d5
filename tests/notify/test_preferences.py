"""What somebody wishes to be told; ending mails with one click."""

import re
from uuid import UUID

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cishan import settings as house
from cishan.kernel.contacts import Channel
from cishan.main import create_asgi
from cishan.notify import actions, queries
from cishan.notify.actions import wishes
from cishan.notify.queries.wishes import Preferences, preferences, unsubscribe_token
from cishan.notify.rules import events
from cishan.notify.rules.events import EVENTS
from cishan.plumbing import db as database
from cishan.plumbing.db import atomic
from tests.identity.entering import register
from tests.notify.letters import CHECK, THANKS
from tests.notify.people import a_person
from tests.notify.test_inbox import me

MAIL, SMS = Channel.EMAIL, Channel.MOBILE
UNTOUCHED = Preferences({}, "")


def offered(page: str) -> list[str]:
    return re.findall(r'name="offered" value="([a-z_]+:[a-z]+)"', page)


def ticked(page: str) -> list[str]:
    return re.findall(r'name="want" value="([a-z_]+:[a-z]+)" checked', page)


async def test_a_giver_may_choose_what_is_not_fixed_and_sees_why_the_rest_is(
    client: httpx.AsyncClient,
) -> None:
    await register(client, "giver@example.org")
    page = (await client.get("/account/messages")).text
    assert offered(page) == ["monthly_reminder:email"]
    assert ticked(page) == ["monthly_reminder:email"]
    assert page.count("随信附有您的捐赠收据。") == 3
    assert "关系到您的账号安全。" in page
    assert "待您审核" not in page  # is for staff
    assert "@example.org" in page
    assert "无法发送：您的账号未绑定手机号" in page
    assert "giver@example.org" not in page


async def test_a_choice_is_kept_and_told(client: httpx.AsyncClient) -> None:
    await register(client)  # by mobile number
    person = await me()
    page = (await client.get("/account/messages")).text
    ways = offered(page)
    assert ways == [f"{code}:mobile" for code, event in EVENTS.items() if event.group == "giving"]
    form = {"offered": ways, "want": ["refund_done:mobile"], "language": "en"}
    answer = await client.post("/account/messages", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/messages?saved=1")
    assert await preferences(person) == Preferences({("refund_done", SMS): True}, "en")
    page = (await client.get("/account/messages?saved=1")).text
    assert "设置已保存。" in page
    assert ticked(page) == ["refund_done:mobile"]
    await client.post("/account/messages", data={"offered": ways, "language": "zh-CN"})
    assert await preferences(person) == Preferences({}, "zh-CN")


async def test_what_was_not_offered_stays_as_it_was(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    form = {"want": ["check_wanted:email", "monthly_reminder:mobile"], "language": "zh-CN"}
    await client.post("/account/messages", data=form)
    assert await preferences(person) == Preferences({}, "zh-CN")


@pytest.mark.parametrize(
    "form",
    [
        {"offered": ["account_safety:email"], "language": "en"},
        {"offered": ["gift_arrived:email"], "language": "en"},
        {"offered": ["nothing:email"], "language": "en"},
        {"offered": ["monthly_reminder:pigeon"], "language": "en"},
        {"offered": ["monthly_reminder:email"], "want": ["x"], "language": "en"},
        {"offered": ["monthly_reminder:email"], "language": "de"},
        {"offered": ["monthly_reminder:email"]},
    ],
)
async def test_what_may_not_be_chosen_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, form: dict[str, list[str]]
) -> None:
    await register(client)
    answer = await client.post("/account/messages", data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await preferences(await me()) == UNTOUCHED


def _forms(number: int) -> list[dict[str, object]]:
    ways = ["monthly_reminder:email", "check_wanted:mobile", "gift_arrived:mobile"]
    texts = st.one_of(
        st.sampled_from(ways),
        st.sampled_from([*ways, "gift_arrived:email", "", "email", ":"]),
        st.text(max_size=80),
    )
    lists = st.lists(st.sampled_from(ways), max_size=3) | st.lists(texts, max_size=4)
    languages = st.lists(st.sampled_from(["en", "zh-CN"]) | texts, max_size=1)
    cases: list[dict[str, object]] = []

    @settings(max_examples=number, database=None)
    @given(
        st.fixed_dictionaries(
            {"language": languages}, optional=dict.fromkeys(("offered", "want", "x"), lists)
        )
    )
    def collect(form: dict[str, object]) -> None:
        cases.append(form)

    collect()
    return cases


async def test_whatever_is_sent_nobody_is_kept_from_what_is_fixed(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    seen = set()
    for form in _forms(60):
        before = await preferences(person)
        clean = {k: [t.encode("utf-8", "replace").decode() for t in v] for k, v in form.items()}  # type: ignore[attr-defined]
        answer = await client.post("/account/messages", data=clean)
        seen.add(answer.status_code)
        assert answer.status_code in {303, 422}, form
        after = await preferences(person)
        assert answer.status_code == 303 or after == before, form
        assert all(events.may_choose(EVENTS[code], way) for code, way in after.wishes), form
    assert seen == {303, 422}


async def _reminded(person: UUID) -> str:
    """Tell somebody of something that may be switched off; return the path of the mail's link, or nothing."""
    async with atomic():
        await actions.tell(
            key="r", person_id=person, event=events.MONTHLY_REMINDER, letter=CHECK, language="zh-CN"
        )
    letters = await queries.newest()
    if not letters or letters[0].mail is None:
        return ""
    mail = letters[0].mail
    assert mail.unsubscribe_url in mail.text
    assert f'<a href="{mail.unsubscribe_url}">' in mail.html
    return "/" + mail.unsubscribe_url.split("/", 3)[3]


async def test_one_click_ends_mails_of_one_kind_without_signing_in(client: httpx.AsyncClient) -> None:
    person = await a_person(email="giver@example.org")
    link = await _reminded(person)
    asked = await client.get(link)
    assert asked.status_code == 200
    assert "本月月捐待您确认" in asked.text
    assert "giver" not in asked.text
    assert await preferences(person) == UNTOUCHED  # opening the link changes nothing
    for _ in range(2):
        answer = await client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "不再以邮件发送" in answer.text
        assert await preferences(person) == Preferences({("monthly_reminder", MAIL): False}, "")


async def test_a_mail_program_needs_no_cookie_and_no_header(db: None, config: house.Settings) -> None:
    person = await a_person(email="giver@example.org")
    link = await _reminded(person)
    transport = httpx.ASGITransport(app=create_asgi(config, with_pool=False))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url) as program:
        answer = await program.post(link, content="List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert (await preferences(person)).wishes == {("monthly_reminder", MAIL): False}


async def test_a_mail_that_may_not_be_switched_off_offers_no_link(db: None, config: house.Settings) -> None:
    person = await a_person(email="giver@example.org")
    async with atomic():
        await actions.tell(key="k", person_id=person, event=events.GIFT_ARRIVED, letter=THANKS)
    mail = (await queries.newest())[0].mail
    assert mail is not None
    assert mail.unsubscribe_url == ""
    assert "unsubscribe" not in mail.text + mail.html


async def test_a_link_that_we_did_not_make_is_none(client: httpx.AsyncClient) -> None:
    person, other = await a_person(), await a_person()
    good = unsubscribe_token(person, events.MONTHLY_REMINDER)
    theirs = unsubscribe_token(other, events.MONTHLY_REMINDER)
    kind = unsubscribe_token(person, events.CHECK_WANTED)
    fixed = unsubscribe_token(person, events.GIFT_ARRIVED)
    plain, _, tag = good.partition(".")
    wrong = [
        *(
            f"{plain}.{theirs.partition('.')[2]}",
            f"{plain}.{kind.partition('.')[2]}",
            fixed,
            plain,
            f".{tag}",
        ),
        *(f"{plain}.{tag[:-1]}", f"{plain}x.{tag}", "x", "é.x", "a" * 500, f"{plain}.{'ü' * 43}"),
    ]
    for token in wrong:
        for method in ("GET", "POST"):
            answer = await client.request(method, f"/unsubscribe/{token}")
            assert (answer.status_code, method) == (404, method), token
    assert (await database.fetch_value("SELECT count(*) FROM message_wish")) == 0


async def test_stopping_mails_leaves_the_inbox_and_the_other_ways(db: None, config: house.Settings) -> None:
    person = await a_person(email="giver@example.org", mobile="+8613800138000")
    await wishes.choose(
        person,
        offered=[("monthly_reminder", SMS)],
        wanted=[("monthly_reminder", SMS)],
        language="zh-CN",
    )
    await wishes.stop_mails(person, events.MONTHLY_REMINDER)
    async with atomic():
        await actions.tell(key="r", person_id=person, event=events.MONTHLY_REMINDER, letter=CHECK)
    (letter,) = await queries.newest()
    assert letter.sms is not None
    assert await database.fetch_value("SELECT count(*) FROM message") == 1
