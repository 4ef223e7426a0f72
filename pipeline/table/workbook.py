"""What every workbook here has in common: text stays text, and numbers keep their digits."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Any

MAX_CELL = 32_767
"""Characters that a cell holds, in UTF-16."""

MOST_DIGITS = 2**53
"""A spreadsheet's number is a double: a whole number beyond keeps its digits only as text."""

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""No text becomes a formula, a link or a number; rows go to a file as they come."""


def write_cell(sheet: Any, row: int, column: int, value: Any, plain: Any) -> None:
    """Writes a value into a cell of an XlsxWriter sheet; nothing for None.

    What a cell cannot hold is text: numbers beyond 2^53, NaN and infinity, and dates before 1900.
    `plain` is a format without any style.
    """
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and isfinite(value) and abs(value) <= MOST_DIGITS:
        sheet.write_number(row, column, value)
    elif isinstance(value, date) and value.year >= 1900:
        sheet.write_datetime(row, column, value)
    else:
        write_text(sheet, row, column, str(value), plain)


def write_text(sheet: Any, row: int, column: int, text: str, plain: Any, style: Any = None) -> None:
    """Writes a text as it is.

    XlsxWriter takes `<r>…</r>` for its own marks of style, so such a text is written in two parts.
    """
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(row, column, text[0], plain, text[1:])
    else:
        sheet.write_string(row, column, text, style)
