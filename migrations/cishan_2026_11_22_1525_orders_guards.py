"""Orders go their way step by step."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Orders go their way step by step, and what was signed for stays"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_orders.sql")
