"""Guard of goods that leave for another site."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T16:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Only goods that may be handed out leave for another site"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_sends.sql")
