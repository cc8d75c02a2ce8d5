"""What is chosen on the page of messages."""

from typing import Annotated

import msgspec

from cishan.kernel.contacts import Channel
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import Input

WayOf = tuple[str, Channel]
"""An event's code and one of its ways."""


def _way_of(text: str) -> WayOf:
    code, _, way = text.partition(":")
    if way not in set(Channel):
        raise Invalid(N_("Choose one of the options."))
    return code, Channel(way)


class Choices(msgspec.Struct):
    """Which of the ways that were offered are wanted, and in which language."""

    language: Annotated[str, Input(max_length=8)]
    offered: Annotated[list[WayOf], Input(parse=_way_of, max_length=60)]
    want: Annotated[list[WayOf], Input(parse=_way_of, max_length=60)]
