"""A process that dies between content and row leaves nothing behind for long; races give each their due."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cishan import gateways, settings
from cishan.files import jobs, queries
from cishan.files.actions import keep
from cishan.files.rules import StoredFile
from cishan.gateways import storage
from cishan.kernel import ids
from cishan.kernel.errors import Invalid
from tests.files import making


@pytest.fixture
def data(config: settings.Settings, racing: str, tmp_path: Path) -> Path:
    """A platform with real commits and a storage of its own."""
    gateways.use(replace(config, data_dir=tmp_path))
    return tmp_path / "uploads"


def _content(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_death_after_the_content_and_before_its_row_is_made_good(data: Path, racing: str) -> None:
    thing = ids.new_id()
    environ = {
        **os.environ,
        "DATABASE_URL": racing,
        "SECRET_KEY": gateways.settings().secret_key,
        "CISHAN_DATA": str(data.parent),
        "THING": str(thing),
    }
    words = [sys.executable, "-m", "tests.files.a_keeper"]

    def run(**extra: str) -> int:
        return subprocess.run(words, env={**environ, **extra}, cwd=settings.ROOT, check=False).returncode

    assert await asyncio.to_thread(run, CISHAN_FAILPOINTS="files.attach") == 137
    (orphan,) = _content(data)
    assert orphan.read_bytes() == making.minutes().data
    assert await queries.files_of(making.KIND, thing) == []
    await jobs.sweep()
    assert _content(data) == [orphan]  # young: its row may be on its way
    os.utime(orphan, (1, 1))
    await jobs.sweep()
    assert _content(data) == []

    assert await asyncio.to_thread(run) == 0
    (kept,) = await queries.files_of(making.KIND, thing)
    assert await storage.get(await queries.storage_key(kept.id)) == making.minutes().data


async def test_equal_files_sent_at_once_are_one_object_and_never_more_than_allowed(data: Path) -> None:
    thing = making.a_thing()
    sends = [
        keep(making.minutes(), owner_kind=making.KIND, owner_id=thing, purpose="minutes", by=None)
        for _ in range(8)
    ]
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    kept = [outcome for outcome in outcomes if isinstance(outcome, StoredFile)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Invalid)]
    assert (len(kept), len(refused)) == (3, 5)
    assert len(_content(data)) == 1
    assert {file.id for file in await queries.files_of(making.KIND, thing)} == {file.id for file in kept}
