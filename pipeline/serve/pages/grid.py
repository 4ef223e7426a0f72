"""The rows of a table as HTML.

A page has thousands of cells: they are made a column at a time, and what the cells of a column begin and end with is
made once, and not by a template.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from pipeline.serve.pages.columns import Column


def lines(columns: Sequence[Column], values: Sequence[Sequence[Markup]], heads: Sequence[Head]) -> list[Markup]:
    """The cells of each row: `values` are those of a column in every row; `heads` say what leads to each row's page."""
    made = [_cells(*each) for each in zip(columns, values, strict=True)]
    numbers = {column.name: number for number, column in enumerate(columns)}
    for at, (name, href) in enumerate(heads):
        if name is not None:
            number = numbers[name]
            made[number][at] = _head(columns[number], values[number][at], href)
    return [Markup("\n".join(line)) for line in zip(*made, strict=True)]


Head = tuple[str | None, str | None]
"""The column whose cell leads to the page of the row, if one does, and the address of that page."""


def _cells(column: Column, values: Sequence[Markup]) -> list[str]:
    assert all(isinstance(value, Markup) for value in values)  # nothing goes into a page that is not escaped
    start, end, empty = _ends(column.title, column.is_number, column.is_text, column.links is not None)
    return [f"{start}{value}{end}" if value else empty for value in values]


def _head(column: Column, value: Markup, href: str | None) -> str:
    return f'<th scope="row" data-title="{escape(column.title)}"><a href="{escape(href)}">{value}</a></th>'


@lru_cache(4096)
def _ends(title: str, is_number: bool, is_text: bool, is_link: bool) -> tuple[str, str, str]:
    """What a cell with a value begins and ends with, and a cell without one."""
    kind = ' class="number"' if is_number else ' class="text"' if is_text else ""
    inner, outer = ("<div>", "</div>") if is_text or is_link else ("", "")
    cell = f'<td data-title="{escape(title)}"'
    return f"{cell}{kind}>{inner}", f"{outer}</td>", f'{cell} class="empty"></td>'
