"""Tables and packages that are too much, or nothing at all: judged or refused, in bounded time and memory."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InvalidData, Kind
from pipeline.report.report import lines
from pipeline.validate import Terms, validate
from tests.projects import field, package, reference, table

FIELDS = [field("id", "integer"), field("name")]


@pytest.fixture(params=[0, 100_000], ids=["screened", "streamed"], autouse=True)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test is run as a large table is judged, and as a small one is."""
    monkeypatch.setattr("pipeline.validate.source.SMALL", request.param)


def judged(folder: Path, content: bytes, fields: list[dict[str, Any]] = FIELDS) -> list[str]:
    """The lines that the report on a package with this one table has."""
    package(folder, [table("towns", fields, encoding="utf-8")], {"towns.csv": content})
    return lines(validate(folder))


def test_an_empty_table_is_invalid(tmp_path: Path) -> None:
    said = judged(tmp_path, b"")
    assert "the file is empty" in said[1]
    assert said[-1] == "invalid: 1 table, 0 rows, 1 error"


def test_a_table_of_a_header_alone_is_valid(tmp_path: Path) -> None:
    assert judged(tmp_path, b"id,name\n") == ["valid: 1 table, 0 rows, 0 errors"]


def lines_around(before: int, long: int, after: int) -> bytes:
    """A table of so many bytes of short rows, a row with so long a cell, and so many short rows."""
    short = b"1," + b"a" * 997 + b"\n"
    return b"id,name\n" + short * (before // 1000) + b"2," + b"x" * long + b"\n" * bool(after) + b"3,b\n" * after


@pytest.mark.parametrize(("before", "after"), [(210_000, 0), (5_000_000, 0), (5_000_000, 5), (7_900_000, 5)])
def test_a_line_that_is_too_long_is_refused_wherever_it_is(tmp_path: Path, before: int, after: int) -> None:
    with pytest.raises(InvalidData) as caught:
        judged(tmp_path, lines_around(before, 12_000_000, after))
    (problem,) = caught.value.problems
    assert (problem.kind, problem.row) == (Kind.LONG_LINE, before // 1000 + 2)


@pytest.mark.parametrize(("before", "after"), [(0, 1), (7_500_000, 0), (7_900_000, 5)])
def test_a_line_longer_than_what_duckdb_takes_at_a_time_is_judged(tmp_path: Path, before: int, after: int) -> None:
    """DuckDB loses such a line, or fails, depending on where it is."""
    assert judged(tmp_path, lines_around(before, 9_300_000, after)) == [
        f"valid: 1 table, {before // 1000 + 1 + after:,} rows, 0 errors"
    ]


def test_a_gzip_that_is_called_csv_is_named(tmp_path: Path) -> None:
    said = judged(tmp_path, gzip.compress(b"id,name\n1,Flen\n"))
    assert "the file is likely a gzip archive" in said[1]


def test_a_table_of_10_000_columns_is_judged(tmp_path: Path) -> None:
    """Of DuckDB it would need gigabytes, however few its rows are."""
    names = [f"c{number}" for number in range(10_000)]
    rows = [",".join(names), ",".join(["1"] * 10_000), ",".join(["1"] * 9_999 + ["x"])]
    said = judged(tmp_path, "\n".join(rows).encode(), [field(name, "integer") for name in names])
    assert said[-1] == "invalid: 1 table, 2 rows, 1 error"
    assert "row 3, column c9999: 'x' type error: not a whole number" in said[1]


def test_a_pattern_that_matches_for_ever_is_refused_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.validate.timelimit.PATTERN_SECONDS", 0.2)
    with pytest.raises(InvalidData) as caught:
        judged(tmp_path, b"id\n" + b"a" * 60 + b"b\n", [field("id", constraints={"pattern": "((a+)+)+$"})])
    (problem,) = caught.value.problems
    assert (problem.kind, problem.field, problem.value) == (Kind.ENDLESS_PATTERN, "id", "((a+)+)+$")


@pytest.mark.parametrize("schema", ["no-schema.json", [1, 2], 5, {"fields": "id"}, {"fields": [5]}, {}])
def test_a_schema_that_is_none_is_refused(schema: object, tmp_path: Path) -> None:
    resource = {"name": "towns", "path": "towns.csv", "encoding": "utf-8", "schema": schema}
    package(tmp_path, [resource], {"towns.csv": "id,name\n1,Flen\n", "no-schema.json": "[]"})
    with pytest.raises(InvalidData) as caught:
        validate(tmp_path)
    (problem,) = caught.value.problems
    assert problem.kind == Kind.BAD_DESCRIPTOR
    assert "schema" in problem.rule


def test_tables_whose_foreign_keys_go_in_a_circle_are_judged(tmp_path: Path) -> None:
    towns = table("towns", FIELDS, ["id"], foreignKeys=[reference("id", "lands")])
    lands = table("lands", FIELDS, ["id"], foreignKeys=[reference("id", "towns")])
    package(tmp_path, [towns, lands], {"towns.csv": "id,name\n1,a\n2,b\n", "lands.csv": "id,name\n1,a\n3,b\n"})
    errors = validate(tmp_path).to_frictionless().flatten(["type", "rowNumber"])
    assert errors == [["foreign-key", 3], ["foreign-key", 3]]


def test_a_package_of_hundreds_of_tables_is_judged(tmp_path: Path) -> None:
    names = [f"towns-{number}" for number in range(200)]
    package(
        tmp_path,
        [table(name, FIELDS) for name in names],
        {f"{name}.csv": "id,name\n1,Flen\n" for name in names},
    )
    assert lines(validate(tmp_path, Terms())) == ["valid: 200 tables, 200 rows, 0 errors"]
