"""A version means one thing: every clone of a project has it, with the same data, on any day, by any software."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import frictionless
import pytest

from pipeline.package import ledger
from pipeline.package.manifest import NAME as SUMS
from tests.command import environment, servicebanken
from tests.projects import put, services, tree

ROOT = Path(__file__).parents[1]
RELEASED = {"SOURCE_DATE_EPOCH": "1769817600"}
YEAR_LATER = {"SOURCE_DATE_EPOCH": "1801353600"}


def git(*arguments: str | Path, at: Path) -> None:
    named = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    subprocess.run(["git", *named, *map(str, arguments)], cwd=at, check=True, capture_output=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a project with a recorded release, in which build/ but for the ledger is ignored."""
    project = services(tmp_path_factory.mktemp("origin") / "project").root
    put(project, {".gitignore": "build/*\n!build/releases.json\n"})
    run = servicebanken("release", "--project", project, env=RELEASED)
    assert run.code == 0, run.err
    git("init", "--quiet", at=project)
    git("add", "--all", at=project)
    git("commit", "--quiet", "--message", "x", at=project)
    return project


def clone(origin: Path, folder: Path) -> Path:
    git("clone", "--quiet", origin, folder, at=origin)
    return folder


def test_a_bare_clone_is_a_valid_package_before_any_build(origin: Path, tmp_path: Path) -> None:
    project = clone(origin, tmp_path / "clone")
    report = frictionless.validate(str(project / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert servicebanken("validate", project / "data").code == 0


def test_a_clone_builds_the_recorded_release_to_the_byte_on_another_day(origin: Path, tmp_path: Path) -> None:
    project = clone(origin, tmp_path / "clone")
    run = servicebanken("build", "--project", project, env=YEAR_LATER)
    assert (run.code, run.out.split("  ")[0]) == (0, "Built 1.0.0"), run.err
    assert tree(project / "build/releases/1.0.0") == tree(origin / "build/releases/1.0.0")
    assert not subprocess.run(["git", "status", "--short"], cwd=project, capture_output=True, check=True).stdout


def test_newer_software_gives_the_same_version_with_the_same_data_and_says_that_it_made_it(
    origin: Path, tmp_path: Path
) -> None:
    project = clone(origin, tmp_path / "clone")
    software = tmp_path / "software"
    shutil.copytree(ROOT / "pipeline", software / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    template = software / "pipeline/web/templates/skeleton.html"
    template.write_text(template.read_text(encoding="utf-8") + "\n<!-- new -->\n", encoding="utf-8")
    command = [sys.executable, "-m", "pipeline.cli", "build", "--project", str(project)]
    env = environment({**YEAR_LATER, "PYTHONPATH": str(software)})
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", check=False)
    assert (run.returncode, run.stdout.split("  ")[0]) == (0, "Built 1.0.0"), run.stderr
    here, there = project / "build/releases/1.0.0", origin / "build/releases/1.0.0"
    (recorded,) = ledger.read(origin / "build/releases.json")
    assert {path: content for path, content in tree(here).items() if path in recorded.data} == {
        path: content for path, content in tree(there).items() if path in recorded.data
    }
    assert (here / SUMS).read_bytes() != (there / SUMS).read_bytes()
    made, before = (json.loads((each / "datapackage.json").read_text())["software"] for each in (here, there))
    assert made != before
    assert before == recorded.software


def test_a_changed_source_gives_a_draft_until_it_is_released(origin: Path, tmp_path: Path) -> None:
    project = clone(origin, tmp_path / "clone")
    source = project / "sources/region/solution_services.csv"
    with source.open(encoding="utf-8", newline="") as file:
        header, _, *rest = csv.reader(file)
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rest])
    run = servicebanken("build", "--project", project, env=YEAR_LATER)
    assert (run.code, run.out.split("  ")[0]) == (0, "Draft 2.0.0-draft"), run.err
    refused = servicebanken("release", "--project", project, env=YEAR_LATER)
    assert (refused.code, refused.out) == (1, "")
    assert "--major" in refused.err
    assert servicebanken("publish", "--project", project, "--to", tmp_path / "web").code != 0
    assert servicebanken("release", "--major", "--project", project, env=YEAR_LATER).code == 0
    versions = [entry.version for entry in ledger.read(project / "build/releases.json")]
    assert versions == ["1.0.0", "2.0.0"]
    shutil.rmtree(project / "build/releases")
    again = servicebanken("build", "--project", project, env=RELEASED)
    assert again.out.startswith("Built 2.0.0"), "a lost folder costs no history"
    log = (project / "build/releases/2.0.0/CHANGELOG.md").read_text(encoding="utf-8")
    assert "1.0.0" in log
