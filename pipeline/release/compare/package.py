"""Two packages compared: every change, how large a step they demand, and the rows that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import Kind, PipelineError
from pipeline.core.files import have_same_bytes, os_errors, scratch
from pipeline.core.quoting import identifier, literal
from pipeline.package.package import Package, Resource
from pipeline.release.compare.change import Change, Row
from pipeline.release.compare.descriptor import package_changes, resource_changes
from pipeline.release.compare.renamed import renamed_fields, renamed_tables
from pipeline.release.compare.rows import RowChanges, Sides, row_changes, rows
from pipeline.release.compare.schema import cells, schema_changes
from pipeline.release.version import Step, What
from pipeline.table import duckdb
from pipeline.table.relation import connect, raw

DERIVED = ("provenance", "discrepancies")
"""Tables that follow from the others: whatever changes in their rows is a correction."""

MEMORY = "1GB"
"""What DuckDB may hold at a time; the rest lies in a file."""


@dataclass(frozen=True)
class Comparison:
    """What differs between two packages, the largest changes first; its rows are there while `compare` lasts."""

    old: Package
    new: Package
    changes: tuple[Change, ...]
    tables: tuple[RowChanges, ...]
    con: duckdb.DuckDBPyConnection

    @property
    def step(self) -> Step | None:
        """The step that the changes demand; None where there are none."""
        return max((change.step for change in self.changes), default=None)

    def rows(self, table: RowChanges, change: str | None = None, limit: int | None = None) -> Iterator[Row]:
        """The rows of the table that differ, sorted by key; at most `limit`, and of one `change` if it is given."""
        return rows(self.con, table, change, limit)


@contextmanager
def compare(old: Package, new: Package, tolerance: float | None = None) -> Iterator[Comparison]:
    """Compares two packages; both have a schema for every table (`with_schemas`).

    Cells are compared as text, exactly; with a `tolerance`, cells of number fields by their distance. A table that
    cannot be read is a change of its own, and as large as can be. Memory is bounded by `MEMORY`, whatever the size.
    """
    with scratch() as folder, os_errors(str(folder)):
        con = _connect(folder)
        try:
            yield _compared(con, old, new, tolerance)
        finally:
            con.close()


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB of bounded memory. Rows need no order here: what differs is sorted when it is read."""
    con = connect()
    con.execute(f"SET temp_directory = {literal(str(folder))}")
    con.execute(f"SET memory_limit = {literal(MEMORY)}")
    con.execute("SET preserve_insertion_order = false")
    return con


def _compared(con: duckdb.DuckDBPyConnection, old: Package, new: Package, tolerance: float | None) -> Comparison:
    before = {table.name: table for table in old.tables}
    now = {table.name: table for table in new.tables}
    gone = [table for name, table in before.items() if name not in now]
    come = [table for name, table in now.items() if name not in before]
    renamed = renamed_tables(gone, come)
    changes = [*package_changes(old, new)]
    changes += [Change(What.TABLE_REMOVED, table.name, None) for table in gone if table.name not in renamed]
    changes += [Change(What.TABLE_RENAMED, name, None, was, name) for was, name in renamed.items()]
    changes += [Change(What.TABLE_ADDED, table.name) for table in come if table.name not in renamed.values()]
    found: list[RowChanges] = []
    for name, table in before.items():
        other = now.get(renamed.get(name, name))
        if other is None:
            continue
        try:
            with os_errors(", ".join(other.paths)):
                said, differing = _table(con, (old, table), (new, other), len(found), tolerance, renamed)
        except PipelineError as error:
            said, differing = [_not_compared(other.name, error)], None
        changes += said
        if differing:
            found.append(differing)
    changes += _files(old, new)
    order = {name: place for place, name in enumerate(now)}
    found.sort(key=lambda table: order[table.table])
    return Comparison(old, new, tuple(sorted(changes, key=lambda change: -change.step)), tuple(found), con)


def _not_compared(table: str, error: PipelineError) -> Change:
    """A table that cannot be read. Where it is the machine that cannot go on, nothing was compared: raises that."""
    if any(problem.kind in (Kind.DISK_FULL, Kind.FILE_FAILED) for problem in error.problems):
        raise error
    return Change(What.NOT_COMPARED, table, None, None, str(error))


# -- a table -------------------------------------------------------------------------------------------------------


