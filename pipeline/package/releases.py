"""The releases that lie in a folder: which there are, and whether each is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.core.errors import PipelineError
from pipeline.core.files import os_errors, read_json
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.package import DESCRIPTOR
from pipeline.package.version import is_version, order

State = Literal["whole", "damaged", "unread"]
"""Whether every file has the bytes that SHA256SUMS lists; `unread` where nobody has looked."""


@dataclass(frozen=True)
class Listed:
    """A release: its version, where it is, when it was made, how many files and bytes it has."""

    version: str
    address: str
    created: str | None
    files: int | None
    bytes: int | None
    latest: bool
    state: State
    doi: str | None = None


def folders(parent: Path) -> list[Path]:
    """The folders of releases in `parent`, the highest version first."""
    with os_errors(str(parent)):
        there = list(parent.iterdir()) if parent.is_dir() else []
    found = [path for path in there if is_version(path.name) and path.is_dir() and not path.is_symlink()]
    return sorted(found, key=lambda path: order(path.name), reverse=True)


def listed(parent: Path, latest: str | None, progress: Progress) -> list[Listed]:
    """The releases in `parent`, the highest version first; `latest` is the version that is pointed at."""
    releases = []
    for number, folder in enumerate(found := folders(parent), 1):
        progress.advance(number, len(found), folder.name)
        state, files = inspected(folder)
        releases.append(
            Listed(
                folder.name,
                str(folder),
                _created(folder),
                len(files),
                sum(path.stat().st_size for path in files),
                folder.name == latest,
                state,
            )
        )
    return releases


def inspected(folder: Path) -> tuple[State, list[Path]]:
    """Whether the release in a folder is whole, and all files that lie there."""
    with os_errors(str(folder)):
        files = [path for path in folder.rglob("*") if path.is_file()]
    try:
        manifest.verify(folder)
    except PipelineError:
        return "damaged", files
    return "whole", files


def _created(folder: Path) -> str | None:
    try:
        descriptor: Any = read_json(folder / DESCRIPTOR, DESCRIPTOR)
    except PipelineError:
        return None
    created = descriptor.get("created") if isinstance(descriptor, dict) else None
    return None if created is None else str(created)
