"""What managers and the public see of the warehouse."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing.db import fetch
from cishan.warehouse.actions import figures as actions
from cishan.warehouse.queries import figures as queries
from cishan.warehouse.rules import figures as rules
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.figures import Month
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from tests.console.test_desk import counted
from tests.identity.staffing import COUNTY, a_member, a_session, sign_in
from tests.warehouse.stocking import (
    AGENCY,
    FUND,
    OTHER_FUND,
    a_bin,
    a_keeper,
    a_lot,
    a_site,
    an_item,
    booked,
    move,
)

pytestmark = pytest.mark.usefixtures("db")
NOVEMBER = datetime(2026, 11, 22, 4, tzinfo=UTC)
CITY_WIDE = ("3714%",)


@pytest.fixture
async def year() -> AsyncIterator[UUID]:
    """A year of the city's warehouse; returns the item of rice."""
    rice, quilt = await an_item(), await an_item("QUILT", name="棉被", category=Category.BEDDING, life=None)
    with clock.fixed(datetime(2026, 9, 10, 4, tzinfo=UTC)):
        site = await a_site()
        shelf = (await a_bin(site)).id
        first = await a_lot(rice, shelf, 100, expires_on=date(2026, 12, 10))
        await a_lot(quilt, shelf, 10, fund=OTHER_FUND, cost_fen=120000)
        await a_lot(rice, shelf, 5, fund=AGENCY)
    with clock.fixed(datetime(2026, 10, 3, 4, tzinfo=UTC)):
        gone = await move(Cause.ISSUE, Delta(first, shelf, -30))
        quarantine = await a_bin(site, Purpose.QUARANTINE)
        await move(Cause.RETURN, Delta(first, quarantine.id, 3), reverses=gone.cause_id)
    with clock.fixed(NOVEMBER):
        await move(Cause.ISSUE, Delta(first, shelf, -10))
        yield rice


