"""Approvals, refunds and monthly plans are found by what people read of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T11:22:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Approvals, refunds and monthly plans are found by their references"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "references.sql")
