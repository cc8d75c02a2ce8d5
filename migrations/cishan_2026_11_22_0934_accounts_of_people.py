"""Accounts are people's: what offices had before that is closed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check

from cishan.plumbing.migrations import run_script

ID = "2026-11-22T09:34:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts are people's"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    async def close_those_of_offices() -> None:
        await run_script("UPDATE account SET active = false WHERE person IS NULL AND active")

    manager.add_raw(close_those_of_offices)
    manager.add_constraint(
        table_class_name="Account",
        tablename="account",
        constraint_name="account_is_somebodys_or_closed",
        constraint_class=Check,
        params={"condition": "person IS NOT NULL OR NOT active"},
        schema=None,
    )
    manager.drop_constraint(
        table_class_name="Account",
        tablename="account",
        constraint_name="account_belongs_to_somebody",
        schema=None,
    )
    return manager
