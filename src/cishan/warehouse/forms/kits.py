"""What is typed to write a kit down, to put some together and to take some apart."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.intake import whole_number
from cishan.warehouse.rules.kits import KITS_AT_ONCE, PART_LIMIT, PIECES_LIMIT, Part
from cishan.warehouse.rules.restrictions import LABELS

CHOOSE = N_("Choose one of the options.")


def read_id(text: str) -> UUID:
    """Return an id that a form carries; raise Invalid for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(CHOOSE) from None


def _pieces(text: str) -> int:
    return whole_number(text, limit=PIECES_LIMIT)


def _kits(text: str) -> int:
    return whole_number(text, limit=KITS_AT_ONCE)


def _group(text: str) -> str:
    if text not in LABELS:
        raise Invalid(CHOOSE)
    return text


Id = Annotated[UUID, Input(parse=read_id, required=CHOOSE)]


class KitForm(msgspec.Struct):
    """Which kit, and why it changes."""

    item: Id
    note: Annotated[str, Input(max_length=200)] = ""


class _PartRow(msgspec.Struct):
    item: Annotated[UUID | None, Input(parse=read_id)] = None
    pieces: Annotated[int | None, Input(parse=_pieces, max_length=12)] = None


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
    quantity: Annotated[int, Input(parse=_kits, max_length=12)]
    fund: Annotated[str, Input(max_length=64, required=CHOOSE)]
    bin: Id
    request: Id
    tokens: Annotated[list[str], Input(parse=_group)] = []
    drive: Annotated[UUID | None, Input(parse=read_id)] = None


class PreviewForm(msgspec.Struct):
    """The same before it is done: what may still be left open."""

    site: Annotated[UUID | None, Input(parse=read_id)] = None
    quantity: Annotated[int | None, Input(parse=_kits, max_length=12)] = None
    fund: Annotated[str, Input(max_length=64)] = ""
    tokens: Annotated[list[str], Input(parse=_group)] = []
    drive: Annotated[UUID | None, Input(parse=read_id)] = None


class ApartForm(msgspec.Struct):
    """How many kits from which bin, and where their parts shall lie."""

    from_bin: Id
    to_bin: Id
    quantity: Annotated[int, Input(parse=_kits, max_length=12)]
    request: Id
