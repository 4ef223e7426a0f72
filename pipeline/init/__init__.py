"""A new project that builds: copied from the example in `project/`."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors

EXAMPLE = Path(__file__).parent / "project"
NAME, TITLES = "example", ("Example", "Exempel")


def init(directory: Path, title: str = TITLES[0]) -> list[str]:
    """Writes the example project into `directory`, which must be new or empty; returns the files, relative to it.

    The package, its title in both languages, its README and its pages are named after `title`.
    """
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
            target.write_text(_named(file.read_text(encoding="utf-8"), title), encoding="utf-8", newline="\n")
    return [file.relative_to(EXAMPLE).as_posix() for file in files]


def _named(text: str, title: str) -> str:
    """A text of the example with the names of the new project in place of its own."""
    if title in TITLES:
        return text
    told = title.replace("\\", "").replace('"', "")
    text = text.replace(f'"name": "{NAME}"', f'"name": "{_slug(title)}"')
    text = text.replace(f"  {NAME}:\n", f'  "{_slug(title)}":\n').replace(f"# {TITLES[0]}\n", f"# {told}\n")
    for example in TITLES:
        text = text.replace(f': "{example}"', f': "{told}"')
    return text


def _slug(title: str) -> str:
    """A title as the name of a package: lower-case letters, digits and hyphens."""
    letters = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or NAME
