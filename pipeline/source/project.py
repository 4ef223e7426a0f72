"""A project folder, found and read once.

A project is a folder with a datapackage.json (the contract). With a `sources/` folder beside it, its tables are
assembled into `build/package`; without one, the folder is a finished package itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.package.package import DESCRIPTOR, Package, load


@dataclass(frozen=True)
class Project:
    """A project: its folder, its contract, and where what is built goes if that is not its `build` folder."""

    root: Path
    contract: Package
    elsewhere: Path | None = None

    @property
    def sources(self) -> Path:
        """Where the sources lie, one folder per publisher."""
        return self.root / "sources"

    @property
    def has_sources(self) -> bool:
        """Whether the project's tables are assembled from sources."""
        return self.sources.is_dir()

    @property
    def build(self) -> Path:
        """Where everything that the pipeline writes goes."""
        return self.elsewhere or self.root / "build"

    @property
    def package(self) -> Path:
        """The folder of the finished package: what `assemble` writes, or the project itself without sources."""
        return self.build / "package" if self.has_sources else self.root

    @property
    def releases(self) -> Path:
        """Where the releases lie, one folder per version, and `latest`."""
        return self.build / "releases"

    @property
    def ledger(self) -> Path:
        """The list of recorded releases, kept in git."""
        return self.root / "build/releases.json"

    @property
    def record(self) -> Path:
        """The tables and the history of the last recorded release, kept in git, so that the next is based on them."""
        return self.root / "data" if self.has_sources else self.root / "build/data"

    @property
    def metadata(self) -> Path:
        """What Datasette is told about the tables."""
        return self.root / "metadata.yml"


def find(start: Path) -> Project:
    """The project whose folder is `start`, or the nearest one above it. Raises CannotRun where there is none."""
    if not start.is_dir():
        raise CannotRun(
            Problem(Kind.NO_PROJECT, "does not exist", "Name a project's folder with --project DIR.", file=str(start))
        )
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / DESCRIPTOR).is_file():
            return Project(folder, load(folder))
    raise CannotRun(
        Problem(
            Kind.NO_PROJECT,
            f"has no {DESCRIPTOR}, and no folder above it has one",
            "Go to a project's folder, name it with --project DIR, or start one with `servicebanken init DIR`.",
            file=str(start),
        )
    )
