"""The releases that a Datasette shows. Each is a database of it: added, warmed, then shown.

A release that is removed, or whose database somebody has changed, is withdrawn when that is noticed: within a second,
or by the first request that it fails. Its database is closed when the last request that uses it has been answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from datasette.database import Database

from pipeline.core.errors import CannotRun, Kind, PipelineError, Problem
from pipeline.core.files import sha256
from pipeline.package.package import DESCRIPTOR
from pipeline.serve import described
from pipeline.serve.addresses import LANGUAGES, VERSION, prefix
from pipeline.serve.options import Options, options_of
from pipeline.serve.pages.dataset import Dataset
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.reading import read
from pipeline.serve.pages.render import Place, Visit
from pipeline.serve.pages.views import Site
from pipeline.serve.release import Release, open_release
from pipeline.web.templates import STATIC

HERE = Path(__file__).parent

WATCH_SECONDS = 1.0
"""Time between two looks for a new release."""

RETRY_SECONDS = 5.0
"""Time after which a release that could not be shown is looked at again."""


@dataclass
class Shown:
    """A release as a database of Datasette; `name` is that of the database, `users` the requests that use it now."""

    release: Release
    name: str
    users: int = 0
    is_withdrawn: bool = False
    datasets: dict[str, Dataset] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version of the release."""
        return self.release.version


class Library:
    """The releases of one Datasette, the latest first."""

    def __init__(self, datasette: Any, options: Options) -> None:
        self.datasette = datasette
        self.options = options
        self.say: Callable[[str], None] = lambda sentence: None  # noqa: ARG005
        self.shown: tuple[Shown, ...] = ()
        self.tag = ""
        self._sites: dict[tuple[str, str, str | None], Site] = {}
        self._used_names: set[str] = set()
        self._failed: dict[Path, tuple[float, str]] = {}
        self._renewing = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None

    @property
    def latest(self) -> Shown:
        """The release that addresses without a version mean."""
        return self.shown[0]

    def find(self, version: str | None) -> Shown | None:
        """The release that an address means, if it is served."""
        if version is None:
            return self.shown[0] if self.shown else None
        return next((each for each in self.shown if each.version == version), None)

    def named(self, database: str) -> Shown | None:
        """The release whose database has a name, if there is one."""
        return next((each for each in self.shown if each.name == database), None)

    @contextmanager
    def used(self, shown: Shown) -> Iterator[None]:
        """While this lasts the release's database is not closed."""
        shown.users += 1
        try:
            yield
        finally:
            shown.users -= 1
            self._close_if_unused(shown)

    # -- which releases there are --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Shows the releases that there are. Raises PipelineError where one cannot be shown, or there is none."""
        if self.shown:
            return
        if not self.options.releases:
            await self._show(await asyncio.to_thread(self._given))
            return
        folders = await asyncio.to_thread(folders_of, self.options.releases)
        releases = [await asyncio.to_thread(open_release, folder) for folder in folders]
        check_distinct(releases)
        await self._show([self._added(release) for release in releases])

    async def renew(self) -> bool:
        """Shows what there is now; says whether that is something else than before. A fault is said, once."""
        async with self._renewing:
            if not self.options.releases:
                return False
            folders = [folder.resolve() for folder in await asyncio.to_thread(folders_of, self.options.releases)]
            kept = [each for each in self.shown if each.release.folder in folders and each.release.is_unchanged()]
            known = {each.release.folder for each in kept}
            opened = [await self._opened(folder) for folder in folders if folder not in known]
            versions = {each.version for each in kept}
            added = [self._added(each) for each in opened if each is not None and each.version not in versions]
            if not (kept or added) or (len(kept) == len(self.shown) and not added):
                return False
            for each in added:
                await self.warm(each)
            before = self.shown
            await self._show([*kept, *added])
            for each in before:
                if each not in self.shown:
                    each.is_withdrawn = True
                    self._close_if_unused(each)
            return True

    def watch(self) -> None:
        """Looks for new releases from now on, for as long as the event loop runs."""
        if self.options.releases and (self._watcher is None or self._watcher.done()):
            self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(OSError):
                if await self.renew():
                    self.say(f"Now showing {self.latest.release.folder}")

    async def _opened(self, folder: Path) -> Release | None:
        since, message = self._failed.get(folder, (0.0, ""))
        if time.monotonic() - since < RETRY_SECONDS:
            return None
        try:
            release = await asyncio.to_thread(open_release, folder)
        except (PipelineError, OSError) as error:
            self._failed[folder] = (time.monotonic(), str(error))
            if str(error) != message:
                self.say(f"Not shown: {error}")
            return None
        self._failed.pop(folder, None)
        return release

    def _given(self) -> list[Shown]:
        """The releases among the databases that Datasette was given."""
        found = []
        for name, path in given(self.datasette):
            with suppress(PipelineError):
                release = open_release(path.parent, verified=True)
                if release.database.samefile(path):
                    found.append(Shown(release, name))
        return found

    def _added(self, release: Release) -> Shown:
        """The release as a new database. A name is never used twice: Datasette 0.65 keeps connections by it."""
        wanted = name = f"{release.stem}-{release.version.replace('.', '-')}"
        number = 1
        while name in self._used_names:
            number += 1
            name = f"{wanted}-{number}"
        self._used_names.add(name)
        if self.datasette.inspect_data is not None:
            self.datasette.inspect_data[name] = release.inspected()
        self.datasette.add_database(Database(self.datasette, str(release.database), is_mutable=False), name=name)
        return Shown(release, name)

    async def _show(self, shown: Sequence[Shown]) -> None:
        for each in shown:
            if each not in self.shown:
                await described.describe(self.datasette, each.release, each.name, self.options.metadata)
        self.shown = tuple(sorted(shown, key=lambda each: _number(each.release), reverse=True))
        self._sites.clear()
        names = "".join(f"{each.version} {each.release.digest}\n" for each in self.shown)
        self.tag = hashlib.sha256(f"{names}{_program()}".encode()).hexdigest()[:16]

    def _close_if_unused(self, shown: Shown) -> None:
        if shown.is_withdrawn and not shown.users and shown.name in self.datasette.databases:
            database = self.datasette.get_database(shown.name)
            self.datasette.remove_database(shown.name)
            database.close()

    # -- pages ---------------------------------------------------------------------------------------------------------

    def site(self, shown: Shown, language: str, version: str | None) -> Site:
        """The pages of a release in a language; `version` is what stands in their addresses."""
        key = (shown.name, language, version)
        if key not in self._sites:
            self._sites[key] = self._site(shown, language, version)
        return self._sites[key]

    def _site(self, shown: Shown, language: str, version: str | None) -> Site:
        if language not in shown.datasets:
            shown.datasets[language] = read(shown.release.folder, language, self.options.metadata)
        links = Links(
            self.path(prefix(version, language)),
            self.path(prefix(version, None)),
            self.path(f"{prefix(shown.version, None)}files/"),
            self.path(f"/-/assets/{_program()}/"),
            shown.datasets[language].name,
        )
        place = Place(
            language,
            links,
            {code: self.path(prefix(version, code)) for code in LANGUAGES},
            [self._told(other) for other in self.shown],
            shown is self.find(None),
        )
        return Site(shown.datasets[language], place, int(self.datasette.setting("sql_time_limit_ms")))

    def path(self, address: str) -> str:
        """An address as it stands in pages: with what Datasette's setting `base_url` puts before it."""
        return f"{self.datasette.setting('base_url').rstrip('/')}{address}"

    def _told(self, shown: Shown) -> dict[str, Any]:
        latest = shown is self.find(None)
        return {
            "version": shown.version,
            "created": shown.release.package.descriptor.get("created"),
            "latest": latest,
            "root": self.path(prefix(None if latest else shown.version, None)),
        }

    async def warm(self, shown: Shown) -> None:
        """Does what the first readers of a release would wait for."""
        database = self.datasette.get_database(shown.name)
        threads = int(self.datasette.setting("num_sql_threads")) or 1
        together = threading.Barrier(threads)

        def open_connection(con: Any) -> None:
            con.execute("SELECT 1").fetchone()
            with suppress(threading.BrokenBarrierError):
                together.wait(0.5)

        await asyncio.gather(*(database.execute_fn(open_connection) for _ in range(threads)))
        for language in LANGUAGES:
            site = await asyncio.to_thread(self._site, shown, language, None)
            with suppress(Exception):  # a page that fails tells its readers, and does not keep others from theirs
                await database.execute_fn(lambda con, site=site: site.start(con, Visit("/", "", "http://localhost")))
        await self.datasette.client.get(f"/{shown.name}.json")


