"""Roles of the application, and the queue."""

from pathlib import Path

import procrastinate
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import run_script, script_migration

ID = "2026-11-22T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Roles of the application, and the queue"


async def forwards() -> MigrationManager:
    manager = script_migration(ID, DESCRIPTION, "roles.sql")

    async def queue() -> None:
        folder = Path(procrastinate.__file__).parent / "sql"
        await run_script((folder / "schema.sql").read_text())

    manager.add_raw(queue)
    later = script_migration(ID, DESCRIPTION, "queue.sql")
    manager.raw.extend(later.raw)
    return manager
