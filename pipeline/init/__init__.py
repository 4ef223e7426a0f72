"""A new project that builds: copied from the example in `project/`."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors

EXAMPLE = Path(__file__).parent / "project"


def init(directory: Path) -> list[str]:
    """Writes the example project into `directory`, which must be new or empty; returns the files, relative to it."""
    with os_errors(str(directory)):
        if directory.exists() and any(directory.iterdir()):
            raise CannotRun(
                Problem(
                    Kind.NOT_EMPTY,
                    "is not empty",
                    "Name a new folder; nothing was written.",
                    file=str(directory),
                )
            )
        files = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())
        for file in files:
            target = directory / file.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return [file.relative_to(EXAMPLE).as_posix() for file in files]
