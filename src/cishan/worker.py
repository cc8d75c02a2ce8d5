"""The queue's worker: imports every `jobs` room and works off what they registered."""

from procrastinate import App, PsycopgConnector, RetryStrategy

from cishan import gateways
from cishan.plumbing import db
from cishan.plumbing.jobs import REGISTRY, Work
from cishan.settings import Settings

ROOMS: list[str] = []
"""Every `jobs` room; a test holds this against the tree."""


def create_worker(settings: Settings) -> App:
    """Return Procrastinate's app with all our jobs and the clock times at which some run by themselves."""
    gateways.use(settings)
    options = f"-c role={settings.database_role}" if settings.database_role else ""
    app = App(connector=PsycopgConnector(conninfo=settings.database_url, kwargs={"options": options}))
    for job in REGISTRY.values():
        retry = RetryStrategy(max_attempts=job.attempts, linear_wait=job.wait_seconds)
        task = app.task(name=job.name, retry=retry, queueing_lock=job.name if job.cron else None)(
            _timed(job.work) if job.cron else job.work
        )
        if job.cron:
            app.periodic(cron=job.cron)(task)
    return app


def _timed(work: Work) -> Work:
    """Drop the timestamp that Procrastinate hands to periodic tasks."""

    async def run(timestamp: int = 0) -> None:
        await work()

    return run


async def run(settings: Settings, *, concurrency: int = 4) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what was begun."""
    app = create_worker(settings)
    async with db.pool(max_size=concurrency + 2), app.open_async():
        await app.run_worker_async(
            concurrency=concurrency,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=10,
        )
