"""What a person asks of receipts and refunds at a terminal."""

import asyncio
from datetime import datetime, timedelta

import click

from cishan.donations.actions import limits
from cishan.donations.queries import receipt_proofs
from cishan.donations.queries import refunds as refund_queries
from cishan.donations.rules.giving import LimitKind
from cishan.donations.rules.limits import Limit
from cishan.kernel import clock
from cishan.kernel.errors import DomainError
from cishan.kernel.money import parse_yuan, yuan

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


@click.command("gift-limit")
@click.argument("kind", type=click.Choice([kind.value for kind in LimitKind]))
@click.option("--yuan", "amount", help="The amount, for limits that are one.")
@click.option("--times", type=click.IntRange(1, 100_000), help="How often, for limits that count.")
@click.option("--minutes", type=click.IntRange(1, 100_000), help="Within how many minutes they count.")
@click.option("--from", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="From which day on.")
@click.option("--reason", required=True, help="Who decided it, and why.")
def gift_limit(  # noqa: PLR0917 - click calls it by names
    kind: str, amount: str | None, times: int | None, minutes: int | None, day: datetime, reason: str
) -> None:
    """Write down a new version of a limit of giving."""
    counts = kind.endswith("_count")
    if counts != (times is not None and minutes is not None) or counts == (amount is not None):
        raise click.UsageError("An amount takes --yuan alone, a count --times and --minutes alone.")
    try:
        limit = Limit(LimitKind(kind), parse_yuan(amount) if amount else None, times, minutes)
        asyncio.run(limits.set_limit(limit, effective_from=day.date(), reason=reason))
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{kind} holds from {day.date()} on.")
