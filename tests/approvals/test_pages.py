"""The pages of the staff: what waits, what may be done and why not, declared relations, proposals."""

import csv
import io
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from cishan.approvals import actions, queries
from cishan.approvals.rules import Acting, Decision, State
from cishan.identity.actions import people, posts
from cishan.identity.actions.posts import NewPost
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.settings import Settings
from seeds import approvals as seeds
from tests.approvals import making
from tests.approvals.making import Office, all_rows, propose
from tests.donations.conftest import words
from tests.identity.staffing import PASSWORD, a_session


@pytest.fixture
async def office(client: httpx.AsyncClient, config: Settings) -> Office:
    made = await making.an_office()
    await seeds.load()
    set_language(CHINESE)
    return made


async def sign_in(client: httpx.AsyncClient, office: Office, name: str, *roles: Role) -> Acting:
    """Let the browser be somebody of the staff who has just shown a second factor."""
    return await sign_in_at(client, office, name, making.CITY, *roles)


async def sign_in_at(
    client: httpx.AsyncClient, office: Office, name: str, region: str, *roles: Role
) -> Acting:
    """The same with posts of a region."""
    person_id = await people.create_account(
        username=name, name=f"演示·{name}", password=PASSWORD, is_demo=True
    )
    grant_id = ids.new_id()
    for role in roles:
        post = NewPost(
            role=role,
            organisation_id=office.organisation_id,
            region=region,
            starts_on=clock.today(),
            reason="测试任命",
        )
        grant_id = await posts.grant(person_id, post, by=None)
    client.cookies.set("session", await a_session(name))
    return Acting(person_id, grant_id, roles[-1])


async def page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, (answer.status_code, words(answer.text))
    assert answer.headers["cache-control"] == "no-store"
    return words(answer.text)


