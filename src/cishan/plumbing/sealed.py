"""Which columns are encrypted, declared beside their tables; `rotation` walks them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column that `crypto.seal` fills, and the blind index of the same text if the row has one."""

    table: str
    column: str
    place: str
    """What the encryption is bound to, beside the row's id."""
    index: str
    """The column of the blind index; empty: there is none."""
    purpose: str
    fold: Callable[[str], str]
    """How the text is brought into one form before its index is made."""


REGISTRY: dict[str, Sealed] = {}


def _as_it_is(text: str) -> str:
    return text


def sealed(
    table: str,
    column: str,
    *,
    place: str = "",
    index: str = "",
    purpose: str = "",
    fold: Callable[[str], str] = _as_it_is,
) -> str:
    """Declare an encrypted column of a table with a uuid `id`; return its place, for `crypto.seal`."""
    here = place or f"{table}.{column.removesuffix('_enc')}"
    name = f"{table}.{column}"
    assert name not in REGISTRY, f"{name} is declared twice"
    assert bool(index) == bool(purpose), "an index has a purpose"
    REGISTRY[name] = Sealed(table, column, here, index, purpose, fold)
    return here
