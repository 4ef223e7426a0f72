"""What is published: a release on disk, verified against its own SHA256SUMS before anything leaves the machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import os_errors, read_json, sha256
from pipeline.package import DESCRIPTOR

SUMS = "SHA256SUMS"
VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class File:
    """A file of a release: its path in the release, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Release:
    """A verified release: its folder, its descriptor and all its files, SHA256SUMS included, sorted by path."""

    folder: Path
    descriptor: Mapping[str, Any]
    files: tuple[File, ...]

    @property
    def name(self) -> str:
        """The name of the package."""
        return str(self.descriptor.get("name") or self.folder.name)

    @property
    def version(self) -> str:
        """The version, three whole numbers."""
        return str(self.descriptor["version"])

    @property
    def created(self) -> str | None:
        """When it was made, as its descriptor says."""
        created = self.descriptor.get("created")
        return None if created is None else str(created)

    @property
    def sums(self) -> File:
        """SHA256SUMS. Its own SHA-256 stands for the whole release."""
        return next(file for file in self.files if file.path == SUMS)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def archive(self) -> str | None:
        """The path of the ZIP that holds the whole release."""
        return self._if_there(f"{self.name}-{self.version}.zip")

    @property
    def page(self) -> str | None:
        """The path of the page that shows the release to people."""
        return self._if_there("index.html")

    def _if_there(self, path: str) -> str | None:
        return path if any(file.path == path for file in self.files) else None


def read(folder: Path) -> Release:
    """The release in `folder`, which is verified.

    Raises InvalidData where a file is missing, is not listed or has other bytes than listed, or where the descriptor
    has no version; CannotRun where there is no release.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                "does not exist",
                "Make a release with `servicebanken build`, or name the folder of one.",
                file=str(folder),
            )
        )
    with os_errors(str(folder)):
        files = _verified(folder)
    descriptor = read_json(folder / DESCRIPTOR, str(folder / DESCRIPTOR))
    version = descriptor.get("version") if isinstance(descriptor, dict) else None
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                "has no version of three whole numbers",
                "Publish a release that `servicebanken release` made.",
                file=str(folder / DESCRIPTOR),
                field="version",
            )
        )
    return Release(folder, descriptor, files)


def listed(sums: str) -> dict[str, str]:
    """Path to SHA-256, as SHA256SUMS lists them; a line of another form is listed under itself, with no checksum."""
    pairs = [line.partition("  ") for line in sums.splitlines()]
    return {path or digest: digest if path else "" for digest, _, path in pairs}


def order(version: str) -> tuple[int, ...]:
    """A version as what it is sorted by."""
    return tuple(map(int, version.split(".")))


def _verified(folder: Path) -> tuple[File, ...]:
    content = (folder / SUMS).read_bytes() if (folder / SUMS).is_file() else b""
    sums = listed(content.decode("utf-8", "replace"))
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {SUMS}
    if not sums:
        raise InvalidData(_damaged(folder, f"has no {SUMS}", "Give the folder of a release."))
    problems = []
    files = [File(SUMS, len(content), hashlib.sha256(content).hexdigest())]
    for path in sorted({*sums, *paths}):
        if path not in sums:
            problems.append(_damaged(folder / path, f"is not listed in {SUMS}"))
        elif path not in paths:
            problems.append(_damaged(folder / path, "is missing from the release"))
        elif sha256(folder / path) != sums[path]:
            problems.append(_damaged(folder / path, f"has other bytes than {SUMS} says"))
        else:
            files.append(File(path, (folder / path).stat().st_size, sums[path]))
    if problems:
        raise InvalidData(problems)
    return tuple(sorted(files, key=lambda file: file.path))


def _damaged(path: Path, rule: str, fix: str | None = None) -> Problem:
    return Problem(
        Kind.DAMAGED_RELEASE,
        rule,
        fix or "A release is never changed: delete its folder and build it again, or fetch it again.",
        file=str(path),
    )
