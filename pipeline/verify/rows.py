"""That Parquet and SQLite hold the rows of the CSV: the same values, of the same types, in the same order.

The CSV is read as `tables.typed` reads it for the formats, one table at a time. Parquet is joined to it by position in
DuckDB; SQLite is read beside it, batch by batch. Both are exact, see every row once and keep none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.core.errors import Kind, Problem
from pipeline.core.progress import Progress
from pipeline.core.quoting import file_literal, identifier
from pipeline.package.package import Package, Resource
from pipeline.table import duckdb
from pipeline.table.relation import connect, typed
from pipeline.verify.result import Found

SHOWN = 3
"""Rows of a table that are named; the first ones that differ tell what happened."""

BATCH = 10_000

STORED = {"BIGINT": "integer", "DOUBLE": "real", "BOOLEAN": "integer"}
"""How SQLite stores the values of DuckDB's types; every other as text."""

FIX = "The release was made wrong: report it to its publisher, or build it again."

Row = tuple[Any, ...]


def compare(package: Package, progress: Progress) -> dict[str, Found | None]:
    """What is found in `parquet` and in `sqlite`; None for a format that the release does not have."""
    tables = package.tables
    database = package.folder / f"{package.stem}.sqlite"
    has_parquet = any(_parquet(package, table).is_file() for table in tables)
    found: dict[str, list[Problem]] = {"parquet": [], "sqlite": []}
    counts = {"parquet": 0, "sqlite": 0}
    con = connect()
    for number, table in enumerate(tables, 1):
        progress.advance(number, len(tables), table.name)
        relation = typed(con, package, table)
        types = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
        rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
        if has_parquet:
            found["parquet"] += _in_parquet(con, relation, types, _parquet(package, table), table)
            counts["parquet"] += rows
        if database.is_file():
            found["sqlite"] += _in_sqlite(con, relation, types, database, table)
            counts["sqlite"] += rows
        con.execute(f"DROP TABLE {relation}")
    there = {"parquet": has_parquet, "sqlite": database.is_file()}
    return {
        name: (f"{counts[name]:,} rows in {len(tables)} tables are those of the CSV", found[name])
        if there[name]
        else None
        for name in found
    }


# -- Parquet -------------------------------------------------------------------------------------------------------


def _parquet(package: Package, table: Resource) -> Path:
    return package.folder / f"data/{table.stem}.parquet"


def _in_parquet(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], path: Path, table: Resource
) -> list[Problem]:
    name = f"data/{path.name}"
    if not path.is_file():
        return [_problem(name, "is missing, and other tables have theirs")]
    there = f"read_parquet({file_literal(path)})"
    try:
        held = {field: kind for field, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {there}").fetchall()}
        if list(held.items()) != list(types.items()):
            return [_problem(name, f"has the columns {_columns(held)}, where the CSV has {_columns(types)}")]
        counted = con.execute(f"SELECT (SELECT count(*) FROM {relation}), (SELECT count(*) FROM {there})").fetchall()[0]
        return _of_counts(name, table, *counted) or [
            _of_row(name, table, number, row[: len(types)], row[len(types) :])
            for number, *row in con.execute(_by_place(relation, there, list(types))).fetchall()
        ]
    except duckdb.Error as error:
        return [_problem(name, f"cannot be read: {str(error).splitlines()[0]}")]


def _by_place(relation: str, there: str, fields: list[str]) -> str:
    """A query of the first rows that differ: their number, the row of the CSV, the row of the other."""
    a, b = ([f"{side}{place}" for place in range(len(fields))] for side in "ab")
    names = ", ".join(map(identifier, fields))
    differs = " OR ".join(f"{one} IS DISTINCT FROM {other}" for one, other in zip(a, b, strict=True))
    return (
        f"SELECT number, {', '.join([*a, *b])} "
        f"FROM (SELECT row_number() OVER () AS number, * FROM "
        f"(SELECT {names} FROM {relation}) AS a({', '.join(a)}) "
        f"POSITIONAL JOIN (SELECT {names} FROM {there}) AS b({', '.join(b)})) "
        f"WHERE {differs} "
        f"LIMIT {SHOWN}"
    )


# -- SQLite --------------------------------------------------------------------------------------------------------


def _in_sqlite(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], path: Path, table: Resource
) -> list[Problem]:
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            return _against(con, relation, types, database, path.name, table)
        finally:
            database.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [_problem(path.name, f"cannot be read (table {table.stem}): {error}")]


