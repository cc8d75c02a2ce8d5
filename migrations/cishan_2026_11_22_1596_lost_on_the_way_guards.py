"""Guard of write-offs of what transfers lost."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:96:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The transfer line of a write-off stays"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_lost.sql")
