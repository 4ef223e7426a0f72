"""The rows of a filter, or of an answer, as a file: all of them, or a refusal; never a part.

CSV as the release writes it (UTF-8, LF, RFC 4180), with codes as they are; JSON as an array of objects; GeoJSON
(RFC 7946) with a point where the row has one; and a workbook in the language of the page.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.serve.pages import workbook
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.selection import Selection, order
from pipeline.serve.pages.workbook import TooMuch

MOST_ROWS = 100_000
"""Rows of a file at most; whoever wants more takes the release's files, which are made once for all."""

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "geojson": "application/geo+json; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What each ending is, to a browser."""

Rows = Sequence[Sequence[Any]]


def of_selection(
    con: sqlite3.Connection, dataset: Dataset, cells: Cells, selection: Selection, ending: str
) -> bytes | None:
    """The file, or None where there is none of that kind. Raises TooMuch."""
    table = selection.table
    if ending == "geojson" and table.location is None:
        return None
    where, parameters = selection.where()
    count = con.execute(f"SELECT count(*) FROM {table.rows}{where}", parameters).fetchone()[0]
    if count > MOST_ROWS:
        raise TooMuch("too_many_rows", count, MOST_ROWS)
    names = [column.name for column in table.columns]
    by = ", ".join(each.sql for each in order(selection))
    listed = ", ".join(identifier(name) for name in names)
    ordered = f" ORDER BY {by}" if by else ""
    rows = con.execute(f"SELECT {listed} FROM {table.rows}{where}{ordered}", parameters).fetchall()
    if ending == "geojson":
        return _geojson(names, rows, table, _points(con, dataset, table, names, rows))
    if ending == "xlsx":
        cells.look_up(con, table.columns, rows)
        return workbook.of_rows(cells, table, rows)
    return of_values(ending, names, rows)


def of_values(ending: str, names: list[str], rows: Rows) -> bytes:
    """Rows as CSV or JSON."""
    return _csv(names, rows) if ending == "csv" else _json(names, rows)


def _csv(names: list[str], rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def _json(names: list[str], rows: Rows) -> bytes:
    lines = (
        json.dumps(dict(zip(names, _plain(row), strict=True)), ensure_ascii=False, allow_nan=False) for row in rows
    )
    return ("[" + ",\n".join(lines) + "]\n").encode()


def _plain(row: Sequence[Any]) -> Iterable[Any]:
    for value in row:
        if isinstance(value, bytes):
            yield value.hex()
        else:
            yield None if isinstance(value, float) and not isfinite(value) else value


def _points(
    con: sqlite3.Connection, dataset: Dataset, table: Table, names: list[str], rows: Rows
) -> list[tuple[Any, Any]]:
    """Latitude and longitude of each row, its own or those of the row that it leads to."""
    if isinstance(table.location, tuple):
        latitude, longitude = (names.index(name) for name in table.location)
        return [(row[latitude], row[longitude]) for row in rows]
    links = table.by_name[str(table.location)].links
    assert links is not None
    other = dataset.tables[links[0]]
    listed = ", ".join(identifier(name) for name in (links[1], *(other.location or ())))
    known = {row[0]: (row[1], row[2]) for row in con.execute(f"SELECT {listed} FROM {identifier(other.name)}")}
    at = names.index(str(table.location))
    return [known.get(row[at], (None, None)) for row in rows]


def _geojson(names: list[str], rows: Rows, table: Table, points: list[tuple[Any, Any]]) -> bytes:
    features = []
    for row, (latitude, longitude) in zip(rows, points, strict=True):
        properties = {name: value for name, value in zip(names, _plain(row), strict=True) if value is not None}
        numbers = isinstance(latitude, int | float) and isinstance(longitude, int | float)
        point = {"type": "Point", "coordinates": [longitude, latitude]} if numbers else None
        feature: dict[str, Any] = {"type": "Feature"}
        if len(table.key) == 1:
            feature["id"] = properties.get(table.key[0])
        features.append(json.dumps(feature | {"geometry": point, "properties": properties}, ensure_ascii=False))
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n").encode()
