"""A post reaches the things of its region and no others: every page of one is tried from another county.

A page that does not ask where its thing lies answers nobody: the guard stops it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.routes import HTTPRoute

from cishan import gateways
from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Payee
from cishan.donations.actions import receipts, refunds
from cishan.donations.queries import contacts
from cishan.donations.queries import receipts as receipt_queries
from cishan.donations.rules.giving import RefundGround
from cishan.donations.tables.gifts import DonationMovement
from cishan.donations.tables.monthly import MonthlyPlan
from cishan.identity.actions import invitations
from cishan.identity.actions.posts import NewPost
from cishan.identity.guards import OPT, concerns_a_place, enforce, require_asked, rule
from cishan.identity.rules.permissions import PERMISSIONS, Action
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.main import create_app
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value
from seeds import approvals as bands
from seeds import deadlines
from tests.campaigns import making
from tests.donations.paid_gifts import a_gift
from tests.identity import staffing
from tests.ledger import books
from tests.warehouse import every_form

HERE, ELSEWHERE = staffing.COUNTY, staffing.OTHER
Made = dict[str, str]


async def _campaign() -> str:
    return (await making.a_live_campaign(county=HERE)).slug


async def _number_of(gift_id: UUID) -> str:
    return str(await fetch_value("SELECT number FROM donation WHERE id = {}", gift_id))


async def _refund(gift_id: UUID) -> str:
    return str(await refunds.request_refund(gift_id, ground=RefundGround.MIS_KEY, words="错了"))


async def _receipt(gift_id: UUID) -> str:
    await receipts.write_due(gift_id)
    return (await receipt_queries.for_gift(gift_id))[0].number


async def _plan() -> str:
    plan_id, email = ids.new_id(), "giver@example.org"
    await MonthlyPlan.insert(
        MonthlyPlan(
            id=plan_id,
            token_hash=ids.token_hash(plan_id.hex),
            created_at=clock.now(),
            status="pending",
            method="remind",
            interval="month",
            fund_code="GEN",
            amount_fen=2_000,
            day_of_month=1,
            anonymity="hidden",
            donor_kind="person",
            contact_email_enc=crypto.seal(email, place=contacts.PLAN_EMAIL, row=plan_id),
            contact_email_index=contacts.email_index(email),
            language="zh-CN",
        )
    )
    return str(plan_id)


async def _movement() -> str:
    await DonationMovement.insert(
        DonationMovement(
            id=ids.new_id(),
            kind="charge",
            txn_id="txn_held",
            amount_fen=700,
            at=clock.now(),
            problem="unidentified",
        )
    )
    return "txn_held"


async def _voucher() -> str:
    await books.a_fund()
    (entry,) = await books.post(books.a_gift())
    return str(entry.id)


async def _member(organisation: UUID) -> tuple[UUID, UUID]:
    person = await staffing.a_member("of.here", Role.FINANCE_MAKER, region=HERE)
    grant = await fetch_value("SELECT id FROM role_grant WHERE person = {}", person)
    return person, grant


async def _approval(organisation: UUID, person: UUID, grant: UUID) -> str:
    approval_id = await approvals.propose(
        kind="refund",
        subject_kind="refund",
        subject_id=ids.new_id(),
        title="退回一笔捐款（演示）",
        amount_fen=5_000,
        payee=Payee(name="李某（演示）"),
        by=Acting(person, grant, Role.FINANCE_MAKER),
        organisation_id=organisation,
        region_code=HERE,
    )
    return str(approval_id)


async def _invitation(organisation: UUID) -> str:
    post = NewPost(
        role=Role.COUNCIL,
        organisation_id=organisation,
        region=HERE,
        starts_on=clock.today(),
        reason="测试任命",
    )
    to = Contact(Channel.EMAIL, "new@example.org")
    return str(await invitations.invite(post, name="演示新人", to=to, language="zh-CN", by=None))


@pytest.fixture
async def things(client: httpx.AsyncClient) -> Made:
    """One thing of every kind in a county, or of the whole city; the path of each."""
    await deadlines.load()
    await bands.load()
    organisation = await staffing.a_federation(HERE)
    person, grant = await _member(organisation)
    gift = await a_gift(10_000)
    return {
        "/staff/approvals/": await _approval(organisation, person, grant),
        "/staff/campaigns/": await _campaign(),
        "/staff/gifts/": await _number_of(gift),
        "/staff/messages/": str(gift),
        "/staff/people/invitations/": await _invitation(organisation),
        "/staff/people/posts/": str(grant),
        "/staff/people/": str(person),
        "/staff/persons/": str(person),
        "/staff/plans/": await _plan(),
        "/staff/receipts/": await _receipt(gift),
        "/staff/refunds/": await _refund(gift),
        "/staff/suspense/": await _movement(),
        "/staff/vouchers/": await _voucher(),
    }


DATA: dict[str, Any] = {
    "decision": "pass",
    "reason": "跨区尝试",
    "purpose": "跨区尝试",
    "judgement": "show",
    "title": "跨区尝试",
    "body": "跨区尝试",
    "owner": "fund",
    "fund_code": "GEN",
    "role": "council",
    "region": ELSEWHERE,
    "starts_on": "2026-11-22",
}
PUBLISHED = "/staff/campaigns/{slug:str}/updates"
"""Of projects that everybody knows: the page may say why it does not open."""


def _places(app: Litestar) -> list[tuple[str, str, Action]]:
    """Return method, path and rule of every route of one thing that lies somewhere."""
    return sorted(
        (method, route.path, handler.opt[OPT])
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in {"HEAD", "OPTIONS"}
        and concerns_a_place(route.path_format, handler.opt)
        and not route.path.startswith(every_form.STARTS)  # walked by tests/warehouse/test_reach.py
    )


async def _everything() -> list[list[dict[str, Any]]]:
    tables = ("approval_step", "role_grant", "invitation", "donation", "refund_request", "account", "letter")
    return [await fetch(f"SELECT * FROM {one} ORDER BY id") for one in tables] + [
        await fetch("SELECT id FROM audit.sensitive_read"),
        await fetch("SELECT id FROM campaign_update"),
    ]


async def test_nobody_of_another_county_sees_or_moves_a_thing(
    client: httpx.AsyncClient, things: Made
) -> None:
    app = create_app(gateways.settings(), with_pool=False)
    tokens = {}
    for role in Role:
        username = f"far.{role.replace('_', '.')}"
        await staffing.a_member(username, role, region=ELSEWHERE)
        tokens[role] = await staffing.a_session(username)
    before = await _everything()
    wrong, unknown, walked = [], [], 0
    for method, template, action in _places(app):
        start, _, end = template.partition("{")
        if start not in things:
            unknown.append(template)
            continue
        path = f"{start}{things[start]}{end.partition('}')[2]}"
        for role in Role:
            if role not in PERMISSIONS[action].roles:
                continue
            client.cookies.set("session", tokens[role])
            answer = await client.request(method, path, data=DATA if method == "POST" else None)
            secret = method == "GET" and template != PUBLISHED
            if answer.status_code not in ({404} if secret else {403, 404}):
                wrong.append((method, template, role, answer.status_code))
            walked += 1
    assert unknown == [], "make such a thing in `things`, or walk its slice in a test of its own"
    assert wrong == []
    assert walked >= 60
    assert await _everything() == before


async def test_those_of_the_county_and_of_the_city_do_reach_them(
    client: httpx.AsyncClient, things: Made
) -> None:
    await staffing.a_member("near", *SEERS, region=HERE)
    client.cookies.set("session", await staffing.a_session("near"))
    near = {s: (await client.get(f"{s}{one}")).status_code for s, one in things.items() if s in SHOWN}
    assert {start for start, status in near.items() if status == 200} == {
        "/staff/approvals/",
        "/staff/campaigns/",
        "/staff/people/",
        "/staff/people/posts/",
        "/staff/people/invitations/",
    }
    await staffing.a_member("whole", *SEERS)
    client.cookies.set("session", await staffing.a_session("whole"))
    whole = {s: (await client.get(f"{s}{one}")).status_code for s, one in things.items() if s in SHOWN}
    assert whole == dict.fromkeys(SHOWN, 200)


async def test_keepers_of_goods_who_propose_see_no_refund_and_no_held_money(
    client: httpx.AsyncClient, things: Made
) -> None:
    await staffing.a_member("keeper", Role.WAREHOUSE_KEEPER)
    client.cookies.set("session", await staffing.a_session("keeper"))
    for start in ("/staff/refunds/", "/staff/suspense/"):
        assert (await client.get(f"{start}{things[start]}/propose")).status_code == 404
        assert (await client.post(f"{start}{things[start]}/propose", data=DATA)).status_code == 404
    for path in ("/staff/refunds/open", "/staff/suspense"):
        assert (await client.get(path)).status_code == 403


SEERS = (Role.PROJECT_OFFICER, Role.ADMINISTRATOR, Role.COUNCIL)
SHOWN = (
    "/staff/approvals/",
    "/staff/campaigns/",
    "/staff/gifts/",
    "/staff/people/",
    "/staff/people/invitations/",
    "/staff/people/posts/",
    "/staff/persons/",
    "/staff/plans/",
    "/staff/receipts/",
    "/staff/refunds/",
    "/staff/vouchers/",
)
"""Where the page of the thing itself is."""


async def test_a_page_that_does_not_ask_where_its_thing_lies_answers_nobody(
    client: httpx.AsyncClient, ask: "Callable[[str], Awaitable[int]]"
) -> None:
    await staffing.a_member("whole", Role.FINANCE_MAKER)
    client.cookies.set("session", await staffing.a_session("whole"))
    assert await ask("/staff/careless/1") == 500
    assert await ask("/staff/nowhere/1") == 200
    assert await ask("/staff/all") == 200


@pytest.fixture
def ask(client: httpx.AsyncClient) -> "Callable[[str], Awaitable[int]]":
    """Ask a small site whose pages forget to ask, with the cookies of the browser."""

    @get("/staff/careless/{number:int}", opt=rule(Action.GIFTS_READ))
    async def careless(number: FromPath[int]) -> str:
        return "secret"

    @get("/staff/nowhere/{number:int}", opt=rule(Action.GIFTS_READ, anywhere=True))
    async def nowhere(number: FromPath[int]) -> str:
        return "a kind of thing"

    @get("/staff/all", opt=rule(Action.GIFTS_READ))
    async def every() -> str:
        return "a list"

    site = Litestar(
        route_handlers=[careless, nowhere, every],
        guards=[enforce],
        after_request=require_asked,
        request_class=HTMXRequest,
        openapi_config=None,
        logging_config=None,
    )
    site.state.settings = gateways.settings()

    async def status(path: str) -> int:
        transport = httpx.ASGITransport(app=site, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", cookies=dict(client.cookies)
        ) as browser:
            answer = await browser.get(path)
            assert "secret" not in answer.text
            return answer.status_code

    return status
