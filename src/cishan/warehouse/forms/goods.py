"""What people type of the catalogue."""

from typing import Annotated

import msgspec

from cishan.plumbing.forms import CHOOSE, Input, Yuan
from cishan.warehouse.forms.pieces import Whole
from cishan.warehouse.rules import barcodes
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.catalogue_sheet import Draft, read_packs


def _code(text: str) -> str:
    return text.upper()


Code = Annotated[str, Input(parse=_code, max_length=20)]


class ItemForm(msgspec.Struct):
    """A kind of goods."""

    code: Code
    name_zh: Annotated[str, Input(max_length=60)]
    unit_zh: Annotated[str, Input(max_length=10)]
    category: Annotated[Category, Input(required=CHOOSE)]
    name_en: Annotated[str, Input(max_length=80)] = ""
    unit_en: Annotated[str, Input(max_length=20)] = ""
    shelf_life_days: Whole | None = None
    typical_value_fen: Yuan = 0
    cold_chain: bool = False
    min_age: Whole | None = None
    max_age: Whole | None = None
    sex: str = ""
    packs: Annotated[str, Input(max_length=500, multiline=True)] = ""
    barcodes: Annotated[str, Input(max_length=500, multiline=True)] = ""
    active: bool = False

    def draft(self) -> Draft:
        """Return what was typed as an item; raise Invalid for packs and barcodes that are none."""
        return Draft(
            code=self.code,
            name_zh=self.name_zh,
            name_en=self.name_en,
            unit_zh=self.unit_zh,
            unit_en=self.unit_en,
            category=self.category,
            shelf_life_days=self.shelf_life_days,
            typical_value_fen=self.typical_value_fen,
            cold_chain=self.cold_chain,
            min_age=self.min_age,
            max_age=self.max_age,
            sex=self.sex,
            packs=read_packs(self.packs),
            barcodes=barcodes.read(self.barcodes),
            active=self.active,
        )


class SheetForm(msgspec.Struct):
    """A sheet that was shown and shall count now."""

    rows: Annotated[str, Input(max_length=3_000_000, multiline=True)]
    seen: Annotated[str, Input(max_length=64)]
    """What was shown of it, as a digest."""
