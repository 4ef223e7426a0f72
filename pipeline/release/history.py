"""The history in a release's SQLite: that of the release before, and what this one changed.

See pipeline/package/history.py.

The release before hands on what it knows, so earlier ones need not be there any more. The tables depend on what the
releases hold alone, not on where they lie.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from pipeline.core.names import free
from pipeline.core.quoting import identifier
from pipeline.package.history import CREATE_CHANGES, CREATE_RELEASES, Names, key_text, names
from pipeline.package.package import Package, Resource, load
from pipeline.release.compare import Change, Comparison, Row, RowChanges
from pipeline.release.compare.change import ADDED, CHANGED, LOST, REMOVED
from pipeline.release.proposal import Proposal
from pipeline.release.version import What

Line = tuple[str, str | None, str | None, str | None, str | None, str | None]
"""change, table, key, field, old, new."""

INSERT_RELEASE = "INSERT INTO {releases} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_CHANGE = "INSERT INTO {changes} VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def write(con: sqlite3.Connection, proposal: Proposal, created: str | None) -> None:
    """Writes both tables, with their indexes, into the database of a release."""
    tables = names(proposal.package)
    for create in (CREATE_RELEASES, CREATE_CHANGES):
        con.execute(tables.sql(create))
    if proposal.before is not None:
        _hand_on(con, tables, load(proposal.before))
    version = str(proposal.version)
    _write_release(con, tables, version, created, proposal.comparison)
    if proposal.comparison is not None:
        lines = ((None, version, *line) for line in _lines(proposal.comparison))
        con.executemany(tables.sql(INSERT_CHANGE), lines)
    for fields in (("table", "key"), ("release",)):
        taken = {str(name).casefold() for (name,) in con.execute("SELECT name FROM sqlite_master")}
        index = identifier(free(f"{tables.changes}_{'_'.join(fields)}", taken))
        con.execute(tables.sql(f"CREATE INDEX {index} ON {{changes}} ({', '.join(map(identifier, fields))})"))


def _hand_on(con: sqlite3.Connection, tables: Names, before: Package) -> None:
    """Copies the history of the release before; one that was made without any has only itself to tell of."""
    there = names(before)
    file = before.folder / f"{before.stem}.sqlite"
    earlier = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        known = {name for (name,) in earlier.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if {there.releases, there.changes} <= known:
            releases = earlier.execute(there.sql("SELECT * FROM {releases} ORDER BY number"))
            con.executemany(tables.sql(INSERT_RELEASE), releases)
            changes = earlier.execute(there.sql("SELECT * FROM {changes} ORDER BY rowid"))
            con.executemany(tables.sql(INSERT_CHANGE), changes)
            return
    finally:
        earlier.close()
    version, created = (before.descriptor.get(member) for member in ("version", "created"))
    _write_release(con, tables, str(version), str(created) if created else None, None)


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
            yield str(change.what), name, None, change.name, old, new
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
