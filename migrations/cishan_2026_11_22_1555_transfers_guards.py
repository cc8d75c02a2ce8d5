"""Transfers between sites, kept by the database."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:55:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "A transfer goes forwards, and every difference is explained"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_transfers.sql")
