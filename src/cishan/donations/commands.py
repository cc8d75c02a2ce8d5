"""What a person asks of receipts and refunds at a terminal."""

import asyncio
from datetime import timedelta

import click

from cishan.donations.queries import receipt_proofs
from cishan.donations.queries import refunds as refund_queries
from cishan.kernel import clock
from cishan.kernel.money import yuan

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


@click.group("refunds")
def refunds() -> None:
    """Look at the refund requests that wait; several people decide them, on the staff desk."""


@refunds.command("list")
def list_refunds() -> None:
    """List the requests that nobody has decided, the most urgent first."""
    for request in asyncio.run(refund_queries.waiting_requests()):
        words = asyncio.run(refund_queries.words_of(request.id))
        amount = f"{yuan(request.amount_fen):,.2f}"
        click.echo(f"{request.id}  until {request.due_on}  ¥{amount}  {request.ground.value}  {words}")
