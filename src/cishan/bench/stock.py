"""Moves of goods, one by one and in batches, as ratios to the raw INSERT and UPDATE of the same rows.

Both run in transactions on the same server, in turn. A move goes through the one writer of stock, which locks
its lot, judges it, writes its cause and keeps balance and value; handing out books a voucher as well. The raw
rows go into copies of the two tables without triggers, foreign keys and guards.
"""

import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cishan import gateways, settings
from cishan.bench.servers import BenchServer, scratch
from cishan.bench.statistics import Spread, spread
from cishan.identity.actions import regions
from cishan.identity.rules.regions import Level, OrganisationKind, Region
from cishan.kernel import ids
from cishan.ledger import actions as ledger
from cishan.plumbing import crypto, db
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import catalogue, places, stock
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, NewLot, Source

CITY, FUND = "371400", "F-NDXD"
BATCH = 500
LOTS = 500
RAW_MOVES = """INSERT INTO stock_move_bare (cause, lot, bin, on_hand, reserved)
               SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[])"""
RAW_BALANCES = """
    UPDATE stock_balance_bare AS b SET on_hand = b.on_hand + m.on_hand, reserved = b.reserved + m.reserved
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[]) AS m (lot, bin, on_hand, reserved)
     WHERE b.lot = m.lot AND b.bin = m.bin"""
COPIES = """
    CREATE TABLE stock_move_bare (LIKE stock_move INCLUDING ALL);
    CREATE TABLE stock_balance_bare (LIKE stock_balance INCLUDING ALL);
    INSERT INTO stock_balance_bare SELECT * FROM stock_balance;
    GRANT ALL ON stock_move_bare, stock_balance_bare TO cishan_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO cishan_app;
    ANALYZE"""


@dataclass(frozen=True, slots=True)
class Result:
    """One way of moving goods."""

    name: str
    moves_per_second: float
    ratio: Spread
    """Moves per second to those of the raw rows, round by round."""

    def __str__(self) -> str:
        return f"{self.name:<32} {self.ratio!s:<18} {self.moves_per_second:>8,.0f} moves/s"


@dataclass(frozen=True, slots=True)
class _Way:
    name: str
    cause: Cause
    on_hand: int
    reserved: int
    size: int
    """Moves of a transaction."""


WAYS = (
    _Way("reserve, one by one", Cause.RESERVE, 0, 1, 1),
    _Way("hand out, one by one, booked", Cause.ISSUE, -1, -1, 1),
    _Way(f"reserve, {BATCH} at a time", Cause.RESERVE, 0, 1, BATCH),
    _Way(f"hand out, {BATCH} at a time, booked", Cause.ISSUE, -1, -1, BATCH),
)


async def bench_stock(
    of: BenchServer, *, rounds: int = 7, each: int = 100, said: Callable[[str], None] = lambda _: None
) -> list[Result]:
    """Measure every way of moving in rounds of so many moves (or batches of them), next to the raw rows."""
    crypto.use(ids.new_token())
    async with scratch(of), db.pool(max_size=2):
        gateways.use(settings.load(os.environ))
        shelf, lots = await _fill(pieces=rounds * (each + 2) * 4)
        await _bare()
        results = []
        for way in WAYS:
            times, ratios = [], []
            count = each if way.size == 1 else max(2, each // 20)
            batches = [
                [
                    Delta(lots[(n * way.size + k) % LOTS], shelf, way.on_hand, way.reserved)
                    for k in range(way.size)
                ]
                for n in range(count)
            ]
            for _ in range(rounds):
                raw = await _timed(_raw, batches)
                ours = await _timed(lambda batch, cause=way.cause: _post(cause, batch), batches)  # type: ignore[misc]
                times.append(count * way.size / ours)
                ratios.append(raw / ours)
            results.append(Result(way.name, statistics.median(times), spread(ratios)))
            said(str(results[-1]))
    return results


async def _timed(
    work: Callable[[Sequence[Delta]], Awaitable[None]], batches: Sequence[Sequence[Delta]]
) -> float:
    begun = time.perf_counter()
    for batch in batches:
        await work(batch)
    return time.perf_counter() - begun


async def _post(cause: Cause, batch: Sequence[Delta]) -> None:
    request = ids.new_id()
    async with atomic():
        await stock.post(cause, batch, by=None, subject=("bench", request), request=request)


async def _raw(batch: Sequence[Delta]) -> None:
    columns = (
        [d.lot for d in batch],
        [d.bin for d in batch],
        [d.on_hand for d in batch],
        [d.reserved for d in batch],
    )
    async with atomic():
        await connection().execute(RAW_MOVES, ids.new_id(), *columns)
        await connection().execute(RAW_BALANCES, *columns)


async def _fill(pieces: int) -> tuple[UUID, list[UUID]]:
    await regions.set_regions([Region(CITY, None, Level.CITY, "德州市", "Dezhou City")])
    house = await regions.set_organisation(
        code="bench", name="演示慈善总会", kind=OrganisationKind.FEDERATION, region=CITY
    )
    async with atomic():
        await ledger.open_fund(FUND, name=FUND, opened_on=date(2020, 1, 1))
    site = await places.open_site(code="BENCH", name="演示", organisation_id=house, region=CITY)
    shelf = await first_bin(site, Purpose.SHELF)
    item = await catalogue.set_item(
        code="BENCH", name_zh="演示", unit_zh="件", category=Category.BEDDING, typical_value_fen=100
    )
    async with atomic():
        lots = [
            await stock.open_lot(
                NewLot(
                    item=item,
                    quantity=pieces,
                    cost_fen=pieces * 100,
                    basis=Basis.FAIR,
                    fund=FUND,
                    source=Source.OPENING,
                    source_id=ids.new_id(),
                )
            )
            for _ in range(LOTS)
        ]
        await _post(Cause.RECEIVE, [Delta(lot, shelf.id, pieces) for lot in lots])
    return shelf.id, lots


async def _bare() -> None:
    async with atomic():
        await connection().execute("SET LOCAL ROLE NONE")
        await connection().execute(COPIES)
