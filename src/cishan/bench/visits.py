"""Public pages with 10,000 gifts, held against the platform's own empty handler."""

import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from piccolo.engine.postgres import PostgresEngine

from cishan import settings
from cishan.bench import load
from cishan.bench.servers import BenchServer, call, scratch
from cishan.bench.statistics import Spread, spread
from cishan.bench.town import town
from cishan.identity.rules.accounts import DEMO_PASSWORD
from cishan.main import create_asgi
from cishan.plumbing import db

GIFTS = 10_000
CONNECTIONS = 8
EMPTY = "/health/live"
LIST = "/campaigns"
SAME_SITE = {"sec-fetch-site": "same-origin"}
_GIFTS = """
    INSERT INTO public_gift
           (id, gift_id, line_no, campaign, display_name, amount_fen, message, tribute, given_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 1, $1, CASE WHEN n % 2 = 0 THEN '爱心网友' ELSE '' END,
           1000 + n % 50 * 100, CASE WHEN n % 3 = 0 THEN '愿冬天不冷。' ELSE '' END, '',
           now() - n * interval '1 minute' FROM generate_series(1, $2::int) AS n"""
_TOTAL = """
    UPDATE campaign_total SET gift_count = gift_count + $2::int, giver_count = giver_count + $2::int
     WHERE campaign = $1"""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What one page reached next to the empty handler."""

    path: str
    queries: int
    """It asks the database so often, with the gifts as without them."""
    per_second: float
    p95_ms: float
    rate_ratio: Spread
    """Requests per second by the empty handler's: the more the better."""
    p95_ratio: Spread
    """p95 by the empty handler's: the less the better."""

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.per_second:.0f}/s = {self.rate_ratio} of the empty handler's; "
            f"p95 {self.p95_ms:.0f} ms = {self.p95_ratio} times; {self.queries} queries"
        )


class PageBroken(Exception):
    """A page failed, or costs more queries the more it holds."""


async def bench_pages(
    of: BenchServer,
    *,
    rounds: int = 5,
    seconds: float = 3.0,
    gifts: int = GIFTS,
    said: Callable[[str], None] = lambda _: None,
) -> list[PageResult]:
    """Measure the list of campaigns and the fullest campaign, round by round after the empty handler."""
    with tempfile.TemporaryDirectory(prefix="cishan-bench-data-") as folder:
        async with scratch(of) as url:
            await call([sys.executable, "-m", "cishan.cli", "seed", "--demo"])
            owner = await asyncpg.connect(url)
            rows = await owner.fetch(
                "SELECT id, slug FROM campaign WHERE state = 'live' ORDER BY slug LIMIT 1"
            )
            paths = [LIST, f"/campaigns/{rows[0]['slug']}"]
            async with counting() as count:
                before = [await count(path) for path in paths]
                await owner.execute(_GIFTS, rows[0]["id"], gifts)
                await owner.execute(_TOTAL, rows[0]["id"], gifts)
                await owner.execute("ANALYZE")
                after = [await count(path) for path in paths]
            await owner.close()
            if before != after:
                raise PageBroken(f"queries per page are not constant: {before} became {after}")
            async with town(url, Path(folder), only_site=True) as here:
                results = await _measure(here.site, dict(zip(paths, after, strict=True)), rounds, seconds)
    for result in results:
        said(str(result))
    return results


async def _measure(site: str, queries: dict[str, int], rounds: int, seconds: float) -> list[PageResult]:
    for path in (EMPTY, *queries):
        await load.run(site + path, connections=CONNECTIONS, seconds=min(seconds, 1.0))
    loads: dict[str, list[load.Load]] = {path: [] for path in (EMPTY, *queries)}
    for _ in range(rounds):
        for path, found in loads.items():
            found.append(await load.run(site + path, connections=CONNECTIONS, seconds=seconds))
            if found[-1].failures:
                raise PageBroken(f"{path} failed {found[-1].failures} times")
    empty = loads[EMPTY]
    return [
        PageResult(
            path,
            queries[path],
            spread([run.per_second for run in loads[path]]).median,
            spread([run.p95_ms for run in loads[path]]).median,
            spread([run.per_second / e.per_second for run, e in zip(loads[path], empty, strict=True)]),
            spread([run.p95_ms / e.p95_ms for run, e in zip(loads[path], empty, strict=True)]),
        )
        for path in queries
    ]


@asynccontextmanager
async def counting(*, signed_in_as: str = "") -> AsyncIterator[Callable[[str], Awaitable[int]]]:
    """Give a function that asks for a page in this process and returns how many queries it took.

    `signed_in_as` names one of the demonstration's staff.
    """
    config = settings.load({"CISHAN_DEMO": "1"})
    asked = 0
    ask = PostgresEngine.run_querystring

    async def note(self: PostgresEngine, *args: Any, **kwargs: Any) -> Any:
        nonlocal asked
        asked += 1
        return await ask(self, *args, **kwargs)

    PostgresEngine.run_querystring = note  # type: ignore[method-assign]
    transport = httpx.ASGITransport(app=create_asgi(config, with_pool=False))  # type: ignore[arg-type]
    try:
        async with (
            db.pool(max_size=2),
            httpx.AsyncClient(transport=transport, base_url=config.public_url, headers=SAME_SITE) as browser,
        ):
            if signed_in_as:
                known = {"username": signed_in_as, "password": DEMO_PASSWORD}
                await browser.post("/staff/sign-in", data=known)

            async def count(path: str) -> int:
                before = asked
                (await browser.get(path)).raise_for_status()
                return asked - before

            yield count
    finally:
        PostgresEngine.run_querystring = ask  # type: ignore[method-assign]
