"""What staff type into the calendar of working days."""

import re
from datetime import date
from typing import Annotated, Literal

import msgspec

from cishan.deadlines.rules import spans_of_days
from cishan.kernel.text import N_
from cishan.plumbing.forms import CHOOSE, Input

SOURCE = N_("Say which decree says so.")


def _days(text: str) -> set[date]:
    return spans_of_days([part for part in re.split(r"[\s,，;；、]+", text) if part])


Days = Annotated[set[date], Input(parse=_days, max_length=2000, multiline=True)]


class SpanForm(msgspec.Struct):
    """Some days on which offices work, or do not, otherwise than the calendar says."""

    first: date
    work: Annotated[Literal["off", "work"], Input(required=CHOOSE)]
    source: Annotated[str, Input(max_length=200, required=SOURCE)]
    last: date | None = None
    note: Annotated[str, Input(max_length=100)] = ""


class YearForm(msgspec.Struct):
    """The decree of a whole year of which the library knows nothing."""

    off: Days
    source: Annotated[str, Input(max_length=200, required=SOURCE)]
    make_up: Days = msgspec.field(default_factory=set)
