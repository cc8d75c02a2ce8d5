"""What the database refuses of the roles that people were given."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T09:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "What the database refuses of the roles that people were given"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "identity_posts.sql")
