"""Posting alone, as ratios to pgbench's tpcb-like on the same server, each pair run one after the other."""

import asyncio
import itertools
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cishan.bench.servers import BenchServer, call, scratch
from cishan.bench.statistics import Spread, spread
from cishan.ledger import actions, rules
from cishan.ledger.queries import proofs
from cishan.plumbing import db
from cishan.plumbing.db import atomic

CLIENTS = 8
FUNDS = 200
BATCH = 100
SCALE = 50
_DAY = date(2026, 11, 22)
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way of posting: connections, entries per transaction, lines per entry, into one fund or many."""

    name: str
    connections: int
    batch: int
    lines: int
    hot: bool
    bare: bool = False
    """Call the stored function alone, without the BEGIN, SET CONSTRAINTS and COMMIT of `atomic`."""


CANDIDATES = (
    Candidate("worker, hot campaign, 2 lines, batch 100", 1, BATCH, 2, hot=True),
    Candidate("worker, hot campaign, 4 lines, batch 100", 1, BATCH, 4, hot=True),
    Candidate("4 workers, many campaigns, 2 lines, batch 100", 4, BATCH, 2, hot=False),
    Candidate("one by one, 8 connections, many campaigns, 2 lines, no frame", 8, 1, 2, hot=False, bare=True),
    Candidate("one by one, 8 connections, many campaigns, 2 lines", 8, 1, 2, hot=False),
    Candidate("one by one, 8 connections, many campaigns, 4 lines", 8, 1, 4, hot=False),
    Candidate("one by one, 8 connections, hot campaign, 2 lines", 8, 1, 2, hot=True),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one candidate reached."""

    name: str
    entries_per_second: float
    """Median."""
    ratio: Spread
    """To pgbench's transactions per second."""

    def __str__(self) -> str:
        return f"{self.ratio!s:<18} {self.entries_per_second:8,.0f}/s  {self.name}"


class BooksBroken(Exception):
    """The books are not sound after a run; the run proves nothing."""


async def bench_posting(
    of: BenchServer,
    *,
    pairs: int = 5,
    seconds: float = 3.0,
    scale: int = SCALE,
    candidates: Sequence[Candidate] = CANDIDATES,
    said: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Measure every candidate on a scratch database of the server, which is dropped at the end.

    Points the process at that database; nothing else of the platform may run in it meanwhile.
    """
    results = []
    async with scratch(of) as url:
        await prepare_tpcb(of, url, scale=scale)
        async with db.pool(max_size=CLIENTS):
            await _open_funds()
            for candidate in candidates:
                rates, ratios = [], []
                for _ in range(pairs):
                    tps = await tpcb(of, url, seconds)
                    rate = await _run(candidate, url, seconds)
                    rates.append(rate)
                    ratios.append(rate / tps)
                results.append(Result(candidate.name, statistics.median(rates), spread(ratios)))
                said(str(results[-1]))
            await prove()
    return results


async def prove() -> int:
    """Return how many entries the books of this process's database hold; BooksBroken if unsound."""
    report = await proofs.prove()
    if report.findings:
        raise BooksBroken(f"{report.findings[0].proof}: {report.findings[0].first}")
    return report.entries


async def prepare_tpcb(of: BenchServer, url: str, *, scale: int = SCALE) -> None:
    """Make pgbench's tables in the database."""
    await call([str(of.pgbench), "-i", "-q", "-s", str(scale), url])


async def tpcb(of: BenchServer, url: str, seconds: float) -> float:
    """Return the transactions per second of pgbench's tpcb-like with 8 clients."""
    options = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds)))]
    found = _TPS.search(await call([str(of.pgbench), *options, url]))
    assert found is not None, "pgbench prints its tps"
    return float(found.group(1))


async def _open_funds() -> None:
    async with atomic():
        for number in range(FUNDS):
            await actions.open_fund(f"C-{number}", name=f"项目 {number}", opened_on=_DAY)


_numbers = itertools.count()


def _gifts(candidate: Candidate) -> list[rules.Entry]:
    batch = []
    for number in itertools.islice(_numbers, candidate.batch):
        batch.append(
            rules.gift_settled(
                source="stripe",
                source_key=f"txn_3QbenchGift{number:012d}",
                effective_date=_DAY,
                fund="C-1" if candidate.hot else f"C-{number * 7919 % FUNDS}",
                gross_fen=5_000,
                fee_fen=30 if candidate.lines == 4 else 0,
            )
        )
    return batch


async def _run(candidate: Candidate, url: str, seconds: float) -> float:
    begun = time.perf_counter()
    until = begun + seconds
    worker = _bare if candidate.bare else _posting
    counts = await asyncio.gather(*(worker(candidate, url, until) for _ in range(candidate.connections)))
    return sum(counts) / (time.perf_counter() - begun)


async def _posting(candidate: Candidate, url: str, until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        batch = _gifts(candidate)
        async with atomic():
            await actions.post(batch)
        done += len(batch)
    return done


async def _bare(candidate: Candidate, url: str, until: float) -> int:
    connection = await asyncpg.connect(url, server_settings={"role": "cishan_app"})
    done = 0
    while time.perf_counter() < until:
        batch = _gifts(candidate)
        await connection.fetchrow(actions.POST, *actions.arrays(batch))
        done += len(batch)
    await connection.close()
    return done
