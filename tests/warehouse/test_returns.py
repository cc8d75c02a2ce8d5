"""Goods that come back: into quarantine, or whole ones onto a shelf on a keeper's word, never cold ones."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import handovers, lots
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules.orders import Condition, require_fit_for_shelf
from cishan.warehouse.rules.places import Purpose
from tests.identity.staffing import COUNTY, sign_in
from tests.warehouse.ordering import everything
from tests.warehouse.stocking import a_bin, a_site, booked, stock_of
from tests.warehouse.test_picks import handed_over, there

pytestmark = pytest.mark.usefixtures("config", "db")


async def back(pick: UUID, keeper: Acting, **more: Any) -> bool:
    said = {"quantity": 3, "condition": Condition.GOOD, "grade": "A", "shelf": "dz-a-01", **more}
    return await handovers.take_back(pick, reason="多领", by=keeper, request=ids.new_id(), **said)


async def gone() -> tuple[UUID, UUID, Acting]:
    order_id, lot, keeper = await handed_over()
    return (await queries.picks_of(order_id))[0].id, lot, keeper


async def test_whole_goods_go_back_to_a_shelf_and_may_be_handed_out_again() -> None:
    pick, lot, keeper = await gone()
    shelf = await there(lot, Purpose.SHELF)
    assert await back(pick, keeper)
    assert await there(lot, Purpose.SHELF) == (shelf[0] + 3, shelf[1])
    assert await there(lot, Purpose.QUARANTINE) == (0, 0)
    assert (await stock_of(lot), await booked("5101")) == ((9, 0, 54000), 6000)
    (row,) = await fetch("SELECT condition, grade, quantity FROM goods_return")
    assert row == {"condition": "good", "grade": "A", "quantity": 3}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"condition": Condition.DAMAGED}, "condition"),
        ({"grade": ""}, "grade"),
        ({"grade": "X"}, "grade"),
        ({"grade": "B"}, "grade"),
        ({"shelf": "NO-SUCH"}, "bin"),
        ({"shelf": "DZ-IN-01"}, "bin"),
        ({"shelf": "DZ-Q-01"}, "bin"),
        ({"shelf": "QY-A-01"}, "bin"),
    ],
)
async def test_what_is_not_whole_or_of_another_place_stays_off_the_shelf(
    said: dict[str, Any], field: str
) -> None:
    pick, _, keeper = await gone()
    await a_site("QY", region=COUNTY)
    before = await everything()
    with pytest.raises(Invalid) as refused:
        await back(pick, keeper, **said)
    assert refused.value.field == field
    assert await everything() == before


async def test_goods_of_a_lot_that_nobody_may_have_go_into_quarantine_alone() -> None:
    pick, lot, keeper = await gone()
    await lots.quarantine(lot, by=keeper, reason="外箱异味")
    with pytest.raises(Invalid, match="may not be handed out"):
        await back(pick, keeper)
    await lots.release(lot, by=keeper, reason="复检合格")
    assert await back(pick, keeper, shelf="", grade="")
    assert await there(lot, Purpose.QUARANTINE) == (3, 0)
    over = replace(await lot_by_id(lot), expires_on=clock.today())
    require_fit_for_shelf(Condition.GOOD, "A", over, today=clock.today(), cold_chain=False)
    with pytest.raises(Invalid, match="may not be handed out"):
        tomorrow = clock.today() + timedelta(days=1)
        require_fit_for_shelf(Condition.GOOD, "A", over, today=tomorrow, cold_chain=False)


async def test_what_must_be_kept_cold_never_goes_back_to_a_shelf_and_the_database_says_so_too() -> None:
    pick, _, keeper = await gone()
    await connection().execute("UPDATE goods_item SET cold_chain = true")
    before = await everything()
    with pytest.raises(Invalid, match="kept cold"):
        await back(pick, keeper)
    assert await everything() == before
    assert await back(pick, keeper, shelf="", quantity=1)
    await connection().execute("UPDATE goods_item SET cold_chain = false")
    site = await fetch_value("SELECT site FROM goods_order")
    shelf = (await a_bin(site)).id
    for grade, condition in (("", "good"), ("C", "good")):
        with pytest.raises(asyncpg.CheckViolationError, match="into quarantine"):
            async with atomic():
                await connection().execute(
                    """INSERT INTO goods_return (id, pick, quantity, condition, grade, bin, reason, at,
                                                 taken_by, cause, request)
                       SELECT gen_random_uuid(), pick, quantity, $2, $1, $3, reason, at, taken_by, cause,
                              gen_random_uuid() FROM goods_return""",
                    *(grade, condition, shelf),
                )


async def test_more_than_went_out_does_not_come_back_by_the_shelf_either() -> None:
    pick, _, keeper = await gone()
    assert await back(pick, keeper)
    before = await everything()
    with pytest.raises((Invalid, Conflict), match="At most 1"):
        await back(pick, keeper, quantity=2)
    assert await everything() == before


async def test_the_page_says_beside_the_field_why_goods_stay_off_the_shelf(client: httpx.AsyncClient) -> None:
    pick, lot, _ = await gone()
    await sign_in(client, "keeper")
    number = await fetch_value("SELECT number FROM goods_order")
    here = f"/staff/warehouse/orders/{number}/returns"
    assert "留空则放入隔离区" in (await client.get(here)).text
    form = {
        "pick": str(pick),
        "quantity": "3",
        "condition": "damaged",
        "reason": "多领",
        "bin": "DZ-A-01",
        "grade": "A",
    }
    refused = await client.post(here, data={**form, "request": str(ids.new_id())})
    assert refused.status_code == 422
    assert "请把货位留空" in refused.text and 'value="DZ-A-01"' in refused.text
    good = {**form, "condition": "good", "request": str(ids.new_id())}
    for _ in range(2):
        assert (await client.post(here, data=good)).status_code == 303
    assert await there(lot, Purpose.QUARANTINE) == (0, 0)
    assert await fetch_value("SELECT count(*) FROM goods_return") == 1
