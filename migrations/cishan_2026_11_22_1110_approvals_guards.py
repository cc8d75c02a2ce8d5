"""Maker and checker, kept by the database."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T11:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Nobody acts twice, and the bands are kept"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "approvals_guards.sql")
