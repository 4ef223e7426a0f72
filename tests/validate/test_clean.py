"""What is found clean without frictionless has the report that frictionless gives; what may not be so is left to it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import frictionless
import pytest
from frictionless import fields as types
from frictionless.resources import TableResource

from pipeline.core.errors import PipelineError
from pipeline.package.package import load
from pipeline.package.schema import CONSTRAINTS, FIELD_MEMBERS, SCHEMA_MEMBERS
from pipeline.report.report import settled
from pipeline.report.verdict import Report
from pipeline.validate import Terms, merged, validate
from pipeline.validate.known import RESERVED
from tests.validate.clean import clean, is_clean

V2 = "https://datapackage.org/profiles/2.0/datapackage.json"

TYPES: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "title": "Number", "example": "7"},
    {"name": "town", "type": "string", "constraints": {"pattern": "[a-z]+", "required": True, "maxLength": 9}},
    {"name": "kind", "type": "string", "categories": ["shop", "fuel"], "constraints": {"enum": ["shop", "fuel"]}},
    {"name": "lat", "type": "number", "constraints": {"minimum": 55, "exclusiveMaximum": "70.5"}},
    {"name": "opened", "type": "date", "constraints": {"maximum": "2024-02-29"}, "missingValues": ["-"]},
    {"name": "open", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nej"]},
    {"name": "year", "type": "year", "constraints": {"unique": True}},
    {"name": "month", "type": "yearmonth"},
    {"name": "at", "type": "datetime"},
    {"name": "time", "type": "time"},
    {"name": "any", "type": "any", "rdfType": "https://schema.org/Thing"},
]
SHOPS = """id,town,kind,lat,opened,open,year,month,at,time,any
1,flen,shop,55,2020-02-29,ja,2020,2020-01,2020-01-01T10:00:00Z,10:00:00,x
-2,malung,fuel,70.4999,-,nej,2021,2020-12,2020-01-01T10:00:00,23:59:59,"a, ""b"" c"
3,flen,,,-,,,,,,
"""
TOWNS = "name;people\nflen;16000\nmalung;\n"


def descriptor() -> dict[str, Any]:
    """A package of two tables that is plain in every way that a plain descriptor can be."""
    towns = {
        "name": "towns",
        "path": "towns.csv",
        "schema": {
            "fields": [{"name": "name", "type": "string"}, {"name": "people", "type": "integer"}],
            "primaryKey": "name",
            "fieldsMatch": "exact",
        },
        "dialect": {"delimiter": ";"},
    }
    shops = {
        "name": "shops",
        "type": "table",
        "format": "csv",
        "path": "shops.csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(SHOPS.encode()),
        "schema": {
            "fields": copy.deepcopy(TYPES),
            "missingValues": [""],
            "primaryKey": ["id"],
            "uniqueKeys": [["town", "kind"]],
            "foreignKeys": [
                {"fields": ["town"], "reference": {"resource": "towns", "fields": ["name"]}},
                {"fields": "id", "reference": {"fields": "id"}},
            ],
        },
    }
    return {
        "$schema": V2,
        "name": "package",
        "title": "Shops",
        "keywords": ["shop"],
        "licenses": [{"name": "CC0-1.0"}],
        "sources": [{"title": "A source"}],
        "contributors": [{"title": "Someone", "role": "author"}],
        "x_custom": {"anything": 1},
        "resources": [shops, towns],
    }


def put(folder: Path, package: dict[str, Any]) -> Path:
    """The folder with the package's descriptor and its two files."""
    folder.joinpath("shops.csv").write_text(SHOPS, encoding="utf-8")
    folder.joinpath("towns.csv").write_text(TOWNS, encoding="utf-8")
    folder.joinpath("datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder


@pytest.mark.parametrize("small", [100_000, 0], ids=["in Python", "in DuckDB"])
def test_a_clean_package_has_the_report_that_frictionless_gives(
    tmp_path: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.validate.source.SMALL", small)
    report = validate(put(tmp_path, descriptor()))
    expected = settled(validate(tmp_path, Terms("frictionless")))
    if not small:
        for task in expected["tasks"]:
            del task["stats"]["md5"]
    assert settled(report) == expected
    assert list(settled(report)["tasks"][0]["stats"]) == list(expected["tasks"][0]["stats"])
    assert settled(Report.of(report.to_frictionless())) == expected
    assert settled(merged([report, report]))["stats"] == {"tasks": 4, "errors": 0, "warnings": 0}


@pytest.mark.parametrize("small", [0, 1_000_000])
def test_a_clean_package_needs_no_package_that_takes_long_to_load(tmp_path: Path, small: int) -> None:
    """Neither frictionless nor pandas; and DuckDB only for tables that it reads."""
    put(tmp_path, descriptor())
    code = f"""
import sys
import pipeline.validate.source
from pipeline.cli import main
pipeline.validate.source.SMALL = {small}
sys.argv[1:] = ["validate", sys.argv[1], "--quiet"]
try: main()
except SystemExit as end: print(end.code, sorted({{"frictionless", "pandas", "duckdb"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout == f"valid: 2 tables, 5 rows, 0 errors\n0 {[] if small else ['duckdb']}\n"


def test_only_the_tables_that_are_not_clean_are_judged(tmp_path: Path) -> None:
    package = descriptor()
    package["resources"][0]["schema"]["fields"][3]["constraints"] = {"required": True}
    put(tmp_path, package)
    assert clean(load(tmp_path)) == ["towns"]
    report = validate(tmp_path)
    assert [(task.name, task.valid, task.stats["rows"]) for task in report.tasks] == [
        ("shops", False, 3),
        ("towns", True, 2),
    ]
    assert settled(report)["tasks"][1] == settled(validate(tmp_path, Terms("frictionless")))["tasks"][1]


# -- descriptors -----------------------------------------------------------------------------------------------------


def test_every_member_that_frictionless_knows_is_known_here_or_left_to_it() -> None:
    classes: dict[str, list[Any]] = {
        "package": [frictionless.Package],
        "resource": [frictionless.Resource, TableResource],
        "schema": [frictionless.Schema],
        "field": [
            frictionless.Field,
            *(getattr(types, f"{name.title()}Field", frictionless.Field) for name in CONSTRAINTS),
        ],
    }
    known = {
        "package": {"name", "title", "description", "homepage", "version", "image", "keywords", "resources"},
        "resource": {"name", "type", "title", "description", "homepage", "mediatype", "format", "path", "encoding"}
        | {"dialect", "schema", "bytes", "hash"},
        "schema": {"title", "description", "fields", "fieldsMatch", "missingValues", "primaryKey", "foreignKeys"},
        "field": {
            "name",
            "type",
            "title",
            "description",
            "format",
            "missingValues",
            "constraints",
            "rdfType",
            "example",
        }
        | {"trueValues", "falseValues"},
    }
    attributions = {"licenses", "sources", "contributors"}
    for part, members in classes.items():
        for each in members:
            names = {_camel(name) for name in attrs.fields_dict(each) if not name.startswith("_")}
            names |= set(each.metadata_ensure_profile()["properties"])
            reserved = {**RESERVED, "schema": SCHEMA_MEMBERS, "field": FIELD_MEMBERS}[part]
            assert names - known[part] - reserved - attributions == set(), (part, each)


@pytest.mark.parametrize("name", list(CONSTRAINTS))
def test_the_constraints_of_a_type_are_those_that_frictionless_knows(name: str) -> None:
    described = {"name": "a", "type": name}
    assert CONSTRAINTS[name] == set(frictionless.Field.from_descriptor(described).supported_constraints)


WRONG: tuple[Any, ...] = (
    5,
    "No Name",
    [],
    {},
    None,
    True,
    [5],
    [{}],
    ["a", "a"],
    "http://example.org/a.csv",
    -1,
    "5",
    ["flen", ""],
    {"a": 1},
)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every member in a descriptor."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, member in members:
        found += [(*path, key), *places(member, (*path, key))]
    return found


@pytest.mark.parametrize("place", [each for each in places(descriptor()) if each[:2] != ("resources", 1)], ids=str)
def test_whatever_is_wrong_with_a_descriptor_is_left_to_frictionless(tmp_path: Path, place: tuple[Any, ...]) -> None:
    for wrong in WRONG:
        package = descriptor()
        part: Any = package
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = wrong
        put(tmp_path, package)
        try:
            if not is_clean(load(tmp_path)):
                continue
        except PipelineError:  # refused before anything is judged
            continue
        try:
            expected = validate(tmp_path, Terms("frictionless"))
        except Exception as error:
            raise AssertionError(f"{wrong!r} is clean, and frictionless does not survive it") from error
        assert expected.valid, (wrong, expected.to_frictionless().flatten(["type", "note"]))
