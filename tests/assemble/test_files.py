"""Files that are no tables: held by one source, copied as they are into the package and the release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.assemble import assemble
from pipeline.core.errors import InvalidData
from pipeline.core.progress import Progress
from pipeline.source.project import Project, find
from tests.command import servicebanken
from tests.projects import change, field, project, put, source, table

OUTLINE = '{"type": "FeatureCollection", "features": []}\n'
TOWNS = table("towns", [field("id"), field("name")], ["id"])
MAP = {"name": "outline", "path": "build/package/outline.geojson", "licenses": [{"name": "CC0-1.0"}]}


def with_outline(folder: Path, **files: str) -> Project:
    """A project with a table and the file outline.geojson in its contract, and more files below `sources/`."""
    stated = {"sources/a/source.yml": source("page"), "sources/a/towns.csv": "id,name,document\nx,X,page\n"}
    project(folder, [TOWNS], {**stated, **{f"sources/{path}": text for path, text in files.items()}})
    change(folder / "datapackage.json", lambda descriptor: descriptor["resources"].append(MAP))
    return find(folder)


def test_a_file_of_a_source_is_copied_with_its_licence(tmp_path: Path) -> None:
    made = with_outline(tmp_path, **{"a/outline.geojson": OUTLINE})
    assemble(made, made.package, Progress())
    assert (made.package / "outline.geojson").read_text(encoding="utf-8") == OUTLINE
    descriptor = json.loads((made.package / "datapackage.json").read_text(encoding="utf-8"))
    assert next(each for each in descriptor["resources"] if each["name"] == "outline") == {
        "name": "outline",
        "path": "outline.geojson",
        "licenses": [{"name": "CC0-1.0"}],
    }


def test_a_file_comes_with_the_release(tmp_path: Path) -> None:
    with_outline(tmp_path, **{"a/outline.geojson": OUTLINE})
    run = servicebanken("release", "--project", tmp_path)
    assert run.code == 0, run.err
    assert (tmp_path / "build/releases/latest/files/outline.geojson").read_text(encoding="utf-8") == OUTLINE


def test_a_package_with_a_file_is_replaced_and_one_with_a_stranger_is_not(tmp_path: Path) -> None:
    made = with_outline(tmp_path / "project", **{"a/outline.geojson": OUTLINE})
    out = tmp_path / "out"
    assemble(made, out, Progress())
    assemble(made, out, Progress())
    put(out, {"notes.txt": "mine"})
    with pytest.raises(Exception, match="not-empty"):
        assemble(made, out, Progress())


def test_a_file_that_no_source_holds_is_named(tmp_path: Path) -> None:
    made = with_outline(tmp_path)
    with pytest.raises(InvalidData) as caught:
        assemble(made, made.package, Progress())
    assert str(caught.value) == (
        f"{tmp_path}/datapackage.json: 'outline.geojson' stands in no source. Put it into the folder of its publisher, "
        "sources/…/outline.geojson. [missing-file]"
    )


def test_a_file_that_two_sources_hold_is_named_with_both(tmp_path: Path) -> None:
    two = {"a/outline.geojson": OUTLINE, "b/outline.geojson": OUTLINE, "b/source.yml": source("other")}
    made = with_outline(tmp_path, **two)
    with pytest.raises(InvalidData) as caught:
        assemble(made, made.package, Progress())
    assert str(caught.value) == (
        f"{tmp_path}/datapackage.json: 'outline.geojson' stands in several sources: sources/a/outline.geojson, "
        "sources/b/outline.geojson. Keep one of them. [missing-file]"
    )
