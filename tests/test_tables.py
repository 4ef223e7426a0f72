"""A table as raw text and as typed values: the values are the ones that frictionless reads."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import frictionless
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.quoting import identifier, literal
from pipeline.package.package import load
from pipeline.table.relation import connect, raw, sort_order, typed
from tests.projects import field, package, table

Row = tuple[Any, ...]


def _raw(folder: Path) -> list[Row]:
    con = connect()
    loaded = load(folder)
    return con.execute(f"SELECT * FROM {raw(con, loaded, loaded.tables[0])}").fetchall()


def _typed(folder: Path) -> list[Row]:
    con = connect()
    loaded = load(folder)
    return con.execute(f"SELECT * FROM {typed(con, loaded, loaded.tables[0])}").fetchall()


def _by_frictionless(folder: Path) -> list[Row]:
    """The rows as frictionless reads them; Decimal as float, as DuckDB's DOUBLE is."""
    resource = frictionless.Package.from_descriptor(str(folder / "datapackage.json")).resources[0]
    rows = [tuple(row.to_list()) for row in resource.read_rows()]  # type: ignore[attr-defined, unused-ignore]
    return [tuple(float(cell) if isinstance(cell, Decimal) else cell for cell in row) for row in rows]


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def test_raw_is_text_and_an_empty_cell_is_an_empty_text(tmp_path: Path) -> None:
    fields = [field("id"), field("people", "integer"), field("since", "date")]
    package(tmp_path, [table("towns", fields)], {"towns.csv": 'id,people,since\n0482,+016000,\n"a ""b"",\n",NA,""\n'})
    assert _raw(tmp_path) == [("0482", "+016000", ""), ('a "b",\n', "NA", "")]


