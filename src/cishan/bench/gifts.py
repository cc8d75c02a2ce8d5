"""Settling gifts: from a signed webhook at the site's door to the committed entry in the books."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from cishan.bench import load, posting
from cishan.bench.servers import BenchServer, call, scratch
from cishan.bench.statistics import percentile, spread
from cishan.bench.town import Town, town
from cishan.kernel import ids
from cishan.plumbing import db

AMOUNT_FEN = 5_000
DOORS = 8
"""Connections over which webhooks are delivered."""
AT_ONCE = 10
"""Gifts that the sandbox makes in one command: its `{n}` has one digit then, as an id needs."""
PATIENCE_SECONDS = 120.0
Said = Callable[[str], None]

_STORE = """
    INSERT INTO donation (id, number, token_hash, created_at, amount_fen, currency, status, anonymity,
                          message_state, tribute_kind, donor_kind, language)
    SELECT id, 'B' || right(replace(id::text, '-', ''), 20), sha256(id::text::bytea), now(), $2, 'CNY',
           'awaiting_payment', 'hidden', 'none', 'none', 'person', 'zh-CN'
      FROM unnest($1::uuid[]) AS g (id)"""
_STORE_LINES = """
    INSERT INTO donation_line (id, donation, line_no, campaign, fund_code, amount_fen)
    SELECT gen_random_uuid(), g.id, 1, campaign.id, campaign.fund_code, $3
      FROM unnest($1::uuid[], $2::uuid[]) AS g (id, campaign) JOIN campaign ON campaign.id = g.campaign"""
_LEFT = """
    SELECT count(*) FROM unnest($1::uuid[]) AS g (id)
     WHERE NOT EXISTS (SELECT 1 FROM donation_movement AS m WHERE m.donation = g.id)"""
_JOBS = (
    "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name ~ '^donations'"
)
_BOOKED = """
    SELECT d.id, min(e.received_at) AS received, max({committed}) AS booked
      FROM donation AS d JOIN donation_movement AS m ON m.donation = d.id AND m.kind = 'charge'
      JOIN books.entry AS b ON b.id = m.entry_id
      JOIN intake.stripe_event AS e ON e.subject = d.stripe_payment_intent_id
     WHERE d.id = ANY($1::uuid[]) AND d.status = 'paid' AND d.amount_fen = $2
     GROUP BY d.id HAVING count(DISTINCT m.id) = 1"""


class Lost(Exception):
    """A gift was not booked, or not once."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A signed message as the payment service would send it."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one run of gifts; the waits are from a gift's first webhook to its booking."""

    gifts: int
    webhooks: int
    seconds: float
    """From the first webhook taken in to the last gift booked."""
    waits_seconds: tuple[float, ...]
    delivering_seconds: float

    @property
    def per_second(self) -> float:
        """Return the gifts booked per second."""
        return self.gifts / self.seconds

    def __str__(self) -> str:
        p50, p95, p99 = (percentile(self.waits_seconds, p) * 1000 for p in (50, 95, 99))
        return (
            f"{self.gifts} gifts ({self.webhooks} webhooks in {self.delivering_seconds:.1f} s): "
            f"{self.per_second:.0f} gifts/s booked, wait p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms"
        )


async def bench_gifts(
    of: BenchServer,
    *,
    pairs: int = 3,
    burst: int = 500,
    per_second: int = 100,
    seconds: int = 20,
    scale: int = posting.SCALE,
    said: Said = lambda _: None,
) -> list[Settled]:
    """Measure bursts next to pgbench, then gifts at a steady pace, on a scratch database; prove the books."""
    results: list[Settled] = []
    with tempfile.TemporaryDirectory(prefix="cishan-bench-data-") as folder:
        async with scratch(of) as url, db.pool(max_size=2), town(url, Path(folder)) as here:
            await call([sys.executable, "-m", "cishan.cli", "seed", "--demo"])
            await posting.prepare_tpcb(of, url, scale=scale)
            async with asyncpg.create_pool(url, min_size=1, max_size=2) as owner:
                crowd = Crowd(here, owner)
                for hot in (True, False):
                    ratios = []
                    for _ in range(pairs):
                        tps = await posting.tpcb(of, url, 3.0)
                        results.append(await crowd.give(burst, hot=hot))
                        ratios.append(results[-1].per_second / tps)
                        said(f"burst, {_name(hot)}: {results[-1]}")
                    said(f"burst, {_name(hot)}: gifts/s ÷ tpcb-like {spread(ratios)}")
                results.append(await crowd.give(per_second * seconds, hot=True, per_second=per_second))
                said(f"{per_second} gifts/s, one campaign: {results[-1]}")
            entries = await posting.prove()
            said(f"Every gift is booked once; the books are sound ({entries} entries).")
    return results