def _table(
    con: duckdb.DuckDBPyConnection,
    old: tuple[Package, Resource],
    new: tuple[Package, Resource],
    number: int,
    tolerance: float | None,
    tables: Mapping[str, str],
) -> tuple[list[Change], RowChanges | None]:
    """The changes of a table, and its rows that differ; `tables` are those that have another name now."""
    (before, old_table), (now, new_table) = old, new
    said = [*resource_changes(old, new)]
    if _is_same_file(before, old_table, now, new_table):
        return [*said, *schema_changes(old_table, new_table, {}, tables)], None
    old_rows, new_rows = raw(con, before, old_table, "old"), raw(con, now, new_table, "new")
    renamed = renamed_fields(con, old_table, new_table, old_rows, new_rows)
    sides = Sides(old_table, new_table, old_rows, new_rows, renamed)
    found = row_changes(con, sides, identifier(f"differing {number}"), tolerance)
    for relation in (old_rows, new_rows):
        con.execute(f"DROP TABLE {relation}")
    said += schema_changes(old_table, new_table, renamed, tables)
    return said + _counts(found, before, old_table) if found else said, found or None


def _is_same_file(old: Package, old_table: Resource, new: Package, new_table: Resource) -> bool:
    """Whether both tables are one file, read in one way: then there is no need to read it."""
    ways = [
        (table.field_names, table.descriptor.get("dialect"), table.descriptor.get("encoding") or "utf-8")
        for table in (old_table, new_table)
    ]
    return ways[0] == ways[1] and _have_same_bytes(old, old_table, new, new_table)


def _counts(found: RowChanges, package: Package, old: Resource) -> list[Change]:
    """How many rows changed in each way, and how large a step that is."""
    if found.table in DERIVED:
        kinds = (What.TRACES_REMOVED, What.TRACES_ADDED, What.TRACES_CHANGED)
    else:
        removed = What.KEYS_REMOVED if found.key and is_held(package, old) else What.ROWS_REMOVED
        kinds = (removed, What.ROWS_ADDED, What.ROWS_CHANGED)
    counts = (found.removed, found.added, found.changed)
    return [Change(what, found.table, count=count) for what, count in zip(kinds, counts, strict=True) if count]


def is_held(package: Package, table: Resource) -> bool:
    """Whether others may hold the keys of the table's rows: then a key that disappears breaks what they have.

    A table without a key has none that could be held. Nor are those held whose every field is a code or points at
    another table, unless something points at them: such a row says how things are tied together, and the keys that
    others hold are those of the things.
    """
    if not table.key:
        return False
    pointed_at = any(there == table.name for other in package.tables for _, there, _ in other.foreign_keys)
    borrowed = {field for fields, _, _ in table.foreign_keys for field in fields}
    coded = {name for name, found in cells(table).items() if found.is_listed}
    return pointed_at or not set(table.key) <= borrowed | coded


# -- resources that are no tables ----------------------------------------------------------------------------------


def _files(old: Package, new: Package) -> list[Change]:
    """What differs in the resources that are no tables: their files are compared byte by byte."""
    before, now = (
        {resource.name: resource for resource in package.resources if not (resource.is_table and resource.schema)}
        for package in (old, new)
    )
    changes = [Change(What.RESOURCE_REMOVED, None, name) for name in before if name not in now]
    changes += [Change(What.RESOURCE_ADDED, None, name) for name in now if name not in before]
    for name in before:
        if name in now:
            changes += resource_changes((old, before[name]), (new, now[name]))
            try:
                with os_errors(", ".join(now[name].paths)):
                    same = _have_same_contents(old, before[name], new, now[name])
            except PipelineError as error:
                changes.append(_not_compared(name, error))
                continue
            if not same:
                changes.append(Change(What.RESOURCE_CHANGED, None, name))
    return changes


def _have_same_contents(old: Package, before: Resource, new: Package, now: Resource) -> bool:
    if before.paths or now.paths:
        return _have_same_bytes(old, before, new, now)
    return bool(before.descriptor.get("data") == now.descriptor.get("data"))


def _have_same_bytes(old: Package, before: Resource, new: Package, now: Resource) -> bool:
    files = [(old.folder / one, new.folder / two) for one, two in zip(before.paths, now.paths, strict=False)]
    return len(before.paths) == len(now.paths) and all(have_same_bytes(one, two) for one, two in files)
