"""Writing a decree down at a terminal."""

import os
import subprocess
import sys
from datetime import date

from cishan.deadlines import queries
from cishan.kernel.workdays import is_assumed, is_working_day
from cishan.plumbing.db import fetch_value


def told(*arguments: str) -> tuple[int, str]:
    """Run the command as a person would."""
    done = subprocess.run(
        [sys.executable, "-m", "cishan.cli", "calendar", "2027", *arguments, "--source", "演示令"],
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


async def test_a_decreed_year_is_no_longer_assumed(racing: str) -> None:
    code, said = told("--off", "2027-01-01..2027-01-03", "--make-up", "2027-01-10")
    assert (code, said) == (0, "2027: 3 days off, 1 made up for; 0 running clocks reckoned.\n")
    written = await queries.calendar()
    assert len(written.written) == 365
    assert not is_working_day(date(2027, 1, 1), written)
    assert is_working_day(date(2027, 1, 10), written)
    assert not is_assumed(date(2027, 1, 1), date(2027, 12, 31), written)


async def test_a_span_that_is_none_changes_nothing(racing: str) -> None:
    assert told("--off", "2027-02-30")[0] == 2
    assert told("--off", "2027-01-03..2027-01-01")[0] == 2
    code, said = told("--off", "2026-01-01")
    assert (code, "in the year 2027" in said) == (1, True)
    assert await fetch_value("SELECT count(*) FROM calendar_day") == 0
