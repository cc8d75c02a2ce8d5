"""The desk shows what waits for the one who sits at it, at one cost for ten tasks and for ten thousand."""

from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing import db as database
from tests.campaigns import making
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.identity import staffing

TASKS = 10_000
_TASK = """
    INSERT INTO deadline_clock (id, rule, code, subject_kind, subject_id, region, occurrence, event_at,
                                started_at, green_until, due_on, due_at, is_assumed)
    SELECT gen_random_uuid(), rule.id, rule.code, $1, gen_random_uuid()::text, $2, 1, $3, $3, $4,
           $5::timestamptz::date, $5, false
      FROM (SELECT id, code FROM deadline_rule ORDER BY code LIMIT 1) AS rule, generate_series(1, $6)"""


@asynccontextmanager
async def counted() -> AsyncIterator[list[str]]:
    """Collect every statement that goes to the database."""
    seen: list[str] = []

    def note(query: object) -> None:
        seen.append(str(getattr(query, "query", query)))

    connection = database.connection()
    connection.add_query_logger(note)
    try:
        yield seen
    finally:
        await sleep(0)  # the driver tells of the last statement in the next turn of the loop
        connection.remove_query_logger(note)


async def _tasks(
    number: int, *, kind: str = "refund", region: str = "", due: timedelta = timedelta(days=2)
) -> None:
    """Let clocks run that began two days ago; those of `due` below nought are overdue."""
    now = clock.now()
    begun, end = now - timedelta(days=2), now + due
    await database.connection().execute(_TASK, kind, region, begun, begun + (end - begun) * 0.7, end, number)


async def _rules() -> None:
    from seeds import deadlines

    await deadlines.load()


def _lamps(page: str) -> list[int]:
    lamps = page.partition('class="lamps"')[2].partition("</ul>")[0]
    return [
        int(word.replace(",", "")) for word in words(f"<main>{lamps}</main>").split() if word[0].isdigit()
    ]


async def test_tasks_stand_by_the_colour_of_their_clock_for_whom_they_concern(enter: Enter) -> None:
    await _rules()
    await _tasks(3)
    await _tasks(2, due=timedelta(hours=4))
    await _tasks(1, due=timedelta(hours=-1))
    await _tasks(7, kind="approval")
    client = await enter(Role.FINANCE_MAKER)
    page = (await client.get("/staff")).text
    assert _lamps(page) == [1, 2, 3]
    assert page.count('role="row"') == 7
    assert page.index("超期") < page.index("即将到期" if "即将到期" in page else "临期")
    red = words((await client.get("/staff?colour=red")).text)
    assert "显示全部待办" in red
    assert (await client.get("/staff?colour=purple")).status_code == 200
    other = await enter(Role.FINANCE_CHECKER, username="bea")
    assert _lamps((await other.get("/staff")).text) == [1, 2, 10]
    keeper = await enter(Role.WAREHOUSE_KEEPER, username="dan")  # proposes, but sees no gifts
    assert _lamps((await keeper.get("/staff")).text)[:2] == [0, 0]
    nobody = await enter(Role.VOLUNTEER_LEAD, username="cem")
    empty = await nobody.get("/staff")
    assert _lamps(empty.text) == [0, 0, 0]
    assert "没有待办事项" in empty.text


async def test_a_town_sees_the_tasks_of_the_town_alone(enter: Enter) -> None:
    await _rules()
    await _tasks(1, kind="campaign")
    await _tasks(2, kind="campaign", region=staffing.COUNTY)
    await _tasks(4, kind="campaign", region=staffing.TOWN)
    await _tasks(8, kind="campaign", region=staffing.OTHER)
    for username, region, seen in (
        ("ada", staffing.CITY, 15),
        ("bea", staffing.COUNTY, 6),
        ("cem", staffing.TOWN, 4),
        ("dai", staffing.OTHER, 8),
    ):
        client = await enter(Role.PROJECT_OFFICER, username=username, region=region)
        assert sum(_lamps((await client.get("/staff")).text)) == seen, region


async def test_ten_thousand_tasks_cost_as_many_queries_as_ten(enter: Enter) -> None:
    await _rules()
    client = await enter(Role.FINANCE_MAKER)
    await _tasks(10)
    await client.get("/staff")  # notes that the session is in use, once a minute
    async with counted() as few:
        assert (await client.get("/staff")).status_code == 200
    await _tasks(TASKS - 10)
    async with counted() as many:
        page = await client.get("/staff?page=200")
    assert page.status_code == 200
    assert page.text.count('role="row"') == 51
    assert f"{TASKS:,}" in page.text
    assert [q[:60] for q in many] == [q[:60] for q in few]
    assert len(few) <= 16
    async with counted() as listed:
        assert (await client.get("/staff/clocks?running=1&page=100")).status_code == 200
    assert len(listed) <= 8


async def test_the_red_ones_of_many_are_found_by_the_index(db: None) -> None:
    await _rules()
    await _tasks(TASKS)
    await database.connection().execute("UPDATE deadline_clock SET stopped_at = now(), outcome = 'met'")
    await _tasks(20)
    await database.connection().execute("ANALYZE deadline_clock")
    plan = await database.connection().fetch(
        "EXPLAIN SELECT id FROM deadline_clock WHERE stopped_at IS NULL ORDER BY due_at LIMIT 50"
    )
    assert "Seq Scan" not in "\n".join(row[0] for row in plan)


async def test_figures_are_those_of_the_day_and_lead_to_their_lists(enter: Enter) -> None:
    from tests.donations.paid_gifts import a_gift

    await a_gift(12_300, wants_receipt=True)
    client = await enter(Role.FINANCE_MAKER)
    page = (await client.get("/staff")).text
    assert "¥123.00" in page
    assert 'href="/staff/gifts?unreceipted=1" class="figure-work"' in page
    assert (await client.get("/staff/gifts?unreceipted=1")).text.count('role="rowheader"') == 1
    keeper = await enter(Role.WAREHOUSE_KEEPER, username="bea")
    assert "¥123.00" not in (await keeper.get("/staff")).text


@pytest.mark.parametrize("kind", ["campaign", "refund", "donation", "receipt", "person", "nothing"])
async def test_what_is_not_there_leads_nowhere(enter: Enter, kind: str) -> None:
    client = await enter(Role.AUDITOR)
    for subject in ("x", "01900000-0000-7000-8000-000000000001", "%00"):
        answer = await client.get(f"/staff/go/{kind}/{subject}")
        assert answer.status_code in {303, 404}
        if answer.status_code == 303:
            assert (await client.get(answer.headers["location"])).status_code == 404


async def test_a_clock_leads_to_its_thing(enter: Enter, client: httpx.AsyncClient) -> None:
    campaign = await making.a_live_campaign()
    await enter(Role.PROJECT_OFFICER)
    answer = await client.get(f"/staff/go/campaign/{campaign.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/campaigns/warm-meals")
    assert (await client.get("/staff/campaigns/warm-meals")).status_code == 200
