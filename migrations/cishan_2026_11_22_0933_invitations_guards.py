"""What the database refuses of posts that are offered."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T09:33:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "What the database refuses of posts that are offered"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "identity_invitations.sql")
