"""Allocation lists: a table of receivers and what each shall get, read row by row, every error at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cishan.kernel.text import fold
from cishan.warehouse.rules.orders import ReceiverKind, WantedLine

Row = tuple[int, list[str]]

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "领取人", "领取单位", "单位", "户主", "name", "receiver"),
    "phone": ("电话", "手机", "手机号", "联系电话", "phone", "mobile"),
    "address": ("地址", "住址", "address"),
    "region": ("地区", "区划", "行政区划", "镇街", "乡镇", "村", "村社区", "region"),
    "age": ("年龄", "age"),
    "sex": ("性别", "sex"),
    "groups": ("类别", "人群", "groups"),
    "item": ("物资", "物品", "品名", "物资编码", "item", "goods"),
    "quantity": ("数量", "件数", "quantity"),
    "kind": ("类型", "对象", "kind"),
}
"""What the heads of columns may be called."""
NEEDED = ("name", "item", "quantity")
GROUP_WORDS: dict[str, str] = {
    "残疾": "disabled",
    "残疾人": "disabled",
    "disabled": "disabled",
    "学生": "students",
    "在校": "students",
    "students": "students",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """One row by the names of its columns."""

    number: int
    values: Mapping[str, str]

    def get(self, column: str) -> str:
        """Return a cell, or nothing."""
        return self.values.get(column, "").strip()


@dataclass(slots=True)
class Listed:
    """One receiver of a list with all their rows."""

    name: str
    phone: str
    address: str
    region: str
    age: int | None
    sex: str
    groups: tuple[str, ...]
    kind: ReceiverKind
    lines: list[WantedLine] = field(default_factory=list)


def headed(rows: Sequence[Row]) -> tuple[list[Cells], tuple[str, ...]]:
    """Return the rows below the heads by the names of their columns, and which columns are missing."""
    if not rows:
        return [], NEEDED
    names = [_column(cell) for cell in rows[0][1]]
    missing = tuple(name for name in NEEDED if name not in names)
    if missing:
        return [], missing
    found = []
    for number, cells in rows[1:]:
        values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        if any(value.strip() for value in values.values()):
            found.append(Cells(number, values))
    return found, ()


def _column(head: str) -> str:
    word = fold(head).replace(" ", "").removesuffix("（必填）").removesuffix("(必填)")
    return next((name for name, words in COLUMNS.items() if word in words), "")


def groups_of(text: str) -> tuple[str, ...]:
    """Return the groups that a cell names, however they are parted."""
    words = fold(text).replace("，", ",").replace("、", ",").replace(";", ",").split(",")
    return tuple(sorted({GROUP_WORDS[word.strip()] for word in words if word.strip() in GROUP_WORDS}))


def key_of(name: str, phone: str, address: str) -> tuple[str, str, str]:
    """Return what makes rows the same receiver's."""
    return fold(name), phone, "" if phone else fold(address)


def items_by_word(items: Sequence[tuple[UUID, str, str, str]]) -> dict[str, UUID]:
    """Return items (id, code, Chinese and English name) by whatever a list may call them."""
    found: dict[str, UUID] = {}
    for item_id, code, name_zh, name_en in items:
        for word in (code, name_zh, name_en):
            if word:
                found.setdefault(fold(word), item_id)
    return found
