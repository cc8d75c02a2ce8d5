"""Kits in force stay; everybody has one turn in a drive."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T15:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Kits in force stay, and everybody has one turn in a drive"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "warehouse_kits.sql")
