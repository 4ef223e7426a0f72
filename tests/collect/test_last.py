"""What was accepted before and cannot be read: nothing is accepted in its place without a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.collect import Outcome, Terms, accept, collect
from pipeline.core.progress import Progress
from pipeline.source.project import Project
from tests.collect.conftest import SHOPS, register
from tests.collect.site import Page, Site

SHRUNK = SHOPS.splitlines(keepends=True)[0] + SHOPS.splitlines(keepends=True)[1]


def collected(project: Project) -> Outcome:
    (outcome,) = collect(project, Progress(), Terms())
    return outcome


def folder(project: Project) -> Path:
    return project.root / "sources/register/snapshots/register"


def conflict(project: Project) -> None:
    path = folder(project) / "accepted.json"
    path.write_text(f"<<<<<<< HEAD\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


def gone(project: Project) -> None:
    next(folder(project).glob("*.csv")).unlink()


def line_ends(project: Project) -> None:
    for path in (next(folder(project).glob("*.csv")), next(folder(project).glob("snapshot-*.json"))):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def no_pointer(project: Project) -> None:
    (folder(project) / "accepted.json").unlink()


DAMAGES: list[tuple[Callable[[Project], None], str]] = [
    (conflict, "accepted.json is not JSON"),
    (gone, "does not exist"),
    (line_ends, "has other bytes than its name"),
    (no_pointer, "accepted.json is gone"),
]


@pytest.fixture
def project(tmp_path: Path, site: Site) -> Project:
    made = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    assert collected(made).outcome == "accepted"
    return made


@pytest.mark.parametrize(("damage", "rule"), DAMAGES, ids=lambda each: getattr(each, "__name__", ""))
def test_what_cannot_be_compared_is_not_accepted(
    damage: Callable[[Project], None], rule: str, project: Project, site: Site
) -> None:
    damage(project)
    site.pages["/shops.csv"] = Page(SHRUNK)
    outcome = collected(project)
    assert outcome.outcome == "rejected"
    said = outcome.problems[0].rule
    assert said.startswith("cannot be compared with what was accepted before: ")
    assert rule in said
    assert collected(project).outcome == "rejected"
    (accepted,) = accept(project, ("register",), "The register was cut down")
    assert (accepted.outcome, accepted.rows) == ("accepted", {"shops": 1})


@pytest.mark.parametrize(("damage", "rule"), DAMAGES, ids=lambda each: getattr(each, "__name__", ""))
def test_what_comes_as_it_was_heals_it(damage: Callable[[Project], None], rule: str, project: Project) -> None:
    del rule
    damage(project)
    assert collected(project).outcome == "accepted"
    assert collected(project).outcome == "unchanged"


def test_a_folder_that_was_removed_is_a_new_beginning(project: Project, site: Site) -> None:
    for path in folder(project).iterdir():
        path.unlink()
    site.pages["/shops.csv"] = Page(SHRUNK)
    assert collected(project).outcome == "accepted"
