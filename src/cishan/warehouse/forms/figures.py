"""What is typed about levels."""

from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.text import N_
from cishan.plumbing.forms import CHOOSE, Input
from cishan.warehouse.forms.pieces import none_or_more


class LevelForm(msgspec.Struct):
    """How many pieces of something a site should always have."""

    site: Annotated[UUID, Input(required=CHOOSE)]
    item: Annotated[UUID, Input(required=CHOOSE)]
    minimum: Annotated[int, Input(parse=none_or_more, max_length=20, required=N_("Enter a number."))]
