"""New letters say by which way they go; inboxes are read unread first; what was told stays as it was."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean, Varchar

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T13:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes and guards of inboxes"


async def forwards() -> MigrationManager:
    manager = script_migration(ID, DESCRIPTION, "notify_inboxes.sql")
    for name, kind, earlier in (("channel", Varchar, "email"), ("urgent", Boolean, True)):
        manager.alter_column(
            table_class_name="Letter",
            tablename="letter",
            column_name=name,
            db_column_name=name,
            params={"default": None},
            old_params={"default": earlier},
            column_class=kind,
            old_column_class=kind,
            schema=None,
        )
    return manager
