"""The winter drive of the demonstration is there once, with kits on the shelves and people on its list."""

from cishan.plumbing.db import fetch_value
from cishan.settings import Settings
from cishan.warehouse.queries import drives
from cishan.warehouse.rules.drives import DriveState
from seeds import demo_drives, demo_staff, demo_warehouse, kits, reference, warehouse


async def test_loading_twice_makes_one_drive_whose_pieces_are_all_accounted_for(
    db: None, config: Settings
) -> None:
    for module in (reference, warehouse, kits, demo_staff, demo_warehouse, demo_drives, demo_drives):
        await module.load()
    (drive,) = await drives.open_drives()
    assert (drive.state, drive.target_people, len(drive.sites)) == (DriveState.OPEN, 60, 2)
    account = await drives.account_of(drive.id)
    assert (account.came, account.left, account.is_whole) == (60, 60, True)
    assert await fetch_value("SELECT count(*) FROM goods_entitlement") == 2 * demo_drives.PEOPLE
