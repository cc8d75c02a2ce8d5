"""`cishan bench`: what the platform does per second, held against pgbench and an empty handler."""

import os

import click
import uvloop

SHARED = "Client, payment sandbox, site, worker and database share the cores of this machine."


@click.group()
def bench() -> None:
    """Measure this machine's platform in ratios, on a database of its own that is dropped at the end."""


@bench.command()
@click.option("--pairs", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 60), default=3.0, show_default=True, help="For each run.")
def posting(pairs: int, seconds: float) -> None:
    """Post alone, one by one and in batches, each run next to one of pgbench's tpcb-like."""
    from cishan.bench import servers
    from cishan.bench.posting import bench_posting

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo("Ratio to tpcb-like (scale 50, 8 clients, prepared), median [least–most]:")
        uvloop.run(bench_posting(server, pairs=pairs, seconds=seconds, said=click.echo))


@bench.command()
@click.option("--pairs", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option(
    "--burst", type=click.IntRange(10, 10_000), default=500, show_default=True, help="Gifts at once."
)
@click.option("--per-second", type=click.IntRange(10, 1000), default=100, show_default=True)
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=20, show_default=True, help="Of the paced run."
)
def gifts(pairs: int, burst: int, per_second: int, seconds: int) -> None:
    """Settle gifts from the signed webhook to the committed entry, through real processes."""
    from cishan.bench import servers
    from cishan.bench.gifts import bench_gifts

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo(SHARED)
        work = bench_gifts(
            server, pairs=pairs, burst=burst, per_second=per_second, seconds=seconds, said=click.echo
        )
        uvloop.run(work)


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option(
    "--seconds", type=click.FloatRange(0.5, 60), default=3.0, show_default=True, help="For each run."
)
def pages(rounds: int, seconds: float) -> None:
    """Ask for the campaign list and a campaign with 10,000 gifts, next to an empty handler."""
    from cishan.bench import servers
    from cishan.bench.visits import bench_pages

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo("Client, site and database share the cores of this machine.")
        uvloop.run(bench_pages(server, rounds=rounds, seconds=seconds, said=click.echo))


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=7, show_default=True)
@click.option("--each", type=click.IntRange(5, 1000), default=60, show_default=True, help="Of each, a round.")
def transitions(rounds: int, each: int) -> None:
    """Check approvals one by one, each round next to the same UPDATE without guards, history and clock."""
    from cishan.bench import servers
    from cishan.bench.transitions import bench_transitions

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo("Ratio of one check to the same UPDATE alone, median [least–most]:")
        uvloop.run(bench_transitions(server, rounds=rounds, each=each, said=click.echo))


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=7, show_default=True)
@click.option(
    "--each", type=click.IntRange(5, 1000), default=100, show_default=True, help="Of each, a round."
)
def stock(rounds: int, each: int) -> None:
    """Move goods one by one and in batches, each round next to the raw rows without guards and vouchers."""
    from cishan.bench import servers
    from cishan.bench.stock import bench_stock

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo("Ratio of moves per second to raw INSERT and UPDATE, median [least–most]:")
        uvloop.run(bench_stock(server, rounds=rounds, each=each, said=click.echo))


@bench.command()
@click.option("--moves", type=click.IntRange(1000, 10_000_000), default=1_000_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 100), default=15, show_default=True)
def shelves(moves: int, rounds: int) -> None:
    """Ask for the pages of the stock with a long history, next to the same pages without it."""
    from cishan.bench import servers
    from cishan.bench.shelves import bench_shelves

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        click.echo(f"Time of a page with {moves:,} moves to its time without them, median [least–most]:")
        uvloop.run(bench_shelves(server, moves=moves, rounds=rounds, said=click.echo))


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option("--lines", type=click.IntRange(4, 10_000), default=10_000, show_default=True)
@click.option("--lots", type=click.IntRange(100, 500_000), default=50_000, show_default=True)
def allocation(rounds: int, lines: int, lots: int) -> None:
    """Set an allocation list aside, first expired first, next to the bare rows of the same."""
    from cishan.bench import servers
    from cishan.bench.allocation import bench_allocation

    with servers.server(os.environ.get("DATABASE_URL", "")) as server:
        click.echo(uvloop.run(servers.describe(server)))
        uvloop.run(bench_allocation(server, rounds=rounds, lines=lines, lots=lots, said=click.echo))
