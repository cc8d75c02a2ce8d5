"""The queue's worker: imports every `jobs` room and works off what they registered.

A job is done at least once. A worker that dies (kill -9, power cut) stops telling that it lives; another, or
the same started again, then takes its unfinished jobs back into the queue. A worker that loses the database
comes back with it.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import asyncpg
import attr
import procrastinate
import psycopg
import psycopg_pool
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.worker import Worker

from cishan import gateways
from cishan.kernel import clock
from cishan.notify import queries as letters
from cishan.payments import queries as payments
from cishan.plumbing import db, jobs, metrics
from cishan.plumbing.jobs import REGISTRY, Work
from cishan.settings import Settings

ROOMS: list[str] = [
    "cishan.ledger.jobs",
    "cishan.audit.jobs",
    "cishan.files.jobs",
    "cishan.campaigns.jobs",
    "cishan.warehouse.jobs",
    "cishan.donations.jobs",
    "cishan.notify.jobs",
    "cishan.deadlines.jobs",
    "cishan.search.jobs",
    "cishan.payments.jobs",
    "cishan.supervision.jobs",
    "cishan.warehouse.jobs",
]
"""Every `jobs` room; a test holds this against the tree."""

for _room in ROOMS:
    for _found in iter_modules(getattr(import_module(_room), "__path__", [])):
        import_module(f"{_room}.{_found.name}")

STALLED_AFTER_SECONDS = 10.0
"""A worker that gave no sign of life for so long is taken for dead."""
GRACE_SECONDS = 10.0
"""How long a worker that is told to stop lets its jobs go on; then they go back into the queue."""
_LOST = (ProcrastinateException, psycopg.Error, psycopg_pool.PoolTimeout, OSError)

log = structlog.get_logger("cishan.worker")


@attr.dataclass(kw_only=True)
class Again(BaseRetryStrategy):
    """Try a failed job again after a growing pause, and at once a job that our own stopping interrupted."""

    attempts: int
    wait_seconds: int

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
        """Return when to try again; None if the job was tried often enough."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_at=clock.now())
        tried = job.attempts + 1
        if tried >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": self.wait_seconds * tried})


def create_worker(settings: Settings) -> App:
    """Return Procrastinate's app with all our jobs and the times (UTC) at which some run by themselves."""
    gateways.use(settings)
    kwargs: dict[str, Any] = {"connect_timeout": 5, "application_name": "cishan"}
    if settings.database_role:
        kwargs["options"] = f"-c role={settings.database_role}"
    connector = PsycopgConnector(
        conninfo=settings.database_url, kwargs=kwargs, min_size=1, max_size=4, timeout=5
    )
    app = App(connector=connector)
    for job in REGISTRY.values():
        retry = Again(attempts=job.attempts, wait_seconds=job.wait_seconds)
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


async def _told(
    call_next: Callable[[], Awaitable[Any]], context: JobContext, _: procrastinate.worker.Worker
) -> Any:
    """Log each job by its name and number, never by its arguments."""
    job = context.job
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(job=job.task_name, job_id=job.id, attempt=job.attempts + 1):
        try:
            result = await call_next()
        except Exception:
            known = REGISTRY.get(job.task_name)
            last = known is None or job.attempts + 1 >= known.attempts
            (log.error if last else log.warning)("job failed", gave_up=last, exc_info=True)
            metrics.job_done(job.task_name, failed=True, seconds=time.perf_counter() - began)
            raise
        seconds = time.perf_counter() - began
        metrics.job_done(job.task_name, failed=False, seconds=seconds)
        log.info("job done", duration_ms=round(seconds * 1000, 1))
        return result


async def run(
    settings: Settings, *, concurrency: int = 4, stalled_after_seconds: float = STALLED_AFTER_SECONDS
) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what was begun; come back when the database does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pause = 0.5
    metrics.serve(settings.metrics_host, settings.metrics_port and settings.metrics_port + 1)
    async with db.pool(max_size=concurrency + 2), _beside(_measure(settings.metrics_port)):
        while not stop.is_set():
            began = time.monotonic()
            try:
                await _work(create_worker(settings), stop, concurrency, stalled_after_seconds)
            except _LOST as error:
                log.warning("the queue is out of reach", error=type(error).__name__, pause_seconds=pause)
            pause = 0.5 if time.monotonic() - began > 60 else min(pause * 2, 10)
            if not stop.is_set():
                await _first(stop.wait(), asyncio.sleep(pause))
    log.info("worker stopped")


async def _differences() -> int:
    return len(await payments.open_differences())


async def _letters_overdue() -> int:
    return await letters.count_waiting(before=clock.now() - timedelta(minutes=10))


async def _letters_given_up() -> int:
    return await letters.count_undelivered(since=clock.now() - timedelta(days=7))


DEPTHS: dict[str, Callable[[], Awaitable[int]]] = {
    "jobs waiting": lambda: jobs.count("todo"),
    "jobs that gave up": lambda: jobs.count("failed"),
    "messages of the payment service": payments.count_waiting,
    "differences of the reconciliation": _differences,
    "letters overdue": _letters_overdue,
    "letters given up in a week": _letters_given_up,
}
"""What the worker measures for Prometheus."""
MEASURED_EVERY_SECONDS = 15.0


async def _measure(port: int) -> None:
    while port:
        try:
            await metrics.measure(DEPTHS)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("nothing could be measured", error=type(error).__name__)
        await asyncio.sleep(MEASURED_EVERY_SECONDS)


async def _work(app: App, stop: asyncio.Event, concurrency: int, stalled_after_seconds: float) -> None:
    """Work until told to stop or until the database is lost."""
    async with app.open_async():
        worker = Worker(
            app,
            concurrency=concurrency,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=GRACE_SECONDS,
            install_signal_handlers=False,
            update_heartbeat_interval=stalled_after_seconds / 5,
            stalled_worker_timeout=stalled_after_seconds,
            worker_middleware=[_told],
        )
        side = [
            asyncio.create_task(_take_back(app, stalled_after_seconds), name="take back"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        working = asyncio.create_task(worker.run(), name="work")  # type: ignore[no-untyped-call]
        log.info("worker started", jobs=len(app.tasks), concurrency=concurrency)
        try:
            await asyncio.wait([working, *side], return_when=asyncio.FIRST_COMPLETED)
            worker.stop()  # type: ignore[no-untyped-call]
            await working
            for task in side:
                if task.done():
                    task.result()
        finally:
            for task in side:
                task.cancel()
            await asyncio.gather(*side, return_exceptions=True)


async def _take_back(app: App, stalled_after_seconds: float) -> None:
    """Put the unfinished jobs of dead workers back into the queue, now and ever again."""
    manager = app.job_manager
    while True:
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after_seconds):
            log.warning("a dead worker's job is done again", job=job.task_name, job_id=job.id)
            # A job that kills its worker must not do so at full speed.
            await manager.retry_job(job, retry_at=clock.now() + timedelta(seconds=min(job.attempts, 60)))
        await asyncio.sleep(stalled_after_seconds / 5)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run as long as the block does."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first(*waits: Any) -> None:
    tasks = [asyncio.ensure_future(w) for w in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
