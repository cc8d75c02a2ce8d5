"""What an operator may change in the queue."""

from cishan.plumbing import db


async def retry_failed_jobs() -> int:
    """Put every job that gave up back into the queue as new; return how many."""
    rows = await db.fetch(
        "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = now(),"
        " queueing_lock = NULL WHERE status IN ('failed', 'aborted') RETURNING id"
    )
    return len(rows)
