"""What checks of the history found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T14:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Checks of the history"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "supervision_checks.sql")