@pytest.mark.parametrize("before", [25_000_000, 33_000_000])
@pytest.mark.parametrize("after", [0, 5])
def test_a_row_that_duckdb_loses_or_fails_at_is_there(tmp_path: Path, before: int, after: int) -> None:
    short = "1," + "a" * 997 + "\n"
    content = "id,name\n" + short * (before // 1000) + "2," + "x" * 9_000_000 + "\n" + "3,b\n" * after
    package(tmp_path, [table("towns", [field("id"), field("name")])], {"towns.csv": content})
    loaded = load(tmp_path)
    with connect() as con:
        query = f"SELECT count(*), sum(strlen(name)) FROM {raw(con, loaded, loaded.tables[0])}"
        assert con.execute(query).fetchall() == [(before // 1000 + 1 + after, before // 1000 * 997 + 9_000_000 + after)]


def test_typed_is_values_sorted_by_key_with_null_for_what_is_missing(tmp_path: Path) -> None:
    fields = [field("number", "integer"), field("code"), field("open", "boolean"), field("share", "number")]
    towns = table("towns", fields, ["number"])
    towns["schema"]["missingValues"] = ["", "NA"]
    package(tmp_path, [towns], {"towns.csv": "number,code,open,share\n10,0482,true,NA\n9,NA,,0.5\n"})
    assert _typed(tmp_path) == [(9, None, None, 0.5), (10, "0482", True, None)]


def test_missing_values_may_have_labels_and_be_a_fields_own(tmp_path: Path) -> None:
    fields = [field("id"), field("share", "number", missingValues=["-"]), field("note")]
    towns = table("towns", fields, ["id"])
    towns["schema"]["missingValues"] = [{"value": "..", "label": "not known"}]
    package(tmp_path, [towns], {"towns.csv": "id,share,note\na,-,..\nb,1,-\n"})
    assert _typed(tmp_path) == [("a", None, None), ("b", 1.0, "-")]


WRITTEN = {
    "integer": st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["+1", "007", "-0", "١", "1_000", "--1"]),
    "number": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.sampled_from(["INF", "-INF", "1e5", "1E-7", "+1.5", ".5", "5.", "0.1", "12345678901234567890.123456789"]),
    "boolean": st.sampled_from(["true", "false", "True", "False", "TRUE", "FALSE", "1", "0", "yes", "no"]),
    "date": st.dates().map(str) | st.sampled_from(["2020-02-29", "2020-1-5", "20200105", "2020-06-31", "0001-01-01"]),
    "year": st.integers(0, 9999).map(lambda year: f"{year:04}") | st.sampled_from(["17", "-0500", "12017"]),
    "string": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
}


def _accepted(member: dict[str, Any]) -> st.SearchStrategy[str]:
    """Texts that frictionless accepts for a field."""
    judge = frictionless.Field.from_descriptor(member)

    def is_accepted(text: str) -> bool:
        return not judge.read_cell(text)[1]

    return WRITTEN[member["type"]].filter(is_accepted)


@st.composite
def _columns(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """Fields, and rows of cells that frictionless accepts for them."""
    kinds = draw(st.lists(st.sampled_from(sorted(WRITTEN)), min_size=1, max_size=4))
    fields = [field(f"f{number}", kind) for number, kind in enumerate(kinds)]
    cells = [_accepted(member) | st.just("") for member in fields]
    rows = draw(st.lists(st.tuples(st.integers(0, 99).map(lambda _: "x"), *cells).map(list), min_size=1, max_size=6))
    return [field("always"), *fields], rows


@settings(max_examples=40)
@given(_columns())
def test_typed_values_are_those_that_frictionless_reads(columns: tuple[list[dict[str, Any]], list[list[str]]]) -> None:
    fields, rows = columns
    numbered = [[str(number), *row] for number, row in enumerate(rows)]
    towns = table("towns", [field("n", "integer"), *fields], ["n"])
    text = _csv([["n", *(member["name"] for member in fields)], *numbered])
    with tempfile.TemporaryDirectory() as folder:
        package(Path(folder), [towns], {"towns.csv": text})
        assert _typed(Path(folder)) == _by_frictionless(Path(folder))


FORMATS = [
    (field("v", "number", decimalChar=",", groupChar=" "), ["1 234,5", "0,5"], [1234.5, 0.5]),
    (field("v", "number", bareNumber=False), ["12.5 %", "SEK 100"], [12.5, 100.0]),
    (field("v", "integer", bareNumber=False), ["100 kr", "7"], [100, 7]),
    (field("v", "boolean", trueValues=["ja"], falseValues=["nej"]), ["ja", "nej"], [True, False]),
    (field("v", "date", format="%d/%m/%Y"), ["31/01/2026", "01/02/2026"], ["2026-01-31", "2026-02-01"]),
    (field("v", "datetime"), ["2026-01-31T12:00:00Z"], ["2026-01-31T12:00:00Z"]),
    (field("v", "yearmonth"), ["2026-01"], ["2026-01"]),
    (field("v", "any"), ["1", "x"], ["1", "x"]),
]


@pytest.mark.parametrize(("member", "texts", "values"), FORMATS, ids=[str(case[0]) for case in FORMATS])
def test_a_fields_own_format_is_followed(
    member: dict[str, Any], texts: list[str], values: list[object], tmp_path: Path
) -> None:
    rows = [[str(number), text] for number, text in enumerate(texts)]
    package(tmp_path, [table("t", [field("n", "integer"), member], ["n"])], {"t.csv": _csv([["n", "v"], *rows])})
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    assert [row[1] if not hasattr(row[1], "isoformat") else row[1].isoformat() for row in _typed(tmp_path)] == values


def test_what_is_no_finite_number_is_read_as_frictionless_reads_it(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("v", "number")])], {"t.csv": "v\nNaN\nINF\n-INF\n"})
    values = [row[0] for row in _typed(tmp_path)]
    assert sorted(value for value in values if not math.isnan(value)) == [-math.inf, math.inf]
    assert sum(math.isnan(value) for value in values) == 1


