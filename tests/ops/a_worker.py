"""A real worker process with jobs of its own, for the tests that kill it. Run with DATABASE_URL set."""

import asyncio
import os

from cishan import settings, worker
from cishan.plumbing import db, logs
from cishan.plumbing.jobs import REGISTRY, job

REGISTRY.clear()


@job("test.note", attempts=3, wait_seconds=0)
async def note(word: str, wait: float = 0, fail: int = 0) -> None:
    """Write that the job began, wait, fail the first times, write that it ended."""
    began = await db.fetch_value("SELECT count(*) FROM note WHERE word = {} AND what = 'began'", word)
    await db.fetch("INSERT INTO note (word, what) VALUES ({}, 'began')", word)
    if began == 0 and wait:
        await asyncio.sleep(wait)
    if began < fail:
        raise RuntimeError("call 13800138000")
    await db.fetch("INSERT INTO note (word, what) VALUES ({}, 'ended')", word)


@job("test.tick", cron="* * * * * *")
async def tick() -> None:
    """Write that the clock struck."""
    await db.fetch("INSERT INTO note (word, what) VALUES ('tick', 'ended')")


if __name__ == "__main__":
    logs.configure("json")
    asyncio.run(worker.run(settings.load(os.environ), stalled_after_seconds=1.0))
