"""Two count, a third judges; every ending lets the bins go."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Two count and a third judges"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_counts.sql")
