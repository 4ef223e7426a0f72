"""The releases of a project: which were recorded, which lie in its folder, and whether each of these is whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.core.errors import PipelineError
from pipeline.core.files import os_errors, read_json
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.ledger import Entry
from pipeline.package.package import DESCRIPTOR
from pipeline.package.version import is_draft, is_version, order

State = Literal["whole", "damaged", "draft", "not here", "withdrawn", "unread"]
"""Whether every file has the bytes that SHA256SUMS lists; `draft`: whole, but not recorded; `not here`: recorded, but
without a folder; `withdrawn`: recorded, and not to be used; `unread`: nobody has looked."""


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
    """The folders of releases and drafts in `parent`, the highest version first."""
    with os_errors(str(parent)):
        there = list(parent.iterdir()) if parent.is_dir() else []
    found = [path for path in there if is_version(path.name) or is_draft(path.name)]
    folders = [path for path in found if path.is_dir() and not path.is_symlink()]
    return sorted(folders, key=lambda path: order(path.name), reverse=True)


def listed(parent: Path, latest: str | None, progress: Progress, entries: Iterable[Entry] = ()) -> list[Listed]:
    """The releases in `parent` and those recorded in a ledger, the highest version first.

    `latest` is the version that is pointed at.
    """
    recorded = {entry.version: entry for entry in entries}
    here = {folder.name: folder for folder in folders(parent)}
    releases = []
    versions = sorted({*recorded, *here}, key=order, reverse=True)
    for number, version in enumerate(versions, 1):
        progress.advance(number, len(versions), version)
        entry, folder = recorded.get(version), here.get(version)
        state, files = inspected(folder) if folder else ("not here", [])
        if is_draft(version) and state == "whole":
            state = "draft"
        if entry and entry.withdrawn and state != "damaged":
            state = "withdrawn"
        places = [str(folder)] if folder else []
        releases.append(
            Listed(
                version,
                " ".join([*places, *(entry.published if entry else ())]),
                _created(folder) if folder else entry.date if entry else None,
                len(files) if folder else None,
                sum(path.stat().st_size for path in files) if folder else None,
                version == latest,
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
