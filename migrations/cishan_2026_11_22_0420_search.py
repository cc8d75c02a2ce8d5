"""The embedded search index."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T04:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The embedded search index"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "search_index.sql")
