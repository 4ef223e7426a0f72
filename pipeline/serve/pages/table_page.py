"""The page of a table, a view or the answer to a question: rows, facets, a map, charts, files, all of one selection."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.serve.pages import asking, charts, evidence, facets, maps
from pipeline.serve.pages.cells import Cells, labels
from pipeline.serve.pages.columns import Column, with_numbers
from pipeline.serve.pages.dataset import INFERRED, RECORD, Dataset, Table, limited
from pipeline.serve.pages.facets import Facet, of_whole
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.matching import Match, matches
from pipeline.serve.pages.selection import OPERATIONS, Filter, Selection, rows_sql, token

MOST_DRAWN = 20_000
"""Rows that a map and a chart of years are drawn of; the page says so where there are more."""

MOST_HITS = 100_000
"""Hits of words up to which they are counted by the values of a column; beyond, the page asks for more words."""

Head = tuple[str | None, str | None]
"""The column whose cell leads to the page of the row, if one does, and the address of that page."""


def context(
    con: sqlite3.Connection, dataset: Dataset, links: Links, selection: Selection, everything: bool, milliseconds: int
) -> dict[str, Any]:
    """What the template of a table needs. Its parts may take `milliseconds` each."""
    table = selection.table
    with limited(con, milliseconds):
        selection, match = forgiving(con, dataset, selection)
        cells = Cells(dataset, links, match.words if match else ())
        asked = asking.of(con, cells, selection)
        selection = replace(selection, given=asked.given)
        sql, parameters = rows_sql(selection)
        rows = con.execute(sql, parameters).fetchall() if asked.is_answered else []
        more = rows[selection.size] if len(rows) > selection.size else None
        rows = rows[: selection.size]
        cells.look_up(con, table.columns, rows)
    with limited(con, milliseconds):
        count = _count(con, cells, selection, len(rows), more) if asked.is_answered else 0
        chips = _chips(con, cells, selection)
    columns = [
        column
        for column in with_numbers(_in_order(table), rows)
        if everything or (column.name != INFERRED and (not rows or _has_value(column, rows)))
    ]
    drawn = 0 < count <= MOST_DRAWN
    countable = not selection.search or count <= MOST_HITS
    without = _without_values(con, cells, selection)
    counted = [
        facets.of_column(con, cells, selection, table.by_name[name], milliseconds)
        if countable
        else Facet(table.by_name[name], [], False, took_too_long=True)
        for name in (selection.facets if count else ())
        if name not in without
    ]
    drawing, years = None, None
    if drawn:
        with limited(con, milliseconds):
            drawing = of_whole(cells, selection, "map", find=lambda: maps.of_selection(con, cells, selection, count))
            years = charts.of_years(con, cells, selection)
    return {
        "table": table,
        "selection": selection,
        "match": match,
        "asked": asked,
        "columns": columns,
        "without_values": without,
        "left_out": [column for column in table.shown if column.name not in {each.name for each in columns}],
        "rows": _rows(con, cells, table, columns, rows),
        "count": count,
        "chips": chips,
        "facets": counted,
        "charts": [charts.of_facet(cells, selection, facet) for facet in counted if len(facet.values) > 1],
        "years": years,
        "map": drawing,
        "is_drawn": drawn or not count,
        "most_drawn": MOST_DRAWN,
        "next": _next(links, selection, rows, more),
        "sorts": {column.name: _sort(selection, column) for column in columns},
        "operations": list(OPERATIONS),
        "instead": [] if count else _instead(con, selection, chips),
    }


def forgiving(con: sqlite3.Connection, dataset: Dataset, selection: Selection) -> tuple[Selection, Match | None]:
    """The selection with the first way to look for its words that finds anything; a search that cannot be made finds
    nothing, and never everything."""
    index = selection.table.index
    if not selection.search or index is None:
        return selection, None
    name = identifier(index)
    first: Match | None = None
    for match in matches(dataset, selection.search):
        first = first or match
        if con.execute(f"SELECT 1 FROM {name} WHERE {name} MATCH ? LIMIT 1", [match.expression]).fetchone():
            return replace(selection, match=match.expression), match
    return replace(selection, match=first.expression if first else ""), first


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


def _has_value(column: Column, rows: Sequence[Any]) -> bool:
    return any(row[name] not in (None, "") for row in rows for name in (column.name, *column.others))


def _without_values(con: sqlite3.Connection, cells: Cells, selection: Selection) -> set[str]:
    """The columns without a value in the whole of a small table: nobody can filter by them."""
    table = selection.table
    if not table.count or table.count > MOST_DRAWN:
        return set()

    def find() -> set[str]:
        counts = ", ".join(f"count(nullif({identifier(column.name)}, ''))" for column in table.columns)
        found = con.execute(f"SELECT {counts} FROM {identifier(table.name)}").fetchone()
        return {column.name for column, count in zip(table.columns, found, strict=True) if not count}

    return cells.dataset.once(table.name, "without values", find=find)


def _count(con: sqlite3.Connection, cells: Cells, selection: Selection, shown: int, more: Any) -> int:
    if not selection.is_narrowed and selection.table.count is not None:
        return selection.table.count
    if more is None and selection.after is None:
        return shown
    return of_whole(cells, selection, "count", find=lambda: _count_now(con, selection))


def _count_now(con: sqlite3.Connection, selection: Selection) -> int:
    where, parameters = selection.where()
    counted = selection.table.rows
    if selection.search and not selection.filters and selection.table.index:
        # The index of words knows how many hits there are without a look at the table.
        counted = identifier(selection.table.index)
        where = f" WHERE {counted} MATCH :search"
    return int(con.execute(f"SELECT count(*) FROM {counted}{where}", parameters).fetchone()[0])


# -- rows --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """The row that an answer's row is about, and what it is called."""

    href: str
    name: str


