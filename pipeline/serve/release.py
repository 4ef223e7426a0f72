"""A release as the server sees it: opened once, never changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import sha256
from pipeline.package import manifest
from pipeline.package.package import Package, load
from pipeline.serve.places import TAKEN

COUNTS = "_counts"
"""The table of counts that a release's database has."""


@dataclass(frozen=True)
class Release:
    """A release: its folder, its package, its database, the rows of every table of it, and all columns.

    `indexed` are the columns by which an index finds rows, `counted` those whose values were counted. `digest` stands
    for all bytes of the release: it is that of the list of their checksums.
    """

    folder: Path
    package: Package
    database: Path
    counts: dict[str, int]
    columns: dict[str, frozenset[str]]
    indexed: dict[str, frozenset[str]]
    counted: dict[str, frozenset[str]]
    digest: str

    @property
    def version(self) -> str:
        """The version, or 0.0.0 for a release that somebody made without one."""
        return str(self.package.descriptor.get("version") or "0.0.0")

    @property
    def stem(self) -> str:
        """The name of the database, in addresses too."""
        return self.package.stem

    def inspected(self) -> dict[str, Any]:
        """What `datasette inspect` would find."""
        return {
            self.stem: {
                "file": self.database.name,
                "hash": self.digest,
                "size": self.database.stat().st_size,
                "tables": {name: {"count": count} for name, count in self.counts.items()},
            }
        }


def open_release(path: Path) -> Release:
    """The release in a folder, whose every byte is checked.

    Raises CannotRun where that is no release, or one whose name is no address, and InvalidData where it is not as it
    was made.
    """
    folder = path.resolve()
    manifest.verify(folder)
    package = load(folder)
    database = folder / f"{package.stem}.sqlite"
    if not database.is_file():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                f"holds no {database.name}, so it is not a release",
                "Make a release of it with `servicebanken release`.",
                file=str(path),
            )
        )
    if package.stem in TAKEN:
        raise CannotRun(
            Problem(
                Kind.NO_ADDRESS,
                "is the name of the package, and addresses that begin with it lead elsewhere",
                "Give the package another `name` in datapackage.json and build it again.",
                file=str(path),
                value=package.stem,
            )
        )
    digest = sha256(folder / manifest.NAME)
    told = (_counts(database), _columns(database), _indexed(database), _counted(database))
    return Release(folder, package, database, *told, digest)


def _counts(database: Path) -> dict[str, int]:
    """The rows of every table, as they were counted when the release was made, or counted now where they were not."""
    con = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
        names = [name for (name,) in con.execute(tables)]
        known: dict[str, int] = {}
        if COUNTS in names:
            known = dict(con.execute(f'SELECT "table", "count" FROM {COUNTS} WHERE "column" IS NULL'))
        quoted = {name: name.replace('"', '""') for name in names if name not in known}
        counted = {name: con.execute(f'SELECT count(*) FROM "{text}"').fetchone()[0] for name, text in quoted.items()}
        return {name: known[name] if name in known else counted[name] for name in names}
    finally:
        con.close()


def _columns(database: Path) -> dict[str, frozenset[str]]:
    """The columns of every table and view that one may sort by."""
    con = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        names = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        listed = "SELECT name FROM pragma_table_info(?)"
        return {name: frozenset(["rowid", *(each for (each,) in con.execute(listed, (name,)))]) for name in names}
    finally:
        con.close()


def _indexed(database: Path) -> dict[str, frozenset[str]]:
    """The first column of every index of a table, and of its key."""
    con = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    first = """
        SELECT t.name, c.name FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
        WHERE t.type = 'table' AND c.seqno = 0 AND NOT i.partial
        UNION
        SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND c.pk = 1
    """
    try:
        found: dict[str, set[str]] = {}
        for table, column in con.execute(first):
            found.setdefault(table, {"rowid"}).add(column)
        return {table: frozenset(columns) for table, columns in found.items()}
    finally:
        con.close()


def _counted(database: Path) -> dict[str, frozenset[str]]:
    """The columns whose values were counted when the release was made."""
    con = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        if not con.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (COUNTS,)).fetchone():
            return {}
        found: dict[str, set[str]] = {}
        for table, column in con.execute(f'SELECT DISTINCT "table", "column" FROM {COUNTS} WHERE "column" NOT NULL'):
            found.setdefault(table, set()).add(column)
        return {table: frozenset(columns) for table, columns in found.items()}
    finally:
        con.close()
