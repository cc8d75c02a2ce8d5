"""Retries that cannot get stuck, and the record of loaded seeds."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T01:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Retries that cannot get stuck, and the record of loaded seeds"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "ops.sql")
