"""Hours in which nobody's telephone shall ring for what can wait."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from cishan.kernel import clock

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when until when, by China's clock, text messages wait; over midnight if the end is the earlier."""

    begins: time
    ends: time

    def over_at(self, moment: datetime) -> datetime | None:
        """Return when the quiet ends in which a moment lies; None: it lies in none."""
        local = moment.astimezone(clock.CHINA)
        now = local.time()
        if self.begins <= self.ends:
            quiet, tomorrow = self.begins <= now < self.ends, False
        else:
            quiet, tomorrow = now >= self.begins or now < self.ends, now >= self.begins
        if not quiet:
            return None
        day = local.date() + timedelta(days=1) if tomorrow else local.date()
        return datetime.combine(day, self.ends, clock.CHINA)


def quiet_hours(text: str) -> QuietHours | None:
    """Read 21:00-08:00; empty: there are none; raise ValueError for anything else."""
    if not text.strip():
        return None
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
    return QuietHours(time(first_hour, first_minute), time(last_hour, last_minute))