def _name(hot: bool) -> str:
    return "one campaign" if hot else "many campaigns"


@dataclass
class Crowd:
    """Givers who pay at the sandbox, and the payment service's messenger."""

    town: Town
    owner: Any
    """A pool of connections with the owner's rights."""

    async def give(self, number: int, *, hot: bool, per_second: int = 0) -> Settled:
        """Let so many gifts be paid and told of, at once or at a pace; return when all are booked."""
        gifts = self._ids(-(-number // AT_ONCE))
        await self._store(gifts, hot=hot)
        groups = [await self._pay(gifts[i : i + AT_ONCE]) for i in range(0, len(gifts), AT_ONCE)]
        begun = time.perf_counter()
        await self._deliver(groups, pause=AT_ONCE / per_second if per_second else 0.0)
        delivering = time.perf_counter() - begun
        await self._until_none(_LEFT, gifts)
        settled = await self._settled(gifts, sum(map(len, groups)), delivering)
        await self._until_none(_JOBS)
        return settled

    def _ids(self, groups: int) -> list[UUID]:
        found = []
        for _ in range(groups):
            stem = str(ids.new_id())[:-1]
            found += [UUID(f"{stem}{n}") for n in range(AT_ONCE)]
        return found

    async def _store(self, gifts: Sequence[UUID], *, hot: bool) -> None:
        rows = await self.owner.fetch(
            "SELECT id FROM campaign WHERE state = 'live' AND ends_on > current_date ORDER BY slug"
        )
        campaigns = [row["id"] for row in rows][: 1 if hot else None]
        async with self.owner.acquire() as connection, connection.transaction():
            await connection.execute(_STORE, gifts, AMOUNT_FEN)
            chosen = [campaigns[n % len(campaigns)] for n in range(len(gifts))]
            await connection.execute(_STORE_LINES, gifts, chosen, AMOUNT_FEN)

    async def _pay(self, gifts: Sequence[UUID]) -> list[Webhook]:
        """Let the sandbox be paid for a group of gifts, and take what it would send."""
        metadata = {"donation_id": f"{str(gifts[0])[:-1]}{{n}}"}
        await self.town.tell_sandbox("gifts", count=len(gifts), amount=AMOUNT_FEN, metadata=metadata)
        taken = (await self.town.tell_sandbox("deliveries/take"))["deliveries"]
        return [Webhook(row["body"].encode(), row["headers"]) for row in taken]

    async def _deliver(self, groups: Sequence[Sequence[Webhook]], *, pause: float) -> None:
        waiting: asyncio.Queue[Webhook | None] = asyncio.Queue()

        async def messenger() -> None:
            async with load.visitor(self.town.site) as door:
                while (webhook := await waiting.get()) is not None:
                    status, answer = await door.ask("/webhooks/stripe", webhook.body, webhook.headers)
                    if status != 204:
                        raise Lost(f"a webhook was refused: {status} {answer.decode()}")

        async with asyncio.TaskGroup() as tasks:
            for _ in range(DOORS):
                tasks.create_task(messenger())
            begun = time.perf_counter()
            for number, group in enumerate(groups):
                await asyncio.sleep(max(0.0, begun + number * pause - time.perf_counter()) if pause else 0)
                for webhook in group:
                    waiting.put_nowait(webhook)
            for _ in range(DOORS):
                waiting.put_nowait(None)

    async def _until_none(self, sql: str, *values: object) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while left := await self.owner.fetchval(sql, *values):
            if time.monotonic() > end:
                raise Lost(f"{left} were not done within {PATIENCE_SECONDS:.0f} s")
            await asyncio.sleep(0.1)

    async def _settled(self, gifts: Sequence[UUID], webhooks: int, delivering: float) -> Settled:
        exact = await self.owner.fetchval("SHOW track_commit_timestamp") == "on"
        committed = "pg_xact_commit_timestamp(b.xmin)" if exact else "b.posted_at"
        rows = await self.owner.fetch(_BOOKED.format(committed=committed), gifts, AMOUNT_FEN)
        if len(rows) != len(gifts):
            raise Lost(f"{len(gifts) - len(rows)} of {len(gifts)} gifts are not booked exactly once")
        waits = tuple((row["booked"] - row["received"]).total_seconds() for row in rows)
        first, last = min(row["received"] for row in rows), max(row["booked"] for row in rows)
        return Settled(len(rows), webhooks, (last - first).total_seconds(), waits, delivering)
