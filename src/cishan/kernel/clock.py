"""The one place that knows what time it is, and the time zone of the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone without daylight saving since 1992."""

_fixed: ContextVar[datetime | None] = ContextVar("fixed_clock", default=None)


def now() -> datetime:
    """Return the present moment in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """Return the calendar day in China."""
    return now().astimezone(CHINA).date()


def china_day(moment: datetime) -> date:
    """Return the calendar day in China on which the moment falls."""
    return moment.astimezone(CHINA).date()


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Let `now` answer with the given moment inside the block (tests and simulations)."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
