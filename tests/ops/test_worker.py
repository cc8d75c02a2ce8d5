"""A real worker process: it hears of work at once, ticks, gives up in order, and no kill loses a job."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.settings import ROOT

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("a_worker.py")


@pytest.fixture
async def notes(racing: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A table on which the worker's jobs write, and a connection of the owner."""
    connection = await asyncpg.connect(racing)
    await connection.execute("CREATE TABLE note (word text, what text, at timestamptz DEFAULT now())")
    yield connection
    await connection.close()


@contextlib.contextmanager
def a_worker(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as file:
        process = subprocess.Popen([sys.executable, str(SCRIPT)], cwd=ROOT, env=os.environ, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def ask(word: str, **args: Any) -> None:
    async with database.atomic():
        await jobs.enqueue("test.note", word=word, **args)


async def said(
    notes: "asyncpg.Connection[asyncpg.Record]", word: str, what: str, *, times: int = 1, within: float = 60
) -> float:
    """Wait until the worker has written so; return the seconds that it took."""
    began = time.monotonic()
    while time.monotonic() - began < within:
        sql = "SELECT count(*) FROM note WHERE word = $1 AND what = $2"
        if await notes.fetchval(sql, word, what) >= times:
            return time.monotonic() - began
        await asyncio.sleep(0.02)
    raise AssertionError(f"{word} was not {what} {times} times within {within} s")


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


async def test_a_worker_does_what_is_asked_ticks_and_stops_in_order(
    notes: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with a_worker(log) as process:
        await ask("first")
        await said(notes, "first", "ended")
        await ask("again", fail=1)
        await said(notes, "again", "ended")
        await said(notes, "tick", "ended", times=2)
        took = []
        for word in ("one", "two", "three"):
            await ask(word)
            took.append(await said(notes, word, "ended"))
        assert min(took) < 0.5  # it is told of a job; looking once a second would be slower at times
        # Its key may be waiting again when a job fails: the retry must not stumble over that.
        await jobs.enqueue_once("test.note", key="drain", word="keyed", wait=0.5, fail=1)
        await said(notes, "keyed", "began")
        await jobs.enqueue_once("test.note", key="drain", word="keyed too")
        await said(notes, "keyed", "ended")
        await said(notes, "keyed too", "ended")
        await ask("slow", wait=0.5)
        await said(notes, "slow", "began")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
    assert await notes.fetchval("SELECT count(*) FROM note WHERE word = 'slow' AND what = 'ended'") == 1
    assert await notes.fetchval("SELECT count(*) FROM procrastinate_workers") == 0
    told = lines(log)
    failed = next(line for line in told if line["event"] == "job failed")
    assert (failed["job"], failed["attempt"], failed["gave_up"]) == ("test.note", 1, False)
    assert "call [phone]" in str(failed["exception"])
    assert "13800138000" not in log.read_text()


async def test_a_killed_worker_loses_no_job(
    notes: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    with a_worker(tmp_path / "log") as process:
        await ask("held", wait=60)
        await said(notes, "held", "began")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await notes.fetchval("SELECT count(*) FROM note WHERE what = 'ended' AND word = 'held'") == 0
    with a_worker(tmp_path / "log") as process:
        await said(notes, "held", "ended")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
    assert await notes.fetchval("SELECT count(*) FROM note WHERE word = 'held' AND what = 'began'") == 2
    assert await notes.fetchval("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'test.note'") == 0


async def test_a_worker_comes_back_when_the_database_cuts_its_connections(
    notes: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    with a_worker(tmp_path / "log") as process:
        await ask("before")
        await said(notes, "before", "ended")
        await notes.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'cishan'"
        )
        await notes.execute(  # our own pool was cut as well
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'test.note', 0, NULL, NULL,"
            ' \'{"word": "after"}\', NULL)::procrastinate_job_to_defer_v1])'
        )
        await said(notes, "after", "ended")
        assert process.poll() is None
