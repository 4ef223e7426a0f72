"""The start page: a sentence, three numbers, a map, questions by reader, and the core tables.

start:
  numbers: [solutions, plans, documents]     tables or questions, whose rows are counted
  map: solutions                             a table with places
  questions:
    - {title: For municipalities, questions: [what-became-of-them, services-offered]}
  tables: [solutions, knowledge]             the rest is one click away
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from pipeline.serve.pages import maps
from pipeline.serve.pages.cells import Cells, alphabetical, labels
from pipeline.serve.pages.dataset import TRACES, Table
from pipeline.serve.pages.selection import parse

QUESTIONS, TABLES = 6, 5
"""Questions and tables that are shown where metadata.yml does not say which."""


def context(con: sqlite3.Connection, cells: Cells, part: str = "") -> dict[str, Any]:
    """What the template needs, with the map of the `part` of the country that has this code, or of all of it."""
    dataset = cells.dataset
    told = dataset.start
    core = [table for table in _found(cells, told.get("tables")) if table.count]
    if not core:
        core = [table for table in dataset.tables.values() if table.count and table.name not in TRACES][:TABLES]
    groups = [
        (str(each.get("title") or ""), [*_found(cells, each.get("questions"))])
        for each in told.get("questions") or []
        if isinstance(each, dict)
    ]
    asked = groups or [("", [*dataset.questions.values()][:QUESTIONS])]
    shown = {table.name for _, tables in asked for table in tables}
    return {
        "numbers": [(table, _count(con, table)) for table in _found(cells, told.get("numbers"))],
        "questions": asked,
        "has_more_questions": any(name not in shown for name in dataset.questions),
        "tables": core,
        "map": _map(con, cells, str(told.get("map")), part),
    }


def _found(cells: Cells, told: Any) -> Iterator[Table]:
    for name in told if isinstance(told, list) else []:
        table = cells.dataset.find(str(name))
        if table is not None:
            yield table


def _count(con: sqlite3.Connection, table: Table) -> int:
    if table.count is not None:
        return table.count
    empty = {each.name: "" for each in table.parameters}
    return int(con.execute(f"SELECT count(*) FROM {table.rows}", empty).fetchone()[0])


def _map(con: sqlite3.Connection, cells: Cells, name: str, part: str) -> dict[str, Any] | None:
    """The map of a table, and the areas on it as links, by name."""
    table = cells.dataset.tables.get(name)
    parts = {area.code: area for area in sorted(cells.dataset.ground, key=lambda area: alphabetical(area.name))}
    within = parts.get(part)
    drawing = maps.of_selection(con, cells, parse(table, ""), table.count or 0, within) if table else None
    if table is None or (drawing is None and within is None):
        return None
    column, counts = maps.by_area(con, cells, parse(table, ""), within)
    links = table.by_name[column].links if column else None
    names = labels(con, cells.dataset, links) if links else {}
    areas = sorted(
        ((rows, names.get(code, code), code) for code, rows in counts.items()), key=lambda each: alphabetical(each[1])
    )
    return {
        "parts": [(code, area.name) for code, area in parts.items()] if len(parts) > 1 else [],
        "part": part if within else "",
        "table": table,
        "drawing": drawing,
        "most": max(counts.values(), default=0),
        "areas": [
            (label, rows, cells.links.table(table.name, **{table.by_name[str(column)].argument: code}))
            for rows, label, code in areas
        ],
    }
