"""Guard of goods that come back to a shelf."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T16:43:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Only whole goods that may be handed out go back to a shelf"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_returns.sql")
