"""What every workbook here has in common: text stays text, and numbers keep their digits."""

from __future__ import annotations

from typing import Any

from xlsxwriter.worksheet import Worksheet

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


class TextSheet(Worksheet):  # type: ignore[misc]
    """A sheet in which a text that looks like XlsxWriter's own marks of style stands as it is."""

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, Any]]) -> None:
        self._xml_inline_string(string, False, attributes)
