"""A resource as a DuckDB relation: raw text, and typed.

`raw` is the table's cells as text. `typed` is the same rows with the values that frictionless gives them: what SQL
can surely read is cast there, and each other distinct text is read by frictionless's own field.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from math import isinf
from pathlib import Path
from typing import Any, TextIO

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import scratch
from pipeline.core.quoting import file_literal, identifier, literal
from pipeline.package.format import DELIMITED
from pipeline.package.package import Package, Resource
from pipeline.package.schema import compiled_field
from pipeline.table import duckdb, rules_sql
from pipeline.table.layout import Layout, look

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
    con = duckdb.connect(
        config={
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    con.execute("SET enable_progress_bar = false")  # it would stand amid what a command prints
    return con


MEMORY = "500MB"
"""What a database that spills may hold at a time: half of what a release of millions of rows may take."""


@contextmanager
def spilling() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB as `connect` gives it, which holds no more than `MEMORY` and keeps the rest in files till it closes."""
    with scratch() as folder, connect() as con:
        con.execute(f"SET memory_limit = {literal(MEMORY)}")
        con.execute(f"SET temp_directory = {literal(str(folder))}")
        yield con


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

    The file is one that `validate` accepts; its columns are found by name. DuckDB reads it where the standard's
    plain form is certain, and frictionless elsewhere. `label` keeps relations of the same table apart in one
    connection. Raises InvalidData, which names the file within the package, for a byte that is not in its encoding
    and for quotes that do not match.
    """
    name = identifier(f"{label} {table.stem}")
    columns = ", ".join(f"{identifier(field)} VARCHAR" for field in table.field_names)
    con.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    if _is_plain(table):
        path = package.folder / table.paths[0]
        if _header(path, table) == table.field_names and _by_duckdb(con, name, path, table):
            return name
    _by_frictionless(con, name, package, table)
    return name


def labels(package: Package, table: Resource) -> list[str]:
    """The table's column names as its file has them; those of its schema where the file has no header."""
    with _opened(package, table) as resource:
        return list(resource.labels) or table.field_names


PLAIN = {"delimiter", "header", "quoteChar", "doubleQuote", "lineTerminator", "csvddfVersion", "$schema"}
"""Members of a dialect that DuckDB's reader and Python's are sure to agree on."""


def _is_plain(table: Resource) -> bool:
    dialect = table.descriptor.get("dialect") or {}
    encoding = str(table.descriptor.get("encoding") or "utf-8").lower().replace("_", "-")
    return (
        len(table.paths) == 1
        and table.format in DELIMITED
        and table.compression is None
        and encoding in ("utf-8", "utf8", "ascii", "us-ascii")
        and set(dialect) <= PLAIN
        and dialect.get("doubleQuote") is not False
        and dialect.get("header") is not False
        and all(len(sign) == 1 for sign in _signs(table))
    )


def _signs(table: Resource) -> tuple[str, str]:
    """The delimiter and the quote of the table's file."""
    dialect = table.descriptor.get("dialect") or {}
    return str(dialect.get("delimiter", "\t" if table.format == "tsv" else ",")), str(dialect.get("quoteChar", '"'))


def _header(path: Path, table: Resource) -> list[str]:
    with _text_problems(table), path.open(encoding="utf-8", newline="") as file:
        return next(_csv(file, table), [])


def _by_duckdb(con: duckdb.DuckDBPyConnection, name: str, path: Path, table: Resource) -> bool:
    """Fills the relation, or tells that the file is one which only Python's reader takes."""
    delimiter, quote = _signs(table)
    dialect = csv.excel()
    dialect.delimiter, dialect.quotechar = delimiter, quote
    names = table.field_names
    layout = Layout(path, "utf-8", delimiter, quote, dialect, tuple(names))
    looked = look(layout, len(names))
    if looked is not None:
        with suppress(*UNREAD):
            con.execute(f"INSERT INTO {name} SELECT * FROM {scanned(layout, names)}")
            text = " + ".join(f"coalesce(sum(strlen({identifier(field)})), 0)" for field in names)
            if looked.adds_up(*con.execute(f"SELECT count(*), {text} FROM {name}").fetchall()[0]):
                return True
            con.execute(f"DELETE FROM {name}")
    with _text_problems(table), path.open(encoding="utf-8", newline="") as file:
        for _ in _csv(file, table):
            pass
    return False


