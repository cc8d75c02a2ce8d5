"""What is typed to plan a drive, to write its list and to hand out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.numbers import whole_number
from cishan.kernel.text import N_
from cishan.plumbing import forms
from cishan.plumbing.forms import CHOOSE, Form, Input
from cishan.plumbing.i18n import say
from cishan.warehouse.forms.kits import Id
from cishan.warehouse.rules.drives import PER_PERSON_LIMIT, TARGET_LIMIT
from cishan.warehouse.rules.entitlements import NAME_LIMIT
from cishan.warehouse.rules.orders import Signed


class DriveForm(msgspec.Struct):
    """A plan but for its sites."""

    title: Annotated[str, Input(max_length=60)]
    item: Id
    per_person: Annotated[int, Input(parse=forms.whole(limit=PER_PERSON_LIMIT), max_length=12)]
    fund: Annotated[str, Input(max_length=64, required=CHOOSE)]
    starts_on: date
    ends_on: date
    request: UUID | None = None
    title_en: Annotated[str, Input(max_length=80)] = ""


def read_targets(
    submitted: Mapping[str, Any], form: Form[DriveForm], sites: Sequence[UUID]
) -> tuple[Form[DriveForm], dict[UUID, int]]:
    """Read how many people shall receive at each site (`target_<id>`); an empty field is none."""
    errors: dict[str, str] = {}
    targets: dict[UUID, int] = {}
    for site in sites:
        name = f"target_{site}"
        text = str(submitted.get(name, "")).strip()
        if not text:
            continue
        try:
            targets[site] = whole_number(text, limit=TARGET_LIMIT)
        except Invalid as error:
            errors[name] = say(error)
    if not targets and not errors and sites:
        message = N_("Name a site and how many people shall receive there.")
        errors[f"target_{sites[0]}"] = say(Invalid(message))
    whole = {**form.errors, **errors}
    return Form(None if whole else form.value, whole, form.raw, form.files), targets


class MoveForm(msgspec.Struct):
    """What shall happen to a drive, and why."""

    event: Annotated[str, Input(max_length=10, required=CHOOSE)]
    reason: Annotated[str, Input(max_length=200)] = ""


class OnceForm(msgspec.Struct):
    """A list that counts once."""

    request: Id


class PersonForm(msgspec.Struct):
    """One person for the list."""

    name: Annotated[str, Input(max_length=NAME_LIMIT)]
    site: Id
    request: Id
    id_number: Annotated[str, Input(max_length=30)] = ""
    phone: Annotated[str, Input(max_length=30)] = ""
    groups: Annotated[list[str], Input(max_length=20)] = []
    region: Annotated[str, Input(max_length=12)] = ""


class FindForm(msgspec.Struct):
    """A slip's number, a part of a name, or last digits."""

    code: Annotated[str, Input(max_length=80)]


class GiveForm(msgspec.Struct):
    """Who is there beside the keeper, and who signs."""

    request: Id
    second: UUID | None = None
    volunteer: Annotated[str, Input(max_length=40)] = ""
    signed: Signed = Signed.SCREEN
    collector: Annotated[str, Input(max_length=NAME_LIMIT)] = ""
    why: Annotated[str, Input(max_length=200)] = ""


class AbsentForm(msgspec.Struct):
    """The later day for somebody who did not come."""

    come_on: date | None = None


class StrikeForm(msgspec.Struct):
    """Why somebody is struck off."""

    reason: Annotated[str, Input(max_length=200)]
