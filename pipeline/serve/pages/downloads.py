"""The rows of a filter, or of an answer, as a file: all of them, or a refusal; never a part.

CSV as the release writes it (UTF-8, LF, RFC 4180), JSON as an array of objects, GeoJSON (RFC 7946) with a point where
the row has one, and a workbook in which text stays text.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter

from pipeline.core.quoting import identifier
from pipeline.serve.pages.dataset import Dataset, Question, Table
from pipeline.serve.pages.selection import Selection, order
from pipeline.table.workbook import MAX_CELL, MOST_DIGITS, OPTIONS, TextSheet

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


class TooMuch(Exception):
    """More than a file may have: `args` are the name of the sentence that says so, how much, and how much may be."""


def of_selection(con: sqlite3.Connection, dataset: Dataset, selection: Selection, ending: str) -> bytes | None:
    """The file, or None where there is none of that kind. Raises TooMuch."""
    table = selection.table
    if ending == "geojson" and table.location is None:
        return None
    where, parameters = selection.where()
    count = con.execute(f"SELECT count(*) FROM {identifier(table.name)}{where}", parameters).fetchone()[0]
    if count > MOST_ROWS:
        raise TooMuch("too_many_rows", count, MOST_ROWS)
    names = [column.name for column in table.columns]
    by = ", ".join(f"{expression}{' DESC' if down else ''}" for expression, down in order(selection)[0])
    listed = ", ".join(identifier(name) for name in names)
    ordered = f" ORDER BY {by}" if by else ""
    rows = con.execute(f"SELECT {listed} FROM {identifier(table.name)}{where}{ordered}", parameters).fetchall()
    if ending == "geojson":
        return _geojson(names, rows, table, _points(con, dataset, table, names, rows))
    return _file(ending, names, rows, table.name)


def of_question(con: sqlite3.Connection, question: Question, given: dict[str, str], ending: str) -> bytes | None:
    """The answer as a file, or None where there is none of that kind. Raises TooMuch."""
    if ending == "geojson":
        return None
    cursor = con.execute(question.sql, given)
    rows = cursor.fetchmany(MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise TooMuch("too_many_rows", len(rows), MOST_ROWS)
    return _file(ending, [column[0] for column in cursor.description or ()], rows, question.name)


def _file(ending: str, names: list[str], rows: Rows, title: str) -> bytes:
    if ending == "csv":
        return _csv(names, rows)
    return _json(names, rows) if ending == "json" else _xlsx(names, rows, title)


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


def _xlsx(names: list[str], rows: Rows, title: str) -> bytes:
    """A sheet whose texts are texts: nothing in a cell is taken for a formula, a link or a number."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        book = xlsxwriter.Workbook(path, OPTIONS | {"tmpdir": folder})
        name = "".join(sign for sign in title if sign not in "[]:*?/\\'")[:31] or "rows"
        sheet = book.add_worksheet(name, TextSheet)
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(names):
            sheet.write_string(0, at, name, bold)
        for number, row in enumerate(rows, 1):
            for at, value in enumerate(_plain(row)):
                if isinstance(value, float) or (isinstance(value, int) and abs(value) <= MOST_DIGITS):
                    sheet.write_number(number, at, value)
                elif value is not None:
                    sheet.write_string(number, at, _fitting(str(value)))
        book.close()
        return path.read_bytes()


def _fitting(text: str) -> str:
    """The text, if a cell can hold it. Raises TooMuch."""
    length = len(text.encode("utf-16-le")) // 2 if len(text) > MAX_CELL // 2 else len(text)
    if length > MAX_CELL:
        raise TooMuch("too_long_text", length, MAX_CELL)
    return text


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
