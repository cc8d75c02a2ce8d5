"""The commands of running and keeping the platform. Each imports what it needs when it is run."""

import asyncio
import contextlib
import io
from pathlib import Path

import click
import uvloop

from cishan.ops.starting import CannotRun, check_port, prepare


@click.command()
@click.option("--host", help="Address to listen on (HOST; 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the site (PORT; 8000).")
@click.option("--demo/--no-demo", default=None, help="Load demo data or not (CISHAN_DEMO; yes).")
def up(host: str | None, port: int | None, demo: bool | None) -> None:
    """Start the whole platform and keep it running until Ctrl-C."""
    from cishan.ops import running

    try:
        running.up(host=host, port=port, demo=demo)
    except running.Running as already:
        click.echo(f"It is already running: {already}. Stop it with Ctrl-C there, or `./cishan down`.")


@click.command()
def down() -> None:
    """Stop a platform that was started by `up`."""
    import os

    from cishan import settings as settings_module
    from cishan.ops import running

    click.echo(running.down(settings_module.load(os.environ)))


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = prepare(as_owner=True)
    from cishan.plumbing import migrations

    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):  # a line for each migration, read only when one fails
            asyncio.run(migrations.migrate(settings.database_url))
    except Exception:
        click.echo(told.getvalue())
        raise
    click.echo("The database has the newest schema.")


@click.command()
@click.option("--demo/--no-demo", default=None, help="Load demo data or not (CISHAN_DEMO; yes).")
@click.option("--new", is_flag=True, help="Only what was not loaded in its present version.")
def seed(demo: bool | None, new: bool) -> None:
    """Load the reference data, and in a demo the demo data. Safe to repeat."""
    settings = prepare()
    from cishan.ops import seeding

    wanted = settings.demo if demo is None else demo
    done = asyncio.run(seeding.load(settings, demo=wanted, again=not new, say=click.echo))
    click.echo("; ".join(f"{name} {seconds:.1f} s" for name, seconds in done) or "Nothing new to load.")


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, help="Processes that share the port.")
def web(processes: int) -> None:
    """Serve the site."""
    settings = prepare()
    check_port(settings.host, settings.port, "PORT")
    if settings.metrics_port:
        if processes > 1:
            raise CannotRun("METRICS_PORT shows the numbers of one web process; run more by PORT.")
        check_port(settings.metrics_host, settings.metrics_port, "METRICS_PORT")
    import uvicorn

    from cishan.plumbing import logs

    logs.configure(settings.log_format)
    uvicorn.run(
        "cishan.main:serve",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=processes,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 32), default=4, help="Jobs done at the same time.")
def worker(concurrency: int) -> None:
    """Work off the queue."""
    settings = prepare()
    from cishan import worker as worker_module
    from cishan.plumbing import logs

    logs.configure(settings.log_format)
    uvloop.run(worker_module.run(settings, concurrency=concurrency))


@click.command()
def sandbox() -> None:
    """Serve the payment sandbox, which stands in for Stripe."""
    import os
    import sys

    from cishan import settings as settings_module
    from cishan.gateways.stripe.events import WANTED
    from cishan.ops.starting import local_host, sandbox_place

    settings = settings_module.load(os.environ)
    if not settings.stripe_is_sandbox:
        raise CannotRun("Payments go to Stripe (STRIPE_SECRET_KEY is set); no sandbox is needed.")
    host, port = sandbox_place(settings)
    check_port(host, port, "SANDBOX_PORT")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    flags = {
        "--host": host,
        "--port": str(port),
        "--state": str(settings.data_dir / "sandbox.sqlite"),
        "--public-url": settings.stripe_api_base,
        "--webhook-url": f"http://{local_host(settings.host)}:{settings.port}/webhooks/stripe",
        "--webhook-secret": ",".join(settings.stripe_webhook_secrets),
        "--webhook-events": ",".join(WANTED),
        "--merchant": settings.organisation.name,
    }
    words = [sys.executable, "-m", "paysandbox", *(word for pair in flags.items() for word in pair)]
    os.execv(sys.executable, words)  # noqa: S606 - our own program, no shell wanted


@click.command()
@click.option("--retry", is_flag=True, help="Put the jobs that gave up back into the queue.")
def jobs(retry: bool) -> None:
    """Show what waits in the queue and what gave up."""
    prepare()
    from cishan.ops import actions, queries

    if retry:
        click.echo(f"{asyncio.run(actions.retry_failed_jobs())} jobs are tried again.")
    for row in asyncio.run(queries.waiting_jobs(limit=200)):
        click.echo(f"{row['state']:<8} {row['number']:>6}  {row['job']}  (tries: {row['tries']})")


@click.command()
def doctor() -> None:
    """Check this installation and say what to do about each fault; exit 1 if one must be mended."""
    from cishan.ops.doctor import examine

    raise SystemExit(examine(click.echo))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Save database and uploads in FILE, with a manifest that proves them whole."""
    settings = prepare(as_owner=True)
    from cishan.ops import backups

    click.echo(backups.save(settings, file))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database and the uploads hold now.")
def restore(file: Path, force: bool) -> None:
    """Bring back what `backup` saved in FILE. Wholly or not at all."""
    settings = prepare(as_owner=True)
    from cishan.ops import backups

    click.echo(backups.bring_back(settings, file, force=force))


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--fast", is_flag=True, help="Leave out the browser tests and the slow ones.")
@click.option(
    "--database",
    type=click.Choice(["embedded", "debian", "both"]),
    help="The wheel's PostgreSQL, Debian's, or one after the other. Default: DATABASE_URL, else embedded.",
)
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(fast: bool, database: str | None, pytest_args: tuple[str, ...]) -> None:
    """Run everything that CI runs; with PYTEST_ARGS, only pytest with them."""
    from cishan.ops import testing

    raise SystemExit(testing.run(fast=fast, database=database, pytest_args=list(pytest_args)))


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a catalogue is not complete.")
def messages(check: bool) -> None:
    """Bring the message catalogues up to date with the texts in code and templates."""
    from cishan.plumbing import catalogues

    complaints = catalogues.check() if check else catalogues.update()
    for complaint in complaints:
        click.echo(complaint, err=check)
    if check and complaints:
        raise SystemExit(1)
