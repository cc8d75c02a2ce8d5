"""How many pieces somebody types."""

from typing import Annotated

from cishan.kernel.text import N_
from cishan.plumbing.forms import Input, whole
from cishan.warehouse.rules.catalogue import QUANTITY_LIMIT

pieces = whole(limit=QUANTITY_LIMIT)
none_or_more = whole(limit=QUANTITY_LIMIT, least=0)

Pieces = Annotated[int, Input(parse=pieces, max_length=20, required=N_("Enter how many."))]
Whole = Annotated[int, Input(parse=whole(), max_length=20)]
"""A whole number whose limits the rules judge."""
