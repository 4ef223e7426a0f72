"""The cells of a row of a table as HTML.

A page has thousands of them: what the cells of a column begin and end with is made once, and not by a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from pipeline.serve.pages.columns import Column


def line(row: Mapping[str, Any]) -> Markup:
    """The cells of a row: `cells` are columns and values as HTML, `linked` names the column that leads to `href`."""
    assert all(isinstance(value, Markup) for _, value in row["cells"])  # nothing goes into a page that is not escaped
    return Markup("\n".join([_cell(column, value, row) for column, value in row["cells"]]))


def _cell(column: Column, value: Markup, row: Mapping[str, Any]) -> str:
    if column.name == row["linked"]:
        start = f'<th scope="row" data-title="{escape(column.title)}"><a href="{escape(row["href"])}">'
        return f"{start}{value}</a></th>"
    start, end, empty = _ends(column.title, column.is_number, column.is_text, column.links is not None)
    return f"{start}{value}{end}" if value else empty


@lru_cache(4096)
def _ends(title: str, is_number: bool, is_text: bool, is_link: bool) -> tuple[str, str, str]:
    """What a cell with a value begins and ends with, and a cell without one."""
    kind = ' class="number"' if is_number else ' class="text"' if is_text else ""
    inner, outer = ("<div>", "</div>") if is_text or is_link else ("", "")
    cell = f'<td data-title="{escape(title)}"'
    return f"{cell}{kind}>{inner}", f"{outer}</td>", f'{cell} class="empty"></td>'
