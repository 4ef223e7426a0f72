from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import CannotRun
from pipeline.source.project import find
from tests.command import invoke, servicebanken
from tests.projects import example, field, package, table


def test_a_project_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    root = example(tmp_path / "project")
    for start in (root, root / "sources", root / "sources/example-municipality"):
        assert find(start).root == root
    assert servicebanken("sources", "--quiet", cwd=root / "sources/example-municipality").code == 0


def test_the_nearest_project_is_taken(tmp_path: Path) -> None:
    inner = package(tmp_path / "outer/inner", [table("a", [field("id")])], {"a.csv": "id\n"})
    package(tmp_path / "outer", [table("a", [field("id")])], {"a.csv": "id\n"})
    assert find(inner).root == inner


def test_with_sources_the_package_is_assembled_and_without_it_is_the_folder(tmp_path: Path) -> None:
    assembled = find(example(tmp_path / "project"))
    finished = find(package(tmp_path / "package", [table("a", [field("id")])], {"a.csv": "id\n"}))
    assert (assembled.has_sources, assembled.package) == (True, tmp_path / "project/build/package")
    assert (finished.has_sources, finished.package) == (False, tmp_path / "package")


def test_a_folder_without_a_project_is_refused_with_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        find(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: has no datapackage.json, and no folder above it has one. Go to a project's folder, name it with "
        "--project DIR, or start one with `servicebanken init DIR`. [no-project]"
    )


@pytest.mark.parametrize("command", ["build", "sources", "assemble", "validate", "release", "serve"])
def test_a_project_folder_that_does_not_exist_is_refused_not_looked_for_above(command: str, tmp_path: Path) -> None:
    """A typing error in --project must not build the project around it."""
    root = example(tmp_path / "project")
    run = invoke(command, "--quiet", "--project", root / "misspelt")
    assert (run.code, run.out) == (2, "")
    assert "misspelt" in run.err
    assert not (root / "build").exists()
