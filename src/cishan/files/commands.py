"""What a person asks of the files at a terminal."""

import asyncio

import click

from cishan.files import queries
from cishan.gateways import storage


@click.group("files")
def files() -> None:
    """Look after the files that people sent."""


@files.command("check")
def check() -> None:
    """Read every file and compare its hash; name what is missing or changed, and exit 1."""
    whole, lost = asyncio.run(_check())
    if lost:
        click.echo(f"{lost} of {whole + lost} files are lost: bring them back from a backup.")
        raise SystemExit(1)
    click.echo(f"All {whole} files are there and as they were sent.")


async def _check() -> tuple[int, int]:
    whole = lost = 0
    async for batch in queries.content():
        for content in batch:
            try:
                await storage.get(content.storage_key)
                whole += content.files
            except storage.Lost as error:
                lost += content.files
                click.echo(
                    f"LOST {content.storage_key}: {error.message} It is of {', '.join(content.shown_by)}"
                )
    return whole, lost
