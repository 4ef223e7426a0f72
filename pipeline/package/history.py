"""What earlier releases held, as the SQLite file of a release tells it.

Two tables, beside those of the package:

    releases   one row a release, in order: number, version, date, step, added, removed, changed (rows), en, sv (what
               it changed, a line each)
    changes    one row a difference, in order: line, release, change, table, key, field, old, new

In `changes`, `table` is the name of a table in the database, and `key` is `key_text` of its row's primary key. `change`
is "added" or "removed" (the row; `field` is empty), "changed" (a cell; of a row that was removed, "removed" with each
of its cells in `field` and `old`), "lost" (what stood in a field that was removed), or one of the kinds of
docs/versions.md, with an empty `key`, for what happened to the table or the package. Cells are text as in the CSV; an
empty one is NULL. Rows of tables without a key have an empty `key`, and stand in `old` and `new` as JSON.

A page of one row finds its history with `of_row`, and what it was at a release with `as_of`. A package with tables of
these names has its history in tables with other names: `names` tells them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.names import free
from pipeline.core.quoting import identifier
from pipeline.package.package import Package

RELEASES = "releases"
CHANGES = "changes"

CREATE_RELEASES = """
CREATE TABLE {releases} (
  "version" TEXT PRIMARY KEY,
  "number" INTEGER NOT NULL UNIQUE,
  "date" TEXT,
  "step" TEXT,
  "added" INTEGER NOT NULL,
  "removed" INTEGER NOT NULL,
  "changed" INTEGER NOT NULL,
  "en" TEXT NOT NULL,
  "sv" TEXT NOT NULL
)
"""

CREATE_CHANGES = """
CREATE TABLE {changes} (
  "line" INTEGER PRIMARY KEY,
  "release" TEXT NOT NULL REFERENCES {releases} ("version"),
  "change" TEXT NOT NULL,
  "table" TEXT,
  "key" TEXT,
  "field" TEXT,
  "old" TEXT,
  "new" TEXT
)
"""

OF_ROW = """
SELECT c."release", c."change", c."field", c."old", c."new"
FROM {changes} AS c
JOIN {releases} AS r ON r."version" = c."release"
WHERE c."table" = ? AND c."key" = ?
ORDER BY r."number", c."line"
"""

SINCE = """
SELECT c."change", c."table", c."key", c."field", c."old", c."new"
FROM {changes} AS c
WHERE c."release" = ? AND c."table" = ? AND (c."key" = ? OR c."key" IS NULL)
ORDER BY c."line" DESC
"""


@dataclass(frozen=True)
class Names:
    """What the two tables are called in one database."""

    releases: str
    changes: str

    def sql(self, text: str) -> str:
        """A query of this module with the names in it."""
        return text.format(releases=identifier(self.releases), changes=identifier(self.changes))


USUAL = Names(RELEASES, CHANGES)


@dataclass(frozen=True)
class Line:
    """One line of a row's history: in `release`, what happened to `field`, or to the whole row where that is None."""

    release: str
    change: str
    field: str | None
    old: str | None
    new: str | None


def names(package: Package) -> Names:
    """What the two tables are called in the database of a package, beside its own tables and views."""
    views = (view.get("name") for view in package.descriptor.get("views") or [])
    taken = {str(name).casefold() for name in (*(table.stem for table in package.tables), *views)}
    return Names(free(RELEASES, taken), free(CHANGES, taken))


def key_text(values: Sequence[Any]) -> str:
    """The values of a row's primary key, as SQLite has them, as the text that `changes` finds the row by."""
    return "|".join("" if value is None else str(value) for value in values)


def of_row(con: sqlite3.Connection, table: str, key: Sequence[Any], called: Names = USUAL) -> list[Line]:
    """What happened to a row since the first release, the earliest first."""
    query = called.sql(OF_ROW)
    return [Line(*line) for line in con.execute(query, (table, key_text(key)))]


def as_of(
    con: sqlite3.Connection, version: str, table: str, key: Sequence[Any], called: Names = USUAL
) -> dict[str, Any] | None:
    """The row as it was in the release `version`, by field; None where that release did not have it.

    Values that have changed since are text as they stood in the CSV, others as SQLite has them. Raises KeyError for a
    version that is no release of this history.
    """
    listed = con.execute(called.sql('SELECT "version" FROM {releases} ORDER BY "number"')).fetchall()
    versions = [name for (name,) in listed]
    if version not in versions:
        raise KeyError(version)
    row, name = _now(con, table, key), table
    columns = _columns(con, table)
    for release in reversed(versions[versions.index(version) + 1 :]):
        for change, _, line_key, field, old, new in con.execute(called.sql(SINCE), (release, name, key_text(key))):
            row = _before(row, change, line_key, field, old, columns)
            if change == "table-renamed" and new == name:
                name = old
    return row


def _now(con: sqlite3.Connection, table: str, key: Sequence[Any]) -> dict[str, Any] | None:
    """The row as it is now; None where it or its table is gone."""
    columns = _columns(con, table)
    keys = [name for place, name in sorted((place, name) for name, place in columns.items() if place)]
    if not keys or len(keys) != len(key):
        return None
    where = " AND ".join(f"{identifier(name)} = ?" for name in keys)
    found = con.execute(f"SELECT * FROM {identifier(table)} WHERE {where}", tuple(key)).fetchone()
    return None if found is None else dict(zip(columns, found, strict=True))


def _columns(con: sqlite3.Connection, table: str) -> dict[str, int]:
    """The columns of a table, each with its place in the primary key, or 0."""
    return dict(con.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (table,)).fetchall())


def _before(
    row: dict[str, Any] | None,
    change: str,
    key: str | None,
    field: str | None,
    old: str | None,
    columns: Iterable[str],
) -> dict[str, Any] | None:
    """The row as it was before a line of `changes`; the lines of a release are undone from the last to the first."""
    if change == "table-added" or (change == "added" and key is not None):
        return None
    if change == "removed" and key is not None:
        return dict.fromkeys(columns) if field is None else {**(row or {}), field: old}
    if row is None or field is None:
        return row
    if change in ("changed", "lost") and key is not None:
        return {**row, field: old}
    if change == "field-removed":
        return {**row, field: row.get(field)}
    if change in ("field-added", "required-field-added"):
        return {name: value for name, value in row.items() if name != field}
    if change == "field-renamed":
        return {(str(old) if name == field else name): value for name, value in row.items()}
    return row
