"""Saving and bringing back a platform: database and uploads in one file that proves itself whole.

The file is a tar of `database.dump` (pg_dump's own format), the uploads, the payment sandbox's state in a
demo, and last `manifest.json`: what it is, the SHA-256 of every member, the rows of every table. It holds
personal data and is made readable for its owner alone. SECRET_KEY is not in it: keep that elsewhere.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg

from cishan.kernel import clock
from cishan.ops import schema
from cishan.ops.restoring import borrowed_rights, load_database, pg_tool, server_major
from cishan.ops.starting import CannotRun
from cishan.settings import Settings

FORMAT = 1
MANIFEST, DUMP, SANDBOX, UPLOADS = "manifest.json", "database.dump", "sandbox.sqlite", "uploads"

TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"""
ROLES = """
    SELECT rolname FROM pg_roles
     WHERE rolname ~ '^(cishan|books|benefits|audit)_' AND NOT rolcanlogin ORDER BY 1"""
MEMBERS = """
    SELECT DISTINCT g.rolname AS family, m.rolname AS member FROM pg_auth_members a
      JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
     WHERE g.rolname ~ '^(cishan|books|benefits|audit)_' AND m.rolname ~ '^(cishan|books|benefits|audit)_'
       AND NOT m.rolcanlogin ORDER BY 1, 2"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


def save(settings: Settings, file: Path) -> str:
    """Write the platform into a new file and return a sentence about it; it may run meanwhile."""
    if file.exists():
        raise CannotRun(f"{file} exists already; choose another name.")
    if not file.absolute().parent.is_dir():
        raise CannotRun(f"There is no folder {file.absolute().parent}.")
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".cishan-backup-") as folder:
        dump, whole = Path(folder) / DUMP, Path(folder) / "whole"
        manifest = asyncio.run(_dump(settings, dump))
        hashes: dict[str, str] = {}
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w") as tar:
                for name, path in [(DUMP, dump), *_uploads(settings), *_sandbox(settings, Path(folder))]:
                    try:
                        tar.add(path, name, recursive=False)
                    except FileNotFoundError:
                        if name.startswith(f"{UPLOADS}/"):
                            continue  # swept meanwhile: no row of the dump refers to it
                        raise
                    hashes[name] = _sha256(path)
                manifest["sha256"] = hashes
                text = Path(folder) / MANIFEST
                text.write_text(json.dumps(manifest, ensure_ascii=False, indent=1))
                tar.add(text, MANIFEST)
            out.flush()
            os.fsync(out.fileno())
        whole.rename(file)
    rows = sum(manifest["rows"].values())
    size = file.stat().st_size / 1_000_000
    tables, files = len(manifest["rows"]), len(hashes) - 1
    elsewhere = f" What lies in the bucket {settings.bucket.name} is not in it." if settings.bucket else ""
    return f"Saved {rows} rows of {tables} tables and {files} files: {file} ({size:.1f} MB).{elsewhere}"


async def _dump(settings: Settings, dump: Path) -> dict[str, Any]:
    """Dump the database as of one moment, and count its rows as of the same."""
    async with (
        _owner(settings) as connection,
        borrowed_rights(connection),
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        major = await server_major(connection)
        words = ["--format=custom", f"--snapshot={snapshot}", f"--file={dump}"]
        await _call(pg_tool("pg_dump", major), *words, f"--dbname={settings.database_url}")
        members = await connection.fetch(MEMBERS)
        return {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "postgres": major,
            "owner": await connection.fetchval("SELECT current_user"),
            "migrations": sorted(schema.migration_ids() - await schema.missing(connection)),
            "key": _mark(settings.secret_key),
            "data_keys": sorted(_data_keys(settings)),
            "roles": [row["rolname"] for row in await connection.fetch(ROLES)],
            "members": [[row["family"], row["member"]] for row in members],
            "rows": await count_rows(connection),
        }


def bring_back(settings: Settings, file: Path, *, force: bool) -> str:
    """Put the saved platform in the place of this one and return a sentence; wholly or not at all.

    Refuses a database in use, one that is not empty and uploads that exist (unless `force`), a file that is
    not whole, and one that was written under another SECRET_KEY.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restore-") as name:
        folder = Path(name)
        manifest = _unpack(file, folder)
        if manifest["key"] != _mark(settings.secret_key):
            raise CannotRun(
                "The file was written under another SECRET_KEY, so contact data in it could not be read: "
                "set the SECRET_KEY of the platform that was saved."
            )
        if not set(manifest.get("data_keys", [])) <= _data_keys(settings):
            raise CannotRun(
                "The file was written under data keys that are not here, so contact data in it could not be "
                "read: add the keys of that time to the end of DATA_KEYS."
            )
        if unknown := set(manifest["migrations"]) - schema.migration_ids():
            raise CannotRun(
                f"The file comes from a newer program (it knows {max(unknown)}); update this one first."
            )
        uploads = settings.data_dir / UPLOADS
        if not force and uploads.is_dir() and any(uploads.iterdir()):
            raise CannotRun(f"{uploads} is not empty; --force replaces what it holds.")
        found = asyncio.run(_replace(settings, folder / DUMP, manifest, force))
        if found != manifest["rows"]:
            wrong = sorted(
                t for t in found.keys() | manifest["rows"].keys() if found.get(t) != manifest["rows"].get(t)
            )
            raise CannotRun(f"The rows of these tables differ from the manifest: {', '.join(wrong)}.")
        _swap(folder / UPLOADS, uploads)
        if (folder / SANDBOX).exists():
            _swap(folder / SANDBOX, settings.data_dir / SANDBOX)
    rows = sum(manifest["rows"].values())
    return (
        f"Restored {rows} rows as of {manifest['made_at']}. Now run: ./cishan migrate, ./cishan check-books."
    )


