"""Administrators invite, give, change and end posts and close accounts, and never their own."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan import gateways
from cishan.audit.queries import history_of
from cishan.identity.actions import invitations, posts
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.queries.posts import posts_of
from cishan.identity.rules.permissions import PERMISSIONS, Action
from cishan.identity.rules.roles import INVITATION_LIFE, Role
from cishan.kernel import clock
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.settings import Settings
from tests.conftest import as_owner
from tests.donations.conftest import words as words_of
from tests.identity.showing import add_app
from tests.identity.staffing import (
    BEGAN,
    CITY,
    COUNTY,
    OTHER,
    TOWN,
    a_federation,
    a_member,
    a_post,
    a_session,
    sign_in,
)

PASSWORD = "a good long sentence"
LATER = date(2027, 6, 30)


@pytest.fixture
async def admin(client: httpx.AsyncClient) -> UUID:
    """The city's administrator, who is signed in with a second factor."""
    person = await a_member("adm", Role.ADMINISTRATOR, name="演示管理员")
    client.cookies.set("session", await a_session("adm"))
    return person


async def _form(**changes: str) -> dict[str, str]:
    organisation = await a_federation(COUNTY)
    return {
        "name": "演示新人",
        "contact": "newcomer@example.org",
        "role": "finance_maker",
        "organisation": str(organisation),
        "region": COUNTY,
        "starts_on": clock.today().isoformat(),
        "ends_on": LATER.isoformat(),
        "reason": "理事会决议第1号",
        **changes,
    }


async def _link(client: httpx.AsyncClient) -> str:
    """Have the letter delivered and return the path of its link."""
    await jobs.work_off()
    outbox = (await client.get("/outbox")).text
    newest = re.search(r'href="(/outbox/[0-9a-f-]{36})"', outbox)
    assert newest
    words = (await client.get(newest[1])).text
    found = re.search(r"/invitation/[A-Za-z0-9_-]{43}", words)
    assert found, words
    return found[0]


async def _everything() -> list[dict[str, object]]:
    """Return what invitations, posts and accounts there are, as text; not the last use of a session."""
    return await fetch(
        """SELECT (SELECT string_agg(invitation::text, ';' ORDER BY id) FROM invitation) AS invitations,
                  (SELECT string_agg(role_grant::text, ';' ORDER BY id) FROM role_grant) AS grants,
                  (SELECT string_agg(account::text, ';' ORDER BY id) FROM account) AS accounts,
                  (SELECT string_agg(person::text, ';' ORDER BY id) FROM person) AS people,
                  (SELECT count(*) FROM audit.transition) AS steps,
                  (SELECT count(*) FROM account_session) AS sessions"""
    )


