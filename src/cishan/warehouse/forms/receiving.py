"""What staff type when they answer an offer, count, inspect, value and shelve."""

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel import money
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, clean
from cishan.plumbing import forms
from cishan.plumbing.forms import Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.pieces import none_or_more, pieces
from cishan.warehouse.rules.offers import Decision, Fate, Grade, Graded, OfferView, Reason, Valued
from cishan.warehouse.rules.stock import Basis

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise Invalid(N_("Enter a time such as 09:30."))
    return text


class AppointmentForm(msgspec.Struct, kw_only=True):
    """When and where goods are brought."""

    on: date
    begins: Annotated[str, Input(parse=_time, max_length=5)]
    until: Annotated[str, Input(parse=_time, max_length=5)]
    site: UUID


class RequestForm(msgspec.Struct, kw_only=True):
    """A button that is pressed once, however often."""

    request: UUID


class ClosingForm(msgspec.Struct, kw_only=True):
    """Why an offer is closed whose goods did not come."""

    reason: Annotated[str, Input(max_length=300, required=N_("Say why the offer is closed."))]


class ShelvingForm(msgspec.Struct, kw_only=True):
    """Which pieces go into which bin."""

    request: UUID
    lot: UUID
    bin: Annotated[str, Input(max_length=40, required=N_("Scan or type the code of the bin."))]
    quantity: Annotated[int, Input(parse=pieces, max_length=20)]


class PurposeForm(msgspec.Struct, kw_only=True):
    """What somebody must know a giver's name and number for."""

    purpose: Annotated[str, Input(max_length=200)]


class _Reader:
    """Reads fields by their names, keeping a message beside each that cannot be read."""

    def __init__(self, submitted: Mapping[str, Any]) -> None:
        self.form: Form[Any] = forms.read(msgspec.defstruct("Anything", []), submitted)
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, limit: int = 300) -> str:
        try:
            return forms.words(self.form.typed(name), limit=limit)
        except Invalid as error:
            self.errors[name] = say(error)
            return ""

    def value(self, name: str, parse: Any, default: Any = None) -> Any:
        typed = clean(self.form.typed(name)).strip()
        if not typed:
            return default
        try:
            return parse(typed)
        except Invalid as error:
            self.errors[name] = say(error)
            return default

    def one_of(self, name: str, kind: Any) -> Any:
        try:
            return kind(self.form.typed(name))
        except ValueError:
            self.errors[name] = say(Invalid(forms.CHOOSE))
            return None

    @property
    def done(self) -> Form[Any]:
        return Form(None, self.errors, self.form.raw, self.form.files)


def decisions(submitted: Mapping[str, Any], found: OfferView) -> tuple[list[Decision], Form[Any]]:
    """Return what was decided of each line; the form has the messages beside what could not be read."""
    reader, decided = _Reader(submitted), []
    for line in found.lines:
        n = line.number
        taken = reader.form.typed(f"take-{n}")
        if taken not in {"yes", "no"}:
            reader.errors[f"take-{n}"] = say(Invalid(N_("Say whether this is accepted or declined.")))
            continue
        if taken == "no":
            reason = reader.one_of(f"reason-{n}", Reason)
            decided.append(Decision(line=line.id, reason=reason, words=reader.text(f"words-{n}")))
        else:
            decided.append(
                Decision(
                    line=line.id,
                    item=reader.value(f"item-{n}", partial(forms.convert, UUID)),
                    fresh_list=reader.text(f"list-{n}", limit=60),
                    hand_out_by=reader.value(f"by-{n}", partial(forms.convert, date)),
                )
            )
    return decided, reader.done


def counted(submitted: Mapping[str, Any], found: OfferView) -> tuple[dict[UUID, int], UUID | None, Form[Any]]:
    """Return what was counted of each accepted line, and the id of the form."""
    reader, quantities = _Reader(submitted), {}
    for line in found.accepted:
        name = f"count-{line.number}"
        if not reader.form.typed(name).strip():
            reader.errors[name] = say(Invalid(N_("Count every line; write 0 for what did not come.")))
        quantity = reader.value(name, none_or_more)
        if quantity is not None:
            quantities[line.id] = quantity
    key = reader.value("request", partial(forms.convert, UUID))
    if key is None:
        reader.errors.pop("request", None)
        reader.errors[""] = say(Invalid(forms.STALE))
    return quantities, key, reader.done


def graded(submitted: Mapping[str, Any], found: OfferView) -> tuple[list[Graded], dict[UUID, str], Form[Any]]:
    """Return what each counted line was found to be, and what is known of pieces that did not come."""
    reader, gradings, short = _Reader(submitted), [], {}
    for line in found.accepted:
        n = line.number
        for grade in Grade:
            quantity = reader.value(f"grade-{grade}-{n}", none_or_more, 0)
            if not quantity:
                continue
            unfit = grade is Grade.X
            typed = reader.form.typed(f"fate-{n}")
            gradings.append(
                Graded(
                    line=line.id,
                    grade=grade,
                    quantity=quantity,
                    reason=reader.text(f"why-{n}") if unfit else "",
                    fate=Fate(typed) if unfit and typed in set(Fate) else None,
                )
            )
        short[line.id] = reader.text(f"short-{n}")
    return gradings, short, reader.done


def valued(submitted: Mapping[str, Any], found: OfferView) -> tuple[list[Valued], Form[Any]]:
    """Return what the pieces of each fit grade are worth together, and by what."""
    reader, values = _Reader(submitted), []
    for number, one in enumerate((g for g in found.grades if g.grade != Grade.X), 1):
        basis = reader.one_of(f"basis-{number}", Basis)
        value_fen = reader.value(f"value-{number}", money.parse_yuan, 0)
        if basis in {Basis.VOUCHER, Basis.FAIR, Basis.MEMO}:
            values.append(
                Valued(
                    graded=one.id,
                    basis=basis,
                    value_fen=value_fen,
                    source="" if basis is Basis.MEMO else reader.text(f"source-{number}", limit=200),
                )
            )
        elif basis is not None:
            reader.errors[f"basis-{number}"] = say(Invalid(forms.CHOOSE))
    return values, reader.done


def named(error: Invalid, found: OfferView) -> Invalid:
    """Return a refusal whose field is called as in the form: by the number of the line or grade."""
    numbers = {str(line.id): line.number for line in found.lines}
    fit = [grade for grade in found.grades if grade.grade != Grade.X]
    numbers |= {str(one.id): number for number, one in enumerate(fit, 1)}
    name, _, row = error.field.partition("-")
    if row not in numbers:
        return error
    shown = {"grade": "grade-A", "reason": "why"}.get(name, name)
    return Invalid(error.message, field=f"{shown}-{numbers[row]}", **error.values)
