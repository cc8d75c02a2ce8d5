"""The one writer of stock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Stock has one writer, and its value stands in the books"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_stock.sql")
