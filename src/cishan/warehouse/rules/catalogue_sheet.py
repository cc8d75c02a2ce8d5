"""What a form or a line of a sheet says of a kind of goods, and what it would change."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from cishan.kernel import money
from cishan.kernel.errors import Invalid
from cishan.kernel.numbers import whole_number
from cishan.kernel.text import N_, fold
from cishan.warehouse.rules import barcodes
from cishan.warehouse.rules.barcodes import Barcode
from cishan.warehouse.rules.catalogue import CODE, Category

SEXES: dict[str, str] = {"": N_("Anybody"), "f": N_("Women"), "m": N_("Men")}
LIFE_LIMIT_DAYS = 36_500
AGE_LIMIT = 120
VALUE_LIMIT_FEN = 100_000_000_000
_QUOTED = re.compile(r"'\s*[-=+@＝＋－＠]")
_PACK = re.compile(r"(.{1,20}?)\s*[=＝:：]\s*([0-9]{1,7})")


@dataclass(frozen=True, slots=True, order=True)
class Pack:
    """How many pieces come in one box."""

    name: str
    quantity: int

    def text(self) -> str:
        """Return how it is written in a sheet or a form."""
        return f"{self.name}={self.quantity}"


def read_packs(text: str) -> tuple[Pack, ...]:
    """Read pack sizes such as “箱=12; 托=480”, the smallest first."""
    found: dict[str, int] = {}
    for part in re.split(r"[;；,，、\n]", text):
        if not part.strip():
            continue
        match = _PACK.fullmatch(part.strip())
        if match is None:
            raise Invalid(N_("Write a pack as name=pieces, such as box=12."), field="packs")
        name, quantity = " ".join(match[1].split()), int(match[2])
        if not 2 <= quantity <= barcodes.PIECES_LIMIT:
            raise Invalid(N_("A pack holds 2 to {limit} pieces."), field="packs", limit="100,000")
        if name in found:
            raise Invalid(N_("The pack {name} stands there twice."), field="packs", name=name)
        found[name] = quantity
    return tuple(sorted((Pack(n, q) for n, q in found.items()), key=lambda pack: (pack.quantity, pack.name)))


def write_packs(several: Sequence[Pack]) -> str:
    """Return pack sizes as `read_packs` reads them."""
    return "; ".join(pack.text() for pack in several)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A kind of goods as somebody wrote it down. Values in 分 for one unit, lives in days."""

    code: str
    name_zh: str = ""
    name_en: str = ""
    unit_zh: str = ""
    unit_en: str = ""
    category: str = ""
    shelf_life_days: int | None = None
    typical_value_fen: int = 0
    cold_chain: bool = False
    min_age: int | None = None
    max_age: int | None = None
    sex: str = ""
    packs: tuple[Pack, ...] = ()
    barcodes: tuple[Barcode, ...] = ()
    active: bool = True


TITLES: dict[str, str] = {
    "code": N_("Item code"),
    "name_zh": N_("Chinese name"),
    "name_en": N_("English name"),
    "unit_zh": N_("Unit (Chinese)"),
    "unit_en": N_("Unit (English)"),
    "category": N_("Category"),
    "shelf_life_days": N_("Shelf life (days)"),
    "typical_value_fen": N_("Typical value"),
    "cold_chain": N_("Cold chain"),
    "min_age": N_("From age"),
    "max_age": N_("To age"),
    "sex": N_("For whom"),
    "packs": N_("Packs"),
    "barcodes": N_("Barcodes"),
    "active": N_("In use"),
}
"""Every column of a sheet, in its order; the same stand over the list and its files."""
_LONGEST = {"name_zh": 60, "name_en": 80, "unit_zh": 10, "unit_en": 20}
NEEDED = ("name_zh", "unit_zh", "category")


