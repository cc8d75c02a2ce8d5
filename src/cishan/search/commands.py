"""What a person asks of the index at a terminal."""

import asyncio

import click

from cishan.plumbing import db
from cishan.search import actions


@click.command()
def reindex() -> None:
    """Build the search index anew, for example after MEILISEARCH_URL was set."""
    click.echo(f"Indexed {asyncio.run(_reindex())} campaigns.")


async def _reindex() -> int:
    async with db.pool(max_size=2):
        return await actions.reindex_all()