DIALECTS = [
    ("semicolons", {"delimiter": ";"}, "utf-8", "id;name\n0482;Malmö\n"),
    ("semicolons as frictionless 5 writes them", {"csv": {"delimiter": ";"}}, "utf-8", "id;name\n0482;Malmö\n"),
    ("tabs", {"delimiter": "\t"}, "utf-8", "id\tname\n0482\tMalmö\n"),
    ("single quotes", {"quoteChar": "'"}, "utf-8", "id,name\n0482,'Malmö'\n"),
    ("escapes", {"escapeChar": "\\", "doubleQuote": False}, "utf-8", 'id,name\n0482,"Malmö"\n'),
    ("spaces after commas", {"skipInitialSpace": True}, "utf-8", "id, name\n0482, Malmö\n"),
    ("no header", {"header": False}, "utf-8", "0482,Malmö\n"),
    ("a second header row", {"headerRows": [2]}, "utf-8", "downloaded,today\nid,name\n0482,Malmö\n"),
    ("comments", {"commentChar": "#"}, "utf-8", "# downloaded today\nid,name\n# a note\n0482,Malmö\n"),
    ("comment rows", {"commentRows": [1, 3]}, "utf-8", "hello,you\nid,name\nto be,left\n0482,Malmö\n"),
    ("Latin 1", {}, "latin-1", "id,name\n0482,Malmö\n"),
    ("Windows-1252", {}, "windows-1252", "id,name\n0482,Malmö\n"),
    ("UTF-16", {}, "utf-16", "id,name\n0482,Malmö\n"),
    ("UTF-8 in capitals", {}, "UTF-8", "id,name\n0482,Malmö\n"),
    ("a byte order mark", {}, "utf-8-sig", "id,name\n0482,Malmö\n"),
    ("Windows line ends", {}, "utf-8", "id,name\r\n0482,Malmö\r\n"),
    ("old Macintosh line ends", {}, "utf-8", "id,name\r0482,Malmö\r"),
    ("no line end at the end", {}, "utf-8", "id,name\n0482,Malmö"),
]


@pytest.mark.parametrize(("dialect", "encoding", "text"), [case[1:] for case in DIALECTS], ids=[c[0] for c in DIALECTS])
def test_a_table_is_read_as_its_dialect_and_encoding_say(
    dialect: dict[str, Any], encoding: str, text: str, tmp_path: Path
) -> None:
    towns = table("towns", [field("id"), field("name")], ["id"], dialect=dialect, encoding=encoding)
    package(tmp_path, [towns], {"towns.csv": text.encode(encoding)})
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    assert _raw(tmp_path) == [("0482", "Malmö")]
    assert _typed(tmp_path) == [("0482", "Malmö")]


@pytest.mark.parametrize("match", ["equal", "subset", "superset", "partial"])
def test_columns_in_another_order_are_never_taken_for_each_other(match: str, tmp_path: Path) -> None:
    """Data Package v2 lets `fieldsMatch` free the order of the columns; frictionless 5.21 does as well."""
    towns = table("towns", [field("id"), field("name")], ["id"])
    towns["schema"]["fieldsMatch"] = match
    package(tmp_path, [towns], {"towns.csv": "name,id\nFlen,0482\n"})
    if frictionless.validate(str(tmp_path / "datapackage.json")).valid:
        assert _typed(tmp_path) == [("0482", "Flen")]


@pytest.mark.parametrize("name", ["a b", "å[1]", "star*", "what?", "quote'", 'quote"', "{a}", "%20", "semi;colon"])
def test_a_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    package(folder, [table("towns", [field("id")], ["id"])], {"towns.csv": "id\n0482\n"})
    package(tmp_path / "star-other", [table("towns", [field("id")], ["id"])], {"towns.csv": "id\n9999\n"})
    assert _raw(folder) == [("0482",)]


def test_a_long_cell_is_read_whole(tmp_path: Path) -> None:
    package(tmp_path, [table("towns", [field("id")], ["id"])], {"towns.csv": f"id\n{'x' * 9_000_000}\n"})
    assert [len(row[0]) for row in _raw(tmp_path)] == [9_000_000]


CON = connect()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_name_is_an_identifier_and_any_text_a_literal(text: str) -> None:
    relation = CON.execute(f"SELECT {literal(text)} AS {identifier(text)}")
    assert relation.description[0][0] == text
    assert relation.fetchall() == [(text,)]


def test_rows_are_sorted_by_key_as_its_types_order_them(tmp_path: Path) -> None:
    towns = table("towns", [field("code"), field("number", "integer")], ["number", "code"])
    package(tmp_path, [towns], {"towns.csv": "code,number\nb,10\na,10\nc,9\n"})
    (resource,) = load(tmp_path).tables
    assert sort_order(resource) == 'TRY_CAST("number" AS DOUBLE), "number", "code"'
    assert _typed(tmp_path) == [("c", 9), ("a", 10), ("b", 10)]
