"""The project's own data, built once from a copy of the checkout."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.source.project import find

ROOT = Path(__file__).parents[2]

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release that was built from the checkout's contract and sources, once for all processes."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    project = shared / "dataset"
    with FileLock(shared / "dataset.lock"):
        if not (project / "build/releases/latest").exists():
            project.mkdir()
            for path in (ROOT / "datapackage.json", ROOT / "metadata.yml", *ROOT.glob("learned.*.md")):
                shutil.copy(path, project)
            shutil.copytree(ROOT / "sources", project / "sources")
            build.release(find(project), Progress(), major=True)
    return (project / "build/releases/latest").resolve()


@pytest.fixture(scope="session")
def rows(release: Path) -> Callable[[str], Rows]:
    """The rows of a table of the release."""

    def read(table: str) -> Rows:
        with (release / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read
