"""What is typed to write a kit down, to put some together and to take some apart."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import CHOOSE, Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.rules.kits import KITS_AT_ONCE, PART_LIMIT, PIECES_LIMIT, Part
from cishan.warehouse.rules.restrictions import LABELS

_PIECES = Input(parse=forms.whole(limit=PIECES_LIMIT), max_length=12)
_KITS = Input(parse=forms.whole(limit=KITS_AT_ONCE), max_length=12)


def _group(text: str) -> str:
    if text not in LABELS:
        raise Invalid(CHOOSE)
    return text


Id = Annotated[UUID, Input(required=CHOOSE)]


class KitForm(msgspec.Struct):
    """Which kit, and why it changes."""

    item: Id
    note: Annotated[str, Input(max_length=200)] = ""


class _PartRow(msgspec.Struct):
    item: UUID | None = None
    pieces: Annotated[int | None, _PIECES] = None


def read_parts(submitted: Mapping[str, Any], form: Form[KitForm]) -> tuple[Form[KitForm], tuple[Part, ...]]:
    """Read the rows `part_1`, `pieces_1` … of a kit; what is wrong stands beside its row."""
    errors: dict[str, str] = {}
    parts: list[Part] = []
    for n in range(1, PART_LIMIT + 1):
        names = {"item": f"part_{n}", "pieces": f"pieces_{n}"}
        row = {field: str(submitted.get(name, "")) for field, name in names.items()}
        if not any(text.strip() for text in row.values()):
            continue
        read = forms.read(_PartRow, row)
        errors |= {names[field]: message for field, message in read.errors.items()}
        if read.value is None:
            continue
        if read.value.item is None:
            errors[names["item"]] = say(Invalid(CHOOSE))
        elif read.value.pieces is None:
            errors[names["pieces"]] = say(Invalid(N_("Fill in this field.")))
        else:
            parts.append(Part(read.value.item, read.value.pieces))
    if errors or form.errors:
        return Form(None, {**form.errors, **errors}, form.raw, form.files), ()
    return form, tuple(parts)


class AssembleForm(msgspec.Struct):
    """How many kits, of which fund's goods, for whom, and onto which shelf."""

    site: Id
    quantity: Annotated[int, _KITS]
    fund: Annotated[str, Input(max_length=64, required=CHOOSE)]
    bin: Id
    request: Id
    tokens: Annotated[list[str], Input(parse=_group)] = []
    drive: UUID | None = None


class PreviewForm(msgspec.Struct):
    """The same before it is done: what may still be left open."""

    site: UUID | None = None
    quantity: Annotated[int | None, _KITS] = None
    fund: Annotated[str, Input(max_length=64)] = ""
    tokens: Annotated[list[str], Input(parse=_group)] = []
    drive: UUID | None = None


class ApartForm(msgspec.Struct):
    """How many kits from which bin, and where their parts shall lie."""

    from_bin: Id
    to_bin: Id
    quantity: Annotated[int, _KITS]
    request: Id