_libraries: WeakKeyDictionary[Any, Library] = WeakKeyDictionary()


def library_of(datasette: Any) -> Library:
    """The library of a Datasette."""
    found = _libraries.get(datasette)
    if found is None:
        found = _libraries[datasette] = Library(datasette, options_of(datasette))
    return found


def given(datasette: Any) -> list[tuple[str, Path]]:
    """The databases of a Datasette that lie beside a datapackage.json: their names and files."""
    files = [(name, Path(each.path)) for name, each in datasette.databases.items() if each.path]
    return [(name, path) for name, path in files if (path.parent / DESCRIPTOR).is_file()]


def folders_of(releases: Sequence[Path]) -> list[Path]:
    """The folders of releases: those that are named, and all in a folder that has one for each version.

    Where a project's folder `releases` has none yet, the folder that the latest would have.
    """
    found: list[Path] = []
    for path in releases:
        below = [each for each in path.iterdir() if VERSION.fullmatch(each.name)] if path.is_dir() else []
        versions = sorted(each for each in below if each.is_dir() and not each.is_symlink())
        found += versions or [path / "latest" if path.name == "releases" else path]
    return found


def check_distinct(releases: Sequence[Release]) -> None:
    """Raises CannotRun where two releases have one version."""
    for number, release in enumerate(releases):
        if release.version in (other.version for other in releases[:number]):
            raise CannotRun(
                Problem(
                    Kind.BAD_OPTION,
                    "is the version of two releases, which would need the same address",
                    "Name each release of a package once.",
                    file=str(release.folder),
                    value=release.version,
                )
            )


def _number(release: Release) -> list[int]:
    return [int(part) for part in release.version.split(".") if part.isdigit()]


@cache
def _program() -> str:
    """A digest of the program that makes the pages, its style sheets and scripts too."""
    files = [each for folder in (HERE, STATIC.parent) for each in folder.rglob("*") if each.suffix not in ("", ".pyc")]
    lines = [f"{installed('datasette')}\n", *(f"{file.name} {sha256(file)}\n" for file in sorted(files))]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]
