"""What a person asks of the stock at a terminal."""

import asyncio

import click

from cishan.warehouse.queries import proofs


@click.command("check-stock")
def check_stock() -> None:
    """Prove the stock; name the first broken row of every invariant that fails and exit 1."""
    report = asyncio.run(proofs.prove())
    for finding in report.findings:
        more = f" (and {finding.count - 1} more)" if finding.count > 1 else ""
        click.echo(f"BROKEN {finding.proof}: {finding.first}{more}")
    if report.findings:
        raise SystemExit(1)
    click.echo(f"The stock is sound: {report.lots} lots, {report.proofs} proofs.")
