"""Index by which a list of moves is narrowed to one person."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T16:60:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Who moved goods, and what somebody moved last"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_moves.sql")
