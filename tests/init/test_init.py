from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from tests.command import servicebanken
from tests.projects import put, tree
from tests.serve.server import served
from tests.test_surroundings import assert_whole

FILES = [
    ".gitattributes",
    ".gitignore",
    "README.md",
    "datapackage.json",
    "metadata.yml",
    "sources/example-municipality/services.csv",
    "sources/example-municipality/shops.csv",
    "sources/example-municipality/source.yml",
]


def test_a_new_project_is_written_and_listed(tmp_path: Path) -> None:
    run = servicebanken("init", tmp_path / "shops")
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        f"A new project in {tmp_path}/shops:\n"
        "  .gitattributes\n  .gitignore\n"
        "  README.md\n  datapackage.json\n  metadata.yml\n"
        "  sources/example-municipality/services.csv\n"
        "  sources/example-municipality/shops.csv\n"
        "  sources/example-municipality/source.yml\n"
        f"Build it: servicebanken build --project {tmp_path}/shops\n"
    )
    assert sorted(tree(tmp_path / "shops")) == FILES


def test_as_json_the_files_are_listed(tmp_path: Path) -> None:
    run = servicebanken("init", tmp_path / "shops", "--json")
    assert json.loads(run.out) == {"folder": str(tmp_path / "shops"), "files": FILES}


def test_a_new_project_builds(tmp_path: Path) -> None:
    assert servicebanken("init", "shops", cwd=tmp_path).code == 0
    run = servicebanken("build", "--project", "shops", cwd=tmp_path)
    assert (run.code, run.out.splitlines()) == (
        0,
        [
            f"Draft 0.1.0-draft  {tmp_path}/shops/build/releases/0.1.0-draft",
            "Record it as a release with `servicebanken release`.",
        ],
    )
    assert_whole(tmp_path / "shops/build/releases/latest")


def test_a_new_project_is_named_after_its_folder_and_served_in_both_languages(tmp_path: Path) -> None:
    assert servicebanken("init", "Våra butiker", cwd=tmp_path).code == 0
    project = tmp_path / "Våra butiker"
    told = json.loads((project / "datapackage.json").read_text(encoding="utf-8"))
    assert (told["name"], told["title"], told["title@sv"]) == ("vara-butiker", *2 * ["Våra butiker"])
    assert (project / "README.md").read_text(encoding="utf-8").startswith("# Våra butiker\n")
    assert servicebanken("release", cwd=project).code == 0
    assert servicebanken("verify", cwd=project).code == 0
    with served(project / "build/releases/latest") as address:
        for language, question in (("en", "Who offers what?"), ("sv", "Vem erbjuder vad?")):
            answer = requests.get(f"{address}{language}/vara-butiker/who-offers-what?service=parcels", timeout=20)
            assert f"<h1>{question}</h1>" in answer.text
            assert "North Village Shop" in answer.text


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "shops").mkdir()
    assert servicebanken("init", ".", cwd=tmp_path / "shops").code == 0
    assert sorted(tree(tmp_path / "shops")) == FILES


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "shops", {"thesis.txt": "years of work"})
    run = servicebanken("init", tmp_path / "shops")
    assert (run.code, run.out) == (2, "")
    assert run.err == (f"error: {tmp_path}/shops: is not empty. Name a new folder; nothing was written. [not-empty]\n")
    assert tree(tmp_path / "shops") == {"thesis.txt": b"years of work"}


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_the_way_is_named(name: str, tmp_path: Path) -> None:
    put(tmp_path, {"file": "x"})
    run = servicebanken("init", tmp_path / name)
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err
    assert str(tmp_path / "file") in run.err
