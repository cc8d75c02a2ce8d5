"""What Prometheus reads: exact counts, under routes and names of jobs, never under what somebody sent."""

import asyncio
import socket
from dataclasses import replace

import httpx
from prometheus_client import generate_latest

from cishan import worker
from cishan.main import create_asgi
from cishan.plumbing import db as database
from cishan.plumbing import jobs, metrics
from cishan.settings import Settings

TOKEN = "Zk3vQ0XyT1mN8bL2rW5c7A"


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


async def test_requests_are_counted_by_route_status_and_duration(db: None, config: Settings) -> None:
    transport = httpx.ASGITransport(app=metrics.Counted(create_asgi(config, with_pool=False)))  # type: ignore[arg-type]
    gift = {"method": "GET", "route": "/g/{token}", "status": "404"}
    unknown = {"method": "GET", "route": metrics.UNKNOWN, "status": "404"}
    odd = {"method": "other", "route": metrics.UNKNOWN, "status": "403"}
    before = [_value("cishan_requests_total", **labels) for labels in (gift, unknown, odd)]
    taken = _value("cishan_request_seconds_count", route="/g/{token}")
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url) as browser:
        await browser.get(f"/g/{TOKEN}")
        await browser.get(f"/g/{TOKEN}?q=13800138000")
        await browser.get("/ada@example.org")
        await browser.request("BREW", "/", headers={"sec-fetch-site": "cross-site"})
    after = [_value("cishan_requests_total", **labels) for labels in (gift, unknown, odd)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1]
    assert _value("cishan_request_seconds_count", route="/g/{token}") == taken + 2
    told = generate_latest(metrics.REGISTRY).decode()
    for word in (TOKEN, "13800138000", "ada@", "BREW"):
        assert word not in told


async def test_what_waits_is_measured(db: None) -> None:
    await database.fetch("DELETE FROM procrastinate_jobs")
    async with database.atomic():
        for _ in range(3):
            await jobs.enqueue("search.reindex_campaign", campaign_id="x")
    await metrics.measure(worker.DEPTHS)
    measured = {what: _value("cishan_depth", what=what) for what in worker.DEPTHS}
    assert measured == {
        "jobs waiting": 3,
        "jobs that gave up": 0,
        "messages of the payment service": 0,
        "differences of the reconciliation": 0,
        "letters overdue": 0,
        "letters given up in a week": 0,
    }


def test_jobs_are_counted_by_outcome() -> None:
    metrics.job_done("test.metrics", failed=False, seconds=0.2)
    metrics.job_done("test.metrics", failed=True, seconds=0.1)
    metrics.job_done("test.metrics", failed=True, seconds=0.1)
    assert _value("cishan_jobs_total", job="test.metrics", outcome="done") == 1
    assert _value("cishan_jobs_total", job="test.metrics", outcome="failed") == 2
    assert _value("cishan_job_seconds_count", job="test.metrics") == 3


async def test_the_numbers_have_a_port_of_their_own(client: httpx.AsyncClient, config: Settings) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    server = metrics.serve("127.0.0.1", port)
    assert server is not None
    try:
        async with httpx.AsyncClient() as prometheus:
            reply = await prometheus.get(f"http://127.0.0.1:{port}/metrics")
        assert reply.status_code == 200
        assert "cishan_requests_total" in reply.text
    finally:
        await asyncio.to_thread(metrics.stop, server)
    assert (await client.get("/metrics")).status_code == 404
    assert replace(config, metrics_port=0).metrics_port == config.metrics_port == 0
    assert metrics.serve("127.0.0.1", 0) is None
