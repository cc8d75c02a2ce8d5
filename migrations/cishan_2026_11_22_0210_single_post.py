"""One entry alone is posted by one statement."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T02:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "One entry alone is posted by one statement"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "books_single_post.sql")
