"""What to print, and what a label that was printed ahead stands for."""

from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.text import N_
from cishan.plumbing.forms import Input
from cishan.warehouse.rules.labels import Format, What


class PrintForm(msgspec.Struct):
    """Which labels, how many of each, on which paper, from which place of a begun sheet."""

    what: What = What.CODES
    codes: Annotated[str, Input(max_length=20_000, multiline=True)] = ""
    site: UUID | None = None
    copies: int = 1
    count: int = 24
    paper: Format = Format.SMALL
    start: int = 1


class OnceForm(msgspec.Struct):
    """A form that counts once."""

    request: UUID


class BindForm(msgspec.Struct):
    """The lot or bin of a label."""

    to: Annotated[str, Input(max_length=300)]


class LearnForm(msgspec.Struct):
    """Which goods a maker's barcode is on, and for how many pieces it stands."""

    code: Annotated[str, Input(max_length=300)]
    item: Annotated[UUID, Input(required=N_("Choose the goods."))]
    quantity: int = 1


class ReplaceForm(msgspec.Struct):
    """The damaged label that it takes the place of."""

    replaces: Annotated[str, Input(max_length=300)]