def _rows(
    con: sqlite3.Connection, cells: Cells, table: Table, columns: list[Column], rows: list[Any]
) -> list[dict[str, Any]]:
    """The rows as the template of a grid takes them; one column leads to a row's page, where its value can."""
    instead = evidence.about_cells(con, cells, table.columns, rows)
    values = [instead.get(column.name) or cells.column(column, rows) for column in columns]
    records = _records(con, cells, rows) if table.sql is not None else [_record(cells, table, row) for row in rows]
    heads: list[Head] = [
        (_leading(columns, values, at, row, record), record.href if record else None)
        for at, (row, record) in enumerate(zip(rows, records, strict=True))
    ]
    return [
        {"href": href, "linked": linked, "name": record.name if record else "", "line": line}
        for record, (linked, href), line in zip(records, heads, _lines(columns, values, heads), strict=True)
    ]


def _record(cells: Cells, table: Table, row: Any) -> Record | None:
    if not table.keyed:
        return None
    return Record(cells.links.row(table.name, [row[name] for name in table.keyed]), cells.name(table, row))


def _records(con: sqlite3.Connection, cells: Cells, rows: Sequence[Any]) -> list[Record | None]:
    """The rows that the values of an answer's column `record` name."""
    tables = cells.dataset.tables
    is_told = bool(rows) and RECORD in rows[0].keys()  # noqa: SIM118 (a sqlite3.Row has values)
    parted = [str(row[RECORD] or "").partition("/") for row in rows] if is_told else []
    wanted: dict[str, set[str]] = {}
    for table, _, key in parted:
        if table in tables and len(tables[table].key) == 1:
            wanted.setdefault(table, set()).add(key)
    names = {
        (table, key): name
        for table, keys in wanted.items()
        for key, name in labels(con, cells.dataset, (table, tables[table].key[0]), sorted(keys)).items()
    }
    return [
        Record(cells.links.row(table, key.split(",")), names.get((table, key), ""))
        if table in tables and tables[table].key
        else None
        for table, _, key in parted
    ] or [None] * len(rows)


def _leading(columns: list[Column], values: list[list[Markup]], at: int, row: Any, record: Record | None) -> str | None:
    """The column whose cell leads to the page of the row: the one with its name, or the first that has no link."""
    if record is None:
        return None
    for number, column in enumerate(columns):
        is_free = not column.links and not column.is_address and values[number][at]
        if is_free and (number == 0 or (record.name and str(row[column.name]) == record.name)):
            return column.name
    return None


def _next(links: Links, selection: Selection, rows: list[Any], more: Any) -> str | None:
    if more is None:
        return None
    is_view = selection.table.is_view
    after = str(int(selection.after or 0) + selection.size) if is_view else token(selection, rows[-1])
    return f"{links.table(selection.table.name)}{selection.link(_next=after)}"


def _lines(columns: Sequence[Column], values: Sequence[Sequence[Markup]], heads: Sequence[Head]) -> list[Markup]:
    """The cells of each row as HTML, made a column at a time: a page has thousands. `values` are those of a column in
    every row; `heads` say what leads to each row's page."""
    made = [_cells(*each) for each in zip(columns, values, strict=True)]
    numbers = {column.name: number for number, column in enumerate(columns)}
    for at, (name, href) in enumerate(heads):
        if name is not None:
            number = numbers[name]
            made[number][at] = _head(columns[number], values[number][at], href)
    return [Markup("\n".join(line)) for line in zip(*made, strict=True)]


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


# -- filters -----------------------------------------------------------------------------------------------------------


def _chips(con: sqlite3.Connection, cells: Cells, selection: Selection) -> list[dict[str, Any]]:
    """The filters that are set, in words, each with the address of the page without it."""
    return [
        {
            "column": selection.table.by_name[each.column].title,
            "operation": cells.dataset.words(
                f"filter_{each.operation if each.operation in OPERATIONS else 'other'}",
            ),
            "value": _said(con, cells, selection.table.by_name[each.column], each),
            "href": selection.without(each.argument, each.value),
            "filter": each,
        }
        for each in selection.filters
    ]


def _said(con: sqlite3.Connection, cells: Cells, column: Column, each: Filter) -> str:
    if not OPERATIONS.get(each.operation, True):
        return ""
    cells.look_up(con, [column], [{column.name: each.value}])
    return cells.text(column, {column.name: each.value, **dict.fromkeys(column.others)})


def _instead(
    con: sqlite3.Connection, selection: Selection, chips: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], int]]:
    """What to try where nothing is found: each filter, with how many rows there are without it."""
    tried = []
    for chip in chips[:6]:
        without = replace(selection, filters=tuple(each for each in selection.filters if each is not chip["filter"]))
        if found := _count_now(con, without):
            tried.append((chip, found))
    return tried
