"""Steps are found by day, by person and by request."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T07:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Steps are found by day, person and request"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "audit_search.sql")
