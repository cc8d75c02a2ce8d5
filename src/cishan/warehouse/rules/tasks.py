"""What waits in a warehouse: lines that each noun adds, counted by site."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cishan.identity.rules.permissions import Action

Count = Callable[[Sequence[str]], Awaitable[Mapping[UUID | None, int]]]
"""How many wait at each site whose region is like one of the patterns; under None what is at no site yet.
One query."""


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of work."""

    label: str
    """A msgid."""
    href: str
    """Where it is done; `{site}` and `{name}` stand for a site's id and name, `{today}` for the day."""
    count: Count
    action: Action
    """Whoever may do this somewhere sees the line."""
    order: int = 50
    """In the order in which goods pass: offers 10, receiving 20, shelving 30, orders 40, then the rest."""
    is_urgent: bool = False


_lines: dict[str, Line] = {}


def register(line: Line) -> None:
    """Let a line stand on the warehouse's first page; a later one of the same label takes its place."""
    _lines[line.label] = line


def lines() -> list[Line]:
    """Return all lines in their order."""
    return sorted(_lines.values(), key=lambda line: line.order)
