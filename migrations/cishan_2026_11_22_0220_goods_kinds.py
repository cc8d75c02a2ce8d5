"""Two more kinds of entries, for goods."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T02:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Goods come back, and become kits"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "books_goods.sql")