async def test_a_checker_finds_what_waits_and_decides_it(client: httpx.AsyncClient, office: Office) -> None:
    approval_id = await propose(office, office.maker, 12_345, reason="资料齐全")
    await sign_in(client, office, "bea", Role.FINANCE_CHECKER)
    listed = await page(client, "/staff/approvals")
    assert "退回一笔捐款（演示）" in listed
    assert "¥123.45" in listed
    assert "财务复核" in listed
    shown = await page(client, f"/staff/approvals/{approval_id}")
    assert "资料齐全" in shown
    assert "复核：财务复核" in shown
    assert "李某（演示）" in shown
    answer = await client.post(f"/staff/approvals/{approval_id}/check", data={"decision": "pass"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/approvals/{approval_id}")
    assert making.approved == [(approval_id, 12_345)]
    assert "已批准" in await page(client, f"/staff/approvals/{approval_id}")
    assert "没有待您办理的审批" in await page(client, "/staff/approvals")
    assert "退回一笔捐款（演示）" in await page(client, "/staff/approvals/all?state=done")


async def test_the_page_tells_the_history_of_its_approval_to_whom_may_see_it(
    client: httpx.AsyncClient, office: Office
) -> None:
    approval_id = await propose(office, office.maker, reason="资料齐全")
    bea = await sign_in(client, office, "bea", Role.FINANCE_CHECKER)
    path = f"/staff/approvals/{approval_id}"
    await client.post(f"{path}/check", data={"decision": "return", "reason": "请附付款凭证"})
    answer = (await client.get(path)).text
    told = words(answer[answer.index('<h2 id="history">') :])
    assert re.search(
        "复核退回修改 待复核 → 退回修改 演示·bea · 财务复核 请附付款凭证 .*已提交 .*资料齐全", told
    ), told
    assert str(approval_id)[-8:].upper() in words(answer)
    await sign_in(client, office, "cem", Role.COUNCIL)
    before = await all_rows()
    refused = await client.post(f"{path}/check", data={"decision": "pass"})
    assert refused.status_code in {403, 409}
    assert "请附付款凭证" in refused.text  # the page with its history, and why not
    assert await all_rows() == before
    assert bea.person_id in (await queries.approval(approval_id)).actors


async def test_each_list_of_approvals_holds_its_own_sorts_and_leaves_as_a_file(
    client: httpx.AsyncClient, office: Office
) -> None:
    ada = await sign_in(client, office, "ada", Role.FINANCE_CHECKER, Role.FINANCE_MAKER)
    small = await propose(office, office.maker, 12_345)
    large = await propose(office, office.maker, 67_890)
    own = await propose(office, ada, 500)
    far = await making.an_office(region=making.DECHENG, code="decheng")
    elsewhere = await propose(far, far.maker, 900, region=making.DECHENG)
    sheets = {}
    for name in ("", "/mine", "/all"):
        answer = await client.post(
            f"/staff/approvals{name}/export?sort=amount_fen", data={"format": "csv", "purpose": "核对"}
        )
        assert answer.status_code == 200
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
        sheets[name] = [(row[0], row[3], row[5], row[9]) for row in rows]
    line = {
        one: (str(one)[-8:].upper(), "待复核", "财务复核", yuan)
        for one, yuan in ((small, "123.45"), (large, "678.90"), (own, "5.00"), (elsewhere, "9.00"))
    }
    assert sheets == {
        "": [line[small], line[large]],
        "/mine": [line[own]],
        "/all": [line[own], line[elsewhere], line[small], line[large]],
    }
    assert "¥802.35" in await page(client, "/staff/approvals")  # the sum of both
    without = await client.post("/staff/approvals/export", data={"format": "csv"})
    assert without.status_code == 422
    await sign_in(client, office, "dan", Role.AUDITOR)
    shown = await page(client, "/staff/approvals/all?amount_min=5")
    assert "4 行" in shown
    await sign_in_at(client, far, "eva", making.DECHENG, Role.AUDITOR)
    shown = await page(client, "/staff/approvals/all")
    assert "¥9.00" in shown and "¥123.45" not in shown


async def test_the_makers_own_check_is_refused_by_the_database_and_told_before_the_click(
    client: httpx.AsyncClient, office: Office
) -> None:
    ada = await sign_in(client, office, "ada", Role.FINANCE_CHECKER, Role.FINANCE_MAKER)
    approval_id = await propose(office, ada)
    path = f"/staff/approvals/{approval_id}"
    assert "这是您本人提交的，须由他人复核。" in await page(client, path)
    assert "没有待您办理的审批" in await page(client, "/staff/approvals")
    before = await all_rows()
    answer = await client.post(f"{path}/check", data={"decision": "pass"})
    assert answer.status_code == 403
    assert "您已在这项审批中经手" in words(answer.text)
    assert await all_rows() == before
    assert "退回一笔捐款（演示）" in await page(client, "/staff/approvals/mine")
    answer = await client.post(f"{path}/withdraw", data={"reason": "金额有误"})
    assert answer.status_code == 303
    assert (await queries.approval(approval_id)).state is State.WITHDRAWN


BAD: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("check", {}, 422),
    ("check", {"decision": "maybe"}, 422),
    ("check", {"decision": "return"}, 422),
    ("check", {"decision": "reject", "reason": " "}, 422),
    ("check", {"decision": "pass", "reason": "长" * 501}, 422),
    ("panel", {"decision": "pass", "participants": ["x"]}, 422),
    ("panel", {"decision": "pass"}, 409),
    ("release", {"decision": "pass"}, 403),
    ("withdraw", {}, 403),
)


@pytest.mark.parametrize(("what", "data", "status"), BAD)
async def test_bad_input_is_answered_beside_the_field_and_changes_nothing(
    client: httpx.AsyncClient, office: Office, what: str, data: dict[str, Any], status: int
) -> None:
    approval_id = await propose(office, office.maker)
    await sign_in(client, office, "bea", Role.FINANCE_CHECKER)
    before = await all_rows()
    answer = await client.post(f"/staff/approvals/{approval_id}/{what}", data=data)
    assert answer.status_code == status, words(answer.text)
    assert await all_rows() == before
    unknown = await client.post(f"/staff/approvals/{ids.new_id()}/{what}", data=data)
    assert unknown.status_code in {403, 404}


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


async def test_a_panel_is_written_down_with_its_minutes(client: httpx.AsyncClient, office: Office) -> None:
    approval_id = await propose(office, office.maker, 1_000_000)
    await actions.check(approval_id, office.checker, Decision.PASS)
    bea = await sign_in(client, office, "bea", Role.COUNCIL)
    path = f"/staff/approvals/{approval_id}"
    assert "到会人员" in await page(client, path)
    present = [str(p) for p in (bea.person_id, office.elder.person_id, office.sage.person_id)]
    before = await all_rows()
    without = await client.post(f"{path}/panel", data={"decision": "pass", "participants": present})
    assert without.status_code == 422
    assert "会议纪要" in words(without.text)
    few = await client.post(
        f"{path}/panel",
        data={"decision": "pass", "participants": present[:2]},
        files={"minutes": ("纪要.pdf", PDF, "application/pdf")},
    )
    assert few.status_code == 422
    assert "到会人数不足" in words(few.text)
    assert await all_rows() == before
    assert await fetch_value("SELECT array_agg(id) FROM stored_file") == [making.MINUTES.file_id]
    done = await client.post(
        f"{path}/panel",
        data={"decision": "pass", "participants": present},
        files={"minutes": ("纪要.pdf", PDF, "application/pdf")},
    )
    assert done.status_code == 303, words(done.text)
    view = await queries.approval(approval_id)
    assert view.state is State.RELEASING
    assert view.steps[-1].participants == tuple(UUID(p) for p in present)
    minutes = await client.get(f"/files/{view.steps[-1].minutes_file}")
    assert (minutes.status_code, minutes.content[:5]) == (200, b"%PDF-")
    client.cookies.clear()
    assert (await client.get(f"/files/{view.steps[-1].minutes_file}")).status_code in {303, 404}


async def test_a_relation_is_declared_masked_and_ended(client: httpx.AsyncClient, office: Office) -> None:
    await sign_in(client, office, "bea", Role.FINANCE_CHECKER)
    assert "您尚未申报" in await page(client, "/staff/declarations")
    data = {"relation": "sibling", "name": "王某（演示）", "contact": "138 0013 8000"}
    for bad in (
        {},
        {**data, "contact": "12"},
        {**data, "relation": "enemy"},
        {**data, "uscc": "123", "contact": ""},
        {**data, "contact": ""},
        {**data, "since": "never"},
    ):
        answer = await client.post("/staff/declarations", data=bad)
        assert answer.status_code == 422, bad
    assert await fetch_value("SELECT count(*) FROM related_party") == 0
    assert (await client.post("/staff/declarations", data=data)).status_code == 303
    shown = await page(client, "/staff/declarations")
    assert "王某（演示）" in shown
    assert "138****8000" in shown
    assert "13800138000" not in shown
    stored = await fetch_value("SELECT name_enc FROM related_party")
    assert "王某".encode() not in bytes(stored)
    related = await fetch_value("SELECT id FROM related_party")
    for wrong in (
        {"related_id": str(ids.new_id())},
        {"related_id": "x"},
        {"related_id": str(related), "until": "2000-01-01"},
    ):
        assert (await client.post("/staff/declarations/end", data=wrong)).status_code in {404, 422}
    assert await fetch_value("SELECT until FROM related_party") is None
    ended = await client.post("/staff/declarations/end", data={"related_id": str(related)})
    assert ended.status_code == 303
    assert await fetch_value("SELECT until FROM related_party") == clock.today()


async def test_who_may_not_see_approvals_sees_none(client: httpx.AsyncClient, office: Office) -> None:
    approval_id = await propose(office, office.maker)
    paths = (
        "/staff/approvals",
        "/staff/approvals/mine",
        "/staff/approvals/all",
        f"/staff/approvals/{approval_id}",
        "/staff/refunds",
        "/staff/suspense",
    )
    await sign_in(client, office, "eve", Role.GRID_WORKER)
    assert {(await client.get(path)).status_code for path in paths} == {403}
    await sign_in(client, office, "audrey", Role.AUDITOR)
    assert {(await client.get(path)).status_code for path in paths} == {200}
    answer = await client.post(f"/staff/approvals/{approval_id}/check", data={"decision": "pass"})
    assert answer.status_code == 403
    assert making.approved == []


async def test_every_role_of_a_band_may_use_the_page_of_its_step(office: Office) -> None:
    from cishan.identity.rules.permissions import PERMISSIONS, Action

    for band in seeds.bands():
        assert set(band.propose_roles) <= PERMISSIONS[Action.APPROVALS_PROPOSE].roles
        assert set(band.check_roles) <= PERMISSIONS[Action.APPROVALS_CHECK].roles
        assert band.panel_role in {"", *PERMISSIONS[Action.APPROVALS_CHECK].roles}
        assert band.release_role in {"", *PERMISSIONS[Action.APPROVALS_RELEASE].roles}
