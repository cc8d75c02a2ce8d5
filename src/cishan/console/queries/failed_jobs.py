"""Jobs that gave up: the queue belongs to no slice, so the desk asks it itself."""

from cishan.kernel.text import N_
from cishan.plumbing.db import fetch_value
from cishan.plumbing.lists import Column, Days, Kind, List, Text

JOBS = List(
    code="jobs",
    title=N_("Jobs that gave up"),
    source="procrastinate_jobs AS job",
    base="job.status IN ('failed', 'aborted')",
    key="job.id",
    order="-id",
    columns=(
        Column(code="id", title=N_("Number"), kind=Kind.NUMBER, sql="job.id", sorts=True),
        Column(code="task", title=N_("Job"), sql="job.task_name", sorts=True),
        Column(code="attempts", title=N_("Tries"), kind=Kind.NUMBER, sql="job.attempts", sorts=True),
        Column(code="args", title=N_("About"), wide=True, sql="job.args::text"),
        Column(
            code="failed_at",
            title=N_("Given up on"),
            kind=Kind.MOMENT,
            sql="(SELECT max(event.at) FROM procrastinate_events AS event WHERE event.job_id = job.id)",
        ),
    ),
    filters=(
        Text(code="task", title=N_("Job"), sql="job.task_name LIKE {}", begins=True),
        Days(
            code="failed",
            title=N_("Given up on"),
            sql="(SELECT max(event.at) FROM procrastinate_events AS event WHERE event.job_id = job.id)",
            moments=True,
        ),
    ),
    empty=N_("No job has given up."),
)


async def count_failed() -> int:
    """Count the jobs that gave up."""
    return int(
        await fetch_value("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('failed', 'aborted')")
    )
