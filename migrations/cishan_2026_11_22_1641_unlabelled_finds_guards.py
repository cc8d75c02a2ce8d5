"""Guards of what stocktakes find without a label."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T16:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Goods found without a label are agreed on, and of known age or never handed out"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_unlabelled.sql")
