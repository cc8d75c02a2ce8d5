"""What a person asks of the receipts at a terminal."""

import asyncio
from datetime import timedelta

import click

from cishan.donations.queries import receipt_proofs
from cishan.kernel import clock

ON_THE_WAY = timedelta(hours=1)


@click.command("check-receipts")
def check_receipts() -> None:
    """Check that no receipt is missing and every sum is right; name each fault and exit 1."""
    report = asyncio.run(receipt_proofs.prove(settled_before=clock.now() - ON_THE_WAY))
    for number in report.missing_numbers:
        click.echo(f"BROKEN number without a receipt: {number}")
    for number in report.without_paper:
        click.echo(f"BROKEN paid gift with neither a receipt nor a waiver: {number}")
    for number in report.wrong_sums:
        click.echo(f"BROKEN receipts do not sum to what is held of the gift: {number}")
    if not report.is_whole:
        raise SystemExit(1)
    click.echo(f"The receipts are whole: {report.receipts}.")
