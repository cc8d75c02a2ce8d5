"""What a check on one row cannot say of a campaign."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T04:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Budgets, platforms and filed plans of campaigns are guarded"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "campaigns_guards.sql")
