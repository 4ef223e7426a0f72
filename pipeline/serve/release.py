"""A release as the server sees it: opened once, never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import sha256
from pipeline.core.quoting import identifier
from pipeline.package import manifest
from pipeline.package.package import Package, load
from pipeline.serve.addresses import TAKEN

COUNTS = "_counts"
"""The table of counts that a release's database has."""

ROW_NUMBERS = ("rowid", "_rowid_", "oid")
"""SQLite's names for the number of a row; a field of that name hides it (sqlite.org/rowidtable.html)."""


@dataclass(frozen=True)
class Release:
    """A release: its folder, its package, its database, the rows of every table of it, and all columns.

    `counted` are the columns whose values were counted when it was made, `searchable` the tables with an index of
    words. `digest` stands for all bytes of the release, `stamp` for the file of its database as it was when opened.
    """

    folder: Path
    package: Package
    database: Path
    counts: Mapping[str, int]
    columns: Mapping[str, frozenset[str]]
    counted: Mapping[str, frozenset[str]]
    searchable: frozenset[str]
    digest: str
    stamp: tuple[int, int, int]

    @property
    def version(self) -> str:
        """The version, or 0.0.0 for a release that somebody made without one."""
        return str(self.package.descriptor.get("version") or "0.0.0")

    @property
    def stem(self) -> str:
        """The name of the database, in addresses too."""
        return self.package.stem

    def is_unchanged(self) -> bool:
        """Whether the file of the database is still the one that was opened."""
        try:
            return self.stamp == stamp(self.database)
        except OSError:
            return False

    def inspected(self) -> dict[str, Any]:
        """What `datasette inspect` would find."""
        return {
            "file": self.database.name,
            "hash": self.digest,
            "size": self.stamp[1],
            "tables": {name: {"count": count} for name, count in self.counts.items()},
        }

    def hidden_row_number(self, table: str) -> str | None:
        """SQLite's own name for the number of a row where a field is called `rowid`; None where it is `rowid`."""
        names = {name.casefold() for name in self.columns.get(table, ())}
        return next((name for name in ROW_NUMBERS if name not in names), None) if "rowid" in names else None


def stamp(file: Path) -> tuple[int, int, int]:
    """What changes when somebody writes into a file or puts another in its place."""
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def open_release(path: Path, verified: bool = False) -> Release:
    """The release in a folder, every byte of which is checked unless it is `verified`.

    Raises CannotRun where that is no release, or one whose name cannot stand in an address, and InvalidData where it
    is damaged.
    """
    folder = path.resolve()
    if not verified:
        manifest.verify(folder)
    package = load(folder)
    database = folder / f"{package.stem}.sqlite"
    if not database.is_file():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                f"contains no {database.name}, so it is not a release",
                "Make a release of it with `servicebanken release`.",
                file=str(path),
            )
        )
    if package.stem in TAKEN:
        raise CannotRun(
            Problem(
                Kind.NO_ADDRESS,
                "is the name of the package, but the server needs addresses that begin with it",
                "Give the package another `name` in datapackage.json and build it again.",
                file=str(path),
                value=package.stem,
            )
        )
    sums = folder / manifest.NAME
    seen = stamp(database)
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as con:
            found = _read(con)
    except sqlite3.DatabaseError as error:
        raise InvalidData(
            Problem(
                Kind.DAMAGED_RELEASE,
                f"cannot be read as a database: {error}",
                "Build the release again, or fetch it again.",
                file=str(database),
            )
        ) from None
    return Release(folder, package, database, *found, sha256(sums) if sums.is_file() else str(seen), seen)


Names = frozenset[str]


def _read(con: sqlite3.Connection) -> tuple[dict[str, int], dict[str, Names], dict[str, Names], Names]:
    """Rows of every table, columns of every table and view, columns whose values were counted, tables with an index.

    Rows are counted where nobody did so when the release was made.
    """
    objects = "SELECT name, type, coalesce(sql, '') FROM sqlite_master WHERE type IN ('table', 'view')"
    made = {name: (kind, sql) for name, kind, sql in con.execute(objects).fetchall()}
    listed = "SELECT name FROM pragma_table_info(?)"
    columns = {name: frozenset(each for (each,) in con.execute(listed, (name,))) for name in made}
    known: dict[str, int] = {}
    counted: dict[str, set[str]] = {}
    if columns.get(COUNTS, frozenset()) == {
        "table",
        "column",
        "value",
        "count",
    }:  # a table of the package may have that name
        known = dict(con.execute(f'SELECT "table", "count" FROM {COUNTS} WHERE "column" IS NULL'))
        for table, column in con.execute(f'SELECT DISTINCT "table", "column" FROM {COUNTS} WHERE "column" NOT NULL'):
            counted.setdefault(table, set()).add(column)
    tables = [name for name, (kind, _) in made.items() if kind == "table"]
    counts = {
        name: known.get(name) or con.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()[0]
        for name in tables
        if made[name][1]
    }
    indexes = [sql for _, sql in made.values() if "USING fts5" in sql]
    searchable = [name for name in tables if any(f"content={identifier(name)}" in sql for sql in indexes)]
    return counts, columns, {name: frozenset(found) for name, found in counted.items()}, frozenset(searchable)
