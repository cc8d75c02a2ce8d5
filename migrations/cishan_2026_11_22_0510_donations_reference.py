"""What Piccolo cannot say of the giving tables, and their reference data."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T05:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Partial indexes, limits and word rules of giving"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "donations_reference.sql")
