"""The calendar of working days: what the library knows, what is written down here, and who may write it."""

import re
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.deadlines import actions
from cishan.deadlines import queries as deadlines
from cishan.deadlines.queries import working_days as queries
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.workdays import is_assumed, is_working_day
from cishan.plumbing.db import atomic, fetch, fetch_value
from seeds import deadlines as seeds
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.identity import staffing

WHERE = "/staff/calendar"
SPAN = {"first": "2026-11-30", "last": "2026-12-01", "work": "off", "note": "演示放假", "source": "演示令1号"}
DECREE = {
    "off": "2027-01-01..2027-01-03\n2027-02-05..2027-02-11",
    "make_up": "2027-02-14",
    "source": "国办发明电〔演示〕2号",
}
NOVEMBER = datetime(2026, 11, 22, 9, 0, tzinfo=clock.CHINA)


async def _rows() -> list[dict[str, Any]]:
    return await fetch("SELECT day, is_working, note, source FROM calendar_day ORDER BY day")


async def _steps() -> list[tuple[str, ...]]:
    rows = await fetch(
        "SELECT subject_id, event, acting_role, reason FROM audit.transition WHERE subject_kind = 'calendar'"
        " ORDER BY id"
    )
    return [tuple(row.values()) for row in rows]


def _cell(page: str, month: int, day: int) -> str:
    table = re.findall(r'<table class="calendar-month">.*?</table>', page, re.S)[month - 1]
    (cell,) = re.findall(rf'<td class="(day[^"]*)"[^>]*><span>{day}</span>', table)
    return str(cell)


async def test_a_year_is_shown_with_its_holidays_and_make_up_days(enter: Enter) -> None:
    client = await enter(Role.GRID_WORKER)
    page = await client.get(WHERE + "?year=2026")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert page.text.count('<table class="calendar-month">') == 12
    assert _cell(page.text, 10, 1) == "day day-off"
    assert _cell(page.text, 10, 10) == "day day-made-up"
    assert _cell(page.text, 11, 21).startswith("day day-weekend")
    assert _cell(page.text, 11, 23).startswith("day")
    shown = words(page.text)
    assert "国庆节" in shown and "要录入工作日历，需要以下岗位之一" in shown
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    english = words((await client.get(WHERE + "?year=2026&lang=en")).text)
    assert "National Day" in english and "October" in english


@pytest.mark.parametrize(
    ("asked", "status"), [("", 200), ("x", 404), ("2003", 404), ("2101", 404), ("2100", 200)]
)
async def test_whatever_year_is_asked_for_is_answered(enter: Enter, asked: str, status: int) -> None:
    client = await enter(Role.AUDITOR)
    assert (await client.get(WHERE, params={"year": asked})).status_code == status


async def test_days_that_differ_are_written_with_their_decree_and_kept_in_the_history(enter: Enter) -> None:
    client = await enter(Role.PROJECT_OFFICER)
    answer = await client.post(WHERE + "/2026/days", data=SPAN)
    assert (answer.status_code, answer.headers["location"]) == (303, WHERE + "?year=2026")
    assert await _rows() == [
        {"day": date(2026, 11, 30), "is_working": False, "note": "演示放假", "source": "演示令1号"},
        {"day": date(2026, 12, 1), "is_working": False, "note": "演示放假", "source": "演示令1号"},
    ]
    assert not is_working_day(date(2026, 12, 1), await deadlines.calendar())
    assert await _steps() == [
        ("2026", "write_days", "project_officer", "2026-11-30..2026-12-01 休2 班0 演示放假 演示令1号")
    ]
    page = (await client.get(WHERE + "?year=2026")).text
    assert _cell(page, 11, 30) == "day day-off day-written"
    assert "演示令1号" in words(page) and "录入调休日期" in words(page)
    again = await client.post(WHERE + "/2026/days", data={**SPAN, "work": "work", "note": ""})
    assert again.status_code == 303
    assert [row["is_working"] for row in await _rows()] == [True, True]


BAD: tuple[tuple[str, dict[str, str], str], ...] = (
    ("days", {"first": ""}, "请填写"),
    ("days", {"first": "morgen"}, "日期"),
    ("days", {"last": "2026-11-29"}, "结束"),
    ("days", {"last": "2027-01-02"}, "同一年"),
    ("days", {"first": "2025-01-01", "last": ""}, "2026"),
    ("days", {"work": "maybe"}, "请选择"),
    ("days", {"work": ""}, "请选择"),
    ("days", {"source": " "}, "依据"),
    ("days", {"source": "长" * 201}, "200"),
    ("days", {"note": "长" * 101}, "100"),
    ("decree", {"off": ""}, "请填写"),
    ("decree", {"off": "2027-02-30"}, "不是日期"),
    ("decree", {"off": "2027-01-03..2027-01-01"}, "早于"),
    ("decree", {"off": "2028-01-01"}, "2027"),
    ("decree", {"make_up": "2027-02-15"}, "周六或周日"),
    ("decree", {"make_up": "2027-01-02"}, "不能"),
    ("decree", {"source": ""}, "依据"),
)


@pytest.mark.parametrize(("what", "changes", "told"), BAD)
async def test_what_cannot_be_is_told_beside_its_field_and_changes_nothing(
    enter: Enter, what: str, changes: dict[str, str], told: str
) -> None:
    client = await enter(Role.PROJECT_OFFICER)
    year, sent = (2026, SPAN) if what == "days" else (2027, DECREE)
    answer = await client.post(f"{WHERE}/{year}/{what}", data={**sent, **changes})
    assert answer.status_code == 422, words(answer.text)
    wrong = re.findall(r'class="field-error" id="field-(\w+)-error">(.*?)</p>', answer.text, re.S)
    assert len(wrong) == 1 and told in words(f"<main>{wrong[0][1]}</main>"), wrong
    assert wrong[0][0] in {*changes, "first", "make_up"}
    for name, value in {**sent, **changes}.items():
        if name not in changes and name != "work":
            assert value in answer.text.replace("&#10;", "\n"), name
    assert (await _rows(), await _steps()) == ([], [])


