"""What is typed to call goods back."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from cishan.plumbing.forms import CHOOSE, Input
from cishan.warehouse.rules.recalls import Origin, Reached


class SearchForm(msgspec.Struct):
    """Which lots: by their numbers, or by the goods and the days on which they were made."""

    numbers: Annotated[str, Input(max_length=4000, multiline=True)] = ""
    item: Annotated[str, Input(max_length=40)] = ""
    made_from: date | None = None
    made_to: date | None = None


class RecallForm(msgspec.Struct):
    """Which of them are called back, and why."""

    origin: Annotated[Origin, Input(required=CHOOSE)]
    reason: Annotated[str, Input(max_length=500, multiline=True)]
    advice: Annotated[str, Input(max_length=100)]
    request: UUID
    lots: list[UUID] = msgspec.field(default_factory=list)
    item: UUID | None = None
    made_from: date | None = None
    made_to: date | None = None


class ReceiverForm(msgspec.Struct):
    """How far a receiver was reached."""

    state: Annotated[Reached, Input(required=CHOOSE)]
    note: Annotated[str, Input(max_length=200)] = ""


class PurposeForm(msgspec.Struct):
    """What somebody must see names and telephones for."""

    purpose: Annotated[str, Input(max_length=200)]


class ClosingForm(msgspec.Struct):
    """What became of the goods."""

    closing: Annotated[str, Input(max_length=500, multiline=True)]


class LiftForm(msgspec.Struct):
    """Why it was a false alarm."""

    lift_reason: Annotated[str, Input(max_length=500, multiline=True)]
