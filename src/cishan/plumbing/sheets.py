"""Spreadsheets: the columns of a list in their order, as XLSX or as CSV, row by row into a file.

Nothing that somebody typed can act as a formula: in CSV such text gets an apostrophe before it, in XLSX it is
a text cell that says so. Amounts are numbers in yuan, days are days, moments are told by China's clock.
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, Protocol

import xlsxwriter

from cishan.kernel import clock
from cishan.kernel.money import yuan
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Column, Kind, List, Row, word

Cell = str | int | Decimal | date | datetime | None
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")
_LONGEST = 32_000
"""Characters of a cell; Excel takes 32,767."""


class Format(StrEnum):
    """What kind of file."""

    XLSX = "xlsx"
    CSV = "csv"


MEDIA_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv",
}


class Sheet(Protocol):
    """A file that is being written; `close` makes it whole."""

    def rows(self, rows: Sequence[Row]) -> None:
        """Write rows of the list."""

    def close(self) -> None:
        """Finish the file."""


def columns_of(of: List) -> list[Column]:
    """Return the columns of the file in their order."""
    return [c for c in of.columns if c.in_file]


def head_of(of: List) -> list[str]:
    """Return the first line of the file."""
    money = gettext(N_("{title} (yuan)"))
    return [
        money.format(title=gettext(c.title)) if c.kind is Kind.MONEY else gettext(c.title)
        for c in columns_of(of)
    ]


def cell_of(column: Column, row: Row) -> Cell:
    """Return what the file holds of one cell."""
    value = row[column.code]
    if value is None:
        return None
    match column.kind:
        case Kind.MONEY:
            return yuan(value)
        case Kind.MOMENT:
            return value.astimezone(clock.CHINA).replace(tzinfo=None, microsecond=0)  # type: ignore[no-any-return]
        case Kind.FLAG:
            return gettext(N_("yes")) if value else gettext(N_("no"))
        case Kind.CHOICE:
            return word(column, row)
        case Kind.NUMBER | Kind.DATE:
            return value  # type: ignore[no-any-return]
        case Kind.TEXT:
            return str(value)[:_LONGEST]


def open_sheet(of: List, file: IO[bytes], form: Format) -> Sheet:
    """Begin a file with its first line; it stays open."""
    return _Xlsx(of, file) if form is Format.XLSX else _Csv(of, file)


def is_dangerous(text: str) -> bool:
    """Tell whether a spreadsheet could take text for a formula."""
    return text.lstrip(" ").startswith(_DANGEROUS) or text.startswith(_DANGEROUS)


class _Csv:
    def __init__(self, of: List, file: IO[bytes]) -> None:
        self.columns = columns_of(of)
        self.file = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
        self.writer = csv.writer(self.file)
        self.writer.writerow(head_of(of))

    def rows(self, rows: Sequence[Row]) -> None:
        self.writer.writerows([[_plain(cell_of(c, row)) for c in self.columns] for row in rows])

    def close(self) -> None:
        self.file.detach()


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case str() if is_dangerous(cell):
            return f"'{cell}"
        case _:
            return str(cell)


class _Xlsx:
    def __init__(self, of: List, file: IO[bytes]) -> None:
        self.columns = columns_of(of)
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(file, options)
        self.sheet = self.book.add_worksheet(gettext(of.title)[:31].translate(_NO_NAME))
        self.money = self.book.add_format({"num_format": "#,##0.00"})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.quoted = self.book.add_format({"quote_prefix": True})
        bold = self.book.add_format({"bold": True, "bottom": 1})
        self.sheet.freeze_panes(1, 0)
        for place, (column, title) in enumerate(zip(self.columns, head_of(of), strict=True)):
            self.sheet.set_column(place, place, _WIDTHS.get(column.kind, 18))
            self.sheet.write_string(0, place, title, bold)
        self.next = 1

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for place, column in enumerate(self.columns):
                self._write(place, cell_of(column, row))
            self.next += 1

    def _write(self, place: int, cell: Cell) -> None:
        write: Callable[..., Any]
        extra: tuple[Any, ...] = ()
        match cell:
            case None:
                return
            case datetime():
                write, extra = self.sheet.write_datetime, (self.moment,)
            case date():
                write, extra = self.sheet.write_datetime, (self.day,)
            case Decimal():
                write, extra = self.sheet.write_number, (self.money,)
            case int():
                write = self.sheet.write_number
            case str():
                write, extra = self.sheet.write_string, ((self.quoted,) if is_dangerous(cell) else ())
        write(self.next, place, cell, *extra)

    def close(self) -> None:
        self.book.close()


_NO_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_WIDTHS = {Kind.MONEY: 14, Kind.DATE: 12, Kind.MOMENT: 19, Kind.NUMBER: 10, Kind.FLAG: 8}
