"""What goods may be used for, and what needs an approval."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:90:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Goods go to whom they are meant for; a loss follows an approval"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_uses.sql")
