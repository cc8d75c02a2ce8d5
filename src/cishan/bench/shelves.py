"""The pages of the stock with a history of a million moves, held against the same pages without it.

They read balances and sums of days that are over: no more queries for it, and hardly more time.
"""

import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from cishan.bench.servers import BenchServer, call, scratch
from cishan.bench.statistics import Spread, spread
from cishan.bench.visits import PageBroken, counting
from cishan.warehouse.actions.figures import sum_days

MOVES = 1_000_000
LINES = 50
"""Moves of a cause."""
KEEPER = "demo-warehouse"
PATHS = ("/staff/warehouse/stock", "/staff/warehouse/lots", "/staff/warehouse/figures", "/warehouse")
_HISTORY = """
    WITH nth AS (
        SELECT n, gen_random_uuid() AS gone, gen_random_uuid() AS back,
               now() - n * (interval '1000 days' / $1::int) AS at FROM generate_series(1, $1::int) AS n),
    caused AS (
        INSERT INTO stock_cause
               (id, kind, at, acting_role, subject_kind, subject_id, request, reason, reverses)
        SELECT gone, 'issue', at, '', 'bench', gone, gone, '', NULL FROM nth
        UNION ALL SELECT back, 'return', at, '', 'bench', back, back, '', gone FROM nth),
    there AS (SELECT lot, bin, row_number() OVER (ORDER BY lot, bin) AS k FROM stock_balance LIMIT 10)
    INSERT INTO stock_move (cause, lot, bin, on_hand, reserved)
    SELECT CASE WHEN way < 0 THEN nth.gone ELSE nth.back END, there.lot, there.bin, way, 0
      FROM nth, generate_series(1, $2::int) AS line, (VALUES (-1), (1)) AS ways (way), there
     WHERE there.k = 1 + line % (SELECT count(*) FROM there)"""


@dataclass(frozen=True, slots=True)
class Result:
    """One page before and after."""

    path: str
    queries: int
    before_ms: float
    after_ms: float
    ratio: Spread
    """Time with the history to time without it."""

    def __str__(self) -> str:
        return (
            f"{self.path:<28} {self.ratio!s:<18} {self.before_ms:.1f} ms became {self.after_ms:.1f} ms, "
            f"{self.queries} queries as before"
        )


async def bench_shelves(
    of: BenchServer,
    *,
    moves: int = MOVES,
    rounds: int = 15,
    said: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Measure the pages of the demonstration's warehouse, and again after so many moves and a night's job."""
    async with scratch(of) as url:
        await call([sys.executable, "-m", "cishan.cli", "seed", "--demo"])
        async with counting(signed_in_as=KEEPER) as count:
            before = {path: (await count(path), await _times(count, path, rounds)) for path in PATHS}
            owner = await asyncpg.connect(url)
            await owner.execute(_HISTORY, max(1, moves // LINES // 2), LINES)
            await owner.execute("VACUUM ANALYZE")
            await owner.close()
            await sum_days()
            after = {path: (await count(path), await _times(count, path, rounds)) for path in PATHS}
    results = []
    for path in PATHS:
        if before[path][0] != after[path][0]:
            raise PageBroken(f"{path}: {before[path][0]} queries became {after[path][0]}")
        ratio = spread([b / a for a, b in zip(before[path][1], after[path][1], strict=True)])
        results.append(
            Result(
                path,
                after[path][0],
                statistics.median(before[path][1]) * 1000,
                statistics.median(after[path][1]) * 1000,
                ratio,
            )
        )
        said(str(results[-1]))
    return results


async def _times(count: Callable[[str], Awaitable[int]], path: str, rounds: int) -> list[float]:
    found = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        await count(path)
        found.append(time.perf_counter() - begun)
    return found[1:]
