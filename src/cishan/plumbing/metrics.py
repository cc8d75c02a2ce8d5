"""Numbers for Prometheus: what was served and what was worked off, with nobody's data in any label.

A request is counted under its route (`/g/{token}`), never under its path. Each process has its own numbers
and shows them on a port of its own, which is not for the public.
"""

import time
from collections.abc import Awaitable, Callable
from threading import Thread
from wsgiref.simple_server import WSGIServer

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

REGISTRY = CollectorRegistry()
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS = Counter(
    "cishan_requests", "Requests that were answered.", ["method", "route", "status"], registry=REGISTRY
)
DURATION = Histogram(
    "cishan_request_seconds", "Time until the answer was sent.", ["route"], buckets=SECONDS, registry=REGISTRY
)
JOBS = Counter("cishan_jobs", "Jobs that were tried.", ["job", "outcome"], registry=REGISTRY)
JOB_DURATION = Histogram(
    "cishan_job_seconds", "Time that a job took.", ["job"], buckets=SECONDS, registry=REGISTRY
)
DEPTH = Gauge("cishan_depth", "What waits, or is wrong, by its kind.", ["what"], registry=REGISTRY)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
UNKNOWN = "(no such page)"


class Counted:
    """Stand before the application and count each request under its route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, then count it."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, listen)
        finally:
            route = scope.get("path_template") or UNKNOWN
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(method, route, status).inc()
            DURATION.labels(route).observe(time.perf_counter() - began)


def job_done(job: str, *, failed: bool, seconds: float) -> None:
    """Count one try of a job."""
    JOBS.labels(job, "failed" if failed else "done").inc()
    JOB_DURATION.labels(job).observe(seconds)


async def measure(depths: dict[str, Callable[[], Awaitable[int]]]) -> None:
    """Set the depths of what waits; a database that does not answer leaves them as they were."""
    for what, ask in depths.items():
        DEPTH.labels(what).set(await ask())


Server = tuple[WSGIServer, Thread]


def serve(host: str, port: int) -> Server | None:
    """Show the numbers at http://host:port/metrics; port 0 shows nothing."""
    return start_http_server(port, addr=host, registry=REGISTRY) if port else None


def stop(server: Server) -> None:
    """Show them no longer."""
    server[0].shutdown()
    server[0].server_close()
    server[1].join()
