"""A resource as a DuckDB relation: raw text, and typed.

`raw` is the table's cells as text. `typed` is the same rows with the values that frictionless gives them: what SQL
can surely read is cast there, and each other distinct text is read by frictionless's own field.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipeline.package import Package, Resource

COPY_CSV = "COPY ({query}) TO {path} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
"""CSV as releases have it: UTF-8, RFC 4180, LF, an empty cell for a missing value."""

SQL_TYPES = {
    "integer": "BIGINT",
    "year": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
"""Table Schema types with a DuckDB type of their own; every other type stays text."""


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that keeps row order and never reaches for the network."""
    return duckdb.connect(
        config={
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def sort_order(table: Resource) -> str:
    """ORDER BY terms: the key in the order of its types, else every field as text."""
    kinds = {field["name"]: field.get("type") for field in table.fields}
    return ", ".join(
        f"TRY_CAST({identifier(name)} AS DOUBLE), {identifier(name)}"
        if kinds[name] in ("integer", "number", "year")
        else identifier(name)
        for name in table.key or table.field_names
    )


def raw(con: duckdb.DuckDBPyConnection, package: Package, table: Resource, label: str = "raw") -> str:
    """The name of a new relation with the table's cells as text, an empty cell as an empty text.

    The file is one that `validate` accepts; `encoding` and `dialect` of the resource are followed. `label` keeps
    relations of the same table apart in one connection.
    """
    name = identifier(f"{label} {table.name}")
    path = package.folder / table.paths[0]
    dialect = table.descriptor.get("dialect") or {}
    encoding = str(table.descriptor.get("encoding") or "utf-8").lower().replace("_", "-")
    if encoding in ("utf-8", "utf8", "ascii", "us-ascii") and not _needs_python(dialect):
        con.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {_read_csv(path, table, dialect)}")
    else:
        _load_by_python(con, name, path, table, dialect, encoding)
    return name


def _needs_python(dialect: Mapping[str, Any]) -> bool:
    """Whether the dialect asks for more than DuckDB's reader and Python's are sure to agree on."""
    usual = {"delimiter", "header", "quoteChar", "doubleQuote", "lineTerminator", "csvddfVersion", "$schema"}
    return bool(set(dialect) - usual) or dialect.get("doubleQuote") is False or dialect.get("header") is False


def _delimiter(path: Path, dialect: Mapping[str, Any]) -> str:
    return str(dialect.get("delimiter") or ("\t" if path.suffix.lower() == ".tsv" else ","))


def _read_csv(path: Path, table: Resource, dialect: Mapping[str, Any]) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in table.field_names)
    names = ", ".join(literal(name) for name in table.field_names)
    quote = literal(str(dialect.get("quoteChar") or '"'))
    return (
        f"read_csv({literal(str(path))}, header = true, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {literal(_delimiter(path, dialect))}, quote = {quote}, escape = {quote}, "
        f"force_not_null = [{names}], max_line_size = 10000000, buffer_size = 33554432)"
    )


def _load_by_python(
    con: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    table: Resource,
    dialect: Mapping[str, Any],
    encoding: str,
) -> None:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(
            file,
            delimiter=_delimiter(path, dialect),
            quotechar=str(dialect.get("quoteChar") or '"'),
            doublequote=dialect.get("doubleQuote") is not False,
            escapechar=dialect.get("escapeChar"),
            skipinitialspace=bool(dialect.get("skipInitialSpace")),
        )
        rows = [row for row in reader if not _is_comment(row, dialect)]
    if dialect.get("header") is not False:
        rows = rows[1:]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in table.fields]
    values = ", ".join(
        f"unnest(${number}::VARCHAR[]) AS {identifier(field)}" for number, field in enumerate(table.field_names, 1)
    )
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {values}", columns)


def _is_comment(row: list[str], dialect: Mapping[str, Any]) -> bool:
    mark = dialect.get("commentChar")
    return bool(mark and row and row[0].startswith(mark))


def typed(con: duckdb.DuckDBPyConnection, package: Package, table: Resource) -> str:
    """The name of a new relation with the table's values in DuckDB's types, rows sorted by key.

    Fields keep their order and names. Missing values are NULL.
    """
    source = raw(con, package, table)
    columns = [f"{_value(con, source, table, field)} AS {identifier(field['name'])}" for field in table.fields]
    name = identifier(f"typed {table.name}")
    con.execute(f"CREATE TABLE {name} AS SELECT {', '.join(columns)} FROM {source} ORDER BY {sort_order(table)}")
    return name


CERTAIN = {
    "integer": "-?[0-9]{1,18}",
    "year": "[0-9]{4}",
    "number": r"-?[0-9]{1,15}(\.[0-9]{1,15})?",
    "boolean": "true|false",
    "date": "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
}
"""Texts whose value is the same for DuckDB and frictionless, per type in its default format."""


def _value(con: duckdb.DuckDBPyConnection, source: str, table: Resource, field: dict[str, Any]) -> str:
    """The SQL expression of a field's value over its raw text."""
    column = identifier(field["name"])
    missing = ", ".join(literal(text) for text in _missing(table, field))
    present = f"{column} NOT IN ({missing})" if missing else "true"
    sql_type = SQL_TYPES.get(field.get("type", "any"))
    if sql_type is None:
        return f"CASE WHEN {present} THEN {column} END"
    certain = f"regexp_full_match({column}, {literal(CERTAIN[field['type']])})" if _is_default(field) else "false"
    suspects = [
        text
        for (text,) in con.execute(
            f"SELECT DISTINCT {column} FROM {source} WHERE {present} AND NOT {certain}"
        ).fetchall()
    ]
    cast = f"CASE WHEN {present} AND {certain} THEN CAST({column} AS {sql_type}) END"
    if not suspects:
        return cast
    read = identifier(f"read {table.name} {field['name']}")
    con.execute(
        f"CREATE TABLE {read} AS SELECT unnest($1::VARCHAR[]) AS text, unnest($2::{sql_type}[]) AS value",
        [suspects, [_read(field, text) for text in suspects]],
    )
    known = f"(SELECT value FROM {read} WHERE text = {source}.{column})"
    return f"CASE WHEN {present} THEN coalesce({cast}, {known}) END"


def _missing(table: Resource, field: dict[str, Any]) -> list[str]:
    listed = field.get("missingValues", (table.schema or {}).get("missingValues", [""]))
    return [str(value["value"] if isinstance(value, dict) else value) for value in listed]


def _is_default(field: dict[str, Any]) -> bool:
    """Whether the field leaves the type's default format, separators and codes alone."""
    special = ("trueValues", "falseValues", "bareNumber", "decimalChar", "groupChar")
    return field.get("format", "default") == "default" and not any(name in field for name in special)


def _read(field: dict[str, Any], text: str) -> Any:
    """The value that frictionless reads from a text."""
    import frictionless

    value, _ = frictionless.Field.from_descriptor({**field, "constraints": {}}).read_cell(text)
    return value
