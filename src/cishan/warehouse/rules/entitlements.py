"""Who is on the list of a drive: reading a list that was sent, row by row, and telling people apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cishan.kernel import contacts, numbers
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, fold
from cishan.warehouse.rules import restrictions

NAME_LIMIT = 50
_SPLIT = re.compile(r"[,，、;；/\s]+")

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "name"),
    "id_number": ("身份证号", "身份证号码", "id number"),
    "phone": ("手机号", "手机号码", "电话", "联系电话", "phone"),
    "groups": ("人群", "人员类别", "类别", "groups"),
    "region": ("区划代码", "行政区划代码", "region code"),
    "site": ("领取点", "领取点编码", "发放点", "site"),
}
"""The columns of a list, by any of their heads; the first is what our own template says."""
GROUP_WORDS: dict[str, str] = {
    "儿童": restrictions.CHILDREN,
    "未成年人": restrictions.CHILDREN,
    "老人": restrictions.ELDERS,
    "老年人": restrictions.ELDERS,
    "女": restrictions.WOMEN,
    "女性": restrictions.WOMEN,
    "妇女": restrictions.WOMEN,
    "男": restrictions.MEN,
    "男性": restrictions.MEN,
    "残疾": restrictions.DISABLED,
    "残疾人": restrictions.DISABLED,
    "学生": restrictions.STUDENTS,
    "在校学生": restrictions.STUDENTS,
    **{word: word for word in restrictions.LABELS},
}

NO_NAME = N_("The name is missing.")
NO_PROOF = N_("Give an ID number, or a telephone number: without either nobody can be told from another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A person for the list, as they were written down."""

    name: str
    id_number: str = ""
    phone: str = ""
    """With its country code."""
    groups: tuple[str, ...] = ()
    region: str = ""
    site: str = ""
    """The code or the name of a site; empty: the one site of the drive."""

    @property
    def contact(self) -> str:
        """Return by what somebody without an ID number is told from others; empty without a telephone."""
        return f"{self.phone} {fold(self.name)}" if self.phone else ""

    def tokens(self, *, today: date, region: str) -> tuple[str, ...]:
        """Return the restrictions that they fulfil; an ID number says age and sex."""
        found = set(self.groups)
        if self.id_number:
            said = numbers.citizen_id(self.id_number, today=today)
            age, sex = restrictions.age_on(said.born_on, today), "m" if said.is_male else "f"
            found.update(restrictions.tokens_of(age=age, sex=sex, groups=self.groups))
        found.update(restrictions.tokens_of(region=self.region or region))
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row of a list; `message` is a msgid."""

    row: int
    message: str
    values: tuple[tuple[str, object], ...] = ()


def entry_of(cells: Mapping[str, str], *, today: date) -> Entry:
    """Read one person; raise Invalid with the field that is to blame."""
    name = " ".join(cells.get("name", "").split())
    if not name:
        raise Invalid(NO_NAME, field="name")
    if len(name) > NAME_LIMIT:
        raise Invalid(N_("Use at most {limit} characters."), field="name", limit=NAME_LIMIT)
    id_number, phone = cells.get("id_number", ""), cells.get("phone", "")
    if not id_number and not phone:
        raise Invalid(NO_PROOF, field="id_number")
    try:
        id_number = numbers.citizen_id(id_number, today=today).number if id_number else ""
    except Invalid as error:
        raise Invalid(error.message, field="id_number") from None
    try:
        phone = contacts.phone(phone) if phone else ""
    except Invalid as error:
        raise Invalid(error.message, field="phone") from None
    return Entry(
        name=name,
        id_number=id_number,
        phone=phone,
        groups=_groups(cells.get("groups", "")),
        region=_region(cells.get("region", "")),
        site=cells.get("site", "").strip(),
    )


def _groups(text: str) -> tuple[str, ...]:
    found = set()
    for word in _SPLIT.split(text.strip()):
        if word and fold(word) not in GROUP_WORDS:
            raise Invalid(N_("The group “{word}” is not known."), field="groups", word=word[:20])
        if word:
            found.add(GROUP_WORDS[fold(word)])
    return tuple(sorted(found))


def _region(text: str) -> str:
    code = text.strip()
    if code and not re.fullmatch(r"[0-9]{4}(?:[0-9]{2}(?:[0-9]{3}(?:[0-9]{3})?)?)?", code):
        raise Invalid(N_("A division code has 6, 9 or 12 digits."), field="region")
    return code


def heads(cells: Sequence[str]) -> dict[str, int]:
    """Return which column stands where; raise Invalid if the first row names no people."""
    known = {fold(word): name for name, words in COLUMNS.items() for word in words}
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = known.get(fold(cell))
        if name is not None:
            found.setdefault(name, place)
    if "name" not in found or not {"id_number", "phone"} & set(found):
        raise Invalid(
            N_("The first row names the columns: 姓名, and 身份证号 or 手机号 (or both)."), field="list"
        )
    return found


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list as it was read: people with their rows, and what is wrong."""

    entries: tuple[tuple[int, Entry], ...]
    errors: tuple[RowError, ...]


def read(rows: Sequence[tuple[int, Sequence[str]]], *, today: date, limit: int) -> Sheet:
    """Read a list whose first row names its columns; every row is judged, and who stands twice is named."""
    if not rows:
        raise Invalid(N_("This list is empty."), field="list")
    places = heads(rows[0][1])
    if len(rows) - 1 > limit:
        raise Invalid(N_("A list may have {limit} people at most."), field="list", limit=f"{limit:,}")
    if len(rows) == 1:
        raise Invalid(N_("This list is empty."), field="list")
    entries: list[tuple[int, Entry]] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for number, cells in rows[1:]:
        named = {name: cells[place].strip() for name, place in places.items() if place < len(cells)}
        try:
            entry = entry_of(named, today=today)
        except Invalid as error:
            errors.append(RowError(number, error.message, tuple(error.values.items())))
            continue
        before = [seen[key] for key in keys_of(entry) if key in seen]
        if before:
            errors.append(
                RowError(number, N_("The same person stands in row {other}."), (("other", before[0]),))
            )
            continue
        seen.update(dict.fromkeys(keys_of(entry), number))
        entries.append((number, entry))
    return Sheet(tuple(entries), tuple(errors))


def keys_of(entry: Entry) -> tuple[str, ...]:
    """Return by what a person is told from others: the ID number, and telephone with name."""
    keys = (f"id {entry.id_number}" if entry.id_number else "", entry.contact)
    return tuple(key for key in keys if key)


def found_by(typed: str, *, number: str, name: str, phone: str, id_number: str) -> bool:
    """Tell whether what was typed or scanned means this person: number, part of the name, last digits."""
    text = "".join(fold(typed).split())
    if not text:
        return False
    if text == fold(number) or (text.isdigit() and len(text) >= 3 and number.endswith(text)):
        return True
    if text.isascii() and any(c.isdigit() for c in text):
        ends = len(text) >= 4
        return ends and (phone.endswith(text) or fold(id_number).endswith(text))
    return text in "".join(fold(name).split())
