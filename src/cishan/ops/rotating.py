"""The command that brings encrypted columns under a new data key."""

import asyncio
from collections.abc import Iterable

import click

from cishan.plumbing import rotation

NAMED = 5
"""So many rows of each fault are named."""


@click.command("rotate-keys")
@click.option("--verify", is_flag=True, help="Change nothing; open every value and compare its blind index.")
@click.option(
    "--batch", type=click.IntRange(1, 5000), default=rotation.BATCH, help="Rows in one transaction."
)
def rotate_keys(verify: bool, batch: int) -> None:
    """Encrypt personal data anew under the first of DATA_KEYS. May be interrupted, and run again.

    Exit 1 if afterwards something is under another key, cannot be read, or is not found by its index.
    """
    found = asyncio.run(_run(verify, batch))
    for column in found:
        click.echo(_line(column))
    if not all(column.whole for column in found):
        raise SystemExit(1)
    click.echo("Everything is under the present key.")


async def _run(verify: bool, batch: int) -> list[rotation.Found]:
    import cishan.piccolo_app  # noqa: F401 - every table declares its encrypted columns

    if not verify:
        await rotation.rotate(batch=batch, say=click.echo)
    return await rotation.verify(batch=batch)


def _line(column: rotation.Found) -> str:
    parts = [f"{column.name}: {column.values} values"]
    if column.old:
        parts.append(f"{column.old} under another key")
    if column.unreadable:
        parts.append(f"cannot be read: {_some(column.unreadable)}")
    if column.wrong_index:
        parts.append(f"wrong blind index: {_some(column.wrong_index)}")
    return ", ".join(parts)


def _some(ids: Iterable[object]) -> str:
    known = [str(i) for i in ids]
    return " ".join(known[:NAMED]) + (f" and {len(known) - NAMED} more" if len(known) > NAMED else "")
