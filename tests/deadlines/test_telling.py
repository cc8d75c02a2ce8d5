"""What is overdue comes into the inboxes of those whose posts answer for the place."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from uuid import UUID

import pytest

from cishan import settings
from cishan.deadlines import actions
from cishan.deadlines.rules import Level, place_at, who_answers
from cishan.identity.queries.posts import holders, people_with
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.clock import CHINA
from cishan.notify import queries as letters
from cishan.notify.actions import wishes
from cishan.notify.queries import inbox
from cishan.plumbing.db import atomic, fetch
from seeds import deadlines as seeds
from tests.identity import staffing
from tests.identity.staffing import CITY, COUNTY, OTHER, TOWN

OFFICER = Role.PROJECT_OFFICER


def on(day: int) -> datetime:
    return datetime(2026, 9, day, 9, tzinfo=CHINA)


@pytest.fixture
async def officers(db: None, config: settings.Settings) -> AsyncIterator[dict[str, UUID]]:
    """An officer of the city, one of each of two counties; a cashier of the county, who is not asked."""
    await seeds.load()
    people = {
        place: await staffing.a_member(f"officer.{place}", OFFICER, region=place)
        for place in (CITY, COUNTY, OTHER)
    }
    people["cashier"] = await staffing.a_member("cashier", Role.CASHIER, region=COUNTY)
    yield people


async def told(people: dict[str, UUID]) -> dict[str, int]:
    return {name: (await inbox.inbox(person)).total for name, person in people.items()}


async def begin(region: str) -> None:
    await actions.start(
        "refund.review", subject_kind="refund", subject_id=ids.new_id(), region=region, at=on(14)
    )


async def test_each_level_is_told_once_and_higher_ones_later(officers: dict[str, UUID]) -> None:
    await begin(TOWN)  # due on the 17th; nobody holds a post of the town itself
    nobody = dict.fromkeys(officers, 0)
    expected = {
        17: nobody,
        18: {**nobody, COUNTY: 1},
        21: {**nobody, COUNTY: 2},
        24: {**nobody, COUNTY: 2, CITY: 1},
    }
    for day, counts in expected.items():
        for _ in range(2):
            with clock.fixed(on(day)):
                await actions.escalate()
            assert await told(officers) == counts, day
    (message,) = (await inbox.inbox(officers[CITY])).messages
    assert message.title.startswith("已超期：")
    assert "庆云镇" in message.html
    assert "2026年9月17日" in message.html


async def test_what_concerns_the_whole_charity_is_told_to_the_city(officers: dict[str, UUID]) -> None:
    await begin("")
    with clock.fixed(on(24)):
        await actions.escalate()
    assert await told(officers) == {**dict.fromkeys(officers, 0), CITY: 3}
    (message, *_) = (await inbox.inbox(officers[CITY])).messages
    assert "德州市慈善总会" in message.html


async def test_whose_post_has_ended_is_told_no_more(officers: dict[str, UUID]) -> None:
    await begin(COUNTY)
    await fetch(
        "UPDATE role_grant SET revoked_at = granted_at, revoked_because = 'x' WHERE person = {}",
        officers[COUNTY],
    )
    with clock.fixed(on(18)):
        await actions.escalate()
    assert await told(officers) == {**dict.fromkeys(officers, 0), CITY: 1}


async def test_what_is_done_in_time_is_told_to_nobody(officers: dict[str, UUID]) -> None:
    await begin(COUNTY)
    with clock.fixed(on(17)):
        await actions.escalate()
    assert await told(officers) == dict.fromkeys(officers, 0)
    assert await letters.newest() == []


async def test_holders_are_found_by_role_and_place(officers: dict[str, UUID]) -> None:
    with clock.fixed(on(1)):
        assert {place for place, _ in await holders([OFFICER])} == {CITY, COUNTY, OTHER}
        assert set(await people_with(OFFICER, TOWN)) == {officers[CITY], officers[COUNTY]}
        assert await people_with(Role.CASHIER, COUNTY) == [officers["cashier"]]
        assert await people_with(Role.CASHIER, OTHER) == []
        assert await people_with(Role.COUNCIL, CITY) == []
    with clock.fixed(datetime.combine(date(2025, 12, 31), datetime.min.time(), CHINA)):
        assert await holders([OFFICER]) == []  # their posts begin with the year


ONE, TWO, THREE = ids.new_id(), ids.new_id(), ids.new_id()


@pytest.mark.parametrize(
    ("level", "region", "posts", "expected"),
    [
        (Level.TOWN, "371423100001", [("371423100", ONE), ("371423", TWO)], [ONE]),
        (Level.TOWN, "371423100001", [("371423100001", ONE), ("371423", TWO)], [TWO]),
        (Level.COUNTY, "371423100", [("371423100", ONE), ("371423", TWO), ("371423", THREE)], [TWO, THREE]),
        (Level.CITY, "371423100", [("371423", ONE), ("371400", TWO)], [TWO]),
        (Level.TOWN, "371423", [("371423", ONE)], [ONE]),
        (Level.TOWN, "371423100", [("371400", ONE), ("371402", TWO)], [ONE]),
        (Level.TOWN, "", [("371423", ONE), ("371400", TWO), ("371400", TWO)], [TWO]),
        (Level.CITY, "", [("371423", ONE)], []),
        (Level.TOWN, "371423100", [], []),
        (Level.TOWN, "371423100", [("371402", TWO), ("370100", ONE)], []),
    ],
)
def test_whoever_is_nearest_answers(
    level: Level, region: str, posts: list[tuple[str, UUID]], expected: list[UUID]
) -> None:
    assert who_answers(level, region, posts) == expected


def test_a_place_lies_in_one_of_each_level() -> None:
    places = [place_at(level, "371423100001") for level in Level]
    assert places == ["371423100", "371423", "371400"]
    assert [place_at(level, "371400") for level in Level] == ["371400"] * 3
    assert [place_at(level, "") for level in Level] == [""] * 3


async def test_the_letter_leads_to_the_thing_and_calls_the_place_by_the_readers_language(
    officers: dict[str, UUID],
) -> None:
    thing = ids.new_id()
    await actions.start("refund.review", subject_kind="refund", subject_id=thing, region=COUNTY, at=on(14))
    async with atomic():
        await wishes.choose(officers[CITY], offered=[], wanted=[], language="en")
    with clock.fixed(on(24)):
        await actions.escalate()
    (english,) = (await inbox.inbox(officers[CITY])).messages
    (chinese, _) = (await inbox.inbox(officers[COUNTY])).messages
    assert "Qingyun County" in english.html and "庆云" not in english.html
    assert "庆云县" in chinese.html and "Qingyun" not in chinese.html
    for message in (english, chinese):
        assert f'/staff/go/refund/{thing}"' in message.html
