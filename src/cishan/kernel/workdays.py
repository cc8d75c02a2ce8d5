"""Working days of mainland China, with the days off and the make-up days that the State Council decrees."""

from datetime import date, timedelta

import chinese_calendar


def is_workday(day: date) -> bool:
    """Tell whether offices work on the day; a year not decreed yet counts Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_workdays(day: date, days: int) -> date:
    """Return the day on which the given number of working days after `day` is reached."""
    while days > 0:
        day += timedelta(days=1)
        days -= is_workday(day)
    return day
