"""Loading a dump into a database in one transaction, whatever its owner is called and its version is."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from cishan.ops.starting import CannotRun
from cishan.plumbing import embedded

FAMILIES = ("books_owner", "benefits_owner", "audit_owner")
"""Who owns what the database's owner may not read or make by itself."""
TIMEOUT_SETTING_SINCE = 17
SCHEMAS = """
    SELECT nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') ORDER BY 1"""
_EVENT_TRIGGER = re.compile(r"^(?:CREATE|ALTER|COMMENT ON) EVENT TRIGGER ")
_STATEMENT = re.compile(r"^(?:ALTER|GRANT|REVOKE|CREATE SCHEMA) ")


async def server_major(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Return the server's major version."""
    return int(await connection.fetchval("SELECT current_setting('server_version_num')::int / 10000"))


def pg_tool(name: str, major: int) -> Path:
    """Return a PostgreSQL program that understands a server of this major version."""
    if major <= embedded.VERSION:
        return embedded.tool(name)
    found = shutil.which(
        name, path=f"/usr/lib/postgresql/{major}/bin:/usr/pgsql-{major}/bin"
    ) or shutil.which(name)
    if found is None:
        raise CannotRun(f"The server is PostgreSQL {major}; its own {name} is needed and was not found.")
    return Path(found)


@contextlib.asynccontextmanager
async def borrowed_rights(
    connection: "asyncpg.Connection[asyncpg.Record]", manifest: Mapping[str, Any] | None = None
) -> AsyncIterator[None]:
    """Let the database's owner act as the owners of the two books for the block.

    A superuser needs no such thing; an ordinary owner has given the right away at the end of the migration.
    The manifest's roles are made first where the server lacks them.
    """
    if manifest is not None:
        await _make_roles(connection, manifest)
    if await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        yield
        return
    present = [
        row[0]
        for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", FAMILIES)
    ]
    me = await connection.fetchval("SELECT quote_ident(current_user)")
    lent = [
        name for name in present if not await connection.fetchval("SELECT pg_has_role($1, 'USAGE')", name)
    ]
    try:
        for name in lent:
            await connection.execute(f"GRANT {name} TO {me}")
        yield
    finally:
        for name in lent:
            await connection.execute(f"REVOKE {name} FROM {me}")


async def _make_roles(connection: "asyncpg.Connection[asyncpg.Record]", manifest: Mapping[str, Any]) -> None:
    for name in manifest["roles"]:
        if not await connection.fetchval("SELECT to_regrole($1) IS NOT NULL", name):
            await connection.execute(f'CREATE ROLE "{name}" NOLOGIN')
    for family, member in manifest["members"]:
        if not await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", member, family):
            await connection.execute(f'GRANT "{family}" TO "{member}"')
    if not await connection.fetchval("SELECT pg_has_role(current_user, 'cishan_app', 'MEMBER')"):
        me = await connection.fetchval("SELECT quote_ident(current_user)")
        await connection.execute(f"GRANT cishan_app TO {me}")


async def load_database(
    url: str, connection: "asyncpg.Connection[asyncpg.Record]", dump: Path, manifest: Mapping[str, Any]
) -> None:
    """Replace what the database holds by the dump, in one transaction."""
    major = await server_major(connection)
    me = str(await connection.fetchval("SELECT current_user"))
    superuser = bool(await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    schemas = [row[0] for row in await connection.fetch(SCHEMAS)]
    tool_major = max(major, int(manifest["postgres"]))
    reader = await asyncio.create_subprocess_exec(
        pg_tool("pg_restore", tool_major), "--file=-", dump, stdout=asyncio.subprocess.PIPE, limit=1 << 30
    )
    words = [
        "-X",
        "-q",
        "--single-transaction",
        "-v",
        "ON_ERROR_STOP=1",
        "-o",
        "/dev/null",
        f"--dbname={url}",
    ]
    writer = await asyncio.create_subprocess_exec(
        pg_tool("psql", tool_major),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert reader.stdout is not None and writer.stdin is not None and writer.stderr is not None
    said = asyncio.create_task(writer.stderr.read())
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        writer.stdin.write(_emptied(schemas).encode())
        fitting = Fitting(owner=str(manifest["owner"]), me=me, major=major, superuser=superuser)
        async for line in reader.stdout:
            writer.stdin.write(fitting.line(line))
            await writer.stdin.drain()
        writer.stdin.close()
    if await writer.wait():
        reader.kill() if reader.returncode is None else None
        await reader.wait()
        text = (await said).decode(errors="replace").strip()
        raise CannotRun(
            f"The database is as it was before; psql refused: {text.splitlines()[0] if text else '?'}"
        )
    await said
    if await reader.wait():
        raise CannotRun("pg_restore could not read the dump to its end.")


def _emptied(schemas: list[str]) -> str:
    drops = [f'DROP SCHEMA "{name}" CASCADE;' for name in [*schemas, "public"]]
    again = [
        "CREATE SCHEMA public AUTHORIZATION pg_database_owner;",
        "GRANT USAGE ON SCHEMA public TO PUBLIC;",
    ]
    quiet = ["SET client_min_messages = warning;", "SET books.migrating = on;"]
    return "\n".join([*quiet, *drops, *again]) + "\n"


class Fitting:
    """Fits the statements of a dump to another server: other owner, older version, no superuser."""

    def __init__(self, *, owner: str, me: str, major: int, superuser: bool) -> None:
        self.rename = (
            None
            if owner == me
            else re.compile(rf'\b(TO|FROM|FOR ROLE|AUTHORIZATION) "?{re.escape(owner)}"?(?=[;\s,])')
        )
        self.me = '"' + me.replace('"', '""') + '"'
        self.major = major
        self.superuser = superuser
        self.in_data = False
        self.leaving_out = False

    def line(self, raw: bytes) -> bytes:
        """Return the line as this server wants it."""
        if self.in_data:
            self.in_data = raw != b"\\.\n"
            return raw
        text = raw.decode()
        if self.leaving_out:
            self.leaving_out = not text.endswith(";\n")
            return b""
        if text.startswith("COPY ") and text.endswith("FROM stdin;\n"):
            self.in_data = True
            return raw
        if text.startswith("SET transaction_timeout") and self.major < TIMEOUT_SETTING_SINCE:
            return b""
        if not self.superuser and _EVENT_TRIGGER.match(text):
            self.leaving_out = not text.endswith(";\n")
            return b""
        if self.rename is not None and _STATEMENT.match(text):
            return self.rename.sub(rf"\1 {self.me}", text).encode()
        return raw
