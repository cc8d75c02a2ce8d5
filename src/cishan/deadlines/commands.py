"""What a person tells the calendar at a terminal."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from typing import TextIO

import click

from cishan.deadlines import actions as actions_on_rules
from cishan.deadlines.actions import working_days as actions
from cishan.deadlines.rules import Direction, Pause, Rule, Unit, spans_of_days
from cishan.kernel.errors import DomainError


@click.command("calendar")
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option("--off", multiple=True, metavar="DAY[..DAY]", help="Days off, as 2027-01-01..2027-01-03.")
@click.option("--make-up", multiple=True, metavar="DAY[..DAY]", help="Weekend days that are worked.")
@click.option("--source", required=True, help="The decree, as 国办发明电〔2026〕…号.")
def calendar(year: int, off: Sequence[str], make_up: Sequence[str], source: str) -> None:
    """Write down the days off and the make-up days that the State Council decreed for a year."""
    days_off, make_up_days = _days(off), _days(make_up)
    try:
        work = actions.write_year(year, days_off=days_off, make_up_days=make_up_days, source=source)
        clocks = asyncio.run(work)
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{year}: {len(days_off)} days off, {len(make_up_days)} made up for;"
        f" {clocks} running clocks reckoned."
    )


@click.command("deadline-rules")
@click.argument("file", type=click.File(encoding="utf-8"))
def deadline_rules(file: TextIO) -> None:
    """Write down versions of deadlines from a file of the shape of seeds/data/deadline_rules.json."""
    try:
        wanted = rules_in(file.read())
        asyncio.run(actions_on_rules.set_rules(wanted))
    except (ValueError, TypeError, KeyError) as error:
        raise click.ClickException(f"{file.name} is no list of rules: {error}") from error
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(wanted)} versions of deadlines are known.")


def rules_in(text: str) -> list[Rule]:
    """Return the rules of a file; raise ValueError, TypeError or KeyError for what is none."""
    return [
        Rule(
            **{
                **given,
                "unit": Unit(given["unit"]),
                "direction": Direction(given.get("direction", "after")),
                "pause_reasons": tuple(Pause(reason) for reason in given.get("pause_reasons", ())),
                "effective_from": date.fromisoformat(given["effective_from"]),
                "effective_to": date.fromisoformat(given["effective_to"])
                if given.get("effective_to")
                else None,
            }
        )
        for given in json.loads(text)
    ]


def _days(spans: Sequence[str]) -> set[date]:
    try:
        return spans_of_days(spans)
    except DomainError as error:
        raise click.BadParameter(str(error)) from error
