"""Rules of Data Package v2 that frictionless passes over are errors here; docs/validation.md lists them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.validate import Terms, validate
from tests.validate.test_same_report import V2, found


@pytest.fixture(autouse=True, params=[0, 10**9], ids=["screened", "streamed"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rule holds whether DuckDB screens the table or frictionless streams it."""
    monkeypatch.setattr("pipeline.validate.source.SMALL", request.param)


def errors(folder: Path, fields: list[dict[str, Any]], text: str, **schema: Any) -> list[tuple[Any, ...]]:
    """The errors of a table `shops`, without the table's name."""
    table = {"name": "shops", "type": "table", "path": "shops.csv", "schema": {"fields": fields, **schema}}
    (folder / "shops.csv").write_text(text, encoding="utf-8")
    (folder / "datapackage.json").write_text(json.dumps({"$schema": V2, "name": "shops", "resources": [table]}))
    return [error[1:] for error in found(validate(folder))]


ID: dict[str, Any] = {"name": "id", "type": "integer"}
NAME: dict[str, Any] = {"name": "name", "type": "string"}


def test_a_unique_key_is_compared_as_values_and_a_missing_part_exempts_the_row(tmp_path: Path) -> None:
    text = "id,name\n1,a\n01,a\n,a\n,a\n2,a\n1,b\n"
    assert errors(tmp_path, [ID, NAME], text, uniqueKeys=[["id", "name"]]) == [
        ("unique-key", 3, None, '"id, name" is the same as in the row at position 2')
    ]


def test_a_unique_key_of_an_unknown_field_is_an_error_of_the_schema(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, [ID, NAME], "id,name\n1,a\n", uniqueKeys=[["nmae"]])
    assert error[0] == "schema-error"
    assert "nmae" in error[3]


def test_a_part_of_a_primary_key_must_not_be_missing(tmp_path: Path) -> None:
    text = "id,name,kind\n1,a,x\n1,,x\n,b,x\n"
    fields = [ID, NAME, {"name": "kind", "type": "string"}]
    assert errors(tmp_path, fields, text, primaryKey=["id", "name"]) == [
        ("primary-key", 3, None, "the primary key's name must not be missing"),
        ("primary-key", 4, None, "the primary key's id must not be missing"),
    ]


@pytest.mark.parametrize("categories", [["a", "b"], [{"value": "a", "label": "A"}, {"value": "b"}]])
def test_a_text_outside_its_categories_is_an_error(tmp_path: Path, categories: list[Any]) -> None:
    fields = [ID, {**NAME, "categories": categories}]
    assert errors(tmp_path, fields, "id,name\n1,a\n2,c\n3,\n") == [
        ("constraint-error", 3, "name", "constraint \"categories\" is \"['a', 'b']\"")
    ]


def test_a_number_outside_its_categories_is_an_error(tmp_path: Path) -> None:
    fields = [{**ID, "categories": [1, 2]}, NAME]
    assert errors(tmp_path, fields, "id,name\n1,a\n02,b\n3,c\n") == [
        ("constraint-error", 4, "id", 'constraint "categories" is "[1, 2]"')
    ]


def test_categories_that_enum_repeats_are_one_error(tmp_path: Path) -> None:
    fields = [ID, {**NAME, "categories": ["a"], "constraints": {"enum": ["a"]}}]
    assert [error[:3] for error in errors(tmp_path, fields, "id,name\n1,c\n")] == [("constraint-error", 2, "name")]


def test_categories_on_another_type_are_an_error_of_the_schema(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, [{"name": "at", "type": "date", "categories": ["2020-01-01"]}], "at\n2020-01-01\n")
    assert error[0] == "schema-error"


@pytest.mark.parametrize(
    ("kind", "categories"),
    [("integer", ["1", "5"]), ("integer", [1, True]), ("string", ["1", 5]), ("string", [{"label": "One"}])],
)
def test_categories_of_another_type_are_an_error_of_the_schema(
    tmp_path: Path, kind: str, categories: list[Any]
) -> None:
    fields = [{"name": "code", "type": kind, "categories": categories}]
    assert errors(tmp_path, fields, "code\n1\n") == [
        ("schema-error", None, None, f'"categories" of "shops.code" holds a value that is no {kind}')
    ]


def test_a_whole_number_may_have_group_characters(tmp_path: Path) -> None:
    fields = [{**ID, "groupChar": " ", "constraints": {"maximum": 2000}}, NAME]
    assert errors(tmp_path, fields, "id,name\n1 000,a\n3 000,b\n1x,c\n") == [
        ("constraint-error", 3, "id", 'constraint "maximum" is "2000"'),
        ("type-error", 4, "id", 'type is "integer/default"'),
    ]


def test_an_object_is_held_against_its_json_schema(tmp_path: Path) -> None:
    rule = {"type": "object", "required": ["a"]}
    fields = [ID, {"name": "more", "type": "object", "constraints": {"jsonSchema": rule}}]
    assert errors(tmp_path, fields, 'id,more\n1,"{""a"": 1}"\n2,{}\n3,\n') == [
        ("constraint-error", 3, "more", "constraint \"jsonSchema\" is not met: 'a' is a required property")
    ]


def test_fields_match_may_be_a_list_of_one(tmp_path: Path) -> None:
    assert errors(tmp_path, [ID, NAME], "name,id\na,1\n", fieldsMatch=["equal"]) == []


def test_the_engine_of_frictionless_alone_has_none_of_these_rules(tmp_path: Path) -> None:
    errors(tmp_path, [ID, NAME], "id,name\n1,a\n1,a\n", uniqueKeys=[["id", "name"]])
    assert found(validate(tmp_path, Terms("frictionless"))) == []
