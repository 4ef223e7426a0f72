"""The releases that are served at one time, and the Datasettes that show them.

A new release is a new shelf, made beside the old one. The old one serves what it has begun to, and then is closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import sha256
from pipeline.serve.instance import close, datasette, opened
from pipeline.serve.places import Place
from pipeline.serve.release import Release, open_release

HERE = Path(__file__).parent

Folders = Callable[[], Sequence[Path]]
"""Says which folders of releases are to be served now."""


@dataclass(frozen=True)
class Instance:
    """A Datasette, its ASGI application, and its addresses below `/-/` that are for readers."""

    datasette: Any
    application: Any
    opened: list[re.Pattern[str]]

    def is_open(self, path: str) -> bool:
        """Whether the address, without its prefix, is for readers."""
        return not path.startswith("/-/") or any(route.match(path) for route in self.opened)


class Shelf:
    """Releases, the latest first, and the Datasettes on them, each made when it is first asked for."""

    def __init__(self, releases: Sequence[Release]) -> None:
        self.releases = list(releases)
        self.by_version = {release.version: release for release in releases}
        self._instances: dict[tuple[str | None, str | None], Instance] = {}
        self._making = asyncio.Lock()
        self._users = 0
        self._ended = False
        names = "".join(f"{release.version} {release.digest}\n" for release in releases)
        self.tag = hashlib.sha256(f"{names}{_code()}".encode()).hexdigest()

    @property
    def latest(self) -> Release:
        """The release that addresses without a version mean."""
        return self.releases[0]

    def release(self, place: Place) -> Release | None:
        """The release that an address means, if it is served."""
        return self.latest if place.version is None else self.by_version.get(place.version)

    def etag(self, target: str) -> str:
        """The ETag of what a path with its query is answered with: it changes with the releases and with the program.

        It is weak (RFC 9110, 8.8.1): Datasette's own JSON tells how long the query took.
        """
        return f'W/"{self.tag[:16]}{hashlib.sha256(target.encode()).hexdigest()[:16]}"'

    async def instance(self, place: Place) -> Instance:
        """The Datasette that answers for a place whose release is served."""
        key = (place.version, place.language)
        if key not in self._instances:
            async with self._making:
                if key not in self._instances:
                    self._instances[key] = await self._made(place)
        return self._instances[key]

    async def _made(self, place: Place) -> Instance:
        release = self.release(place)
        assert release is not None
        made = datasette(release, place.version, place.language, self.releases)
        return Instance(made, made.app(), opened(made))

    @contextmanager
    def used(self) -> Iterator[Shelf]:
        """While this lasts the shelf is not closed."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            self._close_if_unused()

    def end(self) -> None:
        """Closes the shelf when nobody uses it any more."""
        self._ended = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._ended and not self._users:
            for instance in self._instances.values():
                close(instance.datasette)
            self._instances.clear()


class Library:
    """The shelf that is served now, and the way to the next one."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._shown: list[Path] = []
        self.shelf = self._filled()

    def _filled(self) -> Shelf:
        folders = [folder.resolve() for folder in self._folders()]
        known = {release.folder: release for release in self.shelf.releases} if self._shown else {}
        releases = [known.get(folder) or open_release(folder) for folder in folders]
        _check_distinct(releases)
        self._shown = folders
        return Shelf(sorted(releases, key=_number, reverse=True))

    async def renew(self) -> bool:
        """Takes up what the folders hold now; says whether that is something else than before.

        Raises PipelineError where a new release cannot be served; then all stays as it was.
        """
        folders = await asyncio.to_thread(lambda: [folder.resolve() for folder in self._folders()])
        if folders == self._shown or not folders:
            return False
        shelf, old = await asyncio.to_thread(self._filled), self.shelf
        self.shelf = shelf
        old.end()
        return True


def _number(release: Release) -> list[int]:
    return [int(part) for part in release.version.split(".") if part.isdigit()]


def _check_distinct(releases: Sequence[Release]) -> None:
    for number, release in enumerate(releases):
        if release.version in (other.version for other in releases[:number]):
            raise CannotRun(
                Problem(
                    Kind.BAD_OPTION,
                    "is the version of two releases, and their addresses would be the same",
                    "Name releases of one package, each once.",
                    file=str(release.folder),
                    value=release.version,
                )
            )


def _code() -> str:
    """What stands for the program that makes the pages."""
    files = sorted(path for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    parts = [f"{path.relative_to(HERE)} {sha256(path)}" for path in files]
    return hashlib.sha256("\n".join([installed("datasette"), *parts]).encode()).hexdigest()
