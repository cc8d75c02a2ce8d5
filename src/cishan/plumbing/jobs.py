"""Background work: a job exists exactly when the transaction that asked for it was committed.

Procrastinate keeps the queue in PostgreSQL and works it off; we only insert through its own SQL function on
the connection of the running transaction. `worker.py` imports every `jobs` room and so fills the registry.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cishan.plumbing import db

Work = Callable[..., Awaitable[None]]
W = TypeVar("W", bound=Work)


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of work, how often it may be tried again, and when it runs by itself."""

    name: str
    work: Work
    attempts: int
    wait_seconds: int
    """The pause before try n is n times this."""
    cron: str
    """Empty, or five or six fields (seconds last) at which the job is due by itself."""


REGISTRY: dict[str, Job] = {}


def job(name: str, *, attempts: int = 8, wait_seconds: int = 10, cron: str = "") -> Callable[[W], W]:
    """Register an async function under a name. It may run late or twice, and must bear both."""

    def register(work: W) -> W:
        assert name not in REGISTRY, f"two jobs are called {name}"
        REGISTRY[name] = Job(name, work, attempts, wait_seconds, cron)
        return work

    return register


async def enqueue(
    name: str, /, *, run_at: datetime | None = None, lock: str | None = None, **args: Any
) -> None:
    """Ask for a job in the running transaction. Jobs of one `lock` run one after another, in order."""
    await _defer(name, args, run_at, lock, None)


async def enqueue_many(name: str, /, batch: Sequence[Mapping[str, Any]]) -> None:
    """Ask for one job for each set of arguments, in the running transaction and in one go.

    They give way to jobs that were asked for singly: a thousand letters do not hold up the next booking.
    """
    if not batch:
        return
    assert db.in_transaction(), "enqueue_many() belongs into the transaction of its cause"
    sql = (
        "SELECT procrastinate_defer_jobs_v1(array_agg("
        "ROW('default', {}, -1, NULL, NULL, args::jsonb, NULL)::procrastinate_job_to_defer_v1"
        ")) FROM unnest({}::text[]) AS given (args)"
    )
    await db.fetch(sql, name, [_json(dict(args)) for args in batch])


async def enqueue_once(name: str, /, *, key: str, run_at: datetime | None = None, **args: Any) -> None:
    """Ask for a job unless one with this key is still waiting to begin; those of one key run in turn.

    Call it after the transaction that wrote what the job shall see: a waiting job has not read anything yet,
    but it may begin before an open transaction ends.
    """
    exists = "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = {} AND status = 'todo'"
    if await db.fetch_value(exists, key) is None:
        await db.fetch_value(
            "SELECT cishan_defer_once({}, {}::jsonb, {}::timestamptz, {})", name, _json(args), run_at, key
        )


async def _defer(
    name: str, args: dict[str, Any], run_at: datetime | None, lock: str | None, key: str | None
) -> None:
    assert db.in_transaction(), "enqueue() belongs into the transaction of its cause"
    row = "ROW('default', {}, 0, {}, {}, {}::jsonb, {}::timestamptz)::procrastinate_job_to_defer_v1"
    sql = f"SELECT procrastinate_defer_jobs_v1(ARRAY[{row}])"
    await db.fetch(sql, name, lock, key, _json(args), run_at)


def _json(args: dict[str, Any]) -> str:
    return json.dumps(args, ensure_ascii=False)


async def count(status: str) -> int:
    """Return how many jobs are `todo`, `doing` or `failed`."""
    sql = "SELECT count(*) FROM procrastinate_jobs WHERE status::text = {}"
    return int(await db.fetch_value(sql, status))


async def retry(job_id: int) -> bool:
    """Put one job that gave up back into the queue as new; tell whether there was one."""
    rows = await db.fetch(
        "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = now(),"
        " queueing_lock = NULL WHERE id = {} AND status IN ('failed', 'aborted') RETURNING id",
        job_id,
    )
    return bool(rows)


async def work_off(*, limit: int = 1000) -> int:
    """Run every due job in this process until none is left; return how many ran. For tests and commands."""
    done = 0
    while done < limit:
        rows = await db.fetch(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ("
            " SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY priority DESC, id"
            " LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, task_name, args::text AS args"
        )
        if not rows:
            return done
        await REGISTRY[rows[0]["task_name"]].work(**json.loads(rows[0]["args"]))
        await db.fetch("DELETE FROM procrastinate_jobs WHERE id = {}", rows[0]["id"])
        done += 1
    raise RuntimeError(f"more than {limit} jobs: does a job ask for itself?")