async def test_the_overview_adds_up_to_the_books(year: UUID) -> None:
    view = await queries.overview(CITY_WIDE)
    assert view.value_fen == await booked("1201") + await booked("1201", OTHER_FUND) == 63 * 6000 + 120000
    assert view.entrusted_fen == await booked("1801", AGENCY) == 30000
    assert [(s.fund, s.category, s.pieces, s.value_fen) for s in view.shares] == [
        (AGENCY, "food_staple", 5, 30000),
        (OTHER_FUND, "bedding", 10, 120000),
        (FUND, "food_staple", 63, 378000),
    ]
    assert view.months[-3:] == (
        Month(date(2026, 9, 1), received=115, received_fen=750000),
        Month(date(2026, 10, 1), issued=27, issued_fen=162000),
        Month(date(2026, 11, 1), issued=10, issued_fen=60000),
    )
    assert len(view.months) == 12
    within_30 = next(one for one in view.expiring if (one.band.first, one.band.last) == (0, 30))
    assert (within_30.lots, within_30.pieces, within_30.value_fen) == (1, 63, 378000)
    (rice,) = [cover for cover in view.covers if cover.item == year]
    # 37 pieces went out since the first came on 10 September: 74 days; 60 are free, and 5 are somebody's own.
    assert (rice.available, rice.issued, rice.days) == (60, 37, 60 * 74 // 37)


async def test_summed_days_say_what_their_moves_said_and_are_summed_once(year: UUID) -> None:
    before = await queries.overview(CITY_WIDE)
    assert await actions.sum_days() is True
    assert await actions.sum_days() is False
    assert await queries.overview(CITY_WIDE) == before
    rows = await fetch("SELECT kind, sum(pieces) AS pieces FROM stock_month GROUP BY kind ORDER BY kind")
    assert [(r["kind"], r["pieces"]) for r in rows] == [("issue", 30), ("receive", 115), ("return", 3)]
    with clock.fixed(NOVEMBER + timedelta(days=2)):
        assert await actions.sum_days() is True
        assert (await queries.overview(CITY_WIDE)).months == before.months
    rows = await fetch("SELECT pieces FROM stock_month WHERE kind = 'issue' ORDER BY month")
    assert [r["pieces"] for r in rows] == [30, 10]


async def test_a_post_sees_the_figures_of_its_region_alone(year: UUID) -> None:
    county = await a_site("QY", region=COUNTY)
    await a_lot(year, (await a_bin(county)).id, 7)
    view = await queries.overview((f"{COUNTY}%",))
    assert (view.sites, view.pieces, view.value_fen) == (1, 7, 42000)
    assert (await queries.overview(())).pieces == 0


async def test_what_lacks_is_asked_for_in_public_without_a_name(
    client: httpx.AsyncClient, year: UUID
) -> None:
    site = await a_site()
    keeper = await a_keeper()
    await actions.set_level(site, year, 100, by=keeper)
    (need,) = await queries.needs()
    assert (need.item_code, need.missing, need.sites) == ("RICE10", 40, ("DZ仓库",))
    page = (await client.get("/warehouse")).text
    assert "40 袋" in page
    assert 'href="/goods/give?item=RICE10"' in page
    assert "37" in page  # pieces handed out this year
    await actions.set_level(site, year, 0, by=keeper)
    assert await queries.needs() == []
    rows = await fetch(
        "SELECT from_state, to_state FROM audit.transition WHERE subject_kind = 'stock_level' ORDER BY id"
    )
    assert [tuple(row.values()) for row in rows] == [("", "100"), ("100", "0")]


async def test_the_figures_need_the_same_queries_for_any_stock(client: httpx.AsyncClient, year: UUID) -> None:
    await a_member("keeper2", Role.WAREHOUSE_KEEPER)
    client.cookies.set("session", await a_session("keeper2"))
    few = await asked_for(client)
    shelf = (await a_bin(await a_site())).id
    for number in range(12):
        await a_lot(await an_item(f"X{number:03}", name=f"物资{number}"), shelf, 3)
    assert await asked_for(client) == few <= 20


async def asked_for(client: httpx.AsyncClient) -> int:
    async with counted() as asked:
        answer = await client.get("/staff/warehouse/figures")
    assert answer.status_code == 200
    return len(asked)


@pytest.mark.parametrize("minimum", ["-1", "1.5", "abc", "", "1000001", "9" * 40])
async def test_a_bad_level_is_told_beside_the_field_and_changes_nothing(
    client: httpx.AsyncClient, year: UUID, minimum: str
) -> None:
    await a_member("keeper2", Role.WAREHOUSE_KEEPER)
    await sign_in(client, "keeper2")
    site = await a_site()
    sent = {"site": str(site), "item": str(year), "minimum": minimum}
    answer = await client.post("/staff/warehouse/levels", data=sent)
    assert answer.status_code == 422
    assert 'id="field-minimum-error"' in answer.text
    assert await fetch("SELECT FROM stock_level") == []
    assert (await client.post("/staff/warehouse/levels", data={**sent, "minimum": "12"})).status_code == 303
    assert [row["minimum"] for row in await fetch("SELECT minimum FROM stock_level")] == [12]


async def test_another_countys_keeper_sets_no_level(client: httpx.AsyncClient, year: UUID) -> None:
    site = await a_site()
    await a_member("county", Role.WAREHOUSE_KEEPER, region=COUNTY)
    await sign_in(client, "county")
    sent = {"site": str(site), "item": str(year), "minimum": "5"}
    assert (await client.post("/staff/warehouse/levels", data=sent)).status_code == 404
    assert await fetch("SELECT FROM stock_level") == []


def test_turnover_is_told_for_an_average_stock() -> None:
    months = [Month(date(2026, 9, 1), received_fen=1000), Month(date(2026, 10, 1), issued_fen=400)]
    assert rules.turnover(600, months) == (400 * 10 // 533, 533)
    assert rules.turnover(0, []) is None


def test_months_before_a_day_are_whole_and_in_order() -> None:
    assert rules.months_before(date(2026, 1, 31), 2) == [date(2025, 11, 1), date(2025, 12, 1)]


async def test_expired_goods_are_not_free_before_the_night_locks_them(year: UUID) -> None:
    site, by = await a_site(), await a_keeper()
    await actions.set_level(site, year, 1, by=by)
    with clock.fixed(datetime(2026, 12, 11, 4, tzinfo=UTC)):
        (level,) = await queries.levels(CITY_WIDE)
        assert level.available == 0
        assert next(c.available for c in (await queries.overview(CITY_WIDE)).covers if c.item == year) == 0


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        (60, [(0, 30), (31, 60), (61, 90)]),
        (45, [(0, 22), (23, 45), (46, 75)]),
        (1, [(0, 1), (2, 31)]),
    ],
)
def test_the_bands_of_what_will_not_last_follow_the_line_of_the_house(
    near: int, expected: list[tuple[int, int]]
) -> None:
    past, *bands = rules.bands(near)
    assert past.last == -1
    assert [(band.first, band.last) for band in bands] == expected


async def test_the_offer_form_opens_with_what_is_needed(client: httpx.AsyncClient, year: UUID) -> None:
    assert f'<option value="{year}" selected' in (await client.get("/goods/give?item=RICE10")).text
    for unknown in ("", "NO-SUCH", "%27"):
        answer = await client.get(f"/goods/give?item={unknown}")
        assert answer.status_code == 200
        assert f'value="{year}" selected' not in answer.text
