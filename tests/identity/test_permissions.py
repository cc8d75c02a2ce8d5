"""One table says who may do what: it is printed whole, every page has a rule, and every page keeps to it."""

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar.routes import HTTPRoute

from cishan import gateways
from cishan.identity.guards import OPT, Access
from cishan.identity.rules.accounts import Method
from cishan.identity.rules.factors import FRESH
from cishan.identity.rules.permissions import (
    NO_POST,
    OUT_OF_REACH,
    PERMISSIONS,
    SECOND_FACTOR,
    Action,
    Allowed,
    Reach,
    Refused,
    Scope,
    decide,
    scope_of,
)
from cishan.identity.rules.roles import Post, Role, Staff
from cishan.main import create_app
from cishan.settings import Settings
from tests.identity import staffing

TABLE = Path(__file__).parent / "permissions.txt"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORGANISATION, ANOTHER = UUID(int=1), UUID(int=2)
NOT_ASKED = {"HEAD", "OPTIONS"}


def rules_of(config: Settings | None = None) -> list[tuple[str, str, object]]:
    """Return method, path and rule of every route."""
    config = config or gateways.settings()
    return sorted(
        (method, route.path, handler.opt.get(OPT))
        for route in create_app(config, with_pool=False).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in NOT_ASKED
    )


def _printed(config: Settings) -> str:
    lines = ["What staff may do", ""]
    for action, rule in PERMISSIONS.items():
        how = "writes" if rule.writes else "reads"
        minutes = rule.second_factor // timedelta(minutes=1) if rule.second_factor else 0
        factor = f", second factor within {minutes} min" if minutes else ""
        lines.append(f"{action}: {rule.name} ({how}; scope {rule.scope}{factor})")
        lines.extend(f"    {role}" for role in Role if role in rule.roles)
    lines += ["", "Whose every page is", ""]
    lines.extend(f"{method:<5} {path:<60} {access}" for method, path, access in rules_of(config))
    return "\n".join(lines) + "\n"


def test_the_table_of_permissions_is_as_printed(config: Settings) -> None:
    now = _printed(config)
    if os.environ.get("UPDATE_PERMISSIONS"):
        TABLE.write_text(now)
    assert now == TABLE.read_text(), "run again with UPDATE_PERMISSIONS=1 if the change is meant"


def test_every_page_states_a_rule(config: Settings) -> None:
    assert [(m, p) for m, p, access in rules_of(config) if not isinstance(access, Access | Action)] == []


def test_every_page_for_staff_lies_where_staff_signs_in_and_every_action_is_in_the_table(
    config: Settings,
) -> None:
    assert set(PERMISSIONS) == set(Action)
    elsewhere = {p for _, p, access in rules_of(config) if isinstance(access, Action)}
    assert {p for p in elsewhere if not re.match(r"/staff(/|$)", p)} == set()
    open_there = {
        p for _, p, access in rules_of(config) if p.startswith("/staff") and access is Access.PUBLIC
    }
    assert open_there == {"/staff/sign-in", "/staff/sign-out"}


def test_the_auditor_reads_everything_and_writes_nothing() -> None:
    for rule in PERMISSIONS.values():
        assert (Role.AUDITOR in rule.roles) is not rule.writes, rule.name


def test_the_administrator_sees_no_case_data() -> None:
    mine = {action for action, rule in PERMISSIONS.items() if Role.ADMINISTRATOR in rule.roles}
    assert mine == {
        Action.DESK,
        Action.DECLARE,
        Action.PEOPLE_READ,
        Action.PEOPLE_GRANT,
        Action.EXPORT,
        Action.PLACES_READ,
        Action.CALENDAR_WRITE,
        Action.OPERATIONS_READ,
        Action.OPERATIONS_RETRY,
    }


def _post(role: Role, region: str = "371400", organisation: UUID = ORGANISATION) -> Post:
    return Post(UUID(int=9), role, organisation, "演示机构", region, "演示区域", date(2026, 1, 1), None)


def _staff(*posts: Post, factor: datetime | None = None) -> Staff:
    return Staff(UUID(int=3), UUID(int=4), "演示", "demo", UUID(int=5), Method.PASSWORD, NOW, factor, posts)


def test_a_decision_names_the_post_or_the_reason() -> None:
    county = _staff(_post(Role.PROJECT_OFFICER, "371423"))
    allowed = decide(county, Action.NEWS_WRITE, now=NOW, region="371423100")
    assert allowed == Allowed(county.posts[0])
    assert decide(county, Action.NEWS_WRITE, now=NOW) == allowed
    refused = decide(county, Action.NEWS_WRITE, now=NOW, region="371402")
    assert isinstance(refused, Refused)
    assert (refused.why, refused.roles) == (OUT_OF_REACH, (Role.PROJECT_OFFICER,))
    assert not decide(county, Action.NEWS_WRITE, now=NOW, region="371400").allowed
    cashier = decide(_staff(_post(Role.CASHIER)), Action.NEWS_WRITE, now=NOW)
    assert isinstance(cashier, Refused)
    assert (cashier.why, cashier.needs_second_factor) == (NO_POST, False)
    assert not decide(None, Action.DESK, now=NOW).allowed


