"""What was saved comes back row for row; what is not whole, or would be overwritten, is refused unchanged."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from cishan import gateways, settings
from cishan.files.actions import keep
from cishan.ops import backups
from cishan.ops.restoring import Fitting
from cishan.ops.starting import CannotRun
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.settings import Settings
from tests import databases
from tests.conftest import SERVER_URL
from tests.files import making as files

KEY = "test-secret-key-test-secret-key-0"


@pytest.fixture
async def platform(racing: str, tmp_path: Path, pool: None) -> Settings:
    """A platform with a job in its queue and an upload."""
    async with database.atomic():
        await jobs.enqueue("test.kept", word="善\tO'Neil \\. 100%")
    (tmp_path / "data" / "uploads" / "photos").mkdir(parents=True)
    (tmp_path / "data" / "uploads" / "photos" / "1.webp").write_bytes(b"\x00picture")
    environ = {"DATABASE_URL": racing, "SECRET_KEY": KEY, "CISHAN_DATA": str(tmp_path / "data")}
    return settings.load(environ)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Settings]:
    """A platform of which nothing is there but an empty database."""
    name = f"cishan_test_restored_{os.getpid()}"
    connection = await asyncpg.connect(SERVER_URL)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    environ = {
        "DATABASE_URL": databases.url_of(SERVER_URL, name),
        "SECRET_KEY": KEY,
        "CISHAN_DATA": str(tmp_path / "other"),
    }
    yield settings.load(environ)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


async def save(platform: Settings, file: Path) -> str:
    return await asyncio.to_thread(backups.save, platform, file)


async def bring_back(platform: Settings, file: Path, *, force: bool = False) -> str:
    return await asyncio.to_thread(lambda: backups.bring_back(platform, file, force=force))


async def content(url: str) -> dict[str, list[str]]:
    """Return every row of every table as text, in order."""
    async with contextlib.AsyncExitStack() as after:
        connection = await asyncpg.connect(url)
        after.push_async_callback(connection.close)
        names = [row[0] for row in await connection.fetch(backups.TABLES)]
        return {
            name: sorted(row[0] for row in await connection.fetch(f"SELECT t::text FROM {name} t"))
            for name in names
        }


async def shape(url: str) -> list[str]:
    """Return owner and rights of every relation, function and schema, and every trigger."""
    async with contextlib.AsyncExitStack() as after:
        connection = await asyncpg.connect(url)
        after.push_async_callback(connection.close)
        rows = await connection.fetch(
            """SELECT format('%s %s %s', c.oid::regclass, c.relowner::regrole, c.relacl) FROM pg_class c
                WHERE c.relnamespace::regnamespace::text IN ('public', 'books', 'benefits')
               UNION ALL
               SELECT format('%s %s %s', p.oid::regprocedure, p.proowner::regrole, p.proacl) FROM pg_proc p
                WHERE p.pronamespace::regnamespace::text IN ('public', 'books', 'benefits')
               UNION ALL
               SELECT format('%s %s', nspname, nspacl) FROM pg_namespace
                WHERE nspname IN ('books', 'benefits')
               UNION ALL
               SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
                WHERE NOT tgisinternal
               UNION ALL
               SELECT format('%s %s', evtname, evtenabled) FROM pg_event_trigger"""
        )
        return sorted(row[0] for row in rows)


async def test_a_platform_comes_back_row_for_row_with_owners_rights_and_triggers(
    platform: Settings, empty: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "saved"
    told = await save(platform, file)
    assert told.endswith("MB).")
    assert file.stat().st_mode & 0o077 == 0
    assert (await bring_back(empty, file)).startswith("Restored ")
    before = await content(platform.database_url)
    assert before["public.procrastinate_jobs"] != []
    assert await content(empty.database_url) == before
    assert await shape(empty.database_url) == await shape(platform.database_url)
    assert (empty.data_dir / "uploads" / "photos" / "1.webp").read_bytes() == b"\x00picture"


async def test_files_come_back_whole_and_a_lost_one_is_named(
    platform: Settings, empty: Settings, tmp_path: Path
) -> None:
    gateways.use(platform)
    thing = files.a_thing()
    for words in ("one", "two"):
        await keep(files.minutes(words), owner_kind=files.KIND, owner_id=thing, purpose="minutes", by=None)
    await save(platform, tmp_path / "saved")
    await bring_back(empty, tmp_path / "saved")
    assert _files_check(empty) == (0, "All 2 files are there and as they were sent.\n")
    (gone, changed) = sorted((empty.data_dir / "uploads" / "files").glob("*/*"))
    gone.unlink()
    changed.write_bytes(b"forged")
    code, told = _files_check(empty)
    assert code == 1
    first, second, sum_up = told.splitlines()
    assert first.startswith(f"LOST files/{gone.parent.name}/{gone.name}: This file is no longer there.")
    assert second.startswith(f"LOST files/{changed.parent.name}/{changed.name}: This file is no longer what")
    assert first.endswith(f"It is of {files.KIND} {thing} minutes")
    assert sum_up.startswith("2 of 2 files are lost")
    assert "会议纪要" not in told


def _files_check(platform: Settings) -> tuple[int, str]:
    environ = {
        **os.environ,
        "DATABASE_URL": platform.database_url,
        "SECRET_KEY": KEY,
        "CISHAN_DATA": str(platform.data_dir),
    }
    words = [sys.executable, "-m", "cishan.cli", "files", "check"]
    ran = subprocess.run(words, env=environ, cwd=settings.ROOT, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout


async def test_a_backup_says_that_a_bucket_is_not_in_it(platform: Settings, tmp_path: Path) -> None:
    bucket = settings.BucketSettings("http://127.0.0.1:9", "kept", "x", "x", "x", False)
    told = await save(replace(platform, bucket=bucket), tmp_path / "saved")
    assert told.endswith("What lies in the bucket kept is not in it.")


async def test_what_is_there_is_replaced_only_by_force(platform: Settings, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    await save(platform, file)
    before = await content(platform.database_url)
    connection = await asyncpg.connect(platform.database_url)
    await connection.execute("CREATE TABLE later (n int); INSERT INTO later VALUES (1)")
    await database.engine().close_connection_pool()
    await connection.close()
    with pytest.raises(CannotRun, match="is not empty; --force replaces what it holds"):
        await bring_back(platform, file)
    shutil.rmtree(platform.data_dir / "uploads")
    with pytest.raises(CannotRun, match="The database is not empty"):
        await bring_back(platform, file)
    assert (await content(platform.database_url))["public.later"] == ["(1)"]
    await bring_back(platform, file, force=True)
    assert await content(platform.database_url) == before
    assert (platform.data_dir / "uploads" / "photos" / "1.webp").exists()
    await database.engine().start_connection_pool(min_size=1, max_size=10)


async def test_a_database_in_use_is_left_alone(platform: Settings, tmp_path: Path) -> None:
    await save(platform, tmp_path / "saved")
    shutil.rmtree(platform.data_dir / "uploads")
    with pytest.raises(CannotRun, match=r"in use by .* connections; stop the platform first"):
        await bring_back(platform, tmp_path / "saved", force=True)
    assert not (platform.data_dir / "uploads").exists()


async def test_a_damaged_or_foreign_file_changes_nothing(
    platform: Settings, empty: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "saved"
    await save(platform, file)
    with pytest.raises(CannotRun, match="exists already"):
        await save(platform, file)
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        where = tar.getmember("database.dump").offset_data + 100
    file.write_bytes(whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1 :])
    with pytest.raises(CannotRun, match=r"is damaged: database\.dump is not what was saved"):
        await bring_back(empty, file)
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CannotRun, match="is not a whole backup"):
        await bring_back(empty, file)
    file.write_bytes(whole)
    with pytest.raises(CannotRun, match="another SECRET_KEY"):
        await bring_back(replace(empty, secret_key="another-secret-key-another-secret"), file)
    assert await content(empty.database_url) == {}
    assert not (empty.data_dir / "uploads").exists()


async def test_a_restore_that_fails_in_the_middle_leaves_the_database_as_it_was(
    platform: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "saved"
    await save(platform, file)
    before = await content(platform.database_url)
    await database.engine().close_connection_pool()
    real = Fitting.line

    def spoil(self: Fitting, raw: bytes) -> bytes:
        return b"SELECT 1/0;\n" if raw.startswith(b"CREATE TRIGGER") else real(self, raw)

    monkeypatch.setattr(Fitting, "line", spoil)
    with pytest.raises(
        CannotRun, match=r"The database is as it was before; psql refused: .*division by zero"
    ):
        await bring_back(platform, file, force=True)
    assert await content(platform.database_url) == before
    await database.engine().start_connection_pool(min_size=1, max_size=10)


def test_statements_are_fitted_and_data_are_not() -> None:
    fit = Fitting(owner="postgres", me="cishan", major=15, superuser=False)
    lines = [
        (b"SET transaction_timeout = 0;\n", b""),
        (b"ALTER TABLE public.gift OWNER TO postgres;\n", b'ALTER TABLE public.gift OWNER TO "cishan";\n'),
        (
            b"ALTER TABLE books.line OWNER TO books_owner;\n",
            b"ALTER TABLE books.line OWNER TO books_owner;\n",
        ),
        (
            b"ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT SELECT ON TABLES TO app;\n",
            b'ALTER DEFAULT PRIVILEGES FOR ROLE "cishan" IN SCHEMA public GRANT SELECT ON TABLES TO app;\n',
        ),
        (b"CREATE EVENT TRIGGER books_ddl_guard ON ddl_command_end\n", b""),
        (b"   EXECUTE FUNCTION books.refuse_ddl();\n", b""),
        (b"ALTER EVENT TRIGGER books_ddl_guard ENABLE ALWAYS;\n", b""),
        (b"COPY public.gift (word) FROM stdin;\n", b"COPY public.gift (word) FROM stdin;\n"),
        (b"ALTER TABLE x OWNER TO postgres;\n", b"ALTER TABLE x OWNER TO postgres;\n"),
        (b"\\.\n", b"\\.\n"),
        (b"GRANT books_reader TO postgres;\n", b'GRANT books_reader TO "cishan";\n'),
    ]
    assert [fit.line(given) for given, _ in lines] == [wanted for _, wanted in lines]
