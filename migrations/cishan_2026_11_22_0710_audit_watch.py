"""No state changes without a word in the history."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T07:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "No state changes without a word in the history"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "audit_watch.sql")
