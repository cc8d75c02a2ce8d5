"""What an administrator may ask of the payment inbox."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from cishan.kernel.errors import DomainError
from cishan.payments import actions, queries
from cishan.payments.rules import Difference, Drained
from cishan.plumbing import db

T = TypeVar("T")


@click.group()
def payments() -> None:
    """Look after the messages of the payment service."""


@payments.command()
@click.argument("event_id")
def replay(event_id: str) -> None:
    """Work a message off once more (evt_…); nothing is booked twice."""
    _run(actions.replay(event_id))
    drained = _run(actions.drain())
    click.echo(_said(drained))


@payments.command()
def drain() -> None:
    """Work off every message that waits."""
    click.echo(_said(_run(actions.drain())))


@payments.command()
def parked() -> None:
    """List the messages that nobody could handle."""
    for event in _run(queries.parked()):
        click.echo(f"{event.id}  {event.type}  {event.subject}  {event.tries}×  {event.last_error}")


@click.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 400))
def reconcile(days: int) -> None:
    """Compare the payment service with the books; exit 1 if they differ."""
    found = _run(actions.reconcile(days=days))
    for difference in found:
        click.echo(_line(difference))
    if found:
        raise SystemExit(1)
    click.echo("The payment service and the books agree.")


def _line(one: Difference) -> str:
    held = "-" if one.channel_fen is None else str(one.channel_fen)
    booked = "-" if one.books_fen is None else str(one.books_fen)
    return f"{one.kind.value}  {one.key}  channel {held} fen  books {booked} fen  {one.note}".rstrip()


def _said(drained: Drained) -> str:
    return (
        f"{drained.taken} messages: {drained.done} done, {drained.waiting} waiting, {drained.parked} parked;"
        f" {drained.booked} movements booked."
    )


def _run(work: Coroutine[Any, Any, T]) -> T:
    async def with_pool() -> T:
        async with db.pool(max_size=2):
            return await work

    try:
        return asyncio.run(with_pool())
    except DomainError as error:
        raise click.ClickException(str(error)) from error
