"""What is typed for goods that go out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel import contacts
from cishan.kernel.errors import Invalid
from cishan.kernel.numbers import whole_number
from cishan.kernel.text import N_, fold
from cishan.plumbing.forms import Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.pieces import Pieces, none_or_more, pieces
from cishan.warehouse.rules.orders import Condition, Confirmed, ReceiverKind, Signed, WantedLine
from cishan.warehouse.rules.scraps import Ground


def age_of(text: str) -> int:
    """Return an age in years."""
    try:
        return whole_number(fold(text).removesuffix("岁"), least=0, limit=130)
    except Invalid:
        raise Invalid(N_("Enter the age in whole years.")) from None


def sex_of(text: str) -> str:
    """Return f or m, or nothing for what is not said."""
    word = fold(text)
    found = {"女": "f", "f": "f", "female": "f", "男": "m", "m": "m", "male": "m", "": "", "-": ""}.get(word)
    if found is None:
        raise Invalid(N_("Enter 男 or 女, or leave it empty."))
    return found


class OrderForm(msgspec.Struct, kw_only=True):
    """Whom goods are for, and from where. The lines are read by `lines_of`."""

    request: UUID
    site: UUID
    receiver_kind: ReceiverKind
    name: Annotated[str, Input(max_length=60, required=N_("Say who receives."))]
    phone: Annotated[str, Input(parse=contacts.phone, max_length=30)] = ""
    address: Annotated[str, Input(max_length=120)] = ""
    region: Annotated[str, Input(max_length=12, required=N_("Choose where they live."))]
    age: Annotated[int, Input(parse=age_of, max_length=6)] | None = None
    sex: Annotated[str, Input(parse=sex_of, max_length=8)] = ""
    groups: list[str] = []
    purpose: Annotated[str, Input(max_length=200)] = ""
    entrusted: Annotated[str, Input(max_length=30)] = ""
    """The number of a lot that was entrusted for this receiver."""


class ListForm(msgspec.Struct, kw_only=True):
    """An allocation list; its rows come in a file or pasted."""

    request: UUID
    site: UUID
    title: Annotated[str, Input(max_length=80, required=N_("Say what the list is for."))]
    rows: Annotated[str, Input(max_length=2_000_000, multiline=True)] = ""


class StepForm(msgspec.Struct, kw_only=True):
    """A step that needs nothing but its request, and maybe a reason."""

    request: UUID
    reason: Annotated[str, Input(max_length=300)] = ""


class ScanForm(msgspec.Struct, kw_only=True):
    """Something that was scanned while picking."""

    request: UUID
    code: Annotated[str, Input(max_length=300, required=N_("Scan or type a code."))]
    bin: Annotated[str, Input(max_length=40)] = ""
    """The bin that was scanned before."""


class PickForm(msgspec.Struct, kw_only=True):
    """How many were picked."""

    request: UUID
    quantity: Pieces


class NotFoundForm(msgspec.Struct, kw_only=True):
    """How many were there, and why not all."""

    request: UUID
    found: Annotated[int, Input(parse=none_or_more, max_length=12, required=N_("Enter how many."))]
    reason: Annotated[str, Input(max_length=300, required=N_("Say why."))]


class InsteadForm(msgspec.Struct, kw_only=True):
    """Another lot than the one that expires first, and why."""

    request: UUID
    lot: Annotated[str, Input(max_length=60, required=N_("Scan or type the number of the lot."))]
    reason: Annotated[str, Input(max_length=300, required=N_("Say why."))]


class PackForm(msgspec.Struct, kw_only=True):
    """Into how many parcels goods were packed."""

    parcels: Pieces
    drop_rest: bool = False


class HandOverForm(msgspec.Struct, kw_only=True):
    """Who stood beside a hand-over and who signed; the signatures come as files."""

    request: UUID
    signed: Signed
    second: Annotated[UUID | None, Input()] = None
    volunteer: Annotated[str, Input(max_length=60)] = ""
    signer: Annotated[str, Input(max_length=60)] = ""


class ConfirmForm(msgspec.Struct, kw_only=True):
    """What the receiver said."""

    how: Confirmed = Confirmed.PHONE
    complaint: bool = False
    note: Annotated[str, Input(max_length=500, multiline=True)] = ""


class ReturnForm(msgspec.Struct, kw_only=True):
    """What came back."""

    request: UUID
    pick: UUID
    quantity: Pieces
    condition: Condition
    reason: Annotated[str, Input(max_length=300, required=N_("Say why the goods came back."))]
    grade: Annotated[str, Input(max_length=1)] = ""
    bin: Annotated[str, Input(max_length=300)] = ""
    """A shelf; empty: quarantine."""


class ScrapForm(msgspec.Struct, kw_only=True):
    """What shall be written off; the photos come as files."""

    request: UUID
    quantity: Pieces
    ground: Ground
    words: Annotated[
        str, Input(max_length=300, multiline=True, required=N_("Say what happened to the goods."))
    ]
    witness: Annotated[UUID | None, Input()] = None
    volunteer: Annotated[str, Input(max_length=60)] = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """One line of an order as it was typed, and what is wrong with it."""

    item: str = ""
    quantity: str = ""
    error: str = ""


def lines_of(raw: Mapping[str, list[str]], known: Mapping[str, UUID]) -> tuple[list[Typed], list[WantedLine]]:
    """Return the lines as they were typed with their errors, and as they are wanted if none is wrong.

    `known` gives items by their ids and codes. A line without item and quantity is left out.
    """
    typed, wanted = [], []
    items, counts = raw.get("item", []), raw.get("quantity", [])
    for place in range(max(len(items), len(counts))):
        item = items[place].strip() if place < len(items) else ""
        count = counts[place].strip() if place < len(counts) else ""
        if not item and not count:
            continue
        error = ""
        try:
            found = known.get(item)
            if found is None:
                raise Invalid(N_("Choose the kind of goods."))
            wanted.append(WantedLine(found, pieces(count)))
        except Invalid as refusal:
            error = say(refusal)
        typed.append(Typed(item, count, error))
    return typed, wanted


def with_error(form: Form[Any], field: str, message: str) -> Form[Any]:
    """Return a form with one more message."""
    return Form(None, {**form.errors, field: message}, form.raw, form.files)
