"""Photos of news that were there before files were: each becomes a file, nothing is lost."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cishan.settings import ROOT
from tests import databases
from tests.conftest import SERVER_URL

BEFORE = "2026-11-22T10:05:00:000000"
UP_TO = """
import asyncio, sys
from piccolo.apps.migrations.commands.forwards import run_forwards
sys.exit(not asyncio.run(run_forwards(app_name="cishan", migration_id=sys.argv[1])).success)
"""
KEY = "photos/ab/ab" + "0" * 62
ROWS = """
INSERT INTO county VALUES ('371400', '德州市', 'Dezhou', 1);
INSERT INTO person VALUES ('00000000-0000-7000-8000-000000000001', '\\x00', NULL, now());
INSERT INTO account (id, person, username, created_at, password_hash) VALUES
  ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'ada', now(), '\\x00');
INSERT INTO campaign (id, slug, state, title, theme, county, created_at) VALUES
  ('00000000-0000-7000-8000-000000000003', 'a', 'draft', 'a', 'hardship', '371400', now());
INSERT INTO campaign_update (id, campaign, title, body, signed_by, staff, published_at) VALUES
  ('00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000003', 'a', 'b', 'c',
   '00000000-0000-7000-8000-000000000002', '2026-10-01T08:00:00Z'),
  ('00000000-0000-7000-8000-000000000005', '00000000-0000-7000-8000-000000000003', 'a', 'b', 'c', NULL,
   '2026-10-02T08:00:00Z');
INSERT INTO campaign_photo (id, news, position, caption, storage_key, content_type, width, height) VALUES
  ('00000000-0000-7000-8000-000000000006', '00000000-0000-7000-8000-000000000004', 1, '厨房', '{key}',
   'image/jpeg', 800, 600),
  ('00000000-0000-7000-8000-000000000007', '00000000-0000-7000-8000-000000000005', 1, '同一张', '{key}',
   'image/png', 80, 60);
""".replace("{key}", KEY)


@pytest.fixture
async def empty() -> AsyncIterator[str]:
    """The URL of an empty database."""
    name = f"cishan_test_carried_{os.getpid()}"
    await asyncio.to_thread(databases.create, SERVER_URL, name, "template0")
    yield databases.url_of(SERVER_URL, name)
    await asyncio.to_thread(databases.drop, SERVER_URL, name)


def _run(url: str, folder: Path, *words: str) -> None:
    environ = {**os.environ, "DATABASE_URL": url, "CISHAN_DATA": str(folder), "CISHAN_AS_OWNER": "1"}
    subprocess.run([sys.executable, *words], env=environ, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.slow
async def test_every_photo_becomes_a_file_with_its_own_id(empty: str, tmp_path: Path) -> None:
    await asyncio.to_thread(_run, empty, tmp_path, "-c", UP_TO, BEFORE)
    connection = await asyncpg.connect(empty)
    try:
        await connection.execute(ROWS)
        await asyncio.to_thread(_run, empty, tmp_path, "-m", "cishan.cli", "migrate")
        photos = await connection.fetch("SELECT id, file, caption, width FROM campaign_photo ORDER BY id")
        files = await connection.fetch("SELECT * FROM stored_file ORDER BY id")
    finally:
        await connection.close()
    assert [(p["file"], p["caption"], p["width"]) for p in photos] == [
        (photos[0]["id"], "厨房", 800),
        (photos[1]["id"], "同一张", 80),
    ]
    assert [f["id"] for f in files] == [p["id"] for p in photos]
    first, second = files
    assert (first["storage_key"], first["sha256"].hex()) == (KEY, "ab" + "0" * 62)
    assert (first["owner_kind"], first["purpose"], first["public"]) == ("campaign_update", "photo", True)
    assert (str(first["owner_id"])[-1], str(first["uploaded_by"])[-1]) == ("4", "1")
    assert first["uploaded_at"].isoformat() == "2026-10-01T08:00:00+00:00"
    assert (first["media_type"], second["media_type"]) == ("image/jpeg", "image/png")
    assert (second["uploaded_by"], second["size_bytes"], second["name_enc"]) == (None, None, None)
