"""The page of a question that is ready to ask: what it asks for, and the answer with links to the rows it is about."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from pipeline.serve.pages import grid
from pipeline.serve.pages.cells import Cells, labels
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Dataset, Question
from pipeline.serve.pages.links import Links

RECORD = "record"
"""The column of an answer that holds the row which it is about, as `table/key`, parts of a key parted by commas."""

MOST_ROWS = 1000
"""Rows of an answer that the page shows; it says so where there are more, and the files have all."""


def values(question: Question, query: str) -> dict[str, str]:
    """The parameters of a question as the address gives them; empty where it does not."""
    told = parse_qs(query)
    return {each.name: told.get(each.name, [""])[0] for each in question.parameters}


def context(con: sqlite3.Connection, dataset: Dataset, links: Links, question: Question, query: str) -> dict[str, Any]:
    """What the template of a question needs."""
    given = values(question, query)
    words = tuple(word for word in " ".join(given.values()).replace('"', " ").split() if len(word) > 2)
    cells = Cells(dataset, links, () if any(each.choices for each in question.parameters) else words)
    cursor = con.execute(question.sql, given)
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(MOST_ROWS + 1)
    has_more, rows = len(rows) > MOST_ROWS, rows[:MOST_ROWS]
    records = _records(con, dataset, [row[RECORD] if RECORD in names else None for row in rows])
    all_columns = dataset.columns_of(names, question.titles)
    columns = [
        column
        for column in all_columns
        if column.stands_for is None
        and column.name != RECORD
        and (not rows or any(row[column.name] is not None for row in rows))
    ]
    return {
        "question": question,
        "given": given,
        "columns": columns,
        "rows": _rows(cells, columns, rows, records),
        "has_more": has_more,
        "most": MOST_ROWS,
        "query": f"?{urlencode(given)}" if given else "",
    }


@dataclass(frozen=True)
class Record:
    """The row that an answer is about, and what it is called."""

    table: str
    key: tuple[str, ...]
    name: str


def _records(con: sqlite3.Connection, dataset: Dataset, told: Sequence[Any]) -> list[Record | None]:
    """The rows that the values of the column `record` name."""
    parted = [each.partition("/") if isinstance(each, str) else ("", "", "") for each in told]
    wanted: dict[str, set[str]] = {}
    for table, _, key in parted:
        if table in dataset.tables and len(dataset.tables[table].key) == 1:
            wanted.setdefault(table, set()).add(key)
    names = {
        (table, key): name
        for table, keys in wanted.items()
        for key, name in labels(con, dataset, (table, dataset.tables[table].key[0]), sorted(keys)).items()
    }
    return [
        Record(table, tuple(key.split(",")), names.get((table, key), ""))
        if table in dataset.tables and dataset.tables[table].key
        else None
        for table, _, key in parted
    ]


def _rows(
    cells: Cells, columns: list[Column], rows: Sequence[Any], records: Sequence[Record | None]
) -> list[dict[str, Any]]:
    """The answers; the column that says what the row they are about is called leads there."""
    heads = [
        (_naming(columns, row, record), cells.links.row(record.table, record.key)) if record else (None, None)
        for row, record in zip(rows, records, strict=True)
    ]
    lines = grid.lines(columns, [cells.column(column, rows) for column in columns], heads)
    return [
        {"href": href, "linked": linked, "name": record.name if record else "", "line": line}
        for (linked, href), record, line in zip(heads, records, lines, strict=True)
    ]


def _naming(columns: list[Column], row: Any, record: Record) -> str | None:
    return next((column.name for column in columns if record.name and str(row[column.name]) == record.name), None)
