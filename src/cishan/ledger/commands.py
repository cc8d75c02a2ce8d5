"""What a person asks of the books at a terminal."""

import asyncio

import click

from cishan.ledger.queries import proofs


@click.command("check-books")
def check_books() -> None:
    """Prove the books; name the first broken row of every invariant that fails and exit 1."""
    report = asyncio.run(proofs.prove())
    for note in report.notes:
        click.echo(f"note: {note}")
    for finding in report.findings:
        more = f" (and {finding.count - 1} more)" if finding.count > 1 else ""
        click.echo(f"BROKEN {finding.proof}: {finding.first}{more}")
    if report.findings:
        raise SystemExit(1)
    click.echo(f"The books are sound: {report.entries} entries, {report.proofs} proofs.")
