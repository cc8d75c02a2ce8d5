"""Rows that people send: an XLSX sheet, a CSV file, or text pasted from one; each cell becomes text."""

import csv
import io
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook, XmlError, ZipError

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, clean
from cishan.plumbing import documents

MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_CELL = 500
_SEPARATORS = ("\t", ",", "，", ";", "；")

Row = tuple[int, list[str]]
"""The number of a line as its sender counts it, from 1, and its cells."""


def of_file(data: bytes, *, field: str) -> list[Row]:
    """Return the lines of an XLSX (its first sheet) or CSV file that hold anything; raise Invalid."""
    if data.startswith(b"PK\x03\x04"):
        documents.accept(data, field=field)
        return _bounded(_sheet(data, field), field)
    return of_text(_text(data, field), field=field)


def of_text(text: str, *, field: str) -> list[Row]:
    """Return the lines of CSV or pasted text; tabs, commas or semicolons part the cells."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    try:
        return _bounded(list(csv.reader(io.StringIO(text), delimiter=separator)), field)
    except csv.Error:
        raise Invalid(N_("This text cannot be read as a table."), field=field) from None


def _text(data: bytes, field: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid(N_("Send an XLSX sheet or a CSV file."), field=field)


def _sheet(data: bytes, field: str) -> list[list[str]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_width > 2_000:
            raise Invalid(_TOO_MUCH, field=field, rows=MAX_ROWS, columns=MAX_COLUMNS)
        cells = sheet.to_python(skip_empty_area=False, nrows=MAX_ROWS * 2)
    except (CalamineError, XmlError, ZipError, IndexError, ValueError, OSError):
        raise Invalid(N_("This sheet cannot be read; save it again as XLSX."), field=field) from None
    return [[_cell(cell) for cell in row] for row in cells]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


_TOO_MUCH = N_("A table may have {rows} lines and {columns} columns at most.")


def _bounded(lines: list[list[str]], field: str) -> list[Row]:
    found: list[Row] = []
    for number, line in enumerate(lines, start=1):
        cells = [clean(cell).replace("\n", " ")[:MAX_CELL] for cell in line]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS or len(found) >= MAX_ROWS:
            raise Invalid(_TOO_MUCH, field=field, rows=MAX_ROWS, columns=MAX_COLUMNS)
        found.append((number, cells))
    return found
