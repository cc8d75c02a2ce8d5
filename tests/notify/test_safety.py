"""Changes of a way into an account are told to whom the account belongs, each once."""

import httpx

from cishan import settings
from cishan.identity.actions import posts
from cishan.identity.rules.roles import Role
from cishan.notify import queries
from cishan.notify.queries import inbox
from cishan.plumbing import jobs
from tests.identity import staffing
from tests.identity.entering import register
from tests.notify.test_inbox import me


async def test_a_new_password_is_told_by_every_way_that_the_account_has(client: httpx.AsyncClient) -> None:
    await register(client)
    person = await me()
    before = len(await queries.newest())
    answer = await client.post("/account/password", data={"password": "a new sentence of mine"})
    assert answer.status_code == 303
    await jobs.work_off()
    assert [m.title for m in (await inbox.inbox(person)).messages] == ["您的账号密码已修改"]
    (text, *_), written = await queries.newest(), len(await queries.newest()) - before
    assert text.sms is not None
    assert (text.sms.text, text.urgent, written) == (
        "【德州慈善总会】您的账号密码已修改。请登录网站查看。",
        True,
        1,
    )


async def test_a_refused_password_tells_nobody_anything(client: httpx.AsyncClient) -> None:
    await register(client)
    answer = await client.post("/account/password", data={"password": "short"})
    assert answer.status_code == 422
    await jobs.work_off()
    assert (await inbox.inbox(await me())).total == 0


async def test_a_post_that_is_given_and_one_that_ends_are_told(db: None, config: settings.Settings) -> None:
    person = await staffing.a_member("ada")
    organisation = await staffing.a_federation()
    post = await staffing.a_post(person, Role.CHILD_DIRECTOR, organisation=organisation)
    await posts.revoke(post, because="测试", by=None)
    await jobs.work_off()
    titles = [m.title for m in (await inbox.inbox(person)).messages]
    assert sorted(titles) == ["您在本平台的一个岗位已终止", *["您在本平台获得了一个岗位"] * 2]
