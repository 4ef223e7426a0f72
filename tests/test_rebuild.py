"""A release made anew from its sources has the same bytes; what has not is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import invoke, servicebanken
from tests.projects import SOURCE, put, tree

SHOPS = "id,name,kind,opened,document\nx,Only Shop,staffed,2001,example-shops-page\n"
MORE = SHOPS + "y,Second Shop,unmanned,2002,example-shops-page\n"


def rebuilt(project: Path, release: Path | None = None) -> tuple[int, dict[str, str]]:
    """The exit code, and each file that differs with what is said of it."""
    arguments = [release] if release else []
    run = invoke("verify", *arguments, "--rebuild", "--json", "--quiet", "--project", project)
    problems = json.loads(run.out)["problems"]
    return run.code, {problem["file"]: problem["rule"] for problem in problems}


def test_a_release_comes_out_of_its_sources_and_the_project_is_as_it_was(built: Path) -> None:
    before = tree(built)
    run = servicebanken("verify", "--rebuild", "--project", built)
    assert run.code == 0, run.err
    count = sum(path.is_file() for path in (built / "build/releases/0.1.0").rglob("*"))
    assert f"  rebuild     ok       {count} files come out the same, byte for byte\n" in run.out
    assert run.steps[-4:] == ["assemble", "validate", "release", "rebuild"]
    assert tree(built) == before


def test_a_release_comes_out_with_what_it_says_of_the_ones_before_it(built: Path) -> None:
    for shops in (SHOPS, MORE):
        put(built, {f"{SOURCE}/shops.csv": shops})
        assert invoke("release", "--major", "--quiet", "--project", built).code == 0
    assert rebuilt(built) == (0, {})


def test_a_source_that_has_changed_since_gives_another_version(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = invoke("verify", "--rebuild", "--quiet", "--project", built)
    assert run.code == 1
    assert "'0.1.0' does not come out of the sources as they are now: they give 1.0.0-draft." in run.err


def test_a_draft_comes_out_of_the_sources_again(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    assert invoke("build", "--quiet", "--project", built).code == 0
    assert rebuilt(built) == (0, {})


def test_a_file_that_no_source_gives_and_one_that_is_lacking_are_named(built: Path) -> None:
    from pipeline.package import manifest

    release = built / "build/releases/0.1.0"
    put(release, {"more.txt": "more"})
    (release / "CHANGELOG.md").unlink()
    manifest.write(release)
    _, named = rebuilt(built)
    assert named["more.txt"] == "does not come out of the sources"
    assert named["CHANGELOG.md"] == "comes out of the sources, and is not in the release"


def test_the_day_of_a_release_is_taken_from_its_record(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert invoke("release", "--major", "--quiet", "--project", built).code == 0
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert rebuilt(built) == (0, {})


def test_the_address_that_a_release_was_built_for_is_taken_from_it(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = invoke("release", "--major", "--quiet", "--base-url", "https://data.example.org/shops/", "--project", built)
    assert run.code == 0, run.err
    assert rebuilt(built) == (0, {})


def test_sources_that_are_wrong_now_give_no_release_to_compare(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": "id,floor\nx,1\n"})
    run = invoke("verify", "--rebuild", "--quiet", "--project", built)
    assert (run.code, "Traceback" in run.err) == (1, False)
    assert "[unknown-column]" in run.err


def test_without_a_project_there_is_nothing_to_build_from(built: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    release = built / "build/releases/0.1.0"
    run = servicebanken("verify", release, "--rebuild", "--quiet", "--project", tmp_path / "elsewhere")
    assert (run.code, run.out) == (2, "")
    assert "[no-project]" in run.err
