"""Setting goods aside for 10,000 lines over 50,000 lots, as a ratio to the same rows, read and written bare.

The reference reads the same candidates once, by the same statement, and writes the same moves, balances and
picks into copies of the tables without triggers, foreign keys and guards. What is measured beside it chooses
first expired first out for every receiver, locks, judges, and keeps the history of every order.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from cishan import gateways, settings
from cishan.approvals.rules import Acting
from cishan.bench.servers import BenchServer, scratch
from cishan.bench.statistics import Spread, spread
from cishan.bench.stock import CITY, RAW_BALANCES, RAW_MOVES
from cishan.deadlines import actions as deadlines
from cishan.deadlines.rules import Rule, Unit
from cishan.identity.actions import regions
from cishan.identity.queries.accounts import NAME
from cishan.identity.rules.regions import Level, OrganisationKind, Region
from cishan.kernel import clock, ids
from cishan.plumbing import crypto, db
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import catalogue, orders, places, stock
from cishan.warehouse.queries import shelves
from cishan.warehouse.queries.places import bins_of
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.orders import NewOrder, Receiver, ReceiverKind, WantedLine
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.restrictions import tokens_of
from cishan.warehouse.rules.stock import Cause, Delta

LINES, LOTS = 10_000, 50_000
ITEMS, BINS, LINES_EACH, PIECES = 25, 40, 4, 12
FUND = "GEN"
_RESTRICTED: tuple[list[str], ...] = ([], [], [], ["children"], ["elders"], ["region:3714"])
_LOT_COLUMNS = (
    *("id", "number", "item", "made_on", "expires_on", "fund_code", "entrusted", "grade", "quantity"),
    *(
        "cost_fen",
        "basis",
        "restrictions",
        "source",
        "source_id",
        "state",
        "on_hand",
        "value_fen",
        "created_at",
    ),
)
_COPIES = """
    CREATE TABLE IF NOT EXISTS stock_move_bare (LIKE stock_move INCLUDING ALL);
    CREATE TABLE IF NOT EXISTS stock_balance_bare (LIKE stock_balance INCLUDING ALL);
    CREATE TABLE IF NOT EXISTS goods_pick_bare (LIKE goods_pick INCLUDING ALL);
    INSERT INTO stock_balance_bare SELECT * FROM stock_balance;
    GRANT ALL ON stock_move_bare, stock_balance_bare, goods_pick_bare TO cishan_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO cishan_app;
    ANALYZE"""


@dataclass(frozen=True, slots=True)
class Result:
    """Setting aside a whole list."""

    lines: int
    pieces: int
    seconds: float
    ratio: Spread
    """Its time to that of the bare rows, round by round."""

    def __str__(self) -> str:
        what = f"{self.lines:,} lines, {self.pieces:,} pieces"
        return f"{what}: {self.seconds:.2f} s, {self.ratio} times the bare rows"


async def bench_allocation(
    of: BenchServer,
    *,
    rounds: int = 3,
    lines: int = LINES,
    lots: int = LOTS,
    said: Callable[[str], None] = lambda _: None,
) -> Result:
    """Set a list of so many lines aside over so many lots, in rounds, next to the bare rows of the same."""
    crypto.use(ids.new_token())
    async with scratch(of), db.pool(max_size=2):
        gateways.use(settings.load(os.environ))
        site, by = await _fill(lots)
        order_ids = await _list(site, by, lines)
        async with atomic():
            await connection().execute("SET LOCAL ROLE NONE")
            await connection().execute(_COPIES)
        times, ratios, pieces = [], [], 0
        for _ in range(rounds):
            begun = time.perf_counter()
            pieces = (await orders.reserve(order_ids, by=by, request=uuid4())).pieces
            ours = time.perf_counter() - begun
            rows = await _picks(order_ids)
            await orders.release(order_ids, by=by, request=uuid4(), reason="again")
            bare = await _bare(site, order_ids, rows)
            await _release_bare()
            times.append(ours)
            ratios.append(ours / bare)
        result = Result(lines, pieces, statistics.median(times), spread(ratios))
        said(str(result))
    return result


async def _picks(order_ids: tuple[UUID, ...]) -> list[tuple[object, ...]]:
    rows = await fetch(
        """SELECT p.line, p.lot, p.bin, p.quantity FROM goods_pick AS p
             JOIN goods_order_line AS line ON line.id = p.line
            WHERE line.goods_order = ANY({}::uuid[]) AND p.state = 'reserved'""",
        list(order_ids),
    )
    return [(row["line"], row["lot"], row["bin"], row["quantity"]) for row in rows]


async def _bare(site: UUID, order_ids: tuple[UUID, ...], rows: list[tuple[object, ...]]) -> float:
    now = clock.now()
    picks = [(ids.new_id(), *row, "reserved", "", "", now, now, 0) for row in rows]
    columns: tuple[list[object], ...] = ([], [], [], [])
    for _, lot, bin_id, quantity in rows:
        for column, value in zip(columns, (lot, bin_id, 0, quantity), strict=True):
            column.append(value)
    begun = time.perf_counter()
    async with atomic():
        wants = await shelves.wants_of(order_ids)
        await shelves.shelved_for(site, wants, clock.today())
        await connection().execute(RAW_MOVES, ids.new_id(), *columns)
        await connection().execute(RAW_BALANCES, *columns)
        await connection().copy_records_to_table(
            "goods_pick_bare",
            records=picks,
            columns=[
                *("id", "line", "lot", "bin", "quantity", "state", "override_reason", "note"),
                *("created_at", "changed_at", "returned"),
            ],
        )
    return time.perf_counter() - begun


async def _release_bare() -> None:
    """Let the next round find the copies as this one did."""
    async with atomic():
        await connection().execute("UPDATE stock_balance_bare SET reserved = 0 WHERE reserved > 0")


async def _fill(lots: int) -> tuple[UUID, Acting]:
    await regions.set_regions([Region(CITY, None, Level.CITY, "德州市", "Dezhou City")])
    house = await regions.set_organisation(
        code="bench", name="演示慈善总会", kind=OrganisationKind.FEDERATION, region=CITY
    )
    await deadlines.set_rules([_rule(code) for code in (rules.PICK_CLOCK, rules.RELEASE_CLOCK)])
    site = await places.open_site(code="BENCH", name="演示", organisation_id=house, region=CITY)
    await places.open_zone(
        site, code="B", name="B", purpose=Purpose.SHELF, bins=[f"BENCH-B-{n:02}" for n in range(BINS)]
    )
    shelf_ids = [one.id for one in await bins_of(site, Purpose.SHELF)]
    items = [
        await catalogue.set_item(
            code=f"BENCH{n}", name_zh=f"演示{n}", unit_zh="件", category=Category.BEDDING, shelf_life_days=365
        )
        for n in range(ITEMS)
    ]
    today, now, person = clock.today(), clock.now(), ids.new_id()
    rows = []
    for n in range(lots):
        expires = None if n % 10 == 0 else today + timedelta(days=n * 7919 % 360)
        rows.append(
            (
                *(ids.new_id(), f"L261122-{n:05}", items[n % ITEMS], None, expires, FUND, False, "A", PIECES),
                *(0, "memo", _RESTRICTED[n // ITEMS % 6], "opening", ids.new_id(), "open", 0, 0, now),
            )
        )
    async with atomic():
        name = crypto.seal("库管（演示）", place=NAME, row=person)
        await fetch("INSERT INTO person (id, name_enc, created_at) VALUES ({}, {}, {})", person, name, now)
        await connection().copy_records_to_table("stock_lot", records=rows, columns=_LOT_COLUMNS)
        for begin in range(0, lots, 5_000):
            deltas = [
                Delta(row[0], shelf_ids[(begin + n) % len(shelf_ids)], PIECES)
                for n, row in enumerate(rows[begin : begin + 5_000])
            ]
            request = ids.new_id()
            await stock.post(Cause.RECEIVE, deltas, by=None, subject=("bench", request), request=request)
    return site, Acting(person, ids.new_id(), "warehouse_keeper")


def _rule(code: str) -> Rule:
    return Rule(
        code=code,
        title=code,
        title_en=code,
        limit=5,
        unit=Unit.CALENDAR_DAYS,
        start_event="goods.reserved",
        source="本会规定",
        effective_from=clock.today() - timedelta(days=30),
    )


async def _list(site: UUID, by: Acting, lines: int) -> tuple[UUID, ...]:
    rows = await fetch("SELECT id FROM goods_item ORDER BY code")
    items = [row["id"] for row in rows]
    news = []
    for n in range(lines // LINES_EACH):
        receiver = Receiver(
            kind=ReceiverKind.PERSON,
            name=f"爱心网友{n}",
            region=CITY,
            tokens=tokens_of(age=9 if n % 3 else 70, region=CITY),
        )
        wanted = [WantedLine(items[(n + k * 7) % ITEMS], 1 + (n + k) % 30) for k in range(LINES_EACH)]
        news.append(NewOrder(site=site, kind=rules.Kind.LIST, receiver=receiver, lines=tuple(wanted)))
    placed = await orders.request_list(site, "演示名单", news, by=by, request=ids.new_id())
    return placed.order_ids
