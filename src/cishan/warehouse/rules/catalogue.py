"""What a kind of goods is."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

QUANTITY_LIMIT = 1_000_000
"""Pieces in one line of anything."""


class Category(StrEnum):
    """Shelves of the catalogue."""

    FOOD_STAPLE = "food_staple"
    FOOD_OTHER = "food_other"
    BEDDING = "bedding"
    CLOTHING = "clothing"
    HYGIENE = "hygiene"
    MEDICAL_AID = "medical_aid"
    APPLIANCE = "appliance"
    CHILD_STUDY = "child_study"
    KIT = "kit"


CATEGORIES: dict[str, str] = {
    Category.FOOD_STAPLE: N_("Staple food"),
    Category.FOOD_OTHER: N_("Other food"),
    Category.BEDDING: N_("Bedding"),
    Category.CLOTHING: N_("Clothing"),
    Category.HYGIENE: N_("Hygiene"),
    Category.MEDICAL_AID: N_("Medical aids"),
    Category.APPLIANCE: N_("Appliances"),
    Category.CHILD_STUDY: N_("Children and study"),
    Category.KIT: N_("Kits"),
}
FOOD = frozenset({Category.FOOD_STAPLE, Category.FOOD_OTHER})
FRESH_UNTIL_DAYS = 90
"""Goods with a shorter shelf life go the fresh lane: handed out from where they came in, never shelved."""
CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A kind of goods. Values in 分 for one unit, lives in days."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    category: Category
    shelf_life_days: int | None = None
    """None: it does not expire."""
    typical_value_fen: int = 0
    cold_chain: bool = False
    min_age: int | None = None
    max_age: int | None = None
    sex: str = ""
    is_kit: bool = False
    active: bool = True

    @property
    def is_food(self) -> bool:
        """Whether the rules for food hold."""
        return self.category in FOOD

    @property
    def is_fresh(self) -> bool:
        """Whether it goes the fresh lane."""
        return self.shelf_life_days is not None and self.shelf_life_days < FRESH_UNTIL_DAYS


def require_quantity(value: int, *, field: str = "quantity") -> int:
    """Return a number of pieces that can be; raise Invalid otherwise."""
    if not 1 <= value <= QUANTITY_LIMIT:
        raise Invalid(N_("Enter a whole number from 1 to {limit}."), field=field, limit=f"{QUANTITY_LIMIT:,}")
    return value
