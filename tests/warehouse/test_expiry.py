"""What has expired is locked the same night, late or twice is the same, and nobody gets it meanwhile."""

from datetime import timedelta
from uuid import UUID

import pytest

from cishan.kernel import clock
from cishan.notify.queries import inbox
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.lists import Wish
from cishan.plumbing.lists.asking import read
from cishan.plumbing.lists.fetching import page_of
from cishan.warehouse.actions import locking, stock
from cishan.warehouse.jobs.keeping import expire
from cishan.warehouse.queries.lists_counts import NEAR_EXPIRY, within_days
from cishan.warehouse.rules.stock import Cause, Delta
from tests.warehouse import ordering
from tests.warehouse.counting import a_house, everything
from tests.warehouse.stocking import a_lot, move, stock_of

pytestmark = pytest.mark.usefixtures("config", "db")


async def state_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT state FROM stock_lot WHERE id = {}", lot))


async def test_expired_lots_are_locked_once_their_promises_broken_and_the_keepers_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = await a_house()
    today = clock.today()
    last = await a_lot(house.item, house.shelf, 5, expires_on=today)
    order = await ordering.reserved(house.site, house.bea, (house.item, 3))
    spare = await a_lot(house.item, house.shelf, 2, expires_on=today + timedelta(days=1))
    assert await locking.lock_expired() == 0
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    # The night has fallen and nothing has run yet: the database refuses all the same.
    with pytest.raises(stock.Unusable):
        await move(Cause.ISSUE, Delta(last, house.shelf, -1))
    await expire()
    assert (await state_of(last), await state_of(spare)) == ("expired", "open")
    assert (await stock_of(last), (await stock_of(spare))[:2]) == ((5, 0, 30_000), (2, 2))
    assert sorted(await ordering.picks(order)) == [("released", 3), ("reserved", 2)]
    (step,) = await fetch("SELECT * FROM audit.transition WHERE subject_kind = 'lot' AND event = 'expire'")
    assert (step["actor"], step["from_state"], step["to_state"]) == ("system", "open", "expired")
    told = await fetch("SELECT person, event FROM message ORDER BY event, person")
    keepers = sorted([house.ada.person_id, house.bea.person_id])
    assert [(r["event"], r["person"]) for r in told] == [
        *(("goods_locked", keeper) for keeper in keepers),
        ("reservation_lost", house.bea.person_id),
    ]
    assert (await inbox.inbox(house.ada.person_id)).messages[0].title == "1 个批次已过期并锁定"
    before = await everything()
    await expire()
    assert await everything() == before


async def test_what_expires_soonest_stands_first_with_what_to_do() -> None:
    house = await a_house()
    today = clock.today()
    await a_lot(house.item, house.shelf, 4, expires_on=today + timedelta(days=60))
    await a_lot(house.item, house.shelf, 5, expires_on=today + timedelta(days=7), restrictions=["elders"])
    await a_lot(house.item, house.shelf, 6, expires_on=today + timedelta(days=61))
    await a_lot(house.item, house.shelf, 7)
    wish: Wish = await read(NEAR_EXPIRY, {})
    page = await page_of(NEAR_EXPIRY, wish, within_days(60))
    assert [
        (r["days"], r["on_hand"], r["reserved"], r["value_fen"], r["urgency"], r["words"]) for r in page.rows
    ] == [
        (7, 5, 0, 30_000, "now", "仅限老年人"),
        (60, 4, 0, 24_000, "later", ""),
    ]
    assert page.rows[1]["todo"] == "暂无申请：请联系其他仓库或发放行动"
    await ordering.requested(house.site, house.ada, (house.item, 9))
    page = await page_of(NEAR_EXPIRY, wish, within_days(60))
    assert page.rows[0]["todo"] == "待处理申请还需 9 件：请优先预留"
