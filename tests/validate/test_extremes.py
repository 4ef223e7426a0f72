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


@pytest.mark.parametrize("pattern", ["([a-z]{1,1000}){1,1000}", "(a{500}){500}", "(?:(?:a{100}){100}){100}", "(a+)+b"])
def test_a_pattern_that_duckdb_refuses_is_matched_by_python(tmp_path: Path, pattern: str) -> None:
    said = judged(
        tmp_path, b"id,name\n1,abc\n" + b"2,b\n" * 9, [FIELDS[0], field("name", constraints={"pattern": pattern})]
    )
    assert said[-1].endswith(f"1 table, 10 rows, {0 if pattern.startswith('([') else 10} errors")


def test_a_long_code_list_is_compared_without_an_expression(tmp_path: Path) -> None:
    codes = [f"code number {number:014}" for number in range(50_000)]
    content = "id,name\n" + "".join(f"{number},{code}\n" for number, code in enumerate(codes[::50])) + "9,x\n"
    said = judged(tmp_path, content.encode(), [FIELDS[0], field("name", constraints={"enum": codes})])
    assert said[-1] == "invalid: 1 table, 1,001 rows, 1 error"


def test_a_pattern_within_a_json_schema_has_the_same_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.validate.timelimit.PATTERN_SECONDS", 0.2)
    rule = {"properties": {"a": {"pattern": "(a+)+$"}}}
    with pytest.raises(InvalidData) as caught:
        judged(
            tmp_path,
            b'id\n"{""a"": ""' + b"a" * 60 + b'!""}"\n',
            [field("id", "object", constraints={"jsonSchema": rule})],
        )
    assert caught.value.problems[0].kind == Kind.ENDLESS_PATTERN


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"type": "nonsense"}, "is not a JSON Schema"),
        ({"$ref": "#/definitions/none"}, "which is not within the schema"),
        ({"$ref": "other.json"}, "which is not within the schema"),
        ({"pattern": "("}, "is not a JSON Schema"),
        ("text", "is not a JSON Schema object"),
    ],
    ids=str,
)
def test_a_json_schema_that_is_none_is_an_error_of_the_schema(tmp_path: Path, rule: Any, said: str) -> None:
    found = judged(tmp_path, b"id\n{}\n", [field("id", "object", constraints={"jsonSchema": rule})])
    assert "schema error" in found[1]
    assert '"towns.id"' in found[1]
    assert said in found[1]


def test_a_json_schema_that_goes_in_a_circle_ends(tmp_path: Path) -> None:
    tower: dict[str, Any] = {}
    for _ in range(400):
        tower = {"properties": {"a": tower}}
    for rule in ({"$ref": "#"}, {"anyOf": [{"$ref": "#"}]}, tower):
        assert judged(tmp_path, b"id\n{}\n", [field("id", "object", constraints={"jsonSchema": rule})])


VALUES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({"groupChar": ","}, ["1,000", "1000"], ["3,000"]),
    ({"groupChar": ",", "bareNumber": False}, ["$1,000", "1,000 kr"], ["3,000 kr"]),
    ({"bareNumber": False}, ["1000 kr", "1000"], ["3000 kr"]),
]


@pytest.mark.parametrize(("members", "equal", "other"), VALUES, ids=str)
def test_what_changes_a_value_is_applied_before_keys_and_codes(
    tmp_path: Path, members: dict[str, Any], equal: list[str], other: list[str]
) -> None:
    rows = [f'"{text}"' for text in [*equal, *other]]
    content = ("n\n" + "\n".join(rows) + "\n").encode()

    def errors(schema: dict[str, Any], **more: Any) -> list[tuple[str, int | None]]:
        described = table("t", [field("n", "integer", **members, **more)], encoding="utf-8")
        described["schema"].update(schema)
        parent = table("parent", [field("n", "integer")], encoding="utf-8")
        package(tmp_path, [described, parent], {"t.csv": content, "parent.csv": "n\n1000\n2000\n"})
        return [(error.type, error.row_number) for error in validate(tmp_path).tasks[0].errors]

    assert errors({}) == []
    assert errors({"primaryKey": "n"}) == [("primary-key", 3)]
    assert errors({"uniqueKeys": [["n"]]}) == [("unique-key", 3)]
    assert errors({}, constraints={"unique": True}) == [("unique-error", 3)]
    assert errors({"foreignKeys": [reference("n", "parent", "n")]}) == [("foreign-key", 4)]
    assert errors({}, categories=[1000, 2]) == [("constraint-error", 4)]
    assert errors({}, constraints={"enum": [1000, 2]}) == [("constraint-error", 4)]
    assert errors({}, constraints={"maximum": 2000}) == [("constraint-error", 4)]


def test_a_key_of_lists_is_compared(tmp_path: Path) -> None:
    described = table("towns", [field("id", "array"), field("name")], encoding="utf-8")
    described["schema"]["uniqueKeys"] = [["id"]]
    package(tmp_path, [described], {"towns.csv": 'id,name\n"[1, 2]",a\n"[1,2]",b\n[3],c\n'})
    assert [(error.type, error.row_number) for error in validate(tmp_path).tasks[0].errors] == [("unique-key", 3)]
