"""Who says what a row holds: its sources by field, where they disagree, what releases changed; and rows about cells.

A table or an answer with the columns `table`, `key` and `field` is about cells of other tables: provenance, changes,
discrepancies. Its rows are shown with the titles, names and labels of those, not with keys and codes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.package.about import address
from pipeline.package.history import names, of_row
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Table
from pipeline.web import dates

CELL = ("table", "key", "field")
"""The columns that name a cell of another table; parts of a key are parted by `|`."""

VALUES = ("value_taken", "value_not_taken", "old", "new")
"""Columns with values of that cell."""

MOST_CHANGES = 500
"""Differences that a page shows; the table of changes has all."""

SOURCES = """
SELECT p.field, p.position, p.inferred, d.*
FROM provenance AS p
JOIN documents AS d ON d.id = p.document
WHERE p."table" = :table AND p.key = :key
ORDER BY p.position, p.rowid
"""

DISAGREEMENTS = """
SELECT field, value_taken, document_taken, value_not_taken, document_not_taken
FROM discrepancies
WHERE "table" = :table AND key = :key
ORDER BY rowid
"""


@dataclass(frozen=True)
class Source:
    """A document that states something in a row."""

    number: int
    name: str
    href: str
    publisher: str
    web: str | None
    date: Markup


@dataclass(frozen=True)
class Evidence:
    """The documents of a row, their numbers by field, and the fields whose values were concluded."""

    sources: list[Source]
    stated: Mapping[str, list[int]]
    inferred: frozenset[str]


def of(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> Evidence:
    """The evidence of a row; none where the package does not tell."""
    if not {"provenance", "documents"} <= set(cells.dataset.tables):
        return Evidence([], {}, frozenset())
    found = con.execute(SOURCES, _of(table, row)).fetchall()
    sources: dict[str, Source] = {}
    stated: dict[str, list[int]] = {}
    for each in found:
        source = sources.setdefault(each["id"], _source(cells, len(sources) + 1, each))
        stated.setdefault(each["field"], []).append(source.number)
    return Evidence([*sources.values()], stated, frozenset(each["field"] for each in found if each["inferred"]))


def _of(table: Table, row: Mapping[str, Any]) -> dict[str, str]:
    return {"table": table.name, "key": "|".join(str(row[name]) for name in table.key)}


def _source(cells: Cells, number: int, document: Any) -> Source:
    documents = cells.dataset.tables["documents"]
    told = dict(document)
    return Source(
        number,
        str(told.get("title") or cells.name(documents, document)),
        cells.links.row("documents", [document["id"]]),
        str(told.get("publisher") or ""),
        address(told.get("url")),
        dates.element(cells.dataset.words, str(told.get("published") or "")),
    )


def disagreements(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where sources disagree on a row: the field, and both values with who says them."""
    if not {"discrepancies", "documents"} <= set(cells.dataset.tables):
        return []
    return [
        {
            "field": _title(table, each["field"]),
            "taken": value(con, cells, table, each["field"], each["value_taken"]),
            "by": _document(con, cells, each["document_taken"]),
            "other": value(con, cells, table, each["field"], each["value_not_taken"]),
            "by_other": _document(con, cells, each["document_not_taken"]),
        }
        for each in con.execute(DISAGREEMENTS, _of(table, row)).fetchall()
    ]


def _document(con: sqlite3.Connection, cells: Cells, document: str) -> Source | None:
    found = con.execute("SELECT * FROM documents WHERE id = ?", [document]).fetchone()
    return _source(cells, 0, found) if found else None


def history(con: sqlite3.Connection, cells: Cells, table: Table, key: Sequence[Any]) -> list[dict[str, Any]]:
    """What releases changed in the row, the latest first; empty where a release has no history, or only its own."""
    called = names(cells.dataset.package)
    if called.changes not in cells.dataset.tables:
        return []
    try:
        lines = of_row(con, table.name, key, called)
    except sqlite3.OperationalError as error:
        if "no such column" not in str(error):
            raise
        return []  # a release that an earlier program made tells its history otherwise
    return [
        {
            "release": line.release,
            "change": change(cells, line.change),
            "field": _title(table, line.field),
            "old": value(con, cells, table, line.field, line.old),
            "new": value(con, cells, table, line.field, line.new),
        }
        for line in reversed(lines)
    ]


