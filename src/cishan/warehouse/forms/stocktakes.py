"""What is typed at a stocktake."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel import clock
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Input
from cishan.warehouse.forms.pieces import Pieces, none_or_more
from cishan.warehouse.rules.intake import FAR


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


def _last_day(text: str) -> date:
    """Return a last day of use; what expired lately may still lie there, but no day is centuries away."""
    day = forms.convert(date, text)
    if abs(day - clock.today()) > timedelta(days=FAR):
        raise Invalid(N_("Enter a date such as 2026-11-22."))
    return day


class UnlabelledForm(msgspec.Struct):
    """Goods that lie there without the label of a lot."""

    item: Annotated[UUID, Input(required=N_("Choose one of the options."))]
    pieces: Pieces
    why: Annotated[str, Input(max_length=200, required=N_("Say why."))]
    request: UUID
    use_until: Annotated[date, Input(parse=_last_day)] | None = None


class OverForm(msgspec.Struct):
    """A lot, or a kind of goods without a label, of one's own count."""

    thing: UUID


class AgainForm(msgspec.Struct):
    """Why everything is counted anew."""

    again_reason: Annotated[str, Input(max_length=300)]


class AbandonForm(msgspec.Struct):
    """Why a stocktake is given up."""

    abandon_reason: Annotated[str, Input(max_length=300)]
