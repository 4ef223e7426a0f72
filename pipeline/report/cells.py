"""The cells of the tables that a report is about: each table read once into DuckDB, row by row as frictionless counts.

What cannot be read (a file that is gone, a broken descriptor) has no cells; the report says why in its errors.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import frictionless
from frictionless.helpers import is_remote_path
from frictionless.resources import TableResource

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.core.quoting import identifier
from pipeline.package.descriptor import as_list
from pipeline.package.package import DESCRIPTOR, Package, Resource, load
from pipeline.table import duckdb
from pipeline.table.opened import adapted_resource, layout
from pipeline.table.relation import UNREAD
from pipeline.table.rows import by_duckdb

KEPT = 200
"""Characters of a cell that are kept: more than is shown, and a bound to what a table takes."""

BATCH = 5_000
"""Rows that Python hands to DuckDB at a time."""


@dataclass(frozen=True)
class Cells:
    """A table in DuckDB: `relation` has the columns `row` (the header is row 1) and c0, c1 … of `columns`, cut to
    `KEPT` characters; a cell that a short row lacks is NULL. It is there until the connection reads the next table.

    `fields` are those of the schema for each column of the file, None where there is none.
    """

    con: duckdb.DuckDBPyConnection
    relation: str
    labels: tuple[str, ...]
    fields: tuple[frictionless.Field | None, ...]
    columns: tuple[int, ...]

    def rows(self, numbers: Iterable[int]) -> dict[int, dict[int, str | None]]:
        """The rows of those numbers that there are: number → column (from 0) → text."""
        selected = ", ".join(["row", *(f"c{column}" for column in self.columns)])
        query = f"SELECT {selected} FROM {self.relation} WHERE row IN (SELECT unnest($1::BIGINT[])) ORDER BY row"
        found = self.con.execute(query, [sorted(set(numbers))]).fetchall()
        return {number: dict(zip(self.columns, texts, strict=True)) for number, *texts in found}


def tables(source: str | Path | Package, schema: Path | None = None) -> list[tuple[str, TableResource]]:
    """The tables of what `validate` was given, with their names; what is no table, or lies elsewhere, is left out."""
    found = []
    with suppress(*UNREADABLE):
        for name, descriptor, folder in _descriptors(source, schema):
            with suppress(*UNREADABLE):
                paths = tuple(as_list(descriptor.get("path")))
                described = adapted_resource(Resource(name, "", descriptor, paths, descriptor.get("schema")))
                resource = frictionless.Resource.from_descriptor(described, basepath=str(folder))
                if isinstance(resource, TableResource) and not any(map(is_remote_path, _paths(described))):
                    found.append((name, resource))
    return found


def _paths(descriptor: Mapping[str, Any]) -> list[str]:
    return [*as_list(descriptor.get("path")), *as_list(descriptor.get("extrapaths"))]


def _descriptors(source: str | Path | Package, schema: Path | None) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    if not isinstance(source, Package):
        path = Path(source)
        content = read_json(path, str(path)) if path.suffix == ".json" and path.name != DESCRIPTOR else None
        if isinstance(content, dict) and ("path" in content or "data" in content):
            yield str(content.get("name")), content, path.parent
            return
        if path.is_file() and path.suffix != ".json":
            described = {"name": "table", "path": path.name}
            yield "table", described | ({"schema": read_json(schema, str(schema))} if schema else {}), path.parent
            return
        source = load(path)
    for resource in source.resources:
        descriptor = dict(resource.descriptor)
        yield resource.name, descriptor | ({"schema": resource.schema} if resource.schema else {}), source.folder


UNREADABLE = (
    frictionless.FrictionlessException,
    PipelineError,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    csv.Error,
    OSError,
    ValueError,
)
"""What reading a table that is broken in its own way may raise; the report has said so by then."""


def read(con: duckdb.DuckDBPyConnection, resource: TableResource, wide: int, further: Iterable[int]) -> Cells | None:
    """Reads the first `wide` columns and the `further` ones (from 0) of a table; None where it cannot be read."""
    try:
        if resource.schema:
            resource.schema.foreign_keys = []
        with resource:
            labels = tuple(map(str, resource.labels))
            width = len(labels)
            columns = tuple(sorted({*range(min(wide, width)), *(each for each in further if each < width)}))
            if not columns:
                return None
            relation = _by_duckdb(con, resource, width, columns) or _streamed(con, resource, columns)
            return Cells(con, relation, labels, _fields(resource), columns)
    except UNREADABLE:
        return None


def _fields(resource: TableResource) -> tuple[frictionless.Field | None, ...]:
    """The field of each column: that of its label, else that of its position."""
    named = {field.name: field for field in resource.schema.fields}
    placed = [*resource.schema.fields, *([None] * len(resource.labels))]
    return tuple(named.get(label) or placed[position] for position, label in enumerate(resource.labels))


def _by_duckdb(
    con: duckdb.DuckDBPyConnection, resource: TableResource, width: int, columns: tuple[int, ...]
) -> str | None:
    """The rows as DuckDB reads the file itself; None where it might not read them as frictionless does."""
    try:
        found = layout(resource)
        rows = by_duckdb(found, width) if found else None
        if rows is None:
            return None
        cells = ", ".join(f"left({rows.cells[column]}, {KEPT}) AS c{column}" for column in columns)
        con.execute(f'CREATE OR REPLACE TABLE "cells" AS SELECT {rows.bytes} AS bytes, {cells} FROM {rows.unnumbered}')
    except UNREAD:
        return None
    count, text = con.execute('SELECT count(*), coalesce(sum(bytes), 0) FROM "cells"').fetchall()[0]
    return _view(con, "rowid + 2 AS row, *") if rows.adds_up(count, text) else None


def _streamed(con: duckdb.DuckDBPyConnection, resource: TableResource, columns: tuple[int, ...]) -> str:
    """The rows as frictionless reads them: any format, any width of row."""
    described = ", ".join(f"c{column} VARCHAR" for column in columns)
    con.execute(f'CREATE OR REPLACE TABLE "cells" (row BIGINT, {described})')
    values = ", ".join(f"unnest(${number}::VARCHAR[])" for number in range(2, len(columns) + 2))
    stream = iter(resource.dialect.read_enumerated_content_stream(resource.cell_stream))
    while batch := list(islice(stream, BATCH)):
        texts = [[_text(cells, column) for _, cells in batch] for column in columns]
        con.execute(f'INSERT INTO "cells" SELECT unnest($1::BIGINT[]), {values}', [[row for row, _ in batch], *texts])
    return _view(con, "*")


def _text(cells: list[Any], column: int) -> str | None:
    if column >= len(cells) or cells[column] is None:
        return None
    text = str(cells[column])[:KEPT]
    return text.encode("utf-8", "replace").decode("utf-8")


def _view(con: duckdb.DuckDBPyConnection, selected: str) -> str:
    relation = identifier("numbered cells")
    con.execute(f'CREATE OR REPLACE VIEW {relation} AS SELECT {selected} FROM "cells"')
    return relation
