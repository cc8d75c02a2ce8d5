"""The benches run, on this suite's server, and lose nothing on the way."""

from collections.abc import Iterator

import pytest

from cishan.bench import servers
from cishan.bench.allocation import bench_allocation
from cishan.bench.gifts import bench_gifts
from cishan.bench.posting import CANDIDATES, bench_posting
from cishan.bench.servers import BenchServer
from cishan.bench.shelves import PATHS, bench_shelves
from cishan.bench.stock import WAYS, bench_stock
from cishan.bench.transitions import bench_transitions
from cishan.bench.visits import bench_pages
from cishan.plumbing import db
from tests.conftest import SERVER_URL

pytestmark = [pytest.mark.bench, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[BenchServer]:
    """The suite's server; the pool and the address of the suite come back afterwards."""
    engine = db.engine()
    dsn, pool = engine.config["dsn"], engine.pool
    engine.pool = None
    with servers.server(SERVER_URL) as found:
        yield found
    engine.config["dsn"], engine.pool = dsn, pool


async def test_posting_is_measured_against_pgbench(server: BenchServer) -> None:
    results = await bench_posting(server, pairs=1, seconds=1.0, scale=1, candidates=CANDIDATES[:2])
    assert [r.name for r in results] == [c.name for c in CANDIDATES[:2]]
    assert all(r.ratio.median > 0 for r in results)


async def test_every_gift_of_a_measured_run_is_booked_once(server: BenchServer) -> None:
    results = await bench_gifts(server, pairs=1, burst=10, per_second=10, seconds=1, scale=1)
    assert [r.gifts for r in results] == [10, 10, 10]
    assert all(r.per_second > 0 and min(r.waits_seconds) > 0 for r in results)


async def test_pages_are_measured_against_an_empty_handler(server: BenchServer) -> None:
    results = await bench_pages(server, rounds=1, seconds=0.5, gifts=50)
    assert results[0].path == "/campaigns"
    assert all(r.rate_ratio.median > 0 and r.p95_ratio.median > 0 and r.queries > 0 for r in results)


async def test_a_transition_is_measured_against_its_update_alone(server: BenchServer) -> None:
    result = await bench_transitions(server, rounds=2, each=5)
    assert 0 < result.update_ms < result.check_ms
    assert result.ratio.least > 1


async def test_moves_of_goods_are_measured_against_their_raw_rows(server: BenchServer) -> None:
    results = await bench_stock(server, rounds=1, each=5)
    assert [r.name for r in results] == [w.name for w in WAYS]
    assert all(r.moves_per_second > 0 and r.ratio.median > 0 for r in results)


async def test_pages_of_the_stock_ask_as_often_with_a_long_history(server: BenchServer) -> None:
    results = await bench_shelves(server, moves=2_000, rounds=1)
    assert [r.path for r in results] == list(PATHS)
    assert all(r.ratio.median > 0 and 0 < r.queries <= 30 for r in results)


async def test_a_list_is_set_aside_next_to_its_bare_rows(server: BenchServer) -> None:
    result = await bench_allocation(server, rounds=1, lines=200, lots=500)
    assert (result.lines, result.ratio.median > 0) == (200, True)
    assert 0 < result.pieces <= 500 * 12
