"""Lists that are declared once: filtered by the query string, sorted, paged, written into a spreadsheet.

A slice declares a `List` over its own tables in its `queries`; what another slice knows of a row (the title
of a campaign) is filled in by the list's `more`, for all rows of a page at once. All SQL is the declaration's
own and the visitor's values are its parameters, so nothing in an address can become SQL or an error: a value
that cannot be read leaves its filter out and gets a message beside its field.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cishan.kernel.text import N_
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext

Row = dict[str, Any]
Condition = tuple[str, tuple[object, ...]]
"""SQL with `{}` for each of the values."""


class Kind(StrEnum):
    """What stands in a column, which decides how it is shown and how it is written into a file."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    """Whole 分."""
    DATE = "date"
    MOMENT = "moment"
    FLAG = "flag"
    CHOICE = "choice"
    """One of the column's `words`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `code` is its key in a row; its place among the columns is its place in a file."""

    code: str
    title: str
    kind: Kind = Kind.TEXT
    sql: str = ""
    """Empty: the list's `more` fills it in. `$NOW` in any SQL of a list is the present moment."""
    sorts: bool = False
    nulls: bool = False
    """The column may be empty; then the empty ones come last in either direction."""
    words: Mapping[str, str] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)
    """The kind of tag that a word is shown as; a column without tones shows plain words."""
    link: str = ""
    """A path with columns' codes in braces; a row in which one of them is empty has no link."""
    on_screen: bool = True
    in_file: bool = True
    wide: bool = False
    """Running text, which needs room."""
    sums: bool = False
    """The foot of the list shows the sum of all rows found, not of the page alone."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter: what stands in the address, what is shown, what SQL compares with."""

    value: str
    label: str
    parameter: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A word that a column shall contain; `sql` compares with a pattern, as in `number ILIKE {}`."""

    code: str
    title: str
    sql: str
    hint: str = ""
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of some words. `sql` compares with the value, unless the value has a condition of its own."""

    code: str
    title: str
    sql: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    options: Callable[[], Awaitable[Sequence[Option]]] | None = None
    """Choices that the database knows."""
    near: Callable[[Sequence[str]], Awaitable[Sequence[Option]]] | None = None
    """Choices that lie in regions, of those like the patterns that the reader reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From one day to another, both included; `sql` is a date, or a moment told by China's calendar."""

    code: str
    title: str
    sql: str
    moments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """From one amount to another in yuan, both included; `sql` is whole 分."""

    code: str
    title: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A box to tick; `sql` is a condition without values."""

    code: str
    title: str
    sql: str


Filter = Text | Choice | Days | Amounts | Flag


@dataclass(frozen=True, slots=True)
class View:
    """A question that is asked of a list every day: some filters under one name."""

    title: str
    query: str


async def _nothing_more(_: list[Row]) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list over the tables of one slice."""

    code: str
    title: str
    source: str
    """What stands after FROM."""
    key: str
    """A unique expression: it makes every order whole."""
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    order: str
    """The code of a column that sorts; with a minus before it the greatest come first."""
    views: tuple[View, ...] = ()
    base: str = "true"
    """A condition without values that holds for every row."""
    more: Callable[[list[Row]], Awaitable[None]] = _nothing_more
    personal: bool = False
    """Rows name people, if masked: an export says what it is for."""
    empty: str = N_("Nothing fits these filters.")

    def column(self, code: str) -> Column | None:
        """Return a column by its code."""
        return next((c for c in self.columns if c.code == code), None)


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as its form shows it."""

    kind: str
    code: str
    title: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which it stands in an address."""
        match self.kind:
            case "days":
                return f"{self.code}_from", f"{self.code}_to"
            case "amounts":
                return f"{self.code}_min", f"{self.code}_max"
            case _:
                return (self.code,)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor asks of a list, as far as it could be read."""

    form: Form[Any]
    """What was typed, and the messages beside fields that could not be read."""
    fields: tuple[Field, ...]
    conditions: tuple[Condition, ...]
    sort: str
    descending: bool
    page: int
    typed: tuple[tuple[str, str], ...]
    """The filters that are set, for links."""
    said: tuple[tuple[str, str, str], ...] = ()
    """The same for people: the name in the address, the filter's title and the value in words."""

    def query(self, **changes: str | int) -> str:
        """Return the query string of the same wish with changes; an empty value takes a name out."""
        sort = f"-{self.sort}" if self.descending else self.sort
        pairs = dict(self.typed) | {"sort": sort} | {k: str(v) for k, v in changes.items()}
        return urlencode({k: v for k, v in pairs.items() if v})

    def without(self, name: str) -> str:
        """Return the query string without one filter."""
        return self.query(**{name: ""})

    def labels(self) -> dict[str, str]:
        """Return what the fields are called, by their names in the address."""
        return {name: one.title for one in self.fields for name in one.names}

    def sorted_by(self, code: str) -> str:
        """Return the query string that sorts by a column, the other way round if it sorts already."""
        minus = "-" if code == self.sort and not self.descending else ""
        return self.query(sort=f"{minus}{code}")

    @property
    def is_narrowed(self) -> bool:
        """Tell whether any filter is set."""
        return bool(self.typed)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    of: List
    wish: Wish
    rows: list[Row]
    found: int
    sums: Mapping[str, int]
    page: int
    pages: int

    @property
    def columns(self) -> list[Column]:
        """Return the columns that are shown."""
        return [c for c in self.of.columns if c.on_screen]


def fits(wish: Wish, view: View) -> bool:
    """Tell whether a wish sets exactly the filters of a view."""
    return set(wish.typed) == {pair for pair in parse_qsl(view.query) if pair[0] != "sort"}


def href(column: Column, row: Row) -> str:
    """Return where a cell leads; empty: nowhere."""
    if not column.link or any(row.get(name) in (None, "") for name in _places(column.link)):
        return ""
    return column.link.format(**{name: row[name] for name in _places(column.link)})


def _places(link: str) -> list[str]:
    return [part.partition("}")[0] for part in link.split("{")[1:]]


def word(column: Column, row: Row) -> str:
    """Return the word of a choice in the language of the request."""
    value = row[column.code]
    return gettext(column.words[value]) if value in column.words else str(value or "")
