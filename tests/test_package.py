from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import CannotRun, PipelineError
from pipeline.init import EXAMPLE
from pipeline.package.package import load
from tests.projects import field, package, put, reference, table


def test_a_package_is_read_from_its_folder_or_its_descriptor(tmp_path: Path) -> None:
    towns = table("towns", [field("id"), field("land")], ["id"], foreignKeys=[reference("land", "lands", "code")])
    package(tmp_path, [towns], {})
    for path in (tmp_path, tmp_path / "datapackage.json"):
        loaded = load(path)
        assert (loaded.name, loaded.folder) == ("towns", tmp_path)
        (resource,) = loaded.tables
        assert (resource.name, resource.paths, resource.field_names, resource.key, resource.foreign_keys) == (
            "towns",
            ("towns.csv",),
            ["id", "land"],
            ["id"],
            [(["land"], "lands", ["code"])],
        )


def test_a_descriptor_may_have_any_name(tmp_path: Path) -> None:
    package(tmp_path, [table("towns", [field("id")])], {})
    (tmp_path / "datapackage.json").rename(tmp_path / "other.json")
    assert load(tmp_path / "other.json").name == "towns"


def test_keys_may_be_written_as_a_text_or_a_list(tmp_path: Path) -> None:
    schema = {
        "fields": [field("id"), field("parent")],
        "primaryKey": "id",
        "foreignKeys": [{"fields": "parent", "reference": {"resource": "", "fields": "id"}}],
    }
    package(tmp_path, [{"name": "towns", "path": "towns.csv", "schema": schema}], {})
    (towns,) = load(tmp_path).tables
    assert (towns.key, towns.foreign_keys) == (["id"], [(["parent"], "towns", ["id"])])


def test_a_schema_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    package(
        tmp_path,
        [{"name": "towns", "path": "data/towns.csv", "schema": "schemas/towns.json"}],
        {"schemas/towns.json": '{"fields": [{"name": "id", "type": "string"}], "primaryKey": ["id"]}'},
    )
    (towns,) = load(tmp_path).tables
    assert (towns.field_names, towns.key) == (["id"], ["id"])


def test_a_package_without_a_name_has_its_folders(tmp_path: Path) -> None:
    put(tmp_path / "towns", {"datapackage.json": '{"resources": [{"name": "a", "path": "a.csv"}]}'})
    assert load(tmp_path / "towns").name == "towns"


def test_a_table_is_one_in_whatever_form_it_comes(tmp_path: Path) -> None:
    fields = [field("id")]
    package(
        tmp_path,
        [
            {**table("one", fields), "path": ["one.csv"]},
            {**table("parts", fields), "path": ["a.csv", "b.csv"]},
            {**table("sheet", fields), "path": "sheet.xlsx"},
            {**table("tabs", fields), "path": "tabs.TSV"},
            {"name": "inline", "data": [{"id": 1}]},
            {"name": "readme", "path": "readme.md"},
        ],
        {},
    )
    loaded = load(tmp_path)
    assert [resource.name for resource in loaded.tables] == ["one", "parts", "sheet", "tabs"]
    assert [resource.name for resource in loaded.resources] == ["one", "parts", "sheet", "tabs", "inline", "readme"]
    assert loaded.table("tabs") is not None
    assert loaded.table("readme") is None
    assert [resource.name for resource in loaded.resources if not resource.is_table] == ["readme"]


@pytest.mark.parametrize(
    ("member", "form", "is_table"),
    [
        ({"path": "t.csv", "format": "CSV"}, "csv", True),
        ({"path": "t.txt", "format": ".csv"}, "csv", True),
        ({"path": "t", "format": "text/csv"}, "csv", True),
        ({"path": "t", "mediatype": "text/tab-separated-values; charset=utf-8"}, "tsv", True),
        ({"path": "t.csv.gz"}, "csv", True),
        ({"path": "t.tab"}, "tsv", True),
        ({"path": ["a.csv", "b.csv"]}, "csv", True),
        ({"path": "t.dat", "type": "table"}, "csv", True),
        ({"path": "t.txt", "profile": "tabular-data-resource"}, "csv", True),
        ({"path": "t.csv", "type": "text"}, "csv", True),
        ({"path": "t.csv", "format": "txt"}, "csv", True),
        ({"path": "t.xlsx"}, "xlsx", False),
        ({"path": "t.xlsx", "type": "table"}, "xlsx", True),
        ({"path": "t.txt"}, "", False),
        ({"path": "map.geojson"}, "geojson", False),
        ({"data": [["id"], [1]]}, "inline", True),
        ({"data": {"id": 1}}, "inline", False),
    ],
    ids=str,
)
def test_what_is_a_table_is_told_by_the_descriptor_or_the_ending(
    tmp_path: Path, member: dict[str, Any], form: str, is_table: bool
) -> None:
    package(tmp_path, [{"name": "t", **member}], {})
    (resource,) = load(tmp_path).resources
    assert (resource.format, resource.is_table) == (form, is_table)


def test_where_there_is_no_descriptor_the_message_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/datapackage.json: does not exist. Give a folder that holds a datapackage.json, or the file "
        "itself. [missing-file]"
    )


CONTRACT = json.loads((EXAMPLE / "datapackage.json").read_text(encoding="utf-8"))
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "..", "/etc", [], {}, [[]], [{}], [0], {"name": 1}, "a/b", "\0"]
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in members for place in _places(member, (*path, name)))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from([place for place in _places(CONTRACT) if place]), JUNK)
def test_a_descriptor_with_anything_in_any_place_is_read_or_refused_never_a_crash(
    tmp_path: Path, place: tuple[Any, ...], junk: object
) -> None:
    descriptor = json.loads(json.dumps(CONTRACT))
    holder = descriptor
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = junk
    put(tmp_path, {"datapackage.json": json.dumps(descriptor)})
    try:
        loaded = load(tmp_path)
    except PipelineError as error:
        assert all(problem.file == f"{tmp_path}/datapackage.json" for problem in error.problems)
    else:
        for resource in loaded.tables:
            assert all(isinstance(name, str) for name in resource.field_names)
            assert set(resource.key) <= set(resource.field_names)
            assert all(len(fields) == len(there) for fields, _, there in resource.foreign_keys)
