"""The one command line of the product: what there is to run, and where it lies.

Nothing is imported before it is asked for, so that `--help` answers at once.
"""

import functools
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from cishan.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lies and what the list of commands says of it."""

    where: str
    """module:function"""
    help: str
    with_database: bool = False
    """Start or find the database, read the settings and open the gateways first (a slice's own command)."""


COMMANDS: dict[str, Entry] = {
    "up": Entry(
        "cishan.ops.commands:up", "Start the whole platform: database, site, worker, payment sandbox."
    ),
    "down": Entry("cishan.ops.commands:down", "Stop a platform that was started by `up` elsewhere."),
    "doctor": Entry(
        "cishan.ops.commands:doctor", "Check this installation and say what to do about each fault."
    ),
    "migrate": Entry("cishan.ops.commands:migrate", "Bring the database to the newest schema."),
    "seed": Entry("cishan.ops.commands:seed", "Load the reference data, and the demo data in a demo."),
    "web": Entry("cishan.ops.commands:web", "Serve the site."),
    "worker": Entry("cishan.ops.commands:worker", "Work off the queue."),
    "sandbox": Entry("cishan.ops.commands:sandbox", "Serve the payment sandbox, which stands in for Stripe."),
    "jobs": Entry("cishan.ops.commands:jobs", "Show what waits in the queue and what gave up; try it again."),
    "invite-admin": Entry(
        "cishan.identity.commands:invite_admin",
        "Invite an administrator: the first of a live platform.",
        True,
    ),
    "forget-factors": Entry(
        "cishan.identity.commands:forget_factors",
        "Take away second factors that somebody lost, after seeing who they are.",
        True,
    ),
    "payments": Entry(
        "cishan.payments.commands:payments", "Look after the messages of the payment service.", True
    ),
    "reconcile": Entry(
        "cishan.payments.commands:reconcile", "Compare the payment service with the books.", True
    ),
    "check-books": Entry(
        "cishan.ledger.commands:check_books",
        "Prove the books; name the first broken row of each fault.",
        True,
    ),
    "check-stock": Entry(
        "cishan.warehouse.commands:check_stock",
        "Prove the stock; name the first broken row of each fault.",
        True,
    ),
    "export-books": Entry(
        "cishan.ledger.commands:export_books",
        "Write the books for beancount, hledger or a spreadsheet.",
        True,
    ),
    "verify-history": Entry(
        "cishan.audit.commands:verify_history",
        "Prove the history; name each row that was changed, removed or put in.",
        True,
    ),
    "anchor": Entry(
        "cishan.audit.commands:anchor", "Write the history's anchor, for an auditor to keep.", True
    ),
    "calendar": Entry(
        "cishan.deadlines.commands:calendar", "Write down the days off that are decreed for a year.", True
    ),
    "check-receipts": Entry(
        "cishan.donations.commands:check_receipts",
        "Check that no receipt is missing and every sum is right.",
        True,
    ),
    "deadline-rules": Entry(
        "cishan.deadlines.commands:deadline_rules", "Write down new versions of deadlines.", True
    ),
    "approval-bands": Entry(
        "cishan.approvals.commands:approval_bands", "Write down who checks which amounts.", True
    ),
    "gift-limit": Entry("cishan.donations.commands:gift_limit", "Write down a new limit of giving.", True),
    "files": Entry("cishan.files.commands:files", "Check that every file is there and as it was sent.", True),
    "refunds": Entry(
        "cishan.donations.commands:refunds", "List the refund requests that wait for a decision.", True
    ),
    "reindex": Entry("cishan.search.commands:reindex", "Build the search index anew.", True),
    "rotate-keys": Entry(
        "cishan.ops.rotating:rotate_keys", "Encrypt personal data anew under the first of DATA_KEYS.", True
    ),
    "backup": Entry("cishan.ops.commands:backup", "Save database and uploads in one file."),
    "restore": Entry("cishan.ops.commands:restore", "Bring a saved platform back."),
    "bench": Entry("cishan.bench.commands:bench", "Measure this machine's platform, in ratios."),
    "test": Entry("cishan.ops.commands:test", "Run everything that CI runs."),
    "messages": Entry(
        "cishan.ops.commands:messages", "Bring the message catalogues up to date, or check them."
    ),
}
"""Every command. A slice's `commands.py` is named here."""


class Lazily(click.Group):
    """A group that knows its commands by name and imports the one that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return a command."""
        entry = COMMANDS.get(name)
        return _load(entry) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@functools.cache
def _load(entry: Entry) -> click.Command:
    module, _, name = entry.where.partition(":")
    if entry.with_database:
        import os

        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")  # a person waits, and may press Ctrl-C
    command: click.Command = getattr(import_module(module), name)
    if entry.with_database:
        _prepare_first(command)
    return command


def _prepare_first(command: click.Command) -> None:
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _prepare_first(inner)
    elif command.callback is not None:
        command.callback = _prepared(command.callback)


def _prepared(work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def run(*args: Any, **kwargs: Any) -> Any:
        from cishan import gateways
        from cishan.ops.starting import check_database, prepare

        settings = prepare()
        check_database(settings.database_url, role=settings.database_role)
        gateways.use(settings)
        return work(*args, **kwargs)

    return run


@click.group(cls=Lazily, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cishan", prog_name="cishan")
def main() -> None:
    """慈善筹: run and look after the platform."""


def run() -> None:
    """Run the command line; explain what is in the way in one sentence."""
    from cishan.ops.starting import CannotRun, read_env_file

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped in order
    try:
        if sys.argv[1:2] != ["test"]:  # the suite must not touch what .env names
            read_env_file()
        main()
    except (SettingsError, CannotRun) as error:
        click.echo(f"cishan: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
