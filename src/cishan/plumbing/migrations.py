"""Bringing a database to the present schema, once, whoever else tries at the same time."""

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards

from cishan.plumbing.db import engine
from cishan.settings import ROOT

SQL_FOLDER = ROOT / "migrations" / "sql"
_LOCK = 0x63697368


async def run_script(sql: str) -> None:
    """Run a script of several statements on the connection of the running migration."""
    transaction = engine().current_transaction.get()
    assert transaction is not None, "Piccolo runs a migration inside a transaction"
    await transaction.connection.execute(sql)


def script_migration(migration_id: str, description: str, *files: str) -> MigrationManager:
    """Return a migration that runs the given files of `migrations/sql` in order."""
    manager = MigrationManager(migration_id=migration_id, app_name="cishan", description=description)

    async def run() -> None:
        for name in files:
            await run_script((SQL_FOLDER / name).read_text())

    manager.add_raw(run)
    return manager


async def migrate(database_url: str) -> None:
    """Bring the database to the newest migration, as its owner; a second call waits, then does nothing."""
    guard = await asyncpg.connect(database_url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _LOCK)
        result = await run_forwards(app_name="cishan", migration_id="all")
        if not result.success:
            raise MigrationFailed(result.message or "a migration failed")
    finally:
        await guard.close()


class MigrationFailed(Exception):
    """A migration did not run; the database is as it was before that migration."""
