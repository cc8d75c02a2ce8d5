"""The ASGI application and the two loops beside it: the clock's ticks and the webhook sender."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from paysandbox import api, control, deliveries, pages
from paysandbox.config import Config, Json
from paysandbox.errors import Refusal
from paysandbox.world import DAY, World

METHODS = ["GET", "POST", "DELETE"]


def create_app(config: Config) -> Starlette:
    """Return the sandbox as an ASGI application; its `World` is `app.state.world`.

    Without a running lifespan (httpx.ASGITransport) nothing is sent and the clock moves only by
    `advance`: take the webhooks from `GET /_sandbox/deliveries?take=1`.
    """
    world = World(config)
    world.on_event = deliveries.enqueue
    with world.transaction():
        deliveries.recover(world)
        world.store.run("DELETE FROM answer WHERE at < ?", world.now - DAY)
    app = Starlette(
        routes=[
            Route("/v1/{path:path}", api.handle, methods=METHODS),
            *pages.routes(),
            *control.routes(),
            Mount("/_static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers={Refusal: _refused},
        lifespan=_lifespan,
    )
    app.state.world = world
    return app


async def _refused(request: Request, refusal: Exception) -> Response:
    status = refusal.status if isinstance(refusal, Refusal) else 500
    return PlainTextResponse(str(refusal), status_code=status)


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    world: World = app.state.world
    woken = asyncio.Event()
    world.wake = woken.set
    loops = [asyncio.create_task(_tick(world)), asyncio.create_task(_send(world, woken))]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        world.wake = lambda: None
        world.store.close()


async def _tick(world: World) -> None:
    """Do what falls due, a few hundred jobs at a time so that requests get their turn."""
    while True:
        due = world.next_due()
        if due is not None and due <= world.now:
            with world.transaction():
                done = world.catch_up(limit=200)
            await asyncio.sleep(0 if done else 1)
        else:
            await asyncio.sleep(0.5)


async def _send(world: World, woken: asyncio.Event) -> None:
    limits = httpx.Limits(max_connections=world.config.webhook_concurrency)
    timeout = httpx.Timeout(world.config.webhook_timeout_seconds)
    running: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
        try:
            while True:
                woken.clear()
                free = world.config.webhook_concurrency - len(running)
                if free > 0 and (deliveries.next_at(world) or world.now + 1) <= world.now:
                    with world.transaction():
                        batch = deliveries.due(world, free)
                    for delivery in batch:
                        task = asyncio.create_task(_send_one(world, client, delivery))
                        running.add(task)
                        task.add_done_callback(running.discard)
                        task.add_done_callback(lambda _: woken.set())
                # Not wait_for: in Python 3.11 it may swallow the cancellation that stops this loop.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await woken.wait()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _send_one(world: World, client: httpx.AsyncClient, delivery: Json) -> None:
    began = time.monotonic()
    try:
        response = await client.post(
            delivery["url"], content=delivery["body"].encode(), headers=delivery["headers"]
        )
        ok, note = response.is_success, f"HTTP {response.status_code}"
    except httpx.HTTPError as error:
        ok, note = False, type(error).__name__
    with world.transaction():
        took = round((time.monotonic() - began) * 1000)
        deliveries.finished(world, delivery, ok=ok, note=f"{note} in {took} ms")