def problems(draft: Draft) -> list[Invalid]:
    """Return what is wrong with a draft by itself, each with its field."""
    found = []
    if not CODE.fullmatch(draft.code):
        found.append(Invalid(N_("A code has 2 to 20 capital letters, digits and dashes."), field="code"))
    found += [Invalid(N_("Fill in this field."), field=name) for name in NEEDED if not getattr(draft, name)]
    if draft.category and draft.category not in set(Category):
        found.append(Invalid(N_("Choose one of the options."), field="category"))
    for name, limit in _LONGEST.items():
        if len(getattr(draft, name)) > limit:
            found.append(Invalid(N_("Use at most {limit} characters."), field=name, limit=limit))
        if getattr(draft, name).startswith("'"):  # in a sheet it says that the rest is text
            found.append(Invalid(N_("Begin with a letter or a digit."), field=name))
    if draft.shelf_life_days is not None and not 1 <= draft.shelf_life_days <= LIFE_LIMIT_DAYS:
        found.append(
            Invalid(N_("Enter days from 1 to {limit}."), field="shelf_life_days", limit=LIFE_LIMIT_DAYS)
        )
    if not 0 <= draft.typical_value_fen <= VALUE_LIMIT_FEN:
        found.append(Invalid(N_("This amount cannot be."), field="typical_value_fen"))
    for name in ("min_age", "max_age"):
        age = getattr(draft, name)
        if age is not None and not 0 <= age <= AGE_LIMIT:
            found.append(Invalid(N_("Enter an age from 0 to {limit}."), field=name, limit=AGE_LIMIT))
    if draft.min_age is not None and draft.max_age is not None and draft.min_age > draft.max_age:
        found.append(Invalid(N_("The lower age is above the upper."), field="max_age"))
    if draft.sex not in SEXES:
        found.append(Invalid(N_("Choose one of the options."), field="sex"))
    return found


def barriers(before: Draft, after: Draft, *, stocked: bool) -> list[Invalid]:
    """Return what of an item that exists may not change to this."""
    found = []
    if (before.category == Category.KIT) != (after.category == Category.KIT):
        found.append(
            Invalid(N_("Goods do not become a kit, nor a kit goods: make a new item."), field="category")
        )
    if before.active and not after.active and stocked:
        found.append(Invalid(STOCKED, field="active"))
    return found


STOCKED = N_("There is stock of it, or an open order asks for it: it stays in use.")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an item and its values as people read them in a sheet."""

    field: str
    before: str
    after: str


def changes(before: Draft | None, after: Draft) -> tuple[Change, ...]:
    """Return what differs, field by field; nothing of an item that is new."""
    if before is None:
        return ()
    return tuple(
        Change(one.name, plain(before, one.name), plain(after, one.name))
        for one in fields(Draft)
        if getattr(before, one.name) != getattr(after, one.name)
    )


def plain(draft: Draft, name: str) -> str:
    """Return a field's value as plain text; choices and flags by their codes."""
    value = getattr(draft, name)
    match name:
        case "packs":
            return write_packs(value)
        case "barcodes":
            return barcodes.write(value)
        case "typical_value_fen":
            return str(money.yuan(value))
        case "cold_chain" | "active":
            return "yes" if value else "no"
        case _:
            return "" if value is None else str(value)


