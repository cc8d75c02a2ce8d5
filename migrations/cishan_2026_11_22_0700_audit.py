"""History of transitions and of sensitive reads, append-only and chained."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T07:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "History of transitions and of sensitive reads, append-only and chained"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "audit_history.sql")
