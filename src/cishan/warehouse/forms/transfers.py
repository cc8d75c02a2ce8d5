"""What people type of transfers."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import CHOOSE, Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.pieces import Whole, none_or_more
from cishan.warehouse.forms.places import Reason, Scanned
from cishan.warehouse.rules.transfers import EXPLANATION_LIMIT, Counted, Line, require_counted


class TransferForm(msgspec.Struct):
    """From where to where."""

    source: Annotated[UUID, Input(required=CHOOSE)]
    target: Annotated[UUID, Input(required=CHOOSE)]
    request: UUID
    note: Annotated[str, Input(max_length=300)] = ""


class LineForm(msgspec.Struct):
    """Pieces of a lot that was scanned."""

    lot: Scanned
    quantity: Whole
    request: UUID
    from_bin: Annotated[str, Input(max_length=300)] = ""


class FirstForm(msgspec.Struct):
    """Pieces of an item, whichever of its lots expires first."""

    item: Annotated[UUID, Input(required=CHOOSE)]
    pieces: Whole
    request: UUID


class RequestForm(msgspec.Struct):
    """A button that counts once."""

    request: UUID


class FindForm(msgspec.Struct):
    """Missing pieces that turned up."""

    line: UUID
    found: Whole
    request: UUID
    reason: Reason
    damaged: bool = False


def read_counts(
    lines: tuple[Line, ...], submitted: Mapping[str, Any]
) -> tuple[dict[UUID, Counted], Form[RequestForm]]:
    """Read what was counted of every line; the form tells what is wrong beside each field."""
    form = forms.read(RequestForm, submitted)
    errors, found = dict(form.errors), {}
    for line in lines:
        try:
            counted = Counted(
                _count(form.typed(f"arrived_{line.id}"), f"arrived_{line.id}"),
                _count(form.typed(f"damaged_{line.id}", "0") or "0", f"damaged_{line.id}"),
                _explained(form.typed(f"explanation_{line.id}"), f"explanation_{line.id}"),
            )
            found[line.id] = require_counted(line.quantity, counted, field=f"arrived_{line.id}")
        except Invalid as error:
            errors[error.field] = say(error)
    return found, Form(None if errors else form.value, errors, form.raw)


def _explained(text: str, field: str) -> str:
    try:
        return forms.words(text, limit=EXPLANATION_LIMIT)
    except Invalid as error:
        raise Invalid(error.message, field=field, **error.values) from None


def _count(text: str, field: str) -> int:
    if not text.strip():
        raise Invalid(N_("Count every line."), field=field)
    try:
        return none_or_more(text)
    except Invalid as error:
        raise Invalid(error.message, field=field, **error.values) from None
