"""The warehouse of the demonstration: a year behind it, something in every state, and all of it once."""

from collections import Counter

from cishan.plumbing.db import fetch
from cishan.settings import Settings
from cishan.warehouse.actions import figures as actions
from cishan.warehouse.queries import drives, figures, kits, proofs
from cishan.warehouse.rules import offers, orders
from cishan.warehouse.rules.drives import DriveState
from cishan.warehouse.rules.stock import LotState
from seeds import (
    approvals,
    deadlines,
    demo_care,
    demo_drives,
    demo_goods,
    demo_orders,
    demo_staff,
    demo_warehouse,
    demo_year,
    reference,
    warehouse,
)
from seeds import kits as kit_seeds

BEFORE = (reference, deadlines, approvals, warehouse, kit_seeds, demo_staff)
DEMO = (demo_year, demo_warehouse, demo_drives, demo_goods, demo_orders, demo_care)
COUNTED = (
    "stock_cause",
    "stock_lot",
    "goods_offer",
    "goods_order",
    "goods_kit",
    "audit.transition",
    "stored_file",
)


async def test_the_year_is_told_once_and_shows_something_in_every_state(db: None, config: Settings) -> None:
    for module in (*BEFORE, *DEMO):
        await module.load()
    before = await _rows()
    for module in (kit_seeds, *DEMO):
        await module.load()
    assert await _rows() == before
    assert (await proofs.prove()).findings == ()
    assert set(await _states("goods_offer")) == set(offers.State) - {offers.State.CLOSED}
    assert set(await _states("goods_order")) == set(orders.State)
    assert await _states("stock_transfer") == {"sent": 1, "received": 1, "incomplete": 1}
    assert await _states("stocktake") == {"proposed": 1}
    assert await _states("goods_recall") == {"open": 1}
    assert await _states("goods_scrap") == {"proposed": 1}
    assert set(await _states("stock_lot")) == set(LotState)


async def test_the_winter_drive_hands_out_two_versions_of_its_kit(db: None, config: Settings) -> None:
    for module in (*BEFORE, demo_warehouse, demo_drives):
        await module.load()
    (drive,) = await drives.open_drives()
    assert (drive.state, drive.target_people, len(drive.sites)) == (DriveState.OPEN, 60, 2)
    account = await drives.account_of(drive.id)
    assert (account.came, account.handed_out, account.left, account.is_whole) == (60, 18, 42, True)
    assert await _states("goods_entitlement") == {"given": 18, "listed": 24, "absent": 4, "struck": 2}
    versions = await fetch(
        "SELECT DISTINCT k.version FROM goods_assembly AS a JOIN goods_kit AS k ON k.id = a.kit"
    )
    assert {row["version"] for row in versions} == {1, 2}
    held = await kits.in_force(drive.item)
    assert held is not None
    assert held.version == 2


async def test_something_came_and_went_in_almost_every_month(db: None, config: Settings) -> None:
    for module in (*BEFORE, demo_year):
        await module.load()
    months = (await figures.overview(["%"])).months
    assert len(months) == 12
    assert sum(month.issued > 0 for month in months) >= 11
    assert sum(month.received > 0 for month in months) >= 10
    assert {need.item_code for need in await figures.needs()} >= {"FLOUR10", "NAPPIES10"}


async def test_a_demonstration_whose_days_are_summed_up_gets_no_past_and_no_orders_from_it(
    db: None, config: Settings
) -> None:
    for module in (*BEFORE, demo_warehouse):
        await module.load()
    assert await actions.sum_days() is True
    for module in (demo_year, demo_orders):
        await module.load()
    assert await _states("goods_order") == {}
    assert await fetch("SELECT FROM stock_cause WHERE kind = 'issue'") == []


async def _rows() -> list[int]:
    return [(await fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in COUNTED]


async def _states(table: str) -> dict[str, int]:
    return dict(Counter(row["state"] for row in await fetch(f"SELECT state FROM {table}")))
