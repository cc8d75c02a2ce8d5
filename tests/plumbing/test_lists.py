"""A list does what its address says and nothing that its address says wrongly; its files are safe to open."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import hypothesis.strategies as st
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from cishan.kernel import clock
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import db as database
from cishan.plumbing import i18n, sheets
from cishan.plumbing.lists import (
    Amounts,
    Choice,
    Column,
    Days,
    Flag,
    Kind,
    List,
    Option,
    Row,
    Text,
    View,
    fetching,
    fits,
    href,
)
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import SIZE, all_of, page_of

FORMULA = '=HYPERLINK("https://evil.example","x")'


async def _shelves() -> list[Option]:
    return [Option("low", "低", 1), Option("high", "高", 2)]


async def _more(rows: list[Row]) -> None:
    for row in rows:
        row["double"] = row["fen"] * 2


THINGS = List(
    code="things",
    title=N_("Things"),
    source=f"""(VALUES
        (1, 'apple',  10000, DATE '2026-11-20', TIMESTAMPTZ '2026-11-20 15:59:59+00', 'new', 1, true),
        (2, 'banana', 25050, DATE '2026-11-21', TIMESTAMPTZ '2026-11-20 16:00:00+00', 'old', 2, false),
        (3, '100%',       1, NULL,              NULL,                                 'old', 2, true),
        (4, '{FORMULA}',  0, DATE '2026-11-22', TIMESTAMPTZ '2026-11-22 04:30:15+00', 'new', 1, false)
        ) AS thing (id, name, fen, day, at, state, shelf, ripe)""",
    key="thing.id",
    order="id",
    more=_more,
    columns=(
        Column(code="name", title=N_("Name"), sql="thing.name", sorts=True, link="/things/{id}"),
        Column(code="id", title=N_("Number"), kind=Kind.NUMBER, sql="thing.id", sorts=True),
        Column(code="state", title=N_("State"), kind=Kind.CHOICE, sql="thing.state", words={"new": "New"}),
        Column(code="day", title=N_("Day"), kind=Kind.DATE, sql="thing.day", sorts=True, nulls=True),
        Column(code="at", title=N_("Arrived"), kind=Kind.MOMENT, sql="thing.at"),
        Column(code="ripe", title=N_("Ripe"), kind=Kind.FLAG, sql="thing.ripe"),
        Column(code="fen", title=N_("Amount"), kind=Kind.MONEY, sql="thing.fen", sorts=True, sums=True),
        Column(code="double", title=N_("Twice"), kind=Kind.MONEY, in_file=False),
    ),
    filters=(
        Text(code="name", title=N_("Name"), sql="thing.name ILIKE {}"),
        Choice(
            code="state",
            title=N_("State"),
            sql="thing.state = {}",
            words={"new": "New", "old": "Old", "odd": "Odd"},
            conditions={"odd": "thing.id % 2 = 1"},
        ),
        Choice(code="shelf", title=N_("Shelf"), sql="thing.shelf = {}", options=_shelves),
        Days(code="day", title=N_("Day"), sql="thing.day"),
        Days(code="at", title=N_("Arrived"), sql="thing.at", moments=True),
        Amounts(code="fen", title=N_("Amount"), sql="thing.fen"),
        Flag(code="ripe", title=N_("Only ripe ones"), sql="thing.ripe"),
    ),
)


async def _ids(**query: str) -> list[int]:
    wish = await read(THINGS, {k: [v] for k, v in query.items()})
    assert wish.form.errors == {}
    return [row["id"] for row in (await page_of(THINGS, wish)).rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"name": "AN"}, [2]),
        ({"name": "%"}, [3]),
        ({"name": "_"}, []),
        ({"state": "old"}, [2, 3]),
        ({"state": "odd"}, [1, 3]),
        ({"shelf": "high", "ripe": "1"}, [3]),
        ({"day_from": "2026-11-21"}, [2, 4]),
        ({"day_to": "2026-11-21"}, [1, 2]),
        ({"at_from": "2026-11-21", "at_to": "2026-11-21"}, [2]),
        ({"at_to": "2026-11-20"}, [1]),
        ({"fen_min": "100", "fen_max": "¥250.50"}, [1, 2]),
        ({"fen_max": "0.01", "sort": "-id"}, [4, 3]),
        ({"sort": "-fen"}, [2, 1, 3, 4]),
        ({"sort": "day"}, [1, 2, 4, 3]),
        ({"sort": "-day"}, [4, 2, 1, 3]),
        ({"sort": "at; DROP TABLE donation"}, [1, 2, 3, 4]),
        ({"page": "99"}, [1, 2, 3, 4]),
        ({"page": "-1"}, [1, 2, 3, 4]),
        ({"unknown": "x"}, [1, 2, 3, 4]),
    ],
)
async def test_a_filter_finds_exactly_what_it_says(db: None, query: dict[str, str], found: list[int]) -> None:
    assert await _ids(**query) == found


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"state": "nope"}, "state", "Choose one of the options."),
        ({"day_from": "2026-02-30"}, "day_from", "Enter a date such as 2026-11-22."),
        ({"day_to": "9999-12-31"}, "day_to", "Enter a date such as 2026-11-22."),
        ({"day_from": "2026-11-22", "day_to": "2026-11-21"}, "day_to", "The end lies before the beginning."),
        ({"fen_min": "viel"}, "fen_min", "Enter an amount in yuan, for example 50 or 88.80."),
        ({"fen_min": "2", "fen_max": "1"}, "fen_max", "The greatest amount is smaller than the least."),
    ],
)
async def test_what_cannot_be_read_is_told_beside_its_field_and_filters_nothing(
    db: None, query: dict[str, str], field: str, message: str
) -> None:
    with i18n.speaking("en"):
        wish = await read(THINGS, {k: [v] for k, v in {**query, "ripe": "1"}.items()})
    assert wish.form.errors == {field: message}
    assert wish.form.typed(field) == query[field]
    assert [row["id"] for row in (await page_of(THINGS, wish)).rows] in ([1, 3], [1])


async def test_links_keep_the_filters_and_turn_the_order_round(db: None) -> None:
    wish = await read(THINGS, {"name": ["a b&c"], "ripe": ["1"], "sort": ["-fen"], "page": ["3"], "x": ["y"]})
    assert wish.query() == "name=a+b%26c&ripe=1&sort=-fen"
    assert wish.query(page=2) == "name=a+b%26c&ripe=1&sort=-fen&page=2"
    assert wish.sorted_by("fen") == "name=a+b%26c&ripe=1&sort=fen"
    assert wish.sorted_by("day") == "name=a+b%26c&ripe=1&sort=day"
    assert wish.without("name") == "ripe=1&sort=-fen"
    with i18n.speaking("en"):
        said = await read(THINGS, {"fen_min": ["2"], "state": ["new"], "ripe": ["on"]})
    assert said.said == (
        ("state", "State", "New"),
        ("fen_min", "Amount", "from 2"),
        ("ripe", "Only ripe ones", ""),
    )
    assert fits(said, View("", "fen_min=2&state=new&ripe=on&sort=day"))
    assert not fits(said, View("", "fen_min=2"))


async def test_a_page_knows_how_long_the_list_is_and_what_it_sums_to(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SIZE", 3)
    wish = await read(THINGS, {"page": ["2"]})
    page = await page_of(THINGS, wish)
    assert (page.found, page.page, page.pages, dict(page.sums)) == (4, 2, 2, {"fen": 35_051})
    assert [(row["id"], row["double"]) for row in page.rows] == [(4, 0)]
    within = await page_of(THINGS, wish, ("thing.shelf = {}", (2,)))
    assert ([row["id"] for row in within.rows], within.found) == ([2, 3], 2)
    assert SIZE == 50
    column = THINGS.columns[0]
    assert href(column, {"name": "x", "id": 7}) == "/things/7"
    assert href(column, {"name": "x", "id": None}) == ""


async def _file(form: sheets.Format, **query: str) -> bytes:
    wish = await read(THINGS, {k: [v] for k, v in query.items()})
    file = io.BytesIO()
    with i18n.speaking("en"):
        sheet = sheets.open_sheet(THINGS, file, form)
        async for rows in all_of(THINGS, wish):
            sheet.rows(rows)
        sheet.close()
    return file.getvalue()


async def test_a_csv_file_says_its_encoding_and_holds_no_formula(db: None) -> None:
    async with database.atomic():
        data = await _file(sheets.Format.CSV)
    assert data.startswith(b"\xef\xbb\xbfName,Number,")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [
        ["Name", "Number", "State", "Day", "Arrived", "Ripe", "Amount (yuan)"],
        ["apple", "1", "New", "2026-11-20", "2026-11-20 23:59:59", "yes", "100.00"],
        ["banana", "2", "old", "2026-11-21", "2026-11-21 00:00:00", "no", "250.50"],
        ["100%", "3", "old", "", "", "yes", "0.01"],
        [f"'{FORMULA}", "4", "New", "2026-11-22", "2026-11-22 12:30:15", "no", "0.00"],
    ]


async def test_an_excel_file_has_numbers_days_and_text_that_is_no_formula(db: None) -> None:
    async with database.atomic():
        data = await _file(sheets.Format.XLSX, sort="-id")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]] == [
        *("Name", "Number", "State", "Day", "Arrived", "Ripe", "Amount (yuan)")
    ]
    assert [cell.value for cell in sheet[2]] == [
        *(FORMULA, 4, "New", datetime(2026, 11, 22), datetime(2026, 11, 22, 12, 30, 15), "no", 0)
    ]
    assert (sheet["A2"].data_type, sheet["A2"].quotePrefix) == ("s", True)
    assert [cell.value for cell in sheet[4]][-1] == 250.5
    assert (sheet["G4"].data_type, sheet["G4"].number_format) == ("n", "#,##0.00")
    assert (sheet["D2"].is_date, sheet["D2"].number_format) == (True, "yyyy-mm-dd")
    assert sheet.max_row == 5
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "＝1", "\x00=1"])
def test_whatever_could_be_a_formula_is_dangerous(text: str) -> None:
    assert sheets.is_dangerous(text)


@pytest.mark.parametrize("text", ["", "张某", "1-2", "a=b", "a@b.cn", "´=1"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert not sheets.is_dangerous(text)


async def test_a_list_that_is_too_long_for_a_file_is_refused_whole(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "EXPORT_ROWS", 3)
    async with database.atomic():
        with pytest.raises(Invalid, match="4 rows; a file holds at most 3"):
            await _file(sheets.Format.CSV)
        assert (await _file(sheets.Format.CSV, state="new")).count(b"\r\n") == 3


NAMES = (
    "name",
    "state",
    "shelf",
    "day_from",
    "day_to",
    "at_from",
    "at_to",
    "fen_min",
    "fen_max",
    "ripe",
    "sort",
    "page",
)
ODD = (
    *("", "0", "-1", "９９", "1e9", "NaN", "99999999999999999999", "2026-02-30", "20261122", "2026-W47-7"),
    *(
        "\x00",
        "a\x00b",
        "' OR 1=1 --",
        "{}",
        "{0}",
        "$1",
        "%",
        "_",
        "\\",
        "\ud7ff",
        "🙂" * 100,
        "new",
        "-name",
    ),
    *("0001-01-01", "9999-12-31", "low", "-", "--id", "id,name"),
)
QUERY = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=30)), max_size=3)
)


async def test_no_address_makes_a_list_stumble(db: None) -> None:
    queries: list[dict[str, list[str]]] = []

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(QUERY)
    def collect(query: dict[str, list[str]]) -> None:
        queries.append(query)

    collect()
    for query in queries:
        wish = await read(THINGS, query)
        page = await page_of(THINGS, wish)
        assert 0 <= len(page.rows) <= page.found <= 4, query
        assert set(wish.form.errors) <= set(NAMES), query
        again = await read(THINGS, {k: [v] for k, v in wish.typed})
        assert (again.typed, again.form.errors) == (wish.typed, {}), query


def test_days_are_told_by_the_calendar_of_china() -> None:
    column = THINGS.column("at")
    assert column is not None
    late = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert sheets.cell_of(column, {"at": late}) == datetime(2027, 1, 1)
    assert clock.china_day(late) == date(2027, 1, 1)
