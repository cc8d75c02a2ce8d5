"""What of a label may change."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:61:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "A label is bound once and retired once"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_labels.sql")
