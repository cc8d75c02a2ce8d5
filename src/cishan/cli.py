"""The one command line of the product."""

import asyncio
import os
import sys

import click

from cishan import settings as settings_module
from cishan.plumbing import embedded
from cishan.settings import Settings, SettingsError

DATABASE = "cishan"


def prepare(*, as_owner: bool = False) -> Settings:
    """Read the settings and see to it that DATABASE_URL names a server; start the embedded one if need be."""
    if as_owner:
        os.environ["CISHAN_AS_OWNER"] = "1"
    loaded = settings_module.load(os.environ)
    if not loaded.database_url:
        server = embedded.start(loaded.data_dir / "postgres")
        embedded.ensure_database(embedded.url(server, "postgres"), DATABASE)
        os.environ["DATABASE_URL"] = embedded.url(server, DATABASE)
        loaded = settings_module.load(os.environ)
    return loaded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """慈善筹: run and look after the platform."""


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = prepare(as_owner=True)
    from cishan.plumbing import migrations

    asyncio.run(migrations.migrate(settings.database_url))


@main.command()
def web() -> None:
    """Serve the site."""
    settings = prepare()
    import uvicorn

    uvicorn.run(
        "cishan.main:serve",
        factory=True,
        host=settings.host,
        port=settings.port,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        log_level="warning",
    )


@main.command()
def worker() -> None:
    """Work off the queue."""
    settings = prepare()
    from cishan import worker as worker_module

    asyncio.run(worker_module.run(settings))


@main.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a catalogue is not complete.")
def messages(check: bool) -> None:
    """Bring the message catalogues up to date with the texts in code and templates."""
    from cishan.plumbing import catalogues

    complaints = catalogues.check() if check else catalogues.update()
    for complaint in complaints:
        click.echo(complaint, err=check)
    if check and complaints:
        raise SystemExit(1)


def run() -> None:
    """Run the command line; explain a wrong setting in one sentence."""
    try:
        main()
    except SettingsError as error:
        click.echo(f"cishan: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