def change(cells: Cells, code: str) -> Markup:
    """What kind of change it was."""
    return cells.dataset.words(f"change_{code}") if cells.dataset.words.get(f"change_{code}") else escape(code)


def _title(table: Table, field: str | None) -> str:
    return table.by_name[field].title if field in table.by_name else str(field or "")


def value(con: sqlite3.Connection, cells: Cells, table: Table, field: str | None, told: str | None) -> str:
    """A value of a field, as text from a CSV, the way pages say it."""
    column = table.by_name.get(field or "")
    if column is None or told is None:
        return told or ""
    row = {column.name: _typed(column, told), **dict.fromkeys(column.others)}
    cells.look_up(con, [column], [row])
    return cells.text(column, row)


def _typed(column: Column, told: str) -> Any:
    if column.kind == "boolean":
        return {"true": 1, "false": 0}.get(told, told)
    if column.is_number:
        try:
            return int(told) if told.lstrip("-").isdigit() else float(told)
        except ValueError:
            return told
    return told


# -- rows about cells --------------------------------------------------------------------------------------------------


def about_cells(
    con: sqlite3.Connection, cells: Cells, columns: Sequence[Column], rows: Sequence[Any]
) -> dict[str, list[Markup]]:
    """How the columns of rows about cells are shown; empty for rows that are not."""
    present = {column.name for column in columns}
    if not rows or not present >= {*CELL}:
        return {}
    shown: dict[str, list[Markup]] = {name: [] for name in (*CELL, *(each for each in VALUES if each in present))}
    called: dict[tuple[str, str], Markup] = {}
    for row in rows:
        table = cells.dataset.tables.get(str(row["table"]))
        field = row["field"]
        at = (str(row["table"]), str(row["key"] or ""))
        if at not in called:
            called[at] = _row(con, cells, table, at[1]) if table else escape(at[1])
        shown["table"].append(escape(table.title if table else at[0]))
        shown["key"].append(called[at])
        shown["field"].append(escape(_title(table, field) if table else field or ""))
        for name in shown.keys() - {*CELL}:
            told = None if row[name] is None else str(row[name])
            shown[name].append(escape(value(con, cells, table, field, told) if table else told or ""))
    return shown


def _row(con: sqlite3.Connection, cells: Cells, table: Table, key: str) -> Markup:
    """The name of a row with a link; its key where there is no such row."""
    parts = key.split("|")
    if not table.key or len(parts) != len(table.key):
        return escape(key)
    condition = " AND ".join(f"{identifier(name)} = ?" for name in table.key)
    row = con.execute(f"SELECT * FROM {identifier(table.name)} WHERE {condition}", parts).fetchone()
    if row is None:
        return escape(key)
    cells.look_up(con, [table.by_name[name] for name in table.key], [row])
    return Markup('<a href="{}">{}</a>').format(cells.links.row(table.name, parts), cells.name(table, row))


# -- two releases ------------------------------------------------------------------------------------------------------


def compared(con: sqlite3.Connection, cells: Cells, query: str) -> dict[str, Any] | None:
    """What the page that compares two releases needs: the latest and the one before unless the address says others."""
    called = names(cells.dataset.package)
    table = cells.dataset.tables.get(called.changes)
    if table is None:
        return None
    releases = [
        str(version) for (version,) in con.execute(called.sql("SELECT version FROM {releases} ORDER BY number"))
    ]
    told = parse_qs(query)
    after = told.get("to", [releases[-1]])[0]
    before = told.get("from", [releases[max(0, releases.index(after) - 1)] if after in releases else ""])[0]
    if before not in releases or after not in releases:
        return None
    between = releases[releases.index(before) + 1 : releases.index(after) + 1]
    marks = ", ".join("?" for _ in between)
    rows = con.execute(
        called.sql(f"SELECT * FROM {{changes}} WHERE release IN ({marks}) ORDER BY line LIMIT {MOST_CHANGES + 1}"),
        between,
    ).fetchall()
    shown = about_cells(con, cells, table.columns, rows[:MOST_CHANGES])
    lines = [
        {name: shown[name][at] for name in ("table", "key", "field", "old", "new")}
        | {"release": row["release"], "change": change(cells, row["change"])}
        for at, row in enumerate(rows[:MOST_CHANGES])
    ]
    return {
        "releases": releases[::-1],
        "before": before,
        "after": after,
        "lines": lines,
        "has_more": len(rows) > MOST_CHANGES,
        "all_changes": table.name,
    }
