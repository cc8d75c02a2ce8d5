"""What an auditor asks of the history at a terminal."""

import asyncio
from pathlib import Path

import click

from cishan import gateways
from cishan.audit import actions, queries, rules
from cishan.audit.rules import Anchor, Report
from cishan.kernel.errors import DomainError
from cishan.plumbing.db import atomic


@click.command("verify-history")
@click.option(
    "--anchors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An anchor file that was kept elsewhere; without it the installation's own is read.",
)
def verify_history(anchors: Path | None) -> None:
    """Prove the history; name each row that was changed, removed or put in, and exit 1."""
    try:
        known = (
            rules.read_anchors(anchors.read_text().splitlines()) if anchors else actions.anchors_in(_folder())
        )
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    report: Report = asyncio.run(queries.verify(known))
    for finding in report.findings:
        click.echo(f"BROKEN {finding}")
    if report.findings:
        raise SystemExit(1)
    click.echo(
        f"The history is whole: {report.sealed} rows in the chain, {report.waiting} wait to be sealed,"
        f" {report.anchors} anchors hold."
    )


@click.command("anchor")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Another folder for the anchor file, as a stick that the auditor takes away.",
)
def anchor(out: Path | None) -> None:
    """Seal the history and write its anchor, for an auditor to keep."""
    folder = out or _folder()
    told = asyncio.run(_anchor(folder))
    click.echo(
        f"Wrote {folder / actions.ANCHORS}: {told.line()}" if told else "There is nothing new to anchor."
    )


async def _anchor(folder: Path) -> Anchor | None:
    while True:
        async with atomic():
            block = await actions.seal()
        if block is None:
            return await actions.anchor(folder)


def _folder() -> Path:
    return gateways.settings().data_dir / "anchors"
