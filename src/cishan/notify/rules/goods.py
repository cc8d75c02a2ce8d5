"""Letters to staff about goods that are not to be had any more."""

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationLost:
    """Goods that were set aside for an order that the reader asked for are not to be had any more."""

    template: ClassVar[str] = "reservation_lost"
    about: ClassVar[Literal["work"]] = "work"
    order_number: str
    goods: tuple[tuple[str, str, str], ...]
    """What, of which lot, how much."""
    why: str
    """A msgid."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedLot:
    """One lot that may not be handed out any more."""

    number: str
    item: str
    left: str
    """Pieces that are in the house, with their unit."""
    where: str
    """Codes of bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLocked:
    """Goods in the reader's care may not be handed out any more."""

    template: ClassVar[str] = "goods_locked"
    about: ClassVar[Literal["work"]] = "work"
    cause: Literal["expired", "recalled"]
    lots: tuple[LockedLot, ...]
    url: str