def test_a_second_factor_counts_for_ten_minutes() -> None:
    post = _post(Role.ADMINISTRATOR)
    for shown, good in (
        (None, False),
        (NOW - FRESH - timedelta(seconds=1), False),
        (NOW - FRESH, True),
    ):
        decision = decide(_staff(post, factor=shown), Action.PEOPLE_GRANT, now=NOW)
        assert decision.allowed is good
        if isinstance(decision, Refused):
            assert (decision.why, decision.needs_second_factor) == (SECOND_FACTOR, True)


def test_queries_reach_as_far_as_decisions() -> None:
    both = _staff(_post(Role.PROJECT_OFFICER, "371423"), _post(Role.PROJECT_OFFICER, "371402001"))
    assert scope_of(both, Action.NEWS_WRITE) == Reach(("371423%", "371402001%"), (None, None), whole=False)
    city = _staff(_post(Role.PROJECT_OFFICER), _post(Role.CASHIER, "371423"))
    assert scope_of(city, Action.NEWS_WRITE) == Reach(("3714%",), (None,), whole=True)
    assert scope_of(city, Action.DESK) == Reach(("%",), (None,), whole=True)
    assert scope_of(_staff(_post(Role.CASHIER)), Action.NEWS_WRITE) == Reach((), (), whole=False)
    assert scope_of(None, Action.DESK) == Reach((), (), whole=False)


def test_an_organisations_things_are_reached_from_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from cishan.identity.rules import permissions

    changed = {
        **PERMISSIONS,
        Action.NEWS_WRITE: replace(PERMISSIONS[Action.NEWS_WRITE], scope=Scope.ORGANISATION),
    }
    monkeypatch.setattr(permissions, "PERMISSIONS", changed)
    staff = _staff(_post(Role.PROJECT_OFFICER, "371423"))
    for organisation, region, good in (
        (ORGANISATION, "371423", True),
        (ORGANISATION, "371402", False),
        (ANOTHER, "371423", False),
        (None, None, True),
    ):
        decision = decide(staff, Action.NEWS_WRITE, now=NOW, organisation=organisation, region=region)
        assert decision.allowed is good
    assert scope_of(staff, Action.NEWS_WRITE) == Reach(("371423%",), (ORGANISATION,), whole=False)


@pytest.fixture
async def everybody(client: httpx.AsyncClient) -> AsyncIterator[dict[Role, str]]:
    """A session of somebody with each role, one post each, who all showed a second factor just now."""
    tokens = {}
    for role in Role:
        await staffing.a_member(f"is.{role.replace('_', '.')}", role, name=f"演示{role}")
        tokens[role] = await staffing.a_session(f"is.{role.replace('_', '.')}")
    yield tokens


async def test_every_role_before_every_page_for_staff(
    client: httpx.AsyncClient, everybody: dict[Role, str], config: Settings
) -> None:
    wrong, walked = [], 0
    for method, template, access in rules_of(config):
        if not isinstance(access, Action):
            continue
        path = re.sub(r"{\w+:uuid}", "01900000-0000-7000-8000-000000000001", template)
        path = re.sub(r"{\w+:\w+}", "no-such-thing", path)
        for role, token in everybody.items():
            client.cookies.set("session", token)
            answer = await client.request(method, path)
            good = role in PERMISSIONS[access].roles
            if (answer.status_code == 403) is good or answer.status_code >= 500:
                wrong.append((method, path, role, answer.status_code))
            walked += 1
    assert wrong == []
    assert walked >= 5 * len(Role)


async def test_a_refusal_names_the_posts_that_would_do_and_nothing_else(
    client: httpx.AsyncClient, everybody: dict[Role, str]
) -> None:
    client.cookies.set("session", everybody[Role.CASHIER])
    answer = await client.get("/staff/messages")
    assert answer.status_code == 403
    assert "要查看待审留言，需要以下岗位之一：项目专员、审计员。岗位由管理员授予。" in answer.text
    english = await client.get("/staff/messages?lang=en")
    assert "To read held messages you need one of these posts: Project officer, Auditor." in english.text


async def test_a_stranger_is_led_to_the_door(client: httpx.AsyncClient, config: Settings) -> None:
    for method, template, access in rules_of(config):
        if isinstance(access, Action) or access is Access.OWN:
            path = re.sub(r"{\w+:uuid}", "01900000-0000-7000-8000-000000000001", template)
            answer = await client.request(method, re.sub(r"{\w+:\w+}", "x", path))
            assert answer.status_code == 303, (method, path)
            assert re.match(r"(/staff)?/sign-in(\?|$)", answer.headers["location"]), (method, path)
