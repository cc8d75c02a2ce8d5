"""What a person tells of approvals at a terminal."""

import asyncio
import json
from datetime import date
from typing import TextIO

import click

from cishan.approvals import actions
from cishan.approvals.rules import Band
from cishan.kernel.errors import DomainError


@click.command("approval-bands")
@click.argument("file", type=click.File(encoding="utf-8"))
def approval_bands(file: TextIO) -> None:
    """Write down versions of bands from a file of the shape of seeds/data/approval_bands.json."""
    try:
        wanted = bands_in(file.read())
        asyncio.run(actions.set_bands(wanted))
    except (ValueError, TypeError, KeyError) as error:
        raise click.ClickException(f"{file.name} is no list of bands: {error}") from error
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(wanted)} versions of bands are known.")


def bands_in(text: str) -> list[Band]:
    """Return the bands of a file; raise ValueError, TypeError or KeyError for what is none."""
    return [
        Band(
            **{
                **given,
                "propose_roles": tuple(given["propose_roles"]),
                "check_roles": tuple(given["check_roles"]),
                "effective_from": date.fromisoformat(given["effective_from"]),
                "effective_to": date.fromisoformat(given["effective_to"])
                if given.get("effective_to")
                else None,
            }
        )
        for given in json.loads(text)
    ]
