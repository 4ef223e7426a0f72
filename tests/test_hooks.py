"""What another package adds by an entry point is found, and used, like our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import servicebanken
from tests.projects import put, tree

PLUGIN = """\
from pipeline.hookspecs import Catalogue, hook

@hook
def servicebanken_readers():
    return {"sdmx": "stranger_sdmx", "csv": "stranger_sdmx"}

@hook
def servicebanken_places():
    return {"ipfs": "stranger_sdmx"}

@hook
def servicebanken_formats():
    return {"lines": "stranger_lines", "sqlite": "stranger_lines"}

@hook
def servicebanken_catalogues():
    return {"ckan": Catalogue("catalog/ckan.json", "stranger_lines:render")}
"""
LINES = """\
import json
from pipeline.describe import Document, Note

def write(contents, folder):
    for table in contents.tables:
        rows = contents.con.execute(contents.select(table)).fetchall()
        (folder / f"{table.stem}.txt").write_text("".join(f"{row}\\n" for row in rows), encoding="utf-8")
    return [f"{len(contents.tables)} tables as lines"]

def render(dataset):
    text = json.dumps({"name": dataset.package.name, "version": dataset.version})
    return Document(text, (Note("keywords", "CKAN calls them tags."),))
"""


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """An environment in which somebody else's package is installed."""
    folder = tmp_path / "stranger"
    put(
        folder,
        {
            "stranger.py": PLUGIN,
            "stranger_sdmx.py": "RELATIONS = {'data': ()}\n",
            "stranger_lines.py": LINES,
            "stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
            "stranger-1.0.dist-info/entry_points.txt": "[servicebanken]\nstranger = stranger\n",
        },
    )
    return {"PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parents[1]}"}


def printed(code: str, environment: dict[str, str]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_reader_and_a_place_of_another_package_are_found(stranger: dict[str, str]) -> None:
    code = """
from pipeline.hookspecs import offers
from pipeline.source.readers import names, reader
print("sdmx" in names(), reader("sdmx").RELATIONS, offers("readers")["csv"], offers("places")["ipfs"])
"""
    assert printed(code, stranger) == "True {'data': ()} pipeline.source.readers.csv stranger_sdmx\n"


def test_a_release_has_the_format_and_the_catalogue_of_another_package(
    built_example: Path, tmp_path: Path, stranger: dict[str, str]
) -> None:
    project = Path(shutil.copytree(built_example, tmp_path / "project", symlinks=True))
    ours = tree(project / "build/releases/latest")
    shutil.rmtree(project / "build/releases")
    run = servicebanken("build", "--project", project, env=stranger)
    assert (run.code, "4 tables as lines" in run.err) == (0, True), run.err
    release = (project / "build/releases/latest").resolve()
    made = tree(release)
    new = {path for path in made.keys() - ours.keys() if not path.endswith(".zip")}
    assert new == {*(path for path in new if path.startswith("formats/lines/")), "catalog/ckan.json"}
    assert made["formats/lines/shops.txt"].startswith(b"('")
    assert json.loads(made["catalog/ckan.json"])["version"] == release.name
    assert next(content for path, content in made.items() if path.endswith(".sqlite")).startswith(b"SQLite")
    notes = json.loads(made["catalog/notes.json"])["ckan"]
    assert notes == {
        "file": "catalog/ckan.json",
        "notes": [{"member": "keywords", "reason": "CKAN calls them tags."}],
    }
    run = servicebanken("describe", release, "--format", "ckan", env=stranger)
    assert run.out.startswith('{"name": ')


def test_a_format_and_a_catalogue_that_are_not_installed_here_are_verified_by_their_bytes(
    built_example: Path, tmp_path: Path, stranger: dict[str, str]
) -> None:
    project = Path(shutil.copytree(built_example, tmp_path / "project", symlinks=True))
    shutil.rmtree(project / "build/releases")
    assert servicebanken("build", "--quiet", "--project", project, env=stranger).code == 0
    release = (project / "build/releases/latest").resolve()
    for env in (stranger, {}):
        run = servicebanken("verify", release, "--json", env=env)
        checks = {check["name"]: check for check in json.loads(run.out)["checks"]}
        assert run.code == 0, run.out
        assert checks["lines"] == {
            "name": "lines",
            "state": "ok",
            "note": "a format that another package adds: its files have the bytes that are listed; what they hold is "
            "not compared",
        }
        assert ("not compared: catalog/ckan.json" in checks["described"]["note"]) == (not env)
    lines = release / "formats/lines/shops.txt"
    lines.write_bytes(lines.read_bytes() + b"more")
    run = servicebanken("verify", release)
    assert run.code == 1
    assert "formats/lines/shops.txt" in run.err + run.out