UNREAD = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.NotImplementedException)
"""What DuckDB raises where it does not read a file: bad bytes or quotes, ragged rows, a line longer than its buffer."""

BUFFER = 8_000_000
"""Bytes of a file that DuckDB takes at a time: a quarter of its own 32 MB takes less memory, and no more time."""


def scanned(layout: Layout, names: Sequence[str]) -> str:
    """The file as a relation of texts with columns of these names, as DuckDB reads it.

    That may raise one of `UNREAD`, or leave out rows: `Looked.adds_up` tells.
    """
    # Without `max_line_size`: a file is read by fewer threads where it is given. `look` knows the longest line.
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    kept = ", ".join(map(literal, names))
    quote = literal(layout.quote)
    return (
        f"read_csv({file_literal(layout.path)}, header = true, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {literal(layout.delimiter)}, quote = {quote}, escape = {quote}, strict_mode = true, "
        f"force_not_null = [{kept}], buffer_size = {BUFFER})"
    )


CELL = 2**31 - 2
"""Bytes of the longest cell that the `csv` module reads, as frictionless sets it."""


def _csv(file: TextIO, table: Resource) -> Iterator[list[str]]:
    delimiter, quote = _signs(table)
    csv.field_size_limit(CELL)
    reader = csv.reader(file, delimiter=delimiter, quotechar=quote, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise InvalidData(
            Problem(
                Kind.BAD_QUOTE,
                f"has quotes that do not match ({error})",
                'Close the quote that was opened; inside a quoted cell write "" for a quote.',
                file=table.paths[0],
                row=reader.line_num,
            )
        ) from None


@contextmanager
def _text_problems(table: Resource) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise InvalidData(
            Problem(
                Kind.BAD_BYTE,
                f"is not {error.encoding}",
                "Save the file as UTF-8, or state its `encoding` in datapackage.json.",
                file=table.paths[0],
                value=f"0x{error.object[error.start]:02X}",
            )
        ) from None


BATCH = 20_000
"""Rows that Python hands to DuckDB at a time."""


def _by_frictionless(con: duckdb.DuckDBPyConnection, name: str, package: Package, table: Resource) -> None:
    with _text_problems(table), _opened(package, table) as resource:
        places = _places(resource, table)
        content = (cells for _, cells in resource.dialect.read_enumerated_content_stream(resource.cell_stream))
        marks = ", ".join(f"unnest(${number}::VARCHAR[])" for number in range(1, len(places) + 1))
        while batch := list(islice(content, BATCH)):
            columns = [
                [_text(cells[place]) if place is not None and place < len(cells) else "" for cells in batch]
                for place in places
            ]
            con.execute(f"INSERT INTO {name} SELECT {marks}", columns)


def _text(cell: Any) -> str:
    """A cell as a CSV file would have it; those of workbooks, JSON and inline data have types."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _places(resource: Any, table: Resource) -> list[int | None]:
    """Where each field stands in a row of the file; None for a field that the file lacks."""
    found = list(resource.labels) or table.field_names
    if not resource.dialect.header_case:
        found = [label.casefold() for label in found]
    wanted = table.field_names if resource.dialect.header_case else map(str.casefold, table.field_names)
    return [found.index(field) if field in found else None for field in wanted]


@contextmanager
def _opened(package: Package, table: Resource) -> Iterator[Any]:
    """The table's file as frictionless opens it, without its schema; UTF-8 unless it states another encoding."""
    import frictionless

    descriptor = {**source(table), "name": "table", "encoding": table.descriptor.get("encoding") or "utf-8-sig"}
    try:
        with frictionless.Resource.from_descriptor(descriptor, basepath=str(package.folder)) as resource:
            yield resource
    except frictionless.FrictionlessException as exception:
        error = exception.error
        rule = f"{error.title.lower()}: {(error.note or error.message).rstrip('.')}"
        fix = "Mend the file, or how datapackage.json describes it."
        raise InvalidData(Problem(Kind.INVALID_TABLE, rule, fix, file=", ".join(table.paths) or table.name)) from None


SOURCE = ("path", "data", "dialect", "format", "compression", "innerpath", "encoding")
"""Members of a resource that say where its cells are."""


def source(table: Resource) -> dict[str, Any]:
    """Where the table's cells are, as frictionless takes it: its own words for formats, and no schema."""
    kept: dict[str, Any] = {name: table.descriptor[name] for name in SOURCE if name in table.descriptor}
    return kept | {"type": "table"} | ({"format": table.format} if table.format else {})


ROW = "\trow"
"""The number of a row; a name with a tab cannot clash with a field's."""


def numbered(relation: str) -> str:
    """The relation under its own name with the numbers of its rows; `rowid` may be a field's name."""
    return f'(SELECT *, row_number() OVER () AS "{ROW}" FROM {relation}) AS {relation}'


def typed(con: duckdb.DuckDBPyConnection, package: Package, table: Resource) -> str:
    """The name of a new relation with the table's values in DuckDB's types, rows sorted by key.

    Rows with the same key, and those of a table without one, are as the file orders them.
    Fields keep their order and names. Missing values are NULL. A field with a value that its type here cannot hold
    (a whole number beyond 64 bits) stays text, as it stands in the file.
    """
    source = raw(con, package, table)
    columns = [f"{_value(con, source, table, field)} AS {identifier(field['name'])}" for field in table.fields]
    name = identifier(f"typed {table.stem}")
    order = f'{sort_order(table)}, "{ROW}"' if table.key else f'"{ROW}"'
    con.execute(f"CREATE TABLE {name} AS SELECT {', '.join(columns)} FROM {numbered(source)} ORDER BY {order}")
    con.execute(f"DROP TABLE {source}")
    return name


RULES = ("constraints", "categories", "missingValues")
"""Members of a field that do not change how a text is read."""


def _value(con: duckdb.DuckDBPyConnection, source: str, table: Resource, field: dict[str, Any]) -> str:
    """The SQL expression of a field's value over its raw text."""
    column = identifier(field["name"])
    missing = ", ".join(literal(text) for text in _missing(table, field))
    present = f"{column} NOT IN ({missing})" if missing else "true"
    text_value = f"CASE WHEN {present} THEN {column} END"
    sql_type = SQL_TYPES.get(field.get("type", "any"))
    if sql_type is None:
        return text_value
    rules = compiled_field({name: value for name, value in field.items() if name not in RULES}, ())
    value = rules_sql.reading(rules, column)
    certain = "false" if rules.tests is None else f"coalesce({rules_sql.certain(rules, column, value)}, false)"
    suspects = [
        text
        for (text,) in con.execute(
            f"SELECT DISTINCT {column} FROM {source} WHERE {present} AND NOT {certain}"
        ).fetchall()
    ]
    cast = f"CASE WHEN {present} AND {certain} THEN {value} END"
    if not suspects:
        return cast
    values = [_read(field, text) for text in suspects]
    if None in values:
        return text_value
    read = identifier(f"read {table.stem} {field['name']}")
    con.execute(
        f"CREATE TABLE {read} AS SELECT unnest($1::VARCHAR[]) AS text, unnest($2::{sql_type}[]) AS value",
        [suspects, values],
    )
    known = f"(SELECT value FROM {read} WHERE text = {source}.{column})"
    return f"CASE WHEN {present} THEN coalesce({cast}, {known}) END"


def _missing(table: Resource, field: dict[str, Any]) -> list[str]:
    listed = field.get("missingValues", (table.schema or {}).get("missingValues", [""]))
    return [str(value["value"] if isinstance(value, dict) else value) for value in listed]


def _read(field: dict[str, Any], text: str) -> Any:
    """The value that frictionless reads from a text, if the field's SQL type can hold it; else None."""
    import frictionless

    group = field.get("groupChar") if field.get("type") == "integer" else None
    plain = text.replace(str(group), "") if group else text  # frictionless knows groupChar of numbers only
    value, _ = frictionless.Field.from_descriptor({**field, "constraints": {}}).read_cell(plain)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return None
    if isinstance(value, Decimal):
        number = float(value)
        return None if isinf(number) and value.is_finite() else number
    return value
