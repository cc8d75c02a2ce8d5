"""What is typed about levels."""

from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import Input
from cishan.warehouse.rules.catalogue import QUANTITY_LIMIT

CHOOSE = N_("Choose one of the options.")


def an_id(text: str) -> UUID:
    """Return the id of an option; raise Invalid for what no option says."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(CHOOSE) from None


def whole(text: str) -> int:
    """Return a whole number of pieces, nothing included; raise Invalid for anything else."""
    digits = text.replace(",", "").replace("，", "")
    if not (digits.isascii() and digits.isdigit()) or int(digits) > QUANTITY_LIMIT:
        raise Invalid(N_("Enter a whole number from 0 to {limit}."), limit=f"{QUANTITY_LIMIT:,}")
    return int(digits)


class LevelForm(msgspec.Struct):
    """How many pieces of something a site should always have."""

    site: Annotated[UUID, Input(parse=an_id, required=CHOOSE)]
    item: Annotated[UUID, Input(parse=an_id, required=CHOOSE)]
    minimum: Annotated[int, Input(parse=whole, max_length=12, required=N_("Enter a number."))]
