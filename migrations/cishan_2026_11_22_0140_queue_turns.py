"""Jobs of one key run one after another."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T01:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Jobs of one key run one after another"


async def forwards() -> MigrationManager:
    return script_migration(ID, DESCRIPTION, "queue_turns.sql")
