"""What the figures of a warehouse mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cishan.kernel.text import N_

COVER_MONTHS = 3
"""Closed months that the pace of handing out is taken from, beside the running one."""
SHOWN_MONTHS = 12
AFTER_DAYS = 30
"""So many days beyond the house's line for what is near its end are shown too."""


@dataclass(frozen=True, slots=True)
class Band:
    """Goods that have so many days left; `label` is a msgid with places for `first` and `last`."""

    label: str
    first: int
    last: int


def bands(near_days: int) -> list[Band]:
    """Return the bands of what will not last: expired, two up to the house's line, and one beyond it."""
    found, first = [Band(N_("Past their last day"), -1_000_000, -1)], 0
    for last in sorted({max(near_days // 2, 1), near_days, near_days + AFTER_DAYS}):
        label = N_("In {first} to {last} days") if first else N_("Within {last} days")
        found.append(Band(label, first, last))
        first = last + 1
    return found


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def months_before(day: date, count: int) -> list[date]:
    """Return the first days of so many months before the one of the day, the oldest first."""
    found = [month_of(day)]
    for _ in range(count):
        found.append(month_of(found[-1] - timedelta(days=1)))
    return found[:0:-1]


def days_of_cover(available: int, issued: int, days: int) -> int | None:
    """Return for how many days stock lasts at the pace of the last days; None if nothing went out."""
    return available * days // issued if issued > 0 and days > 0 else None


@dataclass(frozen=True, slots=True)
class Month:
    """What came and went in one month, in pieces and 分. What came back is taken off what went."""

    month: date
    received: int = 0
    received_fen: int = 0
    issued: int = 0
    issued_fen: int = 0


def turnover(value_fen: int, months: Sequence[Month]) -> tuple[int, int] | None:
    """Return how often a year's stock goes out, as tenths, and the average stock in 分; None without stock.

    The average is of the values at the ends of the months, counted back from today's value.
    """
    ends, worth = [value_fen], value_fen
    for month in reversed(months):
        worth -= month.received_fen - month.issued_fen
        ends.append(max(worth, 0))
    average = sum(ends) // len(ends)
    if average <= 0:
        return None
    issued = sum(month.issued_fen for month in months)
    return issued * 10 // average, average
