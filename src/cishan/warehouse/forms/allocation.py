"""Reading an allocation list: the receivers, or what is wrong in which row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cishan.kernel import contacts
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, fold
from cishan.plumbing.i18n import gettext, say
from cishan.warehouse.forms import orders as forms
from cishan.warehouse.forms.pieces import pieces
from cishan.warehouse.rules import allocation
from cishan.warehouse.rules.allocation import Cells, Listed, Row
from cishan.warehouse.rules.orders import LINES_LIMIT, LIST_LIMIT, ReceiverKind, WantedLine

ERRORS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in a row, counted as the sender counts."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A list that was read: receivers, or else the first hundred errors and how many there are."""

    receivers: tuple[Listed, ...]
    wrong: tuple[Wrong, ...]
    errors: int


def read(rows: Sequence[Row], *, items: Mapping[str, UUID], regions: Mapping[str, str], home: str) -> Reading:
    """Read a table with heads; items and regions are known by folded names, `home` is where none is named.

    Rows of the same name and telephone (or address) are one receiver's.
    """
    cells, missing = allocation.headed(rows)
    if missing:
        heads = "、".join(allocation.COLUMNS[name][0] for name in missing)
        return _only(
            Wrong(1, gettext(N_("The first row names the columns; missing: {heads}.")).format(heads=heads))
        )
    if not cells:
        return _only(Wrong(1, gettext(N_("The list is empty."))))
    if len(cells) > LIST_LIMIT:
        said = gettext(N_("A list has {limit} lines at most; split it.")).format(limit=LIST_LIMIT)
        return _only(Wrong(cells[0].number, said))
    found: dict[tuple[str, str, str], Listed] = {}
    wrong: list[Wrong] = []
    for row in cells:
        try:
            listed, line = _row(row, items, regions, home)
            same = found.setdefault(allocation.key_of(listed.name, listed.phone, listed.address), listed)
            same.lines.append(line)
            if len(same.lines) > LINES_LIMIT:
                raise Invalid(N_("An order has {limit} kinds of goods at most."), limit=LINES_LIMIT)
        except Invalid as error:
            wrong.append(Wrong(row.number, say(error)))
    if wrong:
        return Reading((), tuple(wrong[:ERRORS_SHOWN]), len(wrong))
    return Reading(tuple(found.values()), (), 0)


def _only(wrong: Wrong) -> Reading:
    return Reading((), (wrong,), 1)


def _row(
    row: Cells, items: Mapping[str, UUID], regions: Mapping[str, str], home: str
) -> tuple[Listed, WantedLine]:
    name = row.get("name")
    if not 1 <= len(name) <= 60:
        raise Invalid(N_("Say who receives."))
    item = items.get(fold(row.get("item")))
    if item is None:
        raise Invalid(N_("“{word}” is not in the catalogue."), word=row.get("item")[:40])
    region = _region(row.get("region"), regions, home)
    listed = Listed(
        name=name,
        phone=contacts.phone(row.get("phone")) if row.get("phone") else "",
        address=row.get("address")[:120],
        region=region,
        age=forms.age_of(row.get("age")) if row.get("age") else None,
        sex=forms.sex_of(row.get("sex")),
        groups=allocation.groups_of(row.get("groups")),
        kind=ReceiverKind.ORGANISATION
        if fold(row.get("kind")) in {"单位", "organisation"}
        else ReceiverKind.PERSON,
    )
    return listed, WantedLine(item, pieces(row.get("quantity")))


def _region(word: str, regions: Mapping[str, str], home: str) -> str:
    if not word:
        return home
    code = regions.get(fold(word))
    if code is None:
        raise Invalid(N_("“{word}” is no region here; write its name or code."), word=word[:40])
    return code
