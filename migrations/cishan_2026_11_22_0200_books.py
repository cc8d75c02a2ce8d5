"""The charity's books, and the wall before the register of state benefits."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The charity's books, and the wall before the register of state benefits"


async def forwards() -> MigrationManager:
    return script_migration(
        ID,
        DESCRIPTION,
        "books_roles.sql",
        "books_tables.sql",
        "books_guards.sql",
        "books_functions.sql",
        "books_chart.sql",
        "benefits_wall.sql",
        "books_ddl_guard.sql",
    )
