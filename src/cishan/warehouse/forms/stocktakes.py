"""What is typed at a stocktake."""

from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.text import N_
from cishan.plumbing.forms import Input
from cishan.warehouse.forms.pieces import none_or_more


class OpenForm(msgspec.Struct):
    """Which bins are frozen for counting."""

    site: UUID
    request: UUID
    bins: list[UUID] = msgspec.field(default_factory=list)
    codes: Annotated[str, Input(max_length=4000, multiline=True)] = ""
    """Codes of bins, however they are separated."""
    note: Annotated[str, Input(max_length=200)] = ""


class EntryForm(msgspec.Struct):
    """A lot and how many of it."""

    scan: Annotated[str, Input(max_length=300, required=N_("Scan the label of a lot, or type its number."))]
    quantity: Annotated[
        int, Input(parse=none_or_more, max_length=20, required=N_("Enter how many you count."))
    ]
    request: UUID


class LotForm(msgspec.Struct):
    """One lot of one's own count."""

    lot: UUID


class AgainForm(msgspec.Struct):
    """Why everything is counted anew."""

    again_reason: Annotated[str, Input(max_length=300)]


class AbandonForm(msgspec.Struct):
    """Why a stocktake is given up."""

    abandon_reason: Annotated[str, Input(max_length=300)]
