"""First expired, first out: which lots go to whom, decided before anything is written."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cishan.warehouse.rules.restrictions import allows
from cishan.warehouse.rules.stock import LotState

NEVER = date.max
"""Where goods that do not expire stand: behind all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """Pieces of a lot that lie in a bin and are promised to nobody."""

    lot: UUID
    bin: UUID
    item: UUID
    available: int
    number: str
    """Of the lot."""
    made_on: date | None = None
    expires_on: date | None = None
    walk_order: int = 0
    restrictions: frozenset[str] = frozenset()
    entrusted_to: UUID | None = None
    """The offer whose receiver alone may have it; None: it is the charity's."""
    state: LotState = LotState.OPEN

    @property
    def turn(self) -> tuple[date, date, str, int, UUID]:
        """Return what it is sorted by: day of expiry, day of making, number, the way there."""
        return (
            self.expires_on or NEVER,
            self.made_on or NEVER,
            self.number,
            self.walk_order,
            self.bin,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """So many pieces of an item for one line of an order."""

    line: UUID
    item: UUID
    quantity: int
    tokens: frozenset[str] = frozenset()
    entrusted_to: UUID | None = None
    """The offer of entrusted goods whose receiver this is."""


@dataclass(frozen=True, slots=True)
class Take:
    """So many pieces out of a lot in a bin, for a line."""

    line: UUID
    lot: UUID
    bin: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """What goes to whom, and what is missing by line."""

    takes: tuple[Take, ...]
    short: dict[UUID, int]


@dataclass(slots=True)
class _Queue:
    """Goods of one item with the same restrictions, in their turn."""

    goods: list[Shelved]
    place: int = 0
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.goods[0].available

    @property
    def head(self) -> Shelved | None:
        return self.goods[self.place] if self.place < len(self.goods) else None

    def take(self, quantity: int) -> int:
        taken = min(quantity, self.left)
        self.left -= taken
        if not self.left:
            self.place += 1
            if self.place < len(self.goods):
                self.left = self.goods[self.place].available
        return taken


_Class = tuple[frozenset[str], UUID | None]


def is_fit(goods: Shelved, on: date) -> bool:
    """Tell whether goods may be handed out on a day at all: usable, and not past their last day of use."""
    return (
        goods.available > 0
        and goods.state is LotState.OPEN
        and (goods.expires_on is None or goods.expires_on >= on)
    )


def may_have(goods: Shelved, want: Want) -> bool:
    """Tell whether goods may go to a receiver: all restrictions fulfilled, and entrusted ones theirs."""
    return allows(goods.restrictions, want.tokens) and (
        goods.entrusted_to is None or goods.entrusted_to == want.entrusted_to
    )


def allocate(wants: Sequence[Want], shelved: Iterable[Shelved], *, on: date) -> Allocation:
    """Give each line in its order what expires first among what it may have; what was entrusted to it first.

    The work grows with the lines, the goods and the kinds of restrictions, not with their product.
    """
    queues: dict[UUID, dict[_Class, _Queue]] = defaultdict(dict)
    groups: dict[tuple[UUID, _Class], list[Shelved]] = defaultdict(list)
    for goods in shelved:
        if is_fit(goods, on):
            groups[goods.item, (goods.restrictions, goods.entrusted_to)].append(goods)
    for (item, kind), same in groups.items():
        queues[item][kind] = _Queue(sorted(same, key=lambda one: one.turn))
    takes: list[Take] = []
    short: dict[UUID, int] = {}
    for want in wants:
        left = want.quantity
        usable = [queue for queue in queues.get(want.item, {}).values() if may_have(queue.goods[0], want)]
        while left and (queue := _next(usable)) is not None:
            goods = queue.goods[queue.place]
            taken = queue.take(left)
            takes.append(Take(want.line, goods.lot, goods.bin, taken))
            left -= taken
        if left:
            short[want.line] = left
    return Allocation(tuple(takes), short)


def _next(queues: Sequence[_Queue]) -> _Queue | None:
    """Return the queue whose first goods have their turn."""
    waiting = [(head.entrusted_to is None, head.turn, queue) for queue in queues if (head := queue.head)]
    return min(waiting, key=lambda one: one[:2])[2] if waiting else None
