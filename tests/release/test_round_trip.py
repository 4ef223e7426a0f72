"""Any text in a cell of a source comes out of every format as it went in."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import example as shown
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.release import release
from tests.projects import field, package, table

NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"https://evil.example\")", "{=1+1}", "\t=1", "'=1",
    "<script>alert(1)</script>", "&amp;", "]]>", '"', '""', "'", "a\nb", "a\r\nb", "a\rb", "\n", " ", " a ", "\ta\t",
    "NULL", "null", "NA", "nan", "None", "true", "0482", "1e5", "2019-02-28", "1,5", ";", "\\N", "\\", "#", "-- x",
    "_x0041_", "https://example.org/", "mailto:a@b.se", "internal:A1", "får", "far", "e\u0301", "\u00e9", "\ufeff",
    "\u2028", "\u200b", "\U0001f411", "%s", "{a}", "$1", "../..", "|",
]  # fmt: skip
PRINTED = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
CELL = st.sampled_from(NASTY) | st.text(PRINTED, min_size=1, max_size=12)
ROWS = st.lists(st.lists(CELL | st.just(""), min_size=2, max_size=2), min_size=1, max_size=8)


def _release(folder: Path, rows: list[list[str]]) -> Path:
    """The release of a package with the rows, numbered from 1."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["id", "sv", "en"]])
    writer.writerows([str(number), *row] for number, row in enumerate(rows, 1))
    texts = table("texts", [field("id", "integer"), field("sv"), field("en")], ["id"])
    built = package(folder / "package", [texts], {"texts.csv": text.getvalue().encode()})
    return release(load(built), folder / "releases", Progress(), {}).folder


@settings(max_examples=12)
@given(ROWS)
@shown([[text, text] for text in NASTY])
def test_text_comes_through_every_format(rows: list[list[str]]) -> None:
    expected: list[tuple[Any, ...]] = [(number, *(cell or None for cell in row)) for number, row in enumerate(rows, 1)]
    with tempfile.TemporaryDirectory() as folder:
        released = _release(Path(folder), rows)
        with (released / "data/texts.csv").open(encoding="utf-8", newline="") as file:
            header, *cells = csv.reader(file)
        assert header == ["id", "sv", "en"]
        assert cells == [[str(number), *row] for number, row in enumerate(rows, 1)]
        assert duckdb.read_parquet(str(released / "data/texts.parquet")).fetchall() == expected
        con = sqlite3.connect(released / "towns.sqlite")
        assert con.execute("SELECT id, sv, en FROM texts ORDER BY id").fetchall() == expected
        con.close()
        sheet = openpyxl.load_workbook(released / "towns.xlsx")["texts"]
        assert [cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None].count(
            "f"
        ) == 0
        read = [
            tuple(unescape(cell) if isinstance(cell, str) else cell for cell in row)
            for row in sheet.iter_rows(min_row=2, max_row=len(rows) + 1, max_col=3, values_only=True)
        ]
        assert read == expected


CONTROL = [chr(code) for code in range(1, 32) if chr(code) not in "\t\n\r"] + ["\x7f", "\x80", "\ufffe", "\uffff"]


def test_characters_that_xml_cannot_hold_do_not_break_the_workbook(tmp_path: Path) -> None:
    released = _release(tmp_path, [[f"a{character}b", ""] for character in CONTROL])
    sheet = openpyxl.load_workbook(released / "towns.xlsx")["texts"]
    assert [sheet.cell(row, 1).value for row in range(2, len(CONTROL) + 2)] == list(range(1, len(CONTROL) + 1))
    assert [row[0] for row in duckdb.read_parquet(str(released / "data/texts.parquet")).project("sv").fetchall()] == [
        f"a{character}b" for character in CONTROL
    ]


TYPED = """\
id,kind,opened,open,people,share
01,a,2019-02-28,true,0,0.1
02,b,1899-12-31,false,9007199254740993,-1e-7
03,,,,,
"""


@pytest.fixture(scope="module")
def typed_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fields = [
        field("id"),
        field("kind", constraints={"enum": ["a", "b"]}),
        field("opened", "date"),
        field("open", "boolean"),
        field("people", "integer"),
        field("share", "number"),
    ]
    folder = package(tmp_path_factory.mktemp("typed"), [table("things", fields, ["id"])], {"things.csv": TYPED})
    return release(load(folder), folder / "build/releases", Progress(), {}).folder


def test_csv_keeps_what_was_written(typed_release: Path) -> None:
    assert (typed_release / "data/things.csv").read_text(encoding="utf-8") == TYPED


def test_parquet_has_types_and_keeps_codes_as_text(typed_release: Path) -> None:
    relation = duckdb.read_parquet(str(typed_release / "data/things.parquet"))
    assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {
        "id": "VARCHAR",
        "kind": "VARCHAR",
        "opened": "DATE",
        "open": "BOOLEAN",
        "people": "BIGINT",
        "share": "DOUBLE",
    }
    rows = relation.fetchall()
    assert json.loads(json.dumps(rows, default=str)) == [
        ["01", "a", "2019-02-28", True, 0, 0.1],
        ["02", "b", "1899-12-31", False, 9007199254740993, -1e-7],
        ["03", None, None, None, None, None],
    ]


def test_sqlite_has_types_and_keeps_codes_as_text(typed_release: Path) -> None:
    con = sqlite3.connect(typed_release / "towns.sqlite")
    assert con.execute("SELECT *, typeof(id), typeof(people) FROM things").fetchall() == [
        ("01", "a", "2019-02-28", 1, 0, 0.1, "text", "integer"),
        ("02", "b", "1899-12-31", 0, 9007199254740993, -1e-7, "text", "integer"),
        ("03", None, None, None, None, None, "text", "null"),
    ]
    con.close()


def test_xlsx_has_types_and_keeps_codes_and_what_a_spreadsheet_cannot_hold_as_text(typed_release: Path) -> None:
    sheet = openpyxl.load_workbook(typed_release / "towns.xlsx")["things"]
    assert [
        [str(cell) if hasattr(cell, "year") else cell for cell in row] for row in sheet.iter_rows(values_only=True)
    ] == [
        ["id", "kind", "opened", "open", "people", "share"],
        ["01", "a", "2019-02-28 00:00:00", True, 0, 0.1],
        ["02", "b", "1899-12-31", False, "9007199254740993", -1e-7],
        ["03", None, None, None, None, None],
    ]
