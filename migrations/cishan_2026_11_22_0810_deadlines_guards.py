"""What a check on one row cannot say of a clock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T08:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "A thing has one running clock of a kind"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "deadlines_guards.sql")
