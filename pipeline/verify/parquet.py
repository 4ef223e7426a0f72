"""That a Parquet file has the rows of the CSV, joined to them by position."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.quoting import file_literal, identifier
from pipeline.package.package import Package, Resource
from pipeline.table import duckdb
from pipeline.verify.rows import SHOWN, Rows, problem


def path_of(package: Package, table: Resource) -> Path:
    """Where the table's file is."""
    return package.folder / f"data/{table.stem}.parquet"


def check(rows: Rows) -> list[Problem]:
    """What the file has otherwise."""
    path, types = path_of(rows.package, rows.table), rows.types
    name = f"data/{path.name}"
    if not path.is_file():
        return [problem(name, "is missing, and other tables have theirs")]
    there = f"read_parquet({file_literal(path)})"
    try:
        described = rows.con.execute(f"DESCRIBE SELECT * FROM {there}").fetchall()
        held = {field: kind for field, kind, *_ in described}
        if list(held.items()) != list(types.items()):
            return [problem(name, f"has the columns {_columns(held)}, where the CSV has {_columns(types)}")]
        (counted,) = rows.con.execute(f"SELECT count(*) FROM {there}").fetchall()[0]
        return rows.of_counts(name, counted) or [
            rows.of_row(name, number, row[: len(types)], row[len(types) :])
            for number, *row in rows.con.execute(_by_place(rows.relation, there, list(types))).fetchall()
        ]
    except duckdb.Error as error:
        return [problem(name, f"cannot be read: {str(error).splitlines()[0]}")]


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


def _columns(types: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())
