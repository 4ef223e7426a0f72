"""That the SQLite file has the rows of the CSV, and has counted them rightly."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.quoting import identifier
from pipeline.verify.rows import SHOWN, Rows, problem

STORED = {"BIGINT": "integer", "DOUBLE": "real", "BOOLEAN": "integer"}
"""How SQLite stores the values of DuckDB's types; every other as text."""

COUNTED = 'SELECT "count" FROM _counts WHERE "table" = ? AND "column" IS NULL'


def check(rows: Rows, path: Path) -> list[Problem]:
    """What the database has otherwise."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            return _check(rows, database, path.name)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [problem(path.name, f"cannot be read (table {rows.table.stem}): {error}")]


def _check(rows: Rows, database: sqlite3.Connection, name: str) -> list[Problem]:
    stem, types = rows.table.stem, rows.types
    # A view of that name could hold anything, a query without end among it.
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (stem,)).fetchall()
    if kind != [("table",)]:
        return [problem(name, f"has no table {stem!r}")]
    held = [column for _, column, *_ in database.execute(f"PRAGMA table_info({identifier(stem)})")]
    if held != list(types):
        return [problem(name, f"has in {stem!r} the columns {held}, where the CSV has {list(types)}")]
    # NOT INDEXED: in the order of rows, which an index that holds all columns would change.
    there = f"FROM {identifier(stem)} NOT INDEXED"
    (count,) = database.execute(f"SELECT count(*) {there}").fetchone()
    if wrong := rows.of_counts(name, count) or _of_types(rows, database, there, name):
        return wrong
    names = ", ".join(map(identifier, types))
    theirs = database.execute(f"SELECT {names} {there}")
    return [*_differing(rows, theirs, name), *_of_counted(rows, database, name)]


def _differing(rows: Rows, theirs: sqlite3.Cursor, name: str) -> Iterator[Problem]:
    ours = rows.values(_as_stored(*each) for each in rows.types.items())
    shown = 0
    for number, (one, two) in enumerate(zip_longest(ours, theirs), 1):
        if one != two:
            yield rows.of_row(name, number, one, two)
            shown += 1
            if shown == SHOWN:
                return


def _as_stored(name: str, kind: str) -> str:
    """A column as SQLite has it: dates as text, and no NaN."""
    column = identifier(name)
    if kind == "DATE":
        return f"CAST({column} AS VARCHAR)"
    return f"CASE WHEN NOT isnan({column}) THEN {column} END" if kind == "DOUBLE" else column


def _of_types(rows: Rows, database: sqlite3.Connection, there: str, name: str) -> list[Problem]:
    """SQLite stores a value of any type in any column."""
    counts = ", ".join(
        f"count(CASE WHEN typeof({identifier(field)}) NOT IN ('null', '{STORED.get(kind, 'text')}') THEN 1 END)"
        for field, kind in rows.types.items()
    )
    found = database.execute(f"SELECT {counts} {there}").fetchone()
    return [
        problem(name, f"holds in {rows.table.stem}.{field} {count} values that are not {STORED.get(kind, 'text')}")
        for (field, kind), count in zip(rows.types.items(), found, strict=True)
        if count
    ]


def _of_counted(rows: Rows, database: sqlite3.Connection, name: str) -> list[Problem]:
    """What the table of counts says, where the database has one."""
    has_counts = database.execute("SELECT 1 FROM sqlite_master WHERE name = '_counts' AND type = 'table'").fetchone()
    told = database.execute(COUNTED, (rows.table.stem,)).fetchone() if has_counts else None
    if told is None or told[0] == rows.count:
        return []
    rule = f"says in _counts that {rows.table.stem!r} has {told[0]} rows, where the CSV has {rows.count}"
    return [problem(name, rule)]