async def test_an_invitation_is_sent_accepted_once_and_in_the_history(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    answer = await client.post("/staff/people/invite", data=await _form())
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/people#invitations")
    listed = (await client.get("/staff/people")).text
    assert "演示新人" in listed
    assert "n**@example.org" in listed
    link = await _link(client)
    client.cookies.clear()
    page = await client.get(link)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    for words in ("演示新人", "财务经办", "庆云县", "n**@example.org"):
        assert words in page.text
    made = await client.post(link, data={"password": PASSWORD, "agree": "1"})
    assert (made.status_code, made.headers["location"]) == (303, "/account/security")
    visitor = await visitor_of(client.cookies["session"])
    assert visitor is not None
    assert visitor.person_id is not None
    assert (visitor.name, visitor.is_staff) == ("演示新人", True)
    (post,) = await posts_of(visitor.person_id)
    assert (post.role, post.region_code, post.ends_on) == (Role.FINANCE_MAKER, COUNTY, LATER)
    (row,) = await fetch("SELECT id, granted FROM invitation")
    steps = await history_of("invitation", row["id"])
    assert [(s.event, s.actor) for s in steps] == [("accept", str(visitor.person_id)), ("invite", str(admin))]
    (granted,) = await history_of("role_grant", row["granted"])
    assert (granted.event, granted.actor, granted.acting_role, granted.reason) == (
        "grant",
        str(admin),
        "administrator",
        "理事会决议第1号",
    )
    before = await _everything()
    again = await client.post(link, data={"password": PASSWORD, "agree": "1"})
    assert again.status_code == 409
    assert "已被接受" in (await client.get(link)).text
    assert await _everything() == before
    await client.post("/sign-out")
    form = {"login": "newcomer@example.org", "password": PASSWORD}
    assert (await client.post("/sign-in", data=form)).status_code == 303


async def test_a_text_message_carries_the_link_to_a_mobile_number(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    await client.post("/staff/people/invite", data=await _form(contact="138 0013 8000"))
    link = await _link(client)
    client.cookies.clear()
    assert (await client.post(link, data={"agree": "1"})).status_code == 303
    assert await fetch_value("SELECT count(*) FROM account WHERE password_hash IS NULL") == 1


async def test_a_link_expires_and_a_new_one_takes_its_place(client: httpx.AsyncClient, admin: UUID) -> None:
    await client.post("/staff/people/invite", data=await _form())
    first = await _link(client)
    invitation = await fetch_value("SELECT id FROM invitation")
    with clock.fixed(clock.now() + INVITATION_LIFE):
        assert (await client.post(first, data={"password": PASSWORD, "agree": "1"})).status_code == 409
        assert "已过期" in (await client.get(first)).text
    assert await fetch_value("SELECT count(*) FROM person") == 1
    sent = await client.post(f"/staff/people/invitations/{invitation}/resend")
    assert sent.status_code == 303
    second = await _link(client)
    assert second != first
    assert (await client.get(first)).status_code == 404
    assert (await client.post(second, data={"password": PASSWORD, "agree": "1"})).status_code == 303


async def test_a_withdrawn_invitation_opens_nothing(client: httpx.AsyncClient, admin: UUID) -> None:
    await client.post("/staff/people/invite", data=await _form())
    link, invitation = await _link(client), await fetch_value("SELECT id FROM invitation")
    path = f"/staff/people/invitations/{invitation}"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(f"{path}/withdraw", data={})).status_code == 422
    assert (await client.post(f"{path}/withdraw", data={"reason": "写错了"})).status_code == 303
    before = await _everything()
    for answer in (
        await client.post(link, data={"password": PASSWORD, "agree": "1"}),
        await client.post(f"{path}/resend"),
        await client.post(f"{path}/withdraw", data={"reason": "再次"}),
    ):
        assert answer.status_code == 409
    assert await _everything() == before
    async with as_owner():
        for statement in (
            "UPDATE invitation SET withdrawn_at = NULL, withdrawn_because = ''",
            "UPDATE invitation SET role = 'cashier'",
            "DELETE FROM invitation",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                async with atomic():
                    await fetch(statement)


async def test_whoever_has_an_account_gets_the_post_added_to_it(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    await client.post("/staff/people/invite", data=await _form())
    await client.post(await _link(client), data={"password": PASSWORD, "agree": "1"})
    client.cookies.clear()
    client.cookies.set("session", await a_session("adm"))
    await client.post("/staff/people/invite", data=await _form(role="council"))
    link = await _link(client)
    client.cookies.clear()
    assert "您已有使用" in (await client.get(link)).text
    done = await client.post(link, data={"agree": "1"})
    assert (done.status_code, done.headers["location"]) == (303, "/staff/sign-in")
    assert "set-cookie" not in done.headers
    assert await fetch_value("SELECT count(*) FROM account") == 2
    assert await fetch_value("SELECT count(*) FROM role_grant WHERE role = 'council'") == 1


async def test_nobody_gives_themselves_a_post_by_a_letter_to_themselves(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    await client.post("/staff/people/invite", data=await _form())
    await client.post(await _link(client), data={"password": PASSWORD, "agree": "1"})
    person = await fetch_value("SELECT person FROM account WHERE email_index IS NOT NULL")
    city = await a_federation()
    await a_post(person, Role.ADMINISTRATOR, organisation=city, by=admin)
    async with atomic():
        await fetch("UPDATE account_session SET second_factor_at = {}", clock.now())
    await client.post("/staff/people/invite", data=await _form(role="council"))
    link, before = await _link(client), await _everything()
    answer = await client.post(link, data={"agree": "1"})
    assert answer.status_code == 409
    assert "任何人不得给自己授予岗位" in answer.text
    assert await _everything() == before


async def test_what_an_ended_administrator_offered_counts_no_more(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    await client.post("/staff/people/invite", data=await _form())
    link = await _link(client)
    (post,) = await posts_of(admin)
    await posts.revoke(post.grant_id, because="离职", by=None)
    before = await _everything()
    assert (await client.post(link, data={"password": PASSWORD, "agree": "1"})).status_code == 409
    assert await _everything() == before


async def test_a_post_is_given_changed_and_ended(client: httpx.AsyncClient, admin: UUID) -> None:
    person = await a_member("bea", Role.COUNCIL, name="演示乙")
    home, form = f"/staff/people/{person}", await _form(role="project_officer")
    given = await client.post(f"{home}/posts", data=form)
    assert (given.status_code, given.headers["location"]) == (303, home)
    officer = next(p for p in await posts_of(person) if p.role is Role.PROJECT_OFFICER)
    path = f"/staff/people/posts/{officer.grant_id}"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(f"{path}/change", data={**form, "region": TOWN})).status_code == 303
    (changed,) = [p for p in await posts_of(person) if p.role is Role.PROJECT_OFFICER]
    assert (changed.region_code, changed.grant_id != officer.grant_id) == (TOWN, True)
    assert (await client.post(f"{path}/end", data={"reason": "再来"})).status_code == 409
    path = f"/staff/people/posts/{changed.grant_id}"
    tomorrow = clock.today() + timedelta(days=1)
    for day, words in ((clock.today() - timedelta(days=1), "已经过去"), (LATER, "更早已截止")):
        refused = await client.post(f"{path}/end", data={"on": day.isoformat(), "reason": "调岗"})
        assert refused.status_code == 422
        assert words in refused.text
    assert (
        await client.post(f"{path}/end", data={"on": tomorrow.isoformat(), "reason": "调岗"})
    ).status_code == 303
    with clock.fixed(clock.now() + timedelta(days=2)):
        assert {p.role for p in await posts_of(person)} == {Role.COUNCIL}
    assert [s.event for s in await history_of("role_grant", changed.grant_id)] == ["end", "grant"]
    page = (await client.get(home)).text
    assert page.count("项目专员") >= 2
    assert "演示管理员" in page
    told = _told(page)
    assert f"岗位提前到期 · 项目专员 · 371423慈善总会 · 庆云镇 任职中 → {tomorrow.isoformat()} 到期" in told
    assert "即时免去岗位 · 项目专员" in told and "演示管理员 · 系统管理员 理事会决议第1号" in told
    assert told.index("岗位提前到期") < told.index("即时免去岗位") < told.index("授予岗位 · 理事")
    (refused,) = [await client.post(f"{home}/close", data={"reason": ""})]
    assert refused.status_code == 422
    assert _told(refused.text) == told


def _told(page: str) -> str:
    """The history of a page in words."""
    return words_of(page[page.index('<h2 id="history">') :])


async def test_nobody_touches_their_own_post_or_account(client: httpx.AsyncClient, admin: UUID) -> None:
    (post,) = await posts_of(admin)
    before = await _everything()
    path = f"/staff/people/posts/{post.grant_id}"
    for answer in (
        await client.post(f"{path}/end", data={"reason": "自己"}),
        await client.post(f"{path}/change", data=await _form()),
        await client.post(f"/staff/people/{admin}/posts", data=await _form()),
        await client.post(f"/staff/people/{admin}/close", data={"reason": "自己"}),
    ):
        assert answer.status_code == 422
    assert await _everything() == before
    city = await a_federation()
    for statement in (
        "INSERT INTO role_grant (id, person, role, organisation, region, starts_on, reason, granted_by,"
        f" granted_at, revoked_because) VALUES (gen_random_uuid(), '{admin}', 'council', '{city}', '{CITY}',"
        f" '{BEGAN}', 'x', '{admin}', now(), '')",
        f"UPDATE role_grant SET revoked_at = now(), revoked_because = 'x', revoked_by = '{admin}'"
        f" WHERE person = '{admin}'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with atomic():
                await fetch(statement)


async def test_closing_an_account_ends_its_sessions_at_once(client: httpx.AsyncClient, admin: UUID) -> None:
    person = await a_member("bea", Role.COUNCIL, name="演示乙")
    theirs = await a_session("bea")
    assert await visitor_of(theirs) is not None
    closed = await client.post(f"/staff/people/{person}/close", data={"reason": "离职"})
    assert closed.status_code == 303
    assert await visitor_of(theirs) is None
    assert (await client.post(f"/staff/people/{person}/close", data={"reason": "离职"})).status_code == 409
    form = {"username": "bea", "password": "correct horse battery"}
    assert (await client.post("/staff/sign-in", data=form)).status_code == 422
    assert "账号已停用" in (await client.get(f"/staff/people/{person}")).text
    assert (await client.post(f"/staff/people/{person}/reopen", data={"reason": "返岗"})).status_code == 303
    assert await visitor_of(theirs) is None
    account = await fetch_value("SELECT id FROM account WHERE username = 'bea'")
    assert [s.event for s in await history_of("account", account)] == ["reopen", "close", "sign_in"]
    assert (await client.post("/staff/sign-in", data=form)).status_code == 303


async def test_lost_second_factors_are_taken_away_with_a_reason_and_the_owner_is_told(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    person, mine = await a_member("bea", Role.COUNCIL, name="演示乙"), client.cookies["session"]
    path = f"/staff/people/{person}/forget-factors"
    assert (await client.post(path, data={"reason": "手机丢失"})).status_code == 409
    client.cookies.set("session", await a_session("bea"))
    await add_app(client)
    theirs = client.cookies["session"]
    client.cookies.set("session", mine)
    assert "收回二次验证" in (await client.get(f"/staff/people/{person}")).text
    assert (await client.post(path, data={"reason": ""})).status_code == 422
    assert await fetch_value("SELECT count(*) FROM factor") == 1
    assert (await client.post(path, data={"reason": "手机丢失，已当面核实"})).status_code == 303
    assert await fetch_value("SELECT count(*) FROM factor") == 0
    assert await fetch_value("SELECT count(*) FROM recovery_code") == 0
    assert await visitor_of(theirs) is None
    account = await fetch_value("SELECT id FROM account WHERE username = 'bea'")
    step = (await history_of("account", account))[0]
    assert (step.event, step.actor, step.reason) == ("forget_factors", str(admin), "手机丢失，已当面核实")
    told = _told((await client.get(f"/staff/people/{person}")).text)
    assert "收回二次验证 有二次验证 → 无二次验证 演示管理员 · 系统管理员 手机丢失，已当面核实" in told
    assert "添加二次验证" in told and "登录" not in told.partition("回到")[0]
    asked = await fetch("SELECT args FROM procrastinate_jobs WHERE task_name = 'notify.account_safety'")
    assert any("second_factor_removed" in row["args"] for row in asked)
    own = await client.post(f"/staff/people/{admin}/forget-factors", data={"reason": "自己"})
    assert own.status_code == 422


async def test_a_countys_administrator_sees_and_changes_the_county_alone(client: httpx.AsyncClient) -> None:
    await a_member("qi.adm", Role.ADMINISTRATOR, region=COUNTY, name="演示县管理员")
    here = await a_member("qi.bea", Role.COUNCIL, region=COUNTY, name="演示县理事")
    there = await a_member("de.bea", Role.COUNCIL, region=OTHER, name="演示外县理事")
    both = await a_member("both", Role.COUNCIL, region=COUNTY, name="演示两处")
    await a_post(both, Role.FINANCE_MAKER, organisation=await a_federation())
    client.cookies.set("session", await a_session("qi.adm"))
    listed = (await client.get("/staff/people")).text
    assert "演示县理事" in listed
    assert "演示外县理事" not in listed
    assert (await client.get(f"/staff/people/{here}")).status_code == 200
    (far,) = await posts_of(there)
    city_post = next(p for p in await posts_of(both) if p.region_code == CITY)
    before = await _everything()
    for path in (f"/staff/people/{there}", f"/staff/people/posts/{far.grant_id}"):
        assert (await client.get(path)).status_code == 404
    outside = await _form(organisation=str(await a_federation()), region=OTHER)
    for path, form, status in (
        (f"/staff/people/{there}/close", {"reason": "x"}, 404),
        (f"/staff/people/{both}/close", {"reason": "x"}, 404),
        (f"/staff/people/posts/{city_post.grant_id}/end", {"reason": "x"}, 404),
        ("/staff/people/invite", outside, 403),
        (f"/staff/people/{here}/posts", outside, 403),
    ):
        assert (await client.post(path, data=form)).status_code == status, path
    assert await _everything() == before
    assert (await client.post(f"/staff/people/{here}/close", data={"reason": "离职"})).status_code == 303


async def test_without_a_fresh_second_factor_the_door_asks_for_it(client: httpx.AsyncClient) -> None:
    await a_member("adm", Role.ADMINISTRATOR)
    await sign_in(client, "adm")
    before = await _everything()
    for answer in (
        await client.get("/staff/people/invite"),
        await client.post("/staff/people/invite", data=await _form()),
    ):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/account/second-factor/check")
    assert (await client.get("/staff/people")).status_code == 200
    assert await _everything() != []
    assert [r["invitations"] for r in await _everything()] == [r["invitations"] for r in before]


async def test_a_post_that_cannot_be_is_refused_beside_its_field(
    client: httpx.AsyncClient, admin: UUID
) -> None:
    before = await _everything()
    for changes, words in (
        ({"ends_on": "2020-01-01"}, "截止日期早于起始日期。"),
        ({"starts_on": "2020-01-01", "ends_on": "2020-02-01"}, "这一天已经过去"),
        ({"region": OTHER}, "不在机构所属区域之内"),
        ({"contact": "nobody"}, "手机"),
        ({"reason": " "}, "请说明原因"),
        ({"role": "emperor"}, "请选择其中一项"),
    ):
        answer = await client.post("/staff/people/invite", data=await _form(**changes))
        assert answer.status_code == 422, changes
        assert words in answer.text, changes
        assert "演示新人" in answer.text
    del before[0]["sessions"]
    after = await _everything()
    del after[0]["sessions"]
    assert after == before


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "x" * 500,
            "\x00",
            "2026-02-30",
            CITY,
            "999999",
            "auditor",
            "9" * 12,
            "a@b.cn",
            "{x}",
            "' OR 1=1",
        ]
    ),
)
FIELDS = (
    "name",
    "contact",
    "role",
    "organisation",
    "region",
    "starts_on",
    "ends_on",
    "on",
    "password",
    "agree",
)


async def test_no_form_stumbles_over_what_is_typed(client: httpx.AsyncClient, admin: UUID) -> None:
    person = await a_member("bea", Role.COUNCIL, name="演示乙")
    (post,) = await posts_of(person)
    await client.post("/staff/people/invite", data=await _form())
    link, invitation = await _link(client), await fetch_value("SELECT id FROM invitation")
    paths = (
        "/staff/people/invite",
        f"/staff/people/{person}/posts",
        f"/staff/people/posts/{post.grant_id}/change",
        f"/staff/people/posts/{post.grant_id}/end",
        f"/staff/people/{person}/close",
        f"/staff/people/{person}/forget-factors",
        f"/staff/people/invitations/{invitation}/withdraw",
        link,
    )
    cases: list[dict[str, str]] = []

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
    @given(st.dictionaries(st.sampled_from(FIELDS), HOSTILE, max_size=8))
    def collect(form: dict[str, str]) -> None:
        cases.append({k: v for k, v in form.items() if k != "reason"} | ({"agree": ""} if form else {}))

    collect()
    before = await _everything()
    for path in paths:
        for form in cases:
            answer = await client.post(path, data=form)
            assert 400 <= answer.status_code < 500, (path, form, answer.status_code)
    assert await _everything() == before


async def test_the_auditor_may_post_what_reads_and_nothing_else(client: httpx.AsyncClient) -> None:
    from tests.identity.test_permissions import rules_of

    await a_member("aud", Role.AUDITOR)
    client.cookies.set("session", await a_session("aud"))
    before, tried = await _everything(), 0
    for method, template, access in rules_of():
        if method == "POST" and template.startswith("/staff") and access != "public":
            path = re.sub(r"{\w+:uuid}", "01900000-0000-7000-8000-000000000001", template)
            answer = await client.post(re.sub(r"{\w+:\w+}", "x", path))
            assert isinstance(access, Action)
            assert (answer.status_code == 403) is PERMISSIONS[access].writes, path
            tried += 1
    assert tried >= 10
    assert await _everything() == before
    assert (await client.get("/staff/people")).status_code == 200


async def test_the_sign_in_page_names_the_accounts_of_a_demonstration_alone(
    client: httpx.AsyncClient, config: Settings
) -> None:
    await a_member("demo-x", Role.CASHIER, is_demo=True)
    await a_member("real-x", Role.CASHIER, is_demo=False)
    page = (await client.get("/staff/sign-in")).text
    assert ("demo-x" in page, "real-x" in page) == (True, False)
    gateways.use(replace(config, demo=False))
    assert "demo-x" not in (await client.get("/staff/sign-in")).text


async def test_the_first_administrator_is_invited_at_the_terminal(racing: str, config: Settings) -> None:
    city = await a_federation()
    await database.fetch("UPDATE organisation SET code = 'federation' WHERE id = {}", city)
    result = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cishan.cli", "invite-admin", "演示首任管理员", "first@example.org"],
        env={**os.environ, "DATABASE_URL": racing, "SECRET_KEY": config.secret_key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    token = result.stdout.strip().rpartition("/")[2]
    session = await invitations.accept(token, password=PASSWORD)
    visitor = await visitor_of(session or "")
    assert visitor is not None
    assert visitor.person_id is not None
    (post,) = await posts_of(visitor.person_id)
    assert (post.role, post.region_code) == (Role.ADMINISTRATOR, CITY)
    assert await database.fetch("SELECT granted_by FROM role_grant") == [{"granted_by": None}]