class Verdict(StrEnum):
    """What would become of a line."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


VERDICTS: dict[str, str] = {
    Verdict.NEW: N_("New item"),
    Verdict.CHANGED: N_("Will be changed"),
    Verdict.SAME: N_("Nothing changes"),
    Verdict.WRONG: N_("Cannot be taken"),
}
VERDICT_TONES: dict[str, str] = {
    Verdict.NEW: "good",
    Verdict.CHANGED: "warn",
    Verdict.SAME: "plain",
    Verdict.WRONG: "bad",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sheet, judged."""

    number: int
    draft: Draft
    verdict: Verdict
    changes: tuple[Change, ...] = ()
    problems: tuple[Invalid, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A sheet, judged line by line."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()
    """Heads of columns that nobody knows."""

    def count(self, verdict: Verdict) -> int:
        """Return how many lines have a verdict."""
        return sum(line.verdict is verdict for line in self.lines)

    @property
    def can_apply(self) -> bool:
        """Whether nothing is wrong and something would change."""
        return not self.count(Verdict.WRONG) and len(self.lines) > self.count(Verdict.SAME)


@dataclass(frozen=True, slots=True)
class Words:
    """What heads and choices are called in the languages of the house, folded, by their codes."""

    heads: Mapping[str, str]
    categories: Mapping[str, str]
    sexes: Mapping[str, str]
    flags: Mapping[str, bool]


@dataclass(slots=True)
class _Read:
    """A line that is being read: what stands there and what is wrong with it."""

    known: Draft | None
    values: dict[str, object] = field(default_factory=dict)
    problems: list[Invalid] = field(default_factory=list)


def plan(
    rows: Sequence[tuple[int, Sequence[str]]],
    words: Words,
    known: Mapping[str, Draft],
    stocked: Collection[str],
) -> Plan:
    """Judge the lines of a sheet, the first the heads, against the catalogue; raise Invalid for no table.

    A column that is not there leaves its field as it is; an empty cell empties it.
    """
    heads = [words.heads.get(fold(cell)) for cell in rows[0][1]] if rows else []
    if "code" not in heads:
        raise Invalid(
            N_("The first line must name the columns; “Item code” is not among them."), field="file"
        )
    if len([h for h in heads if h]) != len({h for h in heads if h}):
        raise Invalid(N_("A column stands there twice."), field="file")
    ignored = tuple(cell for cell, head in zip(rows[0][1], heads, strict=True) if head is None and cell)
    lines = [_line(number, dict(_pairs(heads, cells)), words, known, stocked) for number, cells in rows[1:]]
    return Plan(tuple(_among_each_other(lines, known)), ignored)


def _pairs(heads: Sequence[str | None], cells: Sequence[str]) -> list[tuple[str, str]]:
    return [(head, cells[n] if n < len(cells) else "") for n, head in enumerate(heads) if head]


def _line(
    number: int, cells: dict[str, str], words: Words, known: Mapping[str, Draft], stocked: Collection[str]
) -> Line:
    code = " ".join(_unquoted(cells["code"]).split()).upper()
    before = known.get(code)
    read = _Read(before)
    for name, cell in cells.items():
        if name != "code":
            _take(read, name, " ".join(_unquoted(cell).split()), words)
    draft = replace(before or Draft(code=code), **read.values)  # type: ignore[arg-type]
    taken = {problem.field for problem in read.problems}
    wrong = read.problems + [problem for problem in problems(draft) if problem.field not in taken]
    if before is not None:
        wrong += barriers(before, draft, stocked=code in stocked)
    elif not draft.active:
        wrong.append(Invalid(N_("A new item is in use."), field="active"))
    if wrong:
        return Line(number, draft, Verdict.WRONG, problems=tuple(wrong))
    if before is None:
        return Line(number, draft, Verdict.NEW)
    differing = changes(before, draft)
    return Line(number, draft, Verdict.CHANGED if differing else Verdict.SAME, differing)


def _unquoted(cell: str) -> str:
    """Take away the apostrophe that keeps a spreadsheet from taking text for a formula."""
    return cell[1:] if _QUOTED.match(cell) else cell


def _take(read: _Read, name: str, cell: str, words: Words) -> None:
    try:
        if len(cell) >= 500:
            raise Invalid(N_("Use at most {limit} characters."), limit=499)
        read.values[name] = _value(name, cell, words)
    except Invalid as problem:
        read.problems.append(Invalid(problem.message, field=name, **problem.values))


def _value(name: str, cell: str, words: Words) -> object:
    match name:
        case "packs":
            return read_packs(cell)
        case "barcodes":
            return barcodes.read(cell)
        case "category":
            return _word(words.categories, cell)
        case "sex":
            return _word(words.sexes, cell) if cell else ""
        case "cold_chain" | "active":
            return _flag(words, cell) if cell else name == "active"
        case "typical_value_fen":
            return money.parse_yuan(cell) if cell else 0
        case "shelf_life_days" | "min_age" | "max_age":
            return whole_number(cell) if cell else None
        case _:
            return cell


def _word(words: Mapping[str, str], cell: str) -> str:
    if fold(cell) not in words:
        raise Invalid(N_("There is no “{word}”."), word=cell[:40])
    return words[fold(cell)]


def _flag(words: Words, cell: str) -> bool:
    if fold(cell) not in words.flags:
        raise Invalid(N_("Write yes or no."))
    return words.flags[fold(cell)]


def _among_each_other(lines: Sequence[Line], known: Mapping[str, Draft]) -> list[Line]:
    """Judge what only shows when all lines are looked at: codes and barcodes that stand for two items."""
    seen: dict[str, int] = {}
    for line in lines:
        seen[line.draft.code] = seen.get(line.draft.code, 0) + 1
    owners: dict[str, set[str]] = {}
    after = {**known, **{line.draft.code: line.draft for line in lines}}
    for draft in after.values():
        for barcode in draft.barcodes:
            owners.setdefault(barcode.code, set()).add(draft.code)
    return [_with_others(line, seen, owners) for line in lines]


def _with_others(line: Line, seen: Mapping[str, int], owners: Mapping[str, set[str]]) -> Line:
    wrong = list(line.problems)
    if seen[line.draft.code] > 1:
        wrong.append(Invalid(N_("This code stands in several lines."), field="code"))
    for barcode in line.draft.barcodes:
        others = sorted(owners[barcode.code] - {line.draft.code})
        if others:
            wrong.append(
                Invalid(
                    N_("The barcode {code} belongs to {item}."),
                    field="barcodes",
                    code=barcode.code,
                    item=others[0],
                )
            )
    return replace(line, verdict=Verdict.WRONG, problems=tuple(wrong)) if wrong else line