async def test_of_an_unknown_year_the_whole_decree_is_written_first(enter: Enter) -> None:
    client = await enter(Role.ADMINISTRATOR)
    unknown = await client.get(WHERE + "?year=2027")
    assert "按工作日计算，跨入本年度的时限会注明为推算" in words(unknown.text)
    assert 'action="/staff/calendar/2027/decree"' in unknown.text
    refused = await client.post(
        WHERE + "/2027/days", data={**SPAN, "first": "2027-01-04", "last": "", "note": ""}
    )
    assert (refused.status_code, "请先录入全年安排" in words(refused.text)) == (422, True)
    assert await _rows() == []
    answer = await client.post(WHERE + "/2027/decree", data=DECREE)
    assert (answer.status_code, answer.headers["location"]) == (303, WHERE + "?year=2027")
    known = await deadlines.calendar()
    assert not is_assumed(date(2027, 1, 1), date(2027, 12, 31), known)
    assert not is_working_day(date(2027, 2, 5), known) and is_working_day(date(2027, 2, 14), known)
    year = await queries.year(2027)
    assert [(s.first, s.last, s.is_working) for s in year.spans] == [
        (date(2027, 1, 1), date(2027, 1, 1), False),
        (date(2027, 2, 5), date(2027, 2, 5), False),
        (date(2027, 2, 8), date(2027, 2, 11), False),
        (date(2027, 2, 14), date(2027, 2, 14), True),
    ]
    assert (year.is_assumed, year.working_days) == (False, 256)
    assert await _steps() == [
        ("2027", "write_year", "administrator", "2027-01-01..2027-12-31 休6 班1 国办发明电〔演示〕2号")
    ]
    later = await client.get(WHERE + "?year=2027")
    assert 'action="/staff/calendar/2027/days"' in later.text


async def test_who_may_not_write_changes_nothing(enter: Enter) -> None:
    for username, role, region in (
        ("bea", Role.AUDITOR, staffing.CITY),
        ("cem", Role.FINANCE_MAKER, staffing.CITY),
        ("dan", Role.PROJECT_OFFICER, staffing.COUNTY),
    ):
        client = await enter(role, username=username, region=region)
        assert (await client.post(WHERE + "/2026/days", data=SPAN)).status_code == 403
        assert (await client.post(WHERE + "/2027/decree", data=DECREE)).status_code == 403
        assert 'action="/staff/calendar/' not in (await client.get(WHERE)).text
    assert (await _rows(), await _steps()) == ([], [])


async def test_the_desk_reminds_from_november_on_until_next_year_is_known(enter: Enter) -> None:
    reminder = "2027 年的工作日安排尚未录入"
    with clock.fixed(NOVEMBER):
        client = await enter(Role.PROJECT_OFFICER)
        assert reminder in words((await client.get("/staff")).text)
        maker = await enter(Role.FINANCE_MAKER, username="bea")
        assert reminder not in words((await maker.get("/staff")).text)
        county = await enter(Role.PROJECT_OFFICER, username="cem", region=staffing.COUNTY)
        assert reminder not in words((await county.get("/staff")).text)
        client = await enter(Role.ADMINISTRATOR, username="dan")
        assert (await client.post(WHERE + "/2027/decree", data=DECREE)).status_code == 303
        assert reminder not in words((await client.get("/staff")).text)


async def test_nobody_is_reminded_before_november_nor_of_a_year_that_the_library_knows(db: None) -> None:
    assert await queries.year_to_enter(date(2026, 10, 31)) is None
    assert await queries.year_to_enter(date(2026, 11, 1)) == 2027
    assert await queries.year_to_enter(date(2026, 12, 31)) == 2027
    assert await queries.year_to_enter(date(2025, 11, 1)) is None


async def test_running_clocks_are_reckoned_anew(enter: Enter) -> None:
    await seeds.load()
    with clock.fixed(NOVEMBER):
        async with atomic():
            await actions.start("refund.review", subject_kind="refund", subject_id=ids.new_id())
        assert await fetch_value("SELECT due_on FROM deadline_clock") == date(2026, 11, 25)
        client = await enter(Role.PROJECT_OFFICER)
        off = {**SPAN, "first": "2026-11-24", "last": "2026-11-25"}
        assert (await client.post(WHERE + "/2026/days", data=off)).status_code == 303
    assert await fetch_value("SELECT due_on FROM deadline_clock") == date(2026, 11, 27)


TYPED = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["2027-01-01", "2027-01-01..2027-12-31", "off", "9999-12-31", "\x00", "x" * 3000, "2026-02-30"]
    ),
)


async def test_no_form_stumbles_over_what_is_typed(enter: Enter) -> None:
    client = await enter(Role.PROJECT_OFFICER)
    cases: list[dict[str, str]] = []

    @settings(max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(st.dictionaries(st.sampled_from(sorted({*SPAN, *DECREE})), TYPED, max_size=7))
    def collect(form: dict[str, str]) -> None:
        cases.append({name: value for name, value in form.items() if name != "source"})

    collect()
    for what in ("2026/days", "2027/decree"):
        for form in cases:
            answer = await client.post(f"{WHERE}/{what}", data=form)
            assert answer.status_code == 422, (what, form)
    assert (await _rows(), await _steps()) == ([], [])
