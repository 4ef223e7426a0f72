"""What is published: a release on disk, verified against its own SHA256SUMS before anything leaves the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import read_json
from pipeline.package import manifest
from pipeline.package.manifest import NAME as SUMS
from pipeline.package.manifest import File
from pipeline.package.package import DESCRIPTOR
from pipeline.package.version import is_draft, is_version

__all__ = ["SUMS", "File", "Release", "read"]


SHOWN = re.compile(r"(index|report|explore)(\.[a-z]+)?\.html|catalog/(?!notes)[^/]+")
"""What the page of a place leads to."""


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

    @property
    def shows(self) -> tuple[str, ...]:
        """The paths of its pages for people, and of its descriptions for catalogues."""
        return tuple(file.path for file in self.files if SHOWN.fullmatch(file.path))

    def _if_there(self, path: str) -> str | None:
        return path if any(file.path == path for file in self.files) else None


def read(folder: Path) -> Release:
    """The release in `folder`, which is verified.

    Raises InvalidData where a file is missing, is not listed or has other bytes than listed, or where the descriptor
    has no version; CannotRun where there is no release.
    """
    folder = folder.resolve()
    files = manifest.verify(folder)
    descriptor = read_json(folder / DESCRIPTOR, str(folder / DESCRIPTOR))
    version = descriptor.get("version") if isinstance(descriptor, dict) else None
    if isinstance(version, str) and is_draft(version):
        rule = "is a draft: its version is not recorded, and its contents may still change"
        fix = "Record it with `servicebanken release`, then publish that."
        raise InvalidData(Problem(Kind.UNPUBLISHED_DRAFT, rule, fix, file=str(folder), value=version))
    if not isinstance(version, str) or not is_version(version):
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
