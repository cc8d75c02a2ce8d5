"""What people type of sites, zones and bins, of moves and of lots."""

import re
from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import CHOOSE, Input
from cishan.warehouse.forms.pieces import Whole
from cishan.warehouse.rules.places import Purpose

Reason = Annotated[str, Input(max_length=500, multiline=True, required=N_("Say why."))]
Scanned = Annotated[str, Input(max_length=300, required=N_("Scan or type a code."))]


def _site_code(text: str) -> str:
    code = text.upper()
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,9}", code):
        raise Invalid(N_("A code has 2 to 10 capital letters and digits and begins with a letter."))
    return code


def _zone_code(text: str) -> str:
    code = text.upper()
    if not re.fullmatch(r"[A-Z0-9]{1,10}", code):
        raise Invalid(N_("A code has 1 to 10 capital letters and digits."))
    return code


class SiteForm(msgspec.Struct):
    """A new site."""

    code: Annotated[str, Input(parse=_site_code, max_length=20)]
    name: Annotated[str, Input(max_length=60)]
    organisation: Annotated[UUID, Input(required=CHOOSE)]
    region: Annotated[str, Input(max_length=12, required=CHOOSE)]
    address: Annotated[str, Input(max_length=200)] = ""


class SiteChangeForm(msgspec.Struct):
    """Another name or address of a site."""

    name: Annotated[str, Input(max_length=60)]
    address: Annotated[str, Input(max_length=200)] = ""


class ZoneForm(msgspec.Struct):
    """A new zone."""

    code: Annotated[str, Input(parse=_zone_code, max_length=20)]
    name: Annotated[str, Input(max_length=40)]
    purpose: Annotated[Purpose, Input(required=CHOOSE)]


class BinsForm(msgspec.Struct):
    """Many bins from the first to the last."""

    zone: Annotated[UUID, Input(required=CHOOSE)]
    first: Annotated[str, Input(max_length=30)]
    last: Annotated[str, Input(max_length=30)] = ""
    walk_from: Whole = 0


class BinForm(msgspec.Struct):
    """When one comes past a bin."""

    walk_order: Whole


class ActiveForm(msgspec.Struct):
    """Taking out of use, or into use again."""

    reason: Reason
    active: bool = False


class ReasonForm(msgspec.Struct):
    """Why."""

    reason: Reason


class MoveForm(msgspec.Struct):
    """So many pieces of a lot into a bin."""

    lot: Scanned
    bin: Scanned
    quantity: Whole
    request: UUID
    from_bin: Annotated[str, Input(max_length=300)] = ""
    reason: Annotated[str, Input(max_length=200)] = ""