def _against(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    types: dict[str, str],
    database: sqlite3.Connection,
    name: str,
    table: Resource,
) -> list[Problem]:
    # A view of that name could hold anything, a query without end among it.
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (table.stem,)).fetchall()
    if kind != [("table",)]:
        return [_problem(name, f"has no table {table.stem!r}")]
    held = [column for _, column, *_ in database.execute(f"PRAGMA table_info({identifier(table.stem)})")]
    if held != list(types):
        return [_problem(name, f"has in {table.stem!r} the columns {held}, where the CSV has {list(types)}")]
    # NOT INDEXED: in the order of rows, which an index that holds all columns would change.
    there = f"FROM {identifier(table.stem)} NOT INDEXED"
    (count,) = database.execute(f"SELECT count(*) {there}").fetchone()
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    if wrong := _of_counts(name, table, rows, count) or _of_types(database, there, types, name, table):
        return wrong
    names = ", ".join(map(identifier, types))
    ours = con.cursor().execute(f"SELECT {', '.join(_as_stored(*each) for each in types.items())} FROM {relation}")
    return list(_differing(ours, database.execute(f"SELECT {names} {there}"), name, table))


def _as_stored(name: str, kind: str) -> str:
    """A column as SQLite has it: dates as text, and no NaN."""
    column = identifier(name)
    if kind == "DATE":
        return f"CAST({column} AS VARCHAR)"
    return f"CASE WHEN NOT isnan({column}) THEN {column} END" if kind == "DOUBLE" else column


def _of_types(
    database: sqlite3.Connection, there: str, types: dict[str, str], name: str, table: Resource
) -> list[Problem]:
    """SQLite stores a value of any type in any column."""
    counts = ", ".join(
        f"count(CASE WHEN typeof({identifier(field)}) NOT IN ('null', '{STORED.get(kind, 'text')}') THEN 1 END)"
        for field, kind in types.items()
    )
    found = database.execute(f"SELECT {counts} {there}").fetchone()
    return [
        _problem(name, f"holds in {table.stem}.{field} {count} values that are not {STORED.get(kind, 'text')}")
        for (field, kind), count in zip(types.items(), found, strict=True)
        if count
    ]


def _differing(ours: Any, theirs: sqlite3.Cursor, name: str, table: Resource) -> Iterator[Problem]:
    start, shown = 1, 0
    while batch := ours.fetchmany(BATCH):
        other = theirs.fetchmany(BATCH)
        if batch != other:
            for number, (one, two) in enumerate(zip(batch, other, strict=False), start):
                if one != two and shown < SHOWN:
                    shown += 1
                    yield _of_row(name, table, number, one, two)
            if shown == SHOWN:
                return
        start += len(batch)


# -- what is said --------------------------------------------------------------------------------------------------


def _of_counts(name: str, table: Resource, rows: int, held: int) -> list[Problem]:
    return (
        [] if rows == held else [_problem(name, f"holds {held:,} rows of {table.name!r}, where the CSV has {rows:,}")]
    )


def _of_row(name: str, table: Resource, number: int, ours: Sequence[Any], theirs: Sequence[Any]) -> Problem:
    """The first cell of a row that differs; `number` counts the rows from 1."""
    field, one, two = next(each for each in zip(table.field_names, ours, theirs, strict=True) if each[1] != each[2])
    return Problem(
        Kind.DIFFERENT_COPY,
        f"is what it holds in {table.name!r}, where the CSV has {one!r}",
        FIX,
        file=name,
        row=number + 1,
        field=field,
        value=str(two),
    )


def _columns(types: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def _problem(name: str, rule: str) -> Problem:
    return Problem(Kind.DIFFERENT_COPY, rule, FIX, file=name)
