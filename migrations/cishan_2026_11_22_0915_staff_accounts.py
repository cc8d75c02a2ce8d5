"""Accounts that were made before there were others are staff's."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T09:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts that were made before there were others are staff's"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "identity_staff_accounts.sql")
