"""The history in a release's SQLite: that of the release before, and what this one changed.

See pipeline/package/history.py. `dump` writes both tables of a release as JSON lines, from which the next release, or
the same one made again, takes them: earlier releases need not be there any more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.names import free
from pipeline.core.quoting import identifier
from pipeline.package.history import CREATE_CHANGES, CREATE_RELEASES, Names, key_text, names
from pipeline.package.package import Package, Resource
from pipeline.release.compare import Change, Comparison, Row, RowChanges
from pipeline.release.compare.change import ADDED, CHANGED, LOST, REMOVED
from pipeline.release.version import What

Line = tuple[str, str | None, str | None, str | None, str | None, str | None]
"""change, table, key, field, old, new."""

INSERT_RELEASE = "INSERT INTO {releases} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_CHANGE = "INSERT INTO {changes} VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


FILES = ("releases", "changes")
"""The files of JSON lines, by the attribute of `Names` that has the name of their table."""


def write(
    con: sqlite3.Connection,
    package: Package,
    before: Path | None,
    version: str,
    created: str | None,
    comparison: Comparison | None,
    recorded: bool,
) -> None:
    """Writes both tables, with their indexes, into the database of a release.

    `before`: the folder that `dump` wrote for the release before; for that of this release itself, where it is made
    again as it was `recorded`.
    """
    tables = names(package)
    for create in (CREATE_RELEASES, CREATE_CHANGES):
        con.execute(tables.sql(create))
    if before is not None:
        for query, file in zip((INSERT_RELEASE, INSERT_CHANGE), FILES, strict=True):
            con.executemany(tables.sql(query), _lines_of(before / f"{file}.jsonl"))
    if not recorded:
        _write_release(con, tables, version, created, comparison)
        lines = ((None, version, *line) for line in (_lines(comparison) if comparison else ()))
        con.executemany(tables.sql(INSERT_CHANGE), lines)
    for fields in (("table", "key"), ("release",)):
        taken = {str(name).casefold() for (name,) in con.execute("SELECT name FROM sqlite_master")}
        index = identifier(free(f"{tables.changes}_{'_'.join(fields)}", taken))
        con.execute(tables.sql(f"CREATE INDEX {index} ON {{changes}} ({', '.join(map(identifier, fields))})"))


def _lines_of(path: Path) -> Iterator[tuple[Any, ...]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield tuple(json.loads(line).values())


def dump(release: Package, folder: Path) -> None:
    """Writes both tables of a release into `folder`, as JSON lines."""
    tables = names(release)
    database = release.folder / f"{release.stem}.sqlite"
    con = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        for name in FILES:
            rows = con.execute(f"SELECT * FROM {identifier(getattr(tables, name))} ORDER BY rowid")
            columns = [column for column, *_ in rows.description]
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
                for row in rows:
                    file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
    finally:
        con.close()


def _write_release(
    con: sqlite3.Connection, tables: Names, version: str, created: str | None, comparison: Comparison | None
) -> None:
    number = con.execute(tables.sql("SELECT count(*) + 1 FROM {releases}")).fetchone()[0]
    changes: tuple[Change, ...] = comparison.changes if comparison else ()
    found: tuple[RowChanges, ...] = comparison.tables if comparison else ()
    step = comparison.step.name.lower() if comparison and comparison.step else None
    counts = [sum(getattr(table, change) for table in found) for change in (ADDED, REMOVED, CHANGED)]
    texts = "\n".join(change.line("en") for change in changes), "\n".join(change.line("sv") for change in changes)
    date = created[:10] if created else None
    con.execute(tables.sql(INSERT_RELEASE), (version, number, date, step, *counts, *texts))


# -- what a release changed ----------------------------------------------------------------------------------------


def _lines(comparison: Comparison) -> Iterator[Line]:
    stems = {table.name: table.stem for table in (*comparison.old.tables, *comparison.new.tables)}
    for change in comparison.changes:
        if change.count is None:  # else its rows are told one by one
            old, new = change.old, change.new
            if change.what == What.TABLE_RENAMED:
                old, new = stems.get(str(old)), stems.get(str(new))
            name = stems.get(change.table, change.table) if change.table else None
            yield str(change.what), name, None, change.name, old or None, new or None
    resources = {table.name: table for table in comparison.new.tables}
    for table in comparison.tables:
        for row in comparison.rows(table):
            yield from _row(row, table, resources[table.table])


def _row(row: Row, table: RowChanges, resource: Resource) -> Iterator[Line]:
    """The lines of a row. The one of the row itself stands last, so that it is the first to be undone."""
    name = resource.stem
    if not table.key:
        yield row.change, name, None, None, _json(row.old), _json(row.new)
        return
    key = _key(row.key, resource)
    if row.change == REMOVED:
        called = dict(table.shared)
        for field, old in row.old.items():
            if old:
                yield REMOVED, name, key, called.get(field, field), old, None
    elif row.change != ADDED:
        for field, old in row.old.items():
            yield CHANGED if field in row.new else LOST, name, key, field, old or None, row.new.get(field) or None
    if row.change in (ADDED, REMOVED):
        yield row.change, name, key, None, None, None


def _json(cells: dict[str, str]) -> str | None:
    return json.dumps(cells, ensure_ascii=False) if cells else None


def _key(values: tuple[str, ...], table: Resource) -> str:
    """The key as SQLite has it: numbers as numbers, truth as 1 and 0."""
    kinds = {field["name"]: field.get("type") for field in table.fields}
    return key_text([_value(text, kinds[name]) for name, text in zip(table.key, values, strict=True)])


def _value(text: str, kind: str | None) -> object:
    try:
        if kind in ("integer", "year"):
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    return {"true": 1, "false": 0}.get(text, text) if kind == "boolean" else text
