"""Somebody else's package, as it comes: every name, dialect, type and key builds, or is refused in one message."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import openpyxl
import pytest

from pipeline import build
from pipeline.core.errors import InvalidData, Kind, PipelineError
from pipeline.core.names import stems
from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.source.project import find
from tests.command import servicebanken
from tests.projects import field, package, put, reference, table, tree
from tests.test_surroundings import assert_whole

FIELDS = [field("id"), field("name"), field("people", "integer")]
ROWS = "id,name,people\n0482,Flen,16000\n1280,Malmö,360000\n"
VALUES = [("0482", "Flen", 16000), ("1280", "Malmö", 360000)]


def release(folder: Path) -> Path:
    """Builds the package in the folder and returns its release, which is whole."""
    built = build.release(find(folder), Progress(), major=True)
    assert_whole(built.folder)
    (folder / "build/state.json").unlink()
    again = build.release(find(folder), Progress(), major=True)
    assert (again.new, again.version) == (False, built.version), "the same package is the same release"
    return built.folder


def database(folder: Path) -> sqlite3.Connection:
    """The release's database, whose foreign keys lead somewhere."""
    (path,) = folder.glob("*.sqlite")
    con = sqlite3.connect(path)
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return con


def towns(folder: Path, fields: list[dict[str, Any]], rows: str | bytes, **members: Any) -> list[tuple[Any, ...]]:
    """What the release of a table holds in SQLite."""
    package(folder, [table("towns", fields, **members)], {"towns.csv": rows})
    return database(release(folder)).execute("SELECT * FROM towns").fetchall()


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["servicebanken", "solution_services", "a-b", "v1.2", "Tätorter"], None),
        (
            ["../../evil", "..", "/etc/passwd", ".hidden", "a/b", "a\\b"],
            ["_.._evil", "_", "_etc_passwd", "hidden", "a_b", "a_b_2"],
        ),
        (["A", "a", "a_2"], ["A", "a_3", "a_2"]),
        (["a b", "a_b"], ["a_b_2", "a_b"]),
        (["con", "AUX.x", "sqlite_master", "console"], ["_con", "_AUX.x", "_sqlite_master", "console"]),
        (["x" * 300, "å", "a\u030a"], ["x" * 60, "å", "å_2"]),
    ],
)
def test_every_name_has_a_stem_of_its_own_and_a_plain_name_is_its_own(
    names: list[str], expected: list[str] | None
) -> None:
    assert stems(names) == (expected or names)


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "..", "Mitt paket: å/ä", "con", "-rf", "a" * 300])
def test_a_name_of_any_kind_stays_in_the_release(name: str, tmp_path: Path) -> None:
    root = tmp_path / "a/b/c/project"
    package(root, [table(name, FIELDS, ["id"])], {}, name=name)
    descriptor = json.loads((root / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"][0]["path"] = "towns.csv"
    put(root, {"datapackage.json": json.dumps(descriptor), "towns.csv": ROWS})
    folder = release(root)
    stem = stems([name])[0]
    assert folder == root / "build/releases/1.0.0"
    assert {f"data/{stem}.csv", f"data/{stem}.parquet", f"{stem}.sqlite", f"{stem}.xlsx", f"{stem}-1.0.0.zip"} <= set(
        tree(folder)
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(root)] == []
    assert database(folder).execute(f'SELECT * FROM "{stem}"').fetchall() == VALUES
    assert frictionless.validate(str(folder / "datapackage.json")).valid


def test_names_that_differ_only_in_case_get_files_and_tables_of_their_own(tmp_path: Path) -> None:
    resources = [{**table("Towns", FIELDS), "path": "a.csv"}, {**table("towns", FIELDS), "path": "b.csv"}]
    package(tmp_path, resources, {"a.csv": ROWS, "b.csv": "id,name,people\nx,y,1\n"})
    folder = release(tmp_path)
    assert (folder / "data/Towns.csv").read_text(encoding="utf-8") == ROWS
    assert (folder / "data/towns_2.csv").read_text(encoding="utf-8") == "id,name,people\nx,y,1\n"
    con = database(folder)
    assert con.execute("SELECT * FROM Towns").fetchall() == VALUES
    assert con.execute("SELECT * FROM towns_2").fetchall() == [("x", "y", 1)]


def test_tables_that_are_named_like_what_sqlite_gets_beside_them_are_kept(tmp_path: Path) -> None:
    names = ["solutions", "solutions_services", "solutions_fts", "solutions_fts_2_data", "codes"]
    tables = [table(name, [*FIELDS, field("services", categories=[{"value": "a", "label": "A"}])]) for name in names]
    tables[0]["schema"]["primaryKey"] = "id"
    tables[0]["schema"]["foreignKeys"] = [reference("services", "solutions")]
    rows = "id,name,people,services\n0482,Flen,16000,\n"
    package(tmp_path, tables, {f"{name}.csv": rows for name in names})
    con = database(release(tmp_path))
    assert [con.execute(f'SELECT id FROM "{name}"').fetchall() for name in names] == [[("0482",)]] * len(names)
    indexed = con.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%content=\"solutions\"%'").fetchall()
    assert con.execute(f"SELECT name FROM {indexed[0][0]} WHERE {indexed[0][0]} MATCH 'flen'").fetchall() == [("Flen",)]


def test_fields_may_have_the_names_that_the_pipeline_and_the_databases_use(tmp_path: Path) -> None:
    names = ["row", "document", "key", "table", 'say "hi", ok', "it's", "rowid", "rank", "position", "å ä", "old"]
    header = 'row,document,key,table,"say ""hi"", ok",it\'s,rowid,rank,position,å ä,old\n'
    rows = header + "1,b,c,d,e,f,z,h,i,j,k\n2,b,c,d,e,f,a,h,i,j,k\n"
    assert towns(tmp_path, [field(name) for name in names], rows) == [
        ("1", "b", "c", "d", "e", "f", "z", "h", "i", "j", "k"),
        ("2", "b", "c", "d", "e", "f", "a", "h", "i", "j", "k"),
    ]
    assert (tmp_path / "build/releases/latest/data/towns.csv").read_text(encoding="utf-8") == rows


# -- files ---------------------------------------------------------------------------------------------------------

DIALECTS: list[tuple[str, dict[str, Any], str | bytes]] = [
    ("semicolons that frictionless finds", {}, ROWS.replace(",", ";")),
    ("UTF-16", {"encoding": "utf-16"}, ROWS.encode("utf-16")),
    ("Latin 1", {"encoding": "iso-8859-1"}, ROWS.encode("latin-1")),
    ("comments", {"dialect": {"commentChar": "#"}}, f"# towns\n{ROWS}# the end\n"),
    ("a title above the header", {"dialect": {"headerRows": [2]}}, f"Towns,,\n{ROWS}"),
    ("no header", {"dialect": {"header": False}}, ROWS.partition("\n")[2]),
    ("single quotes", {"dialect": {"quoteChar": "'"}}, ROWS.replace("Flen", "'Flen'")),
    ("spaces after commas", {"dialect": {"skipInitialSpace": True}}, ROWS.replace(",", ", ")),
    ("a header in capitals", {"dialect": {"headerCase": False}}, ROWS.replace("name", "NAME")),
    ("old Macintosh line ends", {}, ROWS.replace("\n", "\r")),
    ("line ends of two kinds", {}, ROWS.replace("\n", "\r\n", 1)),
]


@pytest.mark.parametrize(("members", "rows"), [case[1:] for case in DIALECTS], ids=[case[0] for case in DIALECTS])
def test_a_table_is_read_as_its_dialect_says(members: dict[str, Any], rows: str | bytes, tmp_path: Path) -> None:
    assert towns(tmp_path, FIELDS, rows, **members) == VALUES
    assert (tmp_path / "build/releases/latest/data/towns.csv").read_text(encoding="utf-8") == ROWS


def test_an_escaped_quote_is_a_quote(tmp_path: Path) -> None:
    dialect = {"escapeChar": "\\", "doubleQuote": False}
    assert towns(tmp_path, FIELDS[:2], 'id,name\n1,"Fl\\"en"\n', dialect=dialect) == [("1", 'Fl"en')]


MATCHES: list[tuple[str, list[str], list[str], list[tuple[Any, ...]]]] = [
    ("equal", ["people", "id", "name"], ["people", "id", "name"], [(16000, "0482", "Flen"), (360000, "1280", "Malmö")]),
    ("subset", ["people", "id"], ["people", "id", "name"], [(16000, "0482", "Flen"), (360000, "1280", "Malmö")]),
    ("superset", ["id", "name", "people", "area"], ["id", "name", "people", "area"], [(*row, None) for row in VALUES]),
]


@pytest.mark.parametrize(("match", "stated", "released", "rows"), MATCHES, ids=[case[0] for case in MATCHES])
def test_columns_are_found_by_name_where_the_schema_lets_them_stand_in_another_order(
    match: str, stated: list[str], released: list[str], rows: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    fields = [field(name, "integer" if name == "people" else "string") for name in stated]
    schema = {"fields": fields, "fieldsMatch": [match]}
    package(tmp_path, [{"name": "towns", "path": "towns.csv", "schema": schema}], {"towns.csv": ROWS})
    folder = release(tmp_path)
    assert database(folder).execute("SELECT * FROM towns").fetchall() == rows
    assert load(folder).tables[0].field_names == released
    assert frictionless.validate(str(folder / "datapackage.json")).valid


def test_a_file_name_is_no_pattern(tmp_path: Path) -> None:
    for name in ("a[1].csv", "a*.csv"):
        package(tmp_path / name, [{**table("towns", FIELDS), "path": name}], {name: ROWS, "a1.csv": ROWS + "9,x,9\n"})
        assert database(release(tmp_path / name)).execute("SELECT * FROM towns").fetchall() == VALUES


@pytest.mark.parametrize(
    ("rows", "kind"),
    [('id,name\n1,a\n2,"b\n', Kind.BAD_QUOTE), ("id,name\n1,Malmö\n".encode("latin-1"), Kind.BAD_BYTE)],
)
def test_what_frictionless_repairs_or_guesses_is_refused_with_its_file(
    rows: str | bytes, kind: Kind, tmp_path: Path
) -> None:
    package(tmp_path, [table("towns", FIELDS[:2])], {"towns.csv": rows})
    with pytest.raises(InvalidData) as caught:
        build.release(find(tmp_path), Progress(), major=True)
    assert [(problem.kind, problem.file) for problem in caught.value.problems] == [(kind, "towns.csv")]


def test_schema_and_dialect_may_lie_in_files_of_their_own_and_are_watched(tmp_path: Path) -> None:
    resource = {"name": "towns", "path": "towns.csv", "schema": "s/towns.json", "dialect": "s/dialect.json"}
    files: dict[str, str | bytes] = {
        "towns.csv": ROWS.replace(",", ";"),
        "s/towns.json": json.dumps({"fields": FIELDS}),
        "s/dialect.json": '{"delimiter": ";"}',
    }
    package(tmp_path, [resource], files)
    assert database(release(tmp_path)).execute("SELECT * FROM towns").fetchall() == VALUES
    put(tmp_path, {"s/towns.json": json.dumps({"fields": FIELDS, "missingValues": ["", "Flen"]})})
    assert build.release(find(tmp_path), Progress(), major=True).changes == (
        'towns: what counts as missing in towns changed from "" to "", "Flen"',
    )


def test_resources_that_are_no_tables_are_kept_as_they_are_and_compared(tmp_path: Path) -> None:
    resources = [
        table("towns", FIELDS),
        {"name": "report", "path": "docs/report.pdf"},
        {"name": "notes", "path": ["a.md", "b.md"]},
        {"name": "inline", "data": [{"a": 1}]},
    ]
    files: dict[str, str | bytes] = {"towns.csv": ROWS, "docs/report.pdf": b"%PDF\xff", "a.md": "a", "b.md": "b"}
    package(tmp_path, resources, files)
    folder = release(tmp_path)
    assert {name: content for name, content in tree(folder).items() if name.startswith("files/")} == {
        "files/docs/report.pdf": b"%PDF\xff",
        "files/a.md": b"a",
        "files/b.md": b"b",
    }
    put(tmp_path, {"docs/report.pdf": b"%PDF\xfe"})
    assert build.release(find(tmp_path), Progress(), major=True).changes == ("the resource report changed",)
    package(tmp_path, resources[:1], {})
    assert build.release(find(tmp_path), Progress(), major=True).changes == (
        "inline: the table was removed",
        "the resource report was removed",
        "the resource notes was removed",
    )


def test_a_package_without_a_name_or_types_is_not_released_again_and_again(tmp_path: Path) -> None:
    put(tmp_path, {"datapackage.json": '{"resources": [{"name": "towns", "path": "towns.csv"}]}', "towns.csv": ROWS})
    release(tmp_path)


def test_charts_under_views_are_somebody_elses(tmp_path: Path) -> None:
    """datahub.io keeps charts there; only views with a `query` are ours."""
    views = [{"name": "graph", "specType": "simple", "spec": {"type": "line"}}]
    package(tmp_path, [table("towns", FIELDS)], {"towns.csv": ROWS}, views=views)
    release(tmp_path)


# -- values --------------------------------------------------------------------------------------------------------


def test_a_whole_number_beyond_64_bits_keeps_every_digit_in_every_format(tmp_path: Path) -> None:
    large = "123456789012345678901234567890"
    assert towns(tmp_path, [field("id"), field("n", "integer")], f"id,n\na,{large}\nb,7\nc,\n") == [
        ("a", large),
        ("b", "7"),
        ("c", None),
    ]
    folder = tmp_path / "build/releases/latest"
    assert duckdb.read_parquet(str(folder / "data/towns.parquet")).fetchall() == [("a", large), ("b", "7"), ("c", None)]
    sheet = openpyxl.load_workbook(folder / "towns.xlsx")["towns"]
    assert [cell.value for cell in sheet["B"]] == ["n", large, "7", None]


VALUES_OF_TYPES: list[tuple[str, dict[str, Any], str, list[Any]]] = [
    ("codes for yes and no", field("v", "boolean", trueValues=["ja"], falseValues=["nej"]), "ja\nnej\n", [1, 0]),
    ("a decimal comma", field("v", "number", decimalChar=",", groupChar=" "), '"1 234,5"\n"2,25"\n', [1234.5, 2.25]),
    ("groups in a whole number", field("v", "integer", groupChar=" "), "1 000\n2\n", [1000, 2]),
    ("a percentage", field("v", "number", bareNumber=False), "95%\n€5\n", [95.0, 5.0]),
    (
        "a date of its own form",
        field("v", "date", format="%d/%m/%Y"),
        "31/12/1899\n01/02/2020\n",
        ["1899-12-31", "2020-02-01"],
    ),
    ("no numbers", field("v", "number"), "INF\n1.5\n", [float("inf"), 1.5]),
    ("a list", field("v", "list"), '"a,b"\n', ["a,b"]),
    ("an array", field("v", "array"), '"[1, 2]"\n', ["[1, 2]"]),
    ("an object", field("v", "object"), '"{""k"": 1}"\n', ['{"k": 1}']),
    (
        "GeoJSON",
        field("v", "geojson"),
        '"{""type"": ""Point"", ""coordinates"": [1, 2]}"\n',
        ['{"type": "Point", "coordinates": [1, 2]}'],
    ),
    ("a time", field("v", "datetime"), "2020-01-01T00:00:00Z\n", ["2020-01-01T00:00:00Z"]),
    ("a time of day", field("v", "time"), "12:00:00\n", ["12:00:00"]),
    ("a month", field("v", "yearmonth"), "2020-05\n", ["2020-05"]),
    ("a duration", field("v", "duration"), "P1Y\n", ["P1Y"]),
    ("a place", field("v", "geopoint"), '"12.5,57.7"\n', ["12.5,57.7"]),
]


@pytest.mark.parametrize(
    ("described", "cells", "values"), [case[1:] for case in VALUES_OF_TYPES], ids=[case[0] for case in VALUES_OF_TYPES]
)
def test_a_value_of_any_type_is_released(
    described: dict[str, Any], cells: str, values: list[Any], tmp_path: Path
) -> None:
    rows = "".join(f"{number},{cell}\n" for number, cell in enumerate(cells.splitlines(), 1))
    found = towns(tmp_path, [field("id"), described], f"id,v\n{rows}")
    assert [value for _, value in found] == values


def test_what_stands_for_no_value_is_null_and_stays_in_the_csv(tmp_path: Path) -> None:
    schema = {"fields": [field("id"), field("n", "integer"), field("s")], "missingValues": ["NA"]}
    rows = "id,n,s\na,NA,NA\nb,7,x\nc,8,\n"
    package(tmp_path, [{"name": "towns", "path": "towns.csv", "schema": schema}], {"towns.csv": rows})
    folder = release(tmp_path)
    assert database(folder).execute("SELECT * FROM towns").fetchall() == [
        ("a", None, None),
        ("b", 7, "x"),
        ("c", 8, ""),
    ]
    assert (folder / "data/towns.csv").read_text(encoding="utf-8") == rows


def test_nan_is_null_in_sqlite_even_where_a_value_is_required(tmp_path: Path) -> None:
    required = field("n", "number", constraints={"required": True})
    assert towns(tmp_path, [field("id"), required], "id,n\na,NaN\nb,1.5\n") == [("a", None), ("b", 1.5)]


def test_a_table_without_rows_is_released(tmp_path: Path) -> None:
    assert towns(tmp_path, FIELDS, "id,name,people\n", key=["id"]) == []


# -- keys ----------------------------------------------------------------------------------------------------------


def test_a_key_whose_values_are_one_double_is_not_declared_in_sqlite(tmp_path: Path) -> None:
    rows = "n,x\n0.1,a\n0.10000000000000000001,b\n"
    assert towns(tmp_path, [field("n", "number"), field("x")], rows, key=["n"]) == [(0.1, "a"), (0.1, "b")]


def _people(folder: Path, parents: str, kind: str = "string", child: str = "q") -> sqlite3.Connection:
    tables = [
        table("people", [field("id"), field("town", kind)], foreignKeys=[reference("town", "towns", "a")]),
        table("towns", [field("a", kind), field("b")]),
    ]
    package(folder, tables, {"people.csv": f"id,town\n1,{child}\n", "towns.csv": parents})
    return database(release(folder))


def test_a_reference_to_values_that_are_unique_is_declared_in_sqlite(tmp_path: Path) -> None:
    keys = _people(tmp_path, "a,b\nq,1\nr,2\n").execute("PRAGMA foreign_key_list(people)").fetchall()
    assert [key[2:5] for key in keys] == [("towns", "town", "a")]


def test_a_reference_to_values_that_are_not_unique_is_left_out_of_sqlite(tmp_path: Path) -> None:
    con = _people(tmp_path, "a,b\nq,1\nq,2\n")
    assert con.execute("PRAGMA foreign_key_list(people)").fetchall() == []
    assert con.execute("SELECT * FROM people").fetchall() == [("1", "q")]


def test_a_reference_between_equal_times_in_other_words_is_left_out_of_sqlite(tmp_path: Path) -> None:
    con = _people(tmp_path, "a,b\n2020-01-01T00:00:00+00:00,1\n", "datetime", "2020-01-01T00:00:00Z")
    assert con.execute("PRAGMA foreign_key_list(people)").fetchall() == []


# -- descriptors ---------------------------------------------------------------------------------------------------

TOWNS: dict[str, Any] = {"name": "towns", "path": "towns.csv"}


def _schema(**members: Any) -> dict[str, Any]:
    return {**TOWNS, "schema": {"fields": FIELDS, **members}}


def _fields(*fields: Any) -> dict[str, Any]:
    return {**TOWNS, "schema": {"fields": list(fields)}}


FOREIGN = {"fields": "id", "reference": {"resource": "towns", "fields": "id"}}

BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (_schema(primaryKey=5), {}, "neither a field's name nor a list of such"),
    (_schema(primaryKey=[5]), {}, "neither a field's name nor a list of such"),
    (_schema(primaryKey={"a": 1}), {}, "neither a field's name nor a list of such"),
    (_schema(primaryKey="zip"), {}, "names an unknown field"),
    (_schema(foreignKeys=5), {}, "`foreignKeys` that are no list"),
    (_schema(foreignKeys=["id"]), {}, "a foreign key without `fields` and `reference.fields`"),
    (_schema(foreignKeys=[{**FOREIGN, "fields": 5}]), {}, "neither a field's name nor a list of such"),
    (_schema(foreignKeys=[{**FOREIGN, "reference": {"fields": 5}}]), {}, "`reference.fields` are no names"),
    (_schema(foreignKeys=[{**FOREIGN, "reference": {"fields": ["id", "name"]}}]), {}, "more fields on one side"),
    (_schema(foreignKeys=[{**FOREIGN, "reference": {"resource": 5, "fields": "id"}}]), {}, "`reference.resource`"),
    (_schema(missingValues=5), {}, "`missingValues` that are no list of texts"),
    (_schema(missingValues=[5]), {}, "`missingValues` that are no list of texts"),
    (_fields(), {}, "a schema without `fields`"),
    (_fields("id"), {}, "no `name` in field 1 of its schema"),
    (_fields({"name": 5}), {}, "no `name` in field 1 of its schema"),
    (_fields(field("id\n")), {}, "the name of field 1 of 'towns', and holds a line break"),
    (_fields(field("id"), field("id")), {}, "is the name of two fields of 'towns'"),
    (_fields(field("id"), field("ID")), {}, "differs only in case from another field of 'towns'"),
    (_fields(field("id", constraints="x")), {}, "`constraints` that are no object"),
    (_fields(field("id", constraints={"enum": "staffed"})), {}, "an `enum` that is no list"),
    (_fields({"name": "id", "type": 5}), {}, "a `type` that is not text"),
    ({**TOWNS, "schema": 5}, {}, "a `schema` that is not an object"),
    ({**TOWNS, "schema": "none.json"}, {}, "is the `schema` of 'towns' and does not exist"),
    ({**TOWNS, "dialect": 5}, {}, "a `dialect` that is not an object"),
    ({**TOWNS, "encoding": 5}, {}, "an `encoding` that is not text"),
    ({**TOWNS, "path": 5}, {}, "a `path` that is not text"),
    ({**TOWNS, "path": [5]}, {}, "a `path` that is not text"),
    ({**TOWNS, "path": []}, {}, "a `path` that is not text"),
    ({**TOWNS, "name": "a\nb"}, {}, "no `name` in resource 1"),
    (_schema(), {"name": 5}, "is not a name for a package"),
    (_schema(), {"created": "last week"}, "is not a time for `created`"),
    (_schema(), {"created": "2020-13-01T00:00:00Z"}, "is not a time for `created`"),
    (_schema(), {"views": 5}, "`views` that are no list of objects"),
    (_schema(), {"views": ["x"]}, "`views` that are no list of objects"),
    (_schema(), {"views": [{"query": "SELECT 1"}]}, "no `name` in view 1"),
    (_schema(), {"views": [{"name": "x", "query": 5}]}, "a view whose `query` is not text"),
    (_schema(), {"views": [{"name": "TOWNS", "query": "SELECT 1"}]}, "a view with the name of a table"),
    ({**_schema(), "location": 5}, {}, "leads to no coordinates"),
    ({**_schema(), "location": "nowhere"}, {}, "leads to no coordinates"),
    ({**_schema(), "location": ["id", "name"]}, {}, "leads to no coordinates"),
    ({**_schema(), "location": ["people"]}, {}, "leads to no coordinates"),
    ({**_schema(foreignKeys=[FOREIGN]), "location": "id"}, {}, "leads to no coordinates"),
]


@pytest.mark.parametrize(("resource", "members", "rule"), BAD, ids=range(len(BAD)))
def test_a_descriptor_of_the_wrong_shape_is_refused_with_its_own_file(
    resource: dict[str, Any], members: dict[str, Any], rule: str, tmp_path: Path
) -> None:
    package(tmp_path, [resource], {"towns.csv": ROWS}, **members)
    with pytest.raises(InvalidData) as caught:
        build.release(find(tmp_path), Progress(), major=True)
    problems = [each for each in caught.value.problems if each.kind is Kind.BAD_DESCRIPTOR]
    assert {each.file for each in problems} == {f"{tmp_path}/datapackage.json"}
    assert rule in "\n".join(map(str, problems))
    assert not (tmp_path / "build/releases").exists()


def test_fields_that_were_inferred_and_differ_only_in_case_are_refused_too(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "ID,id\n1,2\n"})
    with pytest.raises(PipelineError, match="differs only in case"):
        build.release(find(tmp_path), Progress(), major=True)


def test_a_view_that_sqlite_refuses_is_named_with_the_file_that_a_person_mends(built: Path) -> None:
    descriptor = json.loads((built / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["views"] = [{"name": "open_shops", "query": "SELECT * FROM shop"}]
    put(built, {"datapackage.json": json.dumps(descriptor)})
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.err) == (
        1,
        f"error: {built}/datapackage.json: 'open_shops' is a view that SQLite refuses: no such table: main.shop. "
        "Mend its `query` in `views`. [bad-view]\n",
    )


def test_a_contract_whose_schema_lies_in_a_file_is_assembled_with_it(built: Path) -> None:
    descriptor = json.loads((built / "datapackage.json").read_text(encoding="utf-8"))
    shops = next(resource for resource in descriptor["resources"] if resource["name"] == "shops")
    put(built, {"schemas/shops.json": json.dumps(shops["schema"])})
    shops["schema"] = "schemas/shops.json"
    put(built, {"datapackage.json": json.dumps(descriptor)})
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("Up to date: 0.1.0 ")
