"""Where goods lie."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cishan.kernel.text import N_


class Purpose(StrEnum):
    """What a zone is for; all of its bins are for the same."""

    RECEIVING = "receiving"
    SHELF = "shelf"
    COLD = "cold"
    PACKING = "packing"
    QUARANTINE = "quarantine"
    TRANSIT = "transit"
    """Under way to this site."""


PURPOSES: dict[str, str] = {
    Purpose.RECEIVING: N_("Receiving"),
    Purpose.SHELF: N_("Shelves"),
    Purpose.COLD: N_("Cold store"),
    Purpose.PACKING: N_("Packing"),
    Purpose.QUARANTINE: N_("Quarantine"),
    Purpose.TRANSIT: N_("Under way"),
}
STORES = (Purpose.SHELF, Purpose.COLD)
"""From where goods are reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A warehouse of an organisation in a region."""

    id: UUID
    code: str
    name: str
    organisation: UUID
    region: str
    address: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A place for goods, with a code on its label that no other bin anywhere has."""

    id: UUID
    site: UUID
    zone: UUID
    code: str
    purpose: Purpose
    walk_order: int
    frozen_by: UUID | None = None
    """The stocktake that stands there now."""
    active: bool = True
