"""Rows as a workbook for people: titles and labels in the language of the page, and the codes on a second sheet."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column, with_numbers
from pipeline.serve.pages.dataset import INFERRED, RECORD, Table
from pipeline.table.workbook import MAX_CELL, MOST_DIGITS, OPTIONS, write_text
from pipeline.web import dates

WIDEST = 60
"""Characters of a column at most."""


class TooMuch(Exception):
    """More than a file may have: `args` are the name of the sentence that says so, how much, and how much may be."""


def of_rows(cells: Cells, table: Table, rows: Sequence[Any]) -> bytes:
    """The workbook: nothing in a cell is taken for a formula, a link or a number that is none. Raises TooMuch."""
    words = cells.dataset.words
    shown = [
        column
        for column in with_numbers(table.columns, rows)
        if column.stands_for is None
        and column.name not in (RECORD, INFERRED)
        and any(row[name] not in (None, "") for row in rows for name in (column.name, *column.others))
    ]
    titles = _titles(shown)
    lines = [[_value(cells, column, row) for column in shown] for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        book = xlsxwriter.Workbook(path, OPTIONS | {"tmpdir": folder})
        write(book, _sheet_name(table.title), titles, lines)
        codes = [
            [title, label, code]
            for column, title in zip(shown, titles, strict=True)
            for code, label in column.labels.items()
        ]
        if codes:
            heads = [words.text("filter_column"), words.text("label"), words.text("code")]
            write(book, _sheet_name(f"{words.text('table_codes')}"), heads, codes)
        book.close()
        return path.read_bytes()


def _titles(columns: Sequence[Column]) -> list[str]:
    """Titles of columns with their units, and with the name where two are titled alike."""
    titles = [column.title for column in columns]
    named = [column.name if titles.count(column.title) > 1 else column.unit for column in columns]
    return [f"{column.title} ({more})" if more else column.title for column, more in zip(columns, named, strict=True)]


def _sheet_name(title: str) -> str:
    return "".join(sign for sign in title if sign.isprintable() and sign not in "[]:*?/\\'")[:31].strip() or "1"


def _value(cells: Cells, column: Column, row: Any) -> Any:
    """A number as a number, all else as people read it."""
    value = row[column.name]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int | float) and column.kind != "boolean" and not column.labels and column.links is None:
        if isinstance(value, float):
            return value if isfinite(value) else None
        return value if abs(value) <= MOST_DIGITS else str(value)
    if column.is_date and dates.MACHINE.fullmatch(str(value)):
        return value
    return cells.text(column, row) or None


def write(book: Any, name: str, titles: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """A sheet with a frozen head, a filter, and columns as wide as what is in them."""
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    plain = book.add_format()
    sheet.freeze_panes(1, 1)
    for at, title in enumerate(titles):
        sheet.write_string(0, at, title, head)
        longest = max((len(str(line[at])) for line in lines if line[at] is not None), default=0)
        sheet.set_column(at, at, min(WIDEST, max(len(title) + 4, longest + 2)), body)
    for number, line in enumerate(lines, 1):
        for at, value in enumerate(line):
            if isinstance(value, int | float):
                sheet.write_number(number, at, value)
            elif value is not None:
                write_text(sheet, number, at, _fitting(str(value)), plain)
    if lines and titles:
        sheet.autofilter(0, 0, len(lines), len(titles) - 1)


def _fitting(text: str) -> str:
    """The text, if a cell can hold it. Raises TooMuch."""
    length = len(text.encode("utf-16-le")) // 2 if len(text) > MAX_CELL // 2 else len(text)
    if length > MAX_CELL:
        raise TooMuch("too_long_text", length, MAX_CELL)
    return text
