"""The project's own data, built once from a copy of the checkout."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.source.project import find

ROOT = Path(__file__).parents[2]

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release that was built from the checkout's contract and sources."""
    project = tmp_path_factory.mktemp("project")
    for path in (ROOT / "datapackage.json", ROOT / "metadata.yml", *ROOT.glob("learned.*.md")):
        shutil.copy(path, project)
    shutil.copytree(ROOT / "sources", project / "sources")
    return build.release(find(project), Progress(), major=True).folder


@pytest.fixture(scope="session")
def rows(release: Path) -> Callable[[str], Rows]:
    """The rows of a table of the release."""

    def read(table: str) -> Rows:
        with (release / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read
