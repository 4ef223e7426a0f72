"""Packages that strangers hand in: whole through every command, with the same rows in every format, or refused.

What is released is judged by those that did not make it: frictionless reads the CSV, openpyxl the workbook, DuckDB the
Parquet, and the validators of their communities the descriptions, values included.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import frictionless
import openpyxl
import pytest
from datasette.utils import tilde_encode
from openpyxl.utils.escape import unescape

from pipeline.serve.app import Serving, datasette
from tests.command import invoke
from tests.describe.validators import PYTHON, complaints
from tests.projects import put
from tests.release.strangers import PACKAGES, REFUSED

Rows = list[tuple[Any, ...]]

REMADE = [*PACKAGES][::5]
"""Those that are built once more, which must give what was recorded."""

TYPED = {"integer": int, "year": int, "number": float, "boolean": bool, "date": date}


@pytest.mark.parametrize("name", PACKAGES)
def test_it_goes_through_every_command_with_the_same_rows_in_every_format(name: str, tmp_path: Path) -> None:
    put(tmp_path, PACKAGES[name].content())
    project = ("--quiet", "--project", str(tmp_path))
    built = invoke("release", *project)
    assert (built.code, built.err) == (0, "")
    verified = invoke("verify", *project)
    assert (verified.code, verified.err) == (0, ""), verified.out
    (release,) = (tmp_path / "build/releases").glob("[0-9]*")
    if name in REMADE:
        (tmp_path / "build/state.json").unlink()
        again = invoke("build", *project)
        assert (again.code, [*(tmp_path / "build/releases").glob("[0-9]*")]) == (0, [release]), again.out
    published = invoke("publish", "--to", str(tmp_path / "place"), *project)
    assert published.code == 0, published.err
    assert_same_rows(release)
    assert_served(release)
    assert_described(release)


def tables(release: Path) -> Iterator[tuple[str, dict[str, Any], Rows]]:
    """The stem, the descriptor and the values of each table, as frictionless reads them."""
    for resource in json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["resources"]:
        if resource.get("type") != "table":
            continue
        path = release / resource["path"]
        with path.open(encoding="utf-8", newline="") as file:
            header, *cells = csv.reader(file)
        fields = resource["schema"]["fields"]
        assert header == [field["name"] for field in fields]
        columns = [_values(field, column, resource["schema"]) for field, *column in zip(fields, *cells, strict=True)]
        yield path.stem, resource, [*zip(*columns, strict=True)]


def _values(field: dict[str, Any], column: list[str], schema: dict[str, Any]) -> list[Any]:
    """A column's values; one of a type that only Table Schema knows, or with a number beyond 64 bits, stays text."""
    listed = field.get("missingValues", schema.get("missingValues", []))
    missing = ["", *(each["value"] if isinstance(each, dict) else each for each in listed)]
    texts = [None if cell in missing else cell for cell in column]
    if field.get("type") not in TYPED:
        return texts
    kept = {name: value for name, value in field.items() if name not in ("constraints", "categories", "missingValues")}
    read = frictionless.Field.from_descriptor(kept).read_cell
    values = [None if text is None else read(text)[0] for text in texts]
    whole = [value for value in values if isinstance(value, int)]
    beyond = any(abs(value) >= 2**63 for value in whole) or "1e400" in texts
    return texts if beyond else values


def assert_same_rows(release: Path) -> None:
    (database,) = release.glob("*.sqlite")
    (workbook,) = release.glob("*.xlsx")
    book = openpyxl.load_workbook(workbook, read_only=True, data_only=False)
    sheets = {tuple(rows[0]): rows[1:] for sheet in book.worksheets[1:] if (rows := [*sheet.values])}
    with sqlite3.connect(database) as con:
        for stem, resource, rows in tables(release):
            names = tuple(field["name"] for field in resource["schema"]["fields"])
            quoted = stem.replace('"', '""')
            stored = con.execute(f'SELECT * FROM "{quoted}"').fetchall()
            parquet = duckdb.read_parquet(str(release / f"data/{stem}.parquet")).fetchall()
            assert [_plain(row) for row in stored] == [_plain(row) for row in rows], resource["name"]
            assert [_plain(row) for row in parquet] == [_plain(row) for row in rows], resource["name"]
            if names in sheets:
                held = [_plain(tuple(row) + (None,) * (len(names) - len(row))) for row in sheets[names]]
                held = [[unescape(cell) if isinstance(cell, str) else cell for cell in row] for row in held]
                assert [*map(_in_workbook, held)] == [_in_workbook(_plain(row)) for row in rows], resource["name"]
    con.close()


def _plain(row: tuple[Any, ...]) -> list[str | float | None]:
    """Values as they can be compared: days and truths as SQLite has them, numbers as doubles, no NaN."""
    plain = []
    for value in row:
        value = value.isoformat()[:10] if isinstance(value, date) else value
        is_number = value is not None and not isinstance(value, str)
        plain.append(float(value) if is_number else value)
    return [None if value != value else value for value in plain]


def _in_workbook(row: list[Any]) -> list[Any]:
    """Values as a workbook can hold them: 16 digits, and signs that XML has not, escaped."""
    return [
        float(f"{value:.16G}") if isinstance(value, float) else unescape(value) if value else value for value in row
    ]


def assert_served(release: Path) -> None:
    asyncio.run(_ask(release))


async def _ask(release: Path) -> None:
    (database,) = release.glob("*.sqlite")
    served = datasette(Serving([release]))
    await served.invoke_startup()
    for stem, resource, rows in tables(release):
        path = f"/{tilde_encode(database.stem)}/{tilde_encode(stem)}"
        told = await served.client.get(f"{path}.json?_shape=arrays&_size=max")
        assert told.status_code == 200, (path, told.text)
        width = len(resource["schema"]["fields"])  # in front is the row's number, where there is no key
        assert [_plain(row[-width:]) for row in told.json()["rows"]] == [_plain(row) for row in rows]
        for page in (f"/en{path}", f"/sv{path}"):
            answer = await served.client.get(page)
            assert answer.status_code == 200, (page, answer.text)


def assert_described(release: Path) -> None:
    if PYTHON.is_file():
        for path in [*(release / "data").iterdir()]:  # the one of CSVW takes an address for a path
            path.with_name(quote(path.name)).write_bytes(path.read_bytes())
        for kind, name in (
            ("csvw", "catalog/csvw-metadata.json"),
            ("croissant", "catalog/croissant.json"),
            ("datacite", "catalog/datacite.json"),
            ("dcat", "catalog/dcat.rdf"),
        ):
            if (release / name).is_file():
                assert complaints(kind, release / name) == [], name


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_before_anything_is_written_with_all_reasons(name: str, tmp_path: Path) -> None:
    stranger, kinds = REFUSED[name]
    put(tmp_path, stranger.content())
    built = invoke("build", "--quiet", "--project", str(tmp_path))
    assert built.code == 1
    assert [line.rpartition("[")[2].rstrip("]") for line in built.err.splitlines()] == kinds
    assert not (tmp_path / "build/releases").exists()


def test_there_are_sixty_of_them() -> None:
    assert len(PACKAGES) >= 60
