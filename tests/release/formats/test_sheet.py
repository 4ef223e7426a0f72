"""A sheet that is filled row by row has the bytes of one that XlsxWriter fills cell by cell."""

from __future__ import annotations

import string
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from pipeline.release.formats.sheet import Sheet

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
TEXTS = st.text(st.sampled_from(string.ascii_letters + "åÖ 0_x&<>\"'=\n\t\x01\ufffe😀"), max_size=12)
CELLS = st.one_of(
    st.none(),
    TEXTS.filter(bool),
    st.sampled_from(["_x0041_", "<r>x</r>", " x", "x\n", "=1+1", "http://example.org/"]),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=True, allow_infinity=True),
    st.dates(date(1850, 1, 1), date(2100, 1, 1)),
)


def workbook(rows: list[tuple[Any, ...]], kind: type[Worksheet]) -> bytes:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"created": datetime(2020, 1, 1)})
    for name in ("one", "two"):
        sheet = book.add_worksheet(name, worksheet_class=kind)
        for column in range(4):
            sheet.write_string(0, column, "header", book.add_format({"bold": True}))
        if isinstance(sheet, Sheet):
            sheet.fill(rows, first=1)
        else:
            cell_by_cell(sheet, rows)
    book.close()
    return target.getvalue()


def cell_by_cell(sheet: Any, rows: list[tuple[Any, ...]]) -> None:
    for row, values in enumerate(rows, 1):
        for column, value in enumerate(values):
            if isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif isinstance(value, int | float) and abs(value) <= 2**53:
                sheet.write_number(row, column, value)
            elif isinstance(value, date) and value.year >= 1900:
                sheet.write_datetime(row, column, value)
            elif value is not None:
                sheet.write_string(row, column, str(value))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[CELLS] * width), max_size=8)))
def test_a_sheet_that_is_filled_has_the_same_bytes(rows: list[tuple[Any, ...]]) -> None:
    assert workbook(rows, Sheet) == workbook(rows, Worksheet)


def test_a_text_that_is_too_long_in_utf_16_is_cut_as_ever() -> None:
    rows = [("😀" * 17_000,), ("x",)]
    assert workbook(rows, Sheet) == workbook(rows, Worksheet)
