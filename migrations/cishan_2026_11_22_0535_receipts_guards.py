"""Receipts are numbered without gaps and never change."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T05:35:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Receipts are numbered without gaps and never change"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "donations_receipts.sql")
