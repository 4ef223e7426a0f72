"""The page of a table or view: rows, filters, counts to filter by, charts, a map, and what to take away."""

from __future__ import annotations

import sqlite3
from typing import Any

from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.serve.pages import facets, grid, maps
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.facets import BARS, Facet, of_whole
from pipeline.serve.pages.limit import limited
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.row_page import INFERRED
from pipeline.serve.pages.selection import OPERATIONS, Selection, rows_sql, token

MOST_DRAWN = 20_000
"""Rows that a map and a chart of years are drawn of; the page says so where there are more."""

MOST_HITS = 100_000
"""Hits of words up to which they are counted by the values of a column; beyond, the page asks for more words."""


def context(
    con: sqlite3.Connection, dataset: Dataset, links: Links, selection: Selection, everything: bool, milliseconds: int
) -> dict[str, Any]:
    """What the template of a table needs. Its parts may take `milliseconds` each."""
    table = selection.table
    cells = Cells(dataset, links, _words(selection.search))
    with limited(con, milliseconds):
        sql, parameters = rows_sql(selection)
        rows = con.execute(sql, parameters).fetchall()
        more = rows[selection.size] if len(rows) > selection.size else None
        rows = rows[: selection.size]
        cells.look_up(con, table.columns, rows)
    with limited(con, milliseconds):
        count = _count(con, cells, selection, len(rows), more)
        chips = _chips(con, cells, selection)
    columns = [
        column
        for column in _in_order(table)
        if everything or (column.name != INFERRED and (not rows or _has_value(column, rows)))
    ]
    drawn = 0 < count <= MOST_DRAWN
    countable = not selection.search or count <= MOST_HITS
    counted = [
        facets.of_column(con, cells, selection, table.by_name[name], milliseconds)
        if countable
        else Facet(table.by_name[name], [], False, took_too_long=True)
        for name in selection.facets
    ]
    drawing, years = Markup(""), list[Facet]()
    if drawn:
        with limited(con, milliseconds):
            drawing = of_whole(cells, selection, "map", find=lambda: maps.of_selection(con, cells, selection))
            years = facets.of_years(con, cells, selection)
    return {
        "table": table,
        "selection": selection,
        "columns": columns,
        "left_out": [column for column in table.shown if column not in columns],
        "rows": _rows(cells, table, columns, rows),
        "count": count,
        "chips": chips,
        "facets": counted,
        "charts": [facet for facet in counted if len(facet.values) > 1] + years,
        "map": drawing,
        "is_drawn": drawn or not count,
        "most_drawn": MOST_DRAWN,
        "next": _next(links, selection, rows, more),
        "sorts": {column.name: _sort(selection, column) for column in columns},
        "operations": list(OPERATIONS),
        "bars": BARS,
    }


def _in_order(table: Table) -> list[Column]:
    """The columns as a person reads them: what names a row first, and what a machine calls it last."""
    named = [column for column in table.shown if table.label != table.key and column.name in table.label]
    keys = [column for column in table.shown if named and column.is_key and column not in named]
    return [*named, *(column for column in table.shown if column not in named and column not in keys), *keys]


def _sort(selection: Selection, column: Column) -> dict[str, str | None]:
    """Where a column's heading leads, and how rows are sorted by it now."""
    if selection.sort is None or selection.sort[0] != column.name:
        return {"state": None, "href": selection.link(_sort=column.name, _sort_desc=None)}
    if selection.sort[1]:
        return {"state": "descending", "href": selection.link(_sort=column.name, _sort_desc=None)}
    return {"state": "ascending", "href": selection.link(_sort=None, _sort_desc=column.name)}


def _words(search: str) -> tuple[str, ...]:
    return tuple(word for word in search.replace('"', " ").split() if word)


def _has_value(column: Column, rows: list[Any]) -> bool:
    return any(row[name] not in (None, "") for row in rows for name in (column.name, *column.others))


def _count(con: sqlite3.Connection, cells: Cells, selection: Selection, shown: int, more: Any) -> int:
    if not selection.is_narrowed and selection.table.count is not None:
        return selection.table.count
    if more is None and selection.after is None:
        return shown
    return of_whole(cells, selection, "count", find=lambda: _count_now(con, selection))


def _count_now(con: sqlite3.Connection, selection: Selection) -> int:
    where, parameters = selection.where()
    counted = selection.table.name
    if selection.search and not selection.filters and selection.table.index:
        # The index of words knows how many hits there are without a look at the table.
        counted = selection.table.index
        where = f" WHERE {identifier(counted)} MATCH :search"
    return int(con.execute(f"SELECT count(*) FROM {identifier(counted)}{where}", parameters).fetchone()[0])


def _rows(cells: Cells, table: Table, columns: list[Column], rows: list[Any]) -> list[dict[str, Any]]:
    """The rows as the template of a grid takes them; the first column leads to a row's page, where its value can."""
    values = [cells.column(column, rows) for column in columns]
    first = columns[0] if columns and not columns[0].links and not columns[0].is_address else None
    heads: list[grid.Head] = []
    for at, row in enumerate(rows):
        key = [row[name] for name in table.key] if table.key else ([] if table.is_view else [row["rowid"]])
        href = cells.links.row(table.name, key) if key else None
        heads.append((first.name if first and key and values[0][at] else None, href))
    return [
        {"href": href, "linked": linked, "name": cells.name(table, row) if href and not linked else "", "line": line}
        for row, (linked, href), line in zip(rows, heads, grid.lines(columns, values, heads), strict=True)
    ]


def _next(links: Links, selection: Selection, rows: list[Any], more: Any) -> str | None:
    if more is None:
        return None
    is_view = selection.table.is_view
    after = str(int(selection.after or 0) + selection.size) if is_view else token(selection, rows[-1])
    return f"{links.table(selection.table.name)}{selection.link(_next=after)}"


# -- filters -----------------------------------------------------------------------------------------------------------


def _chips(con: sqlite3.Connection, cells: Cells, selection: Selection) -> list[dict[str, Any]]:
    """The filters that are set, in words, each with the address of the page without it."""
    chips = []
    for each in selection.filters:
        column = selection.table.by_name[each.column]
        cells.look_up(con, [column], [{column.name: each.value}])
        operation = each.operation if each.operation in OPERATIONS else "other"
        chips.append(
            {
                "column": column.title,
                "operation": cells.dataset.words(f"filter_{operation}"),
                "value": cells.text(column, {column.name: each.value, **dict.fromkeys(column.others)})
                if OPERATIONS.get(operation, True)
                else "",
                "href": selection.without(each.argument, each.value),
            }
        )
    return chips
