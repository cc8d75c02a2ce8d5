"""What the database refuses of posts, whoever writes; a post counts from its first day to its last."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.identity.actions import posts
from cishan.identity.queries.posts import posts_of
from cishan.identity.rules.roles import Role, is_active
from cishan.identity.tables.posts import RoleGrant
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.conftest import as_owner
from tests.identity.staffing import BEGAN, CITY, COUNTY, OTHER, a_federation, a_member, a_post

DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 1))
LATER = date(2027, 1, 1)


async def _person(username: str = "bea", role: Role = Role.PROJECT_OFFICER) -> UUID:
    return await a_member(username, role, name="演示乙")


async def _grants() -> list[dict[str, object]]:
    return await fetch("SELECT * FROM role_grant ORDER BY id")


@pytest.mark.parametrize(
    ("role", "days", "words"),
    [
        (Role.PROJECT_OFFICER, (LATER, None), "holds this post"),
        (Role.AUDITOR, (LATER, None), "does not go with this one"),
        (Role.CASHIER, (date(2026, 2, 2), date(2026, 2, 1)), "before the first"),
    ],
)
async def test_what_does_not_go_together_is_refused(
    db: None, role: Role, days: tuple[date, date | None], words: str
) -> None:
    person, organisation = await _person(), await a_federation()
    before = await _grants()
    with pytest.raises(Invalid, match=words):
        await a_post(person, role, organisation=organisation, starts_on=days[0], ends_on=days[1])
    assert await _grants() == before


@pytest.mark.parametrize("other", [Role.FINANCE_MAKER, Role.FINANCE_CHECKER])
async def test_a_cashier_keeps_no_books_but_may_have_before(db: None, other: Role) -> None:
    organisation = await a_federation()
    person = await _person(role=Role.COUNCIL)
    await a_post(person, other, organisation=organisation, ends_on=date(2026, 6, 30))
    with pytest.raises(Invalid, match="a cashier keeps no books"):
        await a_post(person, Role.CASHIER, organisation=organisation, starts_on=date(2026, 6, 30))
    await a_post(person, Role.CASHIER, organisation=organisation, starts_on=date(2026, 7, 1))


async def test_a_post_lies_in_the_region_of_its_organisation(db: None) -> None:
    person, county = await _person(), await a_federation(COUNTY)
    before = await _grants()
    for region in (OTHER, CITY):
        with pytest.raises(Invalid, match="does not lie") as refusal:
            await a_post(person, Role.COUNCIL, organisation=county, region=region)
        assert refusal.value.field == "region"
    assert await _grants() == before


async def test_only_an_administrator_of_the_region_gives_posts_and_never_to_themselves(db: None) -> None:
    admin = await a_member("qi.admin", Role.ADMINISTRATOR, region=COUNTY)
    person, city, county = await _person(), await a_federation(), await a_federation(COUNTY)
    before = await _grants()
    with pytest.raises(Invalid, match="to themselves"):
        await a_post(admin, Role.COUNCIL, organisation=county, region=COUNTY, by=admin)
    with pytest.raises(Invalid, match="Only an administrator"):
        await a_post(person, Role.COUNCIL, organisation=city, by=admin)
    with pytest.raises(Invalid, match="Only an administrator"):
        await a_post(admin, Role.COUNCIL, organisation=county, region=COUNTY, by=person)
    assert await _grants() == before
    await a_post(person, Role.COUNCIL, organisation=county, region=COUNTY, by=admin)
    (post,) = [p for p in await posts_of(person) if p.region_code == COUNTY]
    assert (post.role, post.region_name, post.starts_on) == (Role.COUNCIL, "庆云县", BEGAN)


async def test_an_administrator_whose_post_ended_gives_none(db: None) -> None:
    admin, person, city = await a_member("adm", Role.ADMINISTRATOR), await _person(), await a_federation()
    (grant,) = await posts_of(admin)
    await posts.revoke(grant.grant_id, because="离职", by=None)
    assert await posts_of(admin) == ()
    with pytest.raises(Invalid, match="Only an administrator"):
        await a_post(person, Role.COUNCIL, organisation=city, by=admin)
    with pytest.raises(Conflict):
        await posts.revoke(grant.grant_id, because="离职", by=None)


@pytest.mark.parametrize(
    "change",
    [
        "role = 'cashier'",
        "starts_on = starts_on - 1",
        "ends_on = NULL",
        "ends_on = ends_on + 1",
        "reason = 'x'",
        "granted_by = NULL, granted_at = granted_at - interval '1 day'",
        "revoked_at = NULL, revoked_because = ''",
    ],
)
async def test_what_was_given_stays_as_it_was_given_even_for_the_owner(db: None, change: str) -> None:
    person, city = await _person(), await a_federation()
    grant = await a_post(person, Role.COUNCIL, organisation=city, ends_on=LATER)
    if change.startswith("revoked"):
        await posts.revoke(grant, because="调岗", by=None)
    before = await _grants()
    async with as_owner():
        for statement in (
            f"UPDATE role_grant SET {change} WHERE id = '{grant}'",
            f"DELETE FROM role_grant WHERE id = '{grant}'",
            "TRUNCATE role_grant CASCADE",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                async with atomic():
                    await fetch(statement)
    assert await _grants() == before


async def test_a_post_may_end_sooner(db: None) -> None:
    person, city = await _person(), await a_federation()
    grant = await a_post(person, Role.COUNCIL, organisation=city, ends_on=LATER)
    await RoleGrant.update({RoleGrant.ends_on: clock.today()}).where(RoleGrant.id == grant)
    assert {p.role for p in await posts_of(person)} == {Role.PROJECT_OFFICER, Role.COUNCIL}
    with clock.fixed(clock.now() + timedelta(days=1)):
        assert {p.role for p in await posts_of(person)} == {Role.PROJECT_OFFICER}


SPAN = st.tuples(DAYS, st.one_of(st.none(), DAYS))


async def test_spans_of_one_post_never_overlap_and_rule_and_database_agree_on_every_day(db: None) -> None:
    person, city = await _person(), await a_federation()
    cases: list[tuple[list[tuple[date, date | None]], date]] = []

    @settings(max_examples=60, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(SPAN, min_size=1, max_size=6), DAYS)
    def collect(spans: list[tuple[date, date | None]], day: date) -> None:
        cases.append((spans, day))

    collect()
    for spans, day in cases:
        kept: list[tuple[date, date | None]] = []
        try:
            async with atomic():
                for first, last in spans:
                    fits = last is None or first <= last
                    free = all(_apart((first, last), other) for other in kept)
                    try:
                        made = await a_post(
                            person, Role.COUNCIL, organisation=city, starts_on=first, ends_on=last
                        )
                    except Invalid:
                        assert not (fits and free)
                        continue
                    assert fits
                    assert free
                    kept.append((first, last))
                    active = await fetch_value("SELECT role_grant_is_active({}, {})", made, day)
                    assert active is is_active(starts_on=first, ends_on=last, revoked=False, on=day)
                raise _Undone
        except _Undone:
            pass


class _Undone(Exception):
    pass


def _apart(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    return (one[1] or date.max) < other[0] or (other[1] or date.max) < one[0]
