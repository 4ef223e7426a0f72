"""A folder that holds nothing but somebody's datapackage.json and CSV files builds as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pytest

from tests.command import invoke
from tests.projects import field, package, table, tree
from tests.test_surroundings import assert_whole

FIELDS = [field("id"), field("name"), field("people", "integer")]
ROWS = "id,name,people\n0482,Flen,16000\n1280,Malmö,360000\n"

CASES: list[tuple[str, dict[str, Any], str, bytes]] = [
    ("a plain table", table("towns", FIELDS, ["id"]), "towns.csv", ROWS.encode()),
    (
        "semicolons",
        table("towns", FIELDS, ["id"], dialect={"delimiter": ";"}),
        "towns.csv",
        ROWS.replace(",", ";").encode(),
    ),
    (
        "semicolons as frictionless 5 writes them",
        table("towns", FIELDS, ["id"], dialect={"csv": {"delimiter": ";"}}),
        "towns.csv",
        ROWS.replace(",", ";").encode(),
    ),
    ("Latin 1", table("towns", FIELDS, ["id"], encoding="latin-1"), "towns.csv", ROWS.encode("latin-1")),
    ("Windows-1252", table("towns", FIELDS, ["id"], encoding="windows-1252"), "towns.csv", ROWS.encode("cp1252")),
    (
        "tabs",
        {**table("towns", FIELDS, ["id"]), "path": "data/towns.tsv"},
        "data/towns.tsv",
        ROWS.replace(",", "\t").encode(),
    ),
    ("Windows line ends", table("towns", FIELDS, ["id"]), "towns.csv", ROWS.replace("\n", "\r\n").encode()),
    ("a byte order mark", table("towns", FIELDS, ["id"]), "towns.csv", b"\xef\xbb\xbf" + ROWS.encode()),
    ("a folder below", {**table("towns", FIELDS, ["id"]), "path": "a/b/c.csv"}, "a/b/c.csv", ROWS.encode()),
    (
        "Data Package 1",
        {**table("towns", FIELDS, ["id"]), "profile": "tabular-data-resource"},
        "towns.csv",
        ROWS.encode(),
    ),
]


@pytest.mark.parametrize(("resource", "name", "content"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_somebodys_package_is_released_as_canonical_csv_and_every_format(
    resource: dict[str, Any], name: str, content: bytes, tmp_path: Path
) -> None:
    package(tmp_path, [resource], {name: content})
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert (run.code, run.out.splitlines()[0], run.err) == (0, f"Released 1.0.0  {tmp_path}/build/releases/1.0.0", "")
    release = tmp_path / "build/releases/latest"
    assert_whole(release)
    assert (release / "data/towns.csv").read_text(encoding="utf-8") == ROWS
    assert duckdb.read_parquet(str(release / "data/towns.parquet")).fetchall() == [
        ("0482", "Flen", 16000),
        ("1280", "Malmö", 360000),
    ]
    assert frictionless.validate(str(release / "datapackage.json")).valid
    assert sorted(path for path in tree(release) if not path.startswith(("catalog/", "explore", "index."))) == [
        "CHANGELOG.md",
        "SHA256SUMS",
        "changes.json",
        "data/towns.csv",
        "data/towns.parquet",
        "datapackage.json",
        "report.html",
        "report.json",
        "report.sv.html",
        "towns-1.0.0.zip",
        "towns.sqlite",
        "towns.xlsx",
    ]
    assert invoke("release", "--quiet", "--project", tmp_path).out.startswith("Up to date: 1.0.0 ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("towns.csv", ROWS.encode()),
        ("towns.csv", ROWS.replace(",", ";").encode()),
        ("towns.tsv", ROWS.replace(",", "\t").encode()),
    ],
    ids=["commas", "semicolons", "tabs"],
)
def test_a_table_without_a_schema_gets_the_one_that_frictionless_infers(
    name: str, content: bytes, tmp_path: Path
) -> None:
    package(tmp_path, [{"name": "towns", "path": name}], {name: content})
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert (run.code, run.err) == (0, "")
    release = tmp_path / "build/releases/latest"
    assert (release / "data/towns.csv").read_text(encoding="utf-8") == ROWS
    descriptor = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    assert [member["name"] for member in descriptor["resources"][0]["schema"]["fields"]] == ["id", "name", "people"]
    assert frictionless.validate(str(release / "datapackage.json")).valid


@pytest.mark.parametrize("name", ["a b", "å", "star*", "[1]", "what?", "quote'"])
def test_a_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    package(tmp_path / name, [table("towns", FIELDS, ["id"])], {"towns.csv": ROWS})
    run = invoke("release", "--quiet", "--project", tmp_path / name)
    assert (run.code, run.err) == (0, "")
    assert (tmp_path / name / "build/releases/latest/data/towns.csv").read_text(encoding="utf-8") == ROWS


def test_the_release_of_a_release_is_the_same_data(tmp_path: Path) -> None:
    """A release is a package, so it can be somebody's again."""
    package(tmp_path / "a", [table("towns", FIELDS, ["id"])], {"towns.csv": ROWS})
    assert invoke("release", "--quiet", "--project", tmp_path / "a").code == 0
    first = tmp_path / "a/build/releases/1.0.0"
    package(tmp_path / "b", [table("towns", FIELDS, ["id"])], {"towns.csv": ROWS})
    assert invoke("release", first, "--quiet", "--project", tmp_path / "b").code == 0
    second = tmp_path / "b/build/releases/1.0.0"
    for name in ("data/towns.csv", "data/towns.parquet", "towns.sqlite"):
        assert (second / name).read_bytes() == (first / name).read_bytes()