async def _replace(settings: Settings, dump: Path, manifest: dict[str, Any], force: bool) -> dict[str, int]:
    """Load the dump into the database and return what then stands in it."""
    async with _owner(settings) as connection:
        if others := await connection.fetchval(OTHERS):
            raise CannotRun(f"The database is in use by {others} connections; stop the platform first.")
        if not force and await connection.fetch(TABLES):
            raise CannotRun("The database is not empty; --force replaces everything in it.")
        async with borrowed_rights(connection, manifest):
            await load_database(settings.database_url, connection, dump, manifest)
        async with borrowed_rights(connection):
            return await count_rows(connection)


async def count_rows(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, int]:
    """Return the number of rows of every table of the database."""
    names = [row[0] for row in await connection.fetch(TABLES)]
    return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}  # noqa: S608


@contextlib.asynccontextmanager
async def _owner(settings: Settings) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(settings.database_url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def _call(program: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(program, *arguments, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise CannotRun(f"{program.name} failed: {said.decode(errors='replace').strip().splitlines()[-1]}")


def _uploads(settings: Settings) -> Iterator[tuple[str, Path]]:
    folder = settings.data_dir / UPLOADS
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{UPLOADS}/{path.relative_to(folder).as_posix()}", path


def _sandbox(settings: Settings, folder: Path) -> Iterator[tuple[str, Path]]:
    """Give a consistent copy of the sandbox's state, so that a demo's gifts can still be refunded."""
    state = settings.data_dir / SANDBOX
    if settings.stripe_is_sandbox and state.exists():
        copy = folder / SANDBOX
        with (
            contextlib.closing(sqlite3.connect(state)) as live,
            contextlib.closing(sqlite3.connect(copy)) as still,
        ):
            live.backup(still)
        yield SANDBOX, copy


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack into the folder and return the manifest; raise CannotRun unless every byte is as saved."""
    try:
        with tarfile.open(file, "r:") as tar:
            tar.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (tarfile.TarError, OSError, ValueError) as error:
        raise CannotRun(f"{file} is not a whole backup: {error}.") from error
    if manifest.get("format") != FORMAT:
        raise CannotRun(f"{file} has a format that this program does not know.")
    for name, mark in manifest["sha256"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != mark:
            raise CannotRun(f"{file} is damaged: {name} is not what was saved.")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _data_keys(settings: Settings) -> set[str]:
    return {_mark(key) for key in settings.data_keys or (settings.secret_key,)}


def _mark(key: str) -> str:
    return hmac.new(key.encode(), b"cishan backup", "sha256").hexdigest()[:16]


def _swap(new: Path, place: Path) -> None:
    """Put the new file or folder (or nothing) into its place."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    if new.exists():
        new.rename(place)
