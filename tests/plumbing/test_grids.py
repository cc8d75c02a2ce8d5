"""Tables come as XLSX, as CSV or pasted, and every cell of theirs is text."""

import io
from datetime import datetime

import pytest
import xlsxwriter

from cishan.kernel.errors import Invalid
from cishan.plumbing import grids


def _xlsx(*rows: tuple[object, ...]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if value != "":
                sheet.write(number, place, value)
    book.close()
    return file.getvalue()


def test_a_sheet_is_read_with_the_numbers_of_its_lines() -> None:
    data = _xlsx(("姓名", "数量"), ("", ""), ("爱心网友", 3), ("张某", 2.5), (datetime(2026, 1, 2), "=1+1"))
    assert grids.of_file(data, field="file")[:3] == [
        (1, ["姓名", "数量"]),
        (3, ["爱心网友", "3"]),
        (4, ["张某", "2.5"]),
    ]
    assert grids.of_file(data, field="file")[3][1][0] == "2026-01-02"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read_whatever_program_wrote_it(encoding: str) -> None:
    data = '姓名,数量\n"张某,李某",2\n\n'.encode(encoding)
    assert grids.of_file(data, field="file") == [(1, ["姓名", "数量"]), (2, ["张某,李某", "2"])]


@pytest.mark.parametrize("separator", ["\t", ",", "，", ";", "；"])
def test_pasted_text_is_parted_by_what_parts_its_first_line(separator: str) -> None:
    assert grids.of_text(f"张某{separator}2{separator}\n", field="rows") == [(1, ["张某", "2"])]


@pytest.mark.parametrize("data", [b"PK\x03\x04nonsense", b"\xff\xfe\x00\x81", b"a\x00b"])
def test_what_is_no_table_is_refused_at_its_field(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        grids.of_file(data, field="file")
    assert refused.value.field == "file"


def test_a_table_may_not_be_endless() -> None:
    with pytest.raises(Invalid, match="20000 lines"):
        grids.of_text("a,1\n" * (grids.MAX_ROWS + 1), field="rows")
    with pytest.raises(Invalid, match="60 columns"):
        grids.of_text(",".join("a" * 61), field="rows")
