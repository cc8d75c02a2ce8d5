"""A booking is reversed wholly, once, and only after somebody else agreed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T16:01:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "A booking of goods is reversed wholly, once, and after somebody else agreed"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_reversals.sql")
