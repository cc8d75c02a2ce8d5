"""What a check on one row cannot say of a file."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T10:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "What is known of a file stays"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "files_guards.sql")
