"""What the database says about itself."""

from cishan.ops import schema
from cishan.plumbing import db


async def schema_is_current() -> bool:
    """Tell whether every migration of this program was run."""
    rows = await db.fetch("SELECT name FROM migration WHERE app_name = 'cishan'")
    return schema.migration_ids() <= {row["name"] for row in rows}


async def waiting_jobs(*, limit: int) -> list[dict[str, object]]:
    """Return the kinds of jobs in the queue with their number, state and oldest error-free age."""
    return await db.fetch(
        """SELECT task_name AS job, status::text AS state, count(*) AS number, max(attempts) AS tries
             FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed', 'aborted')
            GROUP BY task_name, status ORDER BY status, task_name LIMIT {}""",
        limit,
    )
