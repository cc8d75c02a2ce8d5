"""What may happen only after an approval."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T11:21:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Refunds and named owners follow an approval"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "approvals_uses.sql")
