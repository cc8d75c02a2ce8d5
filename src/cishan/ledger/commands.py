"""What a person asks of the books at a terminal."""

import asyncio
from pathlib import Path

import click

from cishan.ledger.queries import exports, proofs


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


@click.command("export-books")
@click.option("--format", "form", type=click.Choice(sorted(exports.FORMATS)), required=True)
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True)
def export_books(form: str, out: Path) -> None:
    """Write the whole books for beancount, hledger or a spreadsheet."""
    asyncio.run(_write(form, out))
    click.echo(f"Wrote {out}.")


async def _write(form: str, out: Path) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        async for piece in exports.books_as(form):
            file.write(piece)
