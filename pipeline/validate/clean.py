"""The tables of a package in which nothing is to be judged, found without frictionless, which takes long to load.

A plain descriptor, labels that are the fields' names, rows that are certain, keys that are met: then frictionless's
report is known. What is not found clean has been read, and is judged from there.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, Any

from pipeline.package.package import Package
from pipeline.table.layout import Layout, Looked, look
from pipeline.validate import small
from pipeline.validate.plain import NotPlain, PlainTable, is_plain, is_small, plain_table
from pipeline.validate.screen import Screen, Unscreened, screen
from pipeline.validate.sniff import sniffed
from pipeline.validate.verdict import CleanReport, CleanTask

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pipeline.table import duckdb
    from pipeline.validate.scan import Read


@dataclass(frozen=True)
class Ready:
    """A plain table that can be read: how its file is cut, and the screens of its columns."""

    table: PlainTable
    layout: Layout
    screens: list[Screen]
    is_small: bool


class Cleared:
    """The tables of a package that are clean, by name, and what was read of the others."""

    def __init__(self, package: Package | None, stack: ExitStack) -> None:
        self.tasks: dict[str, CleanTask] = {}
        self._package = package
        self._stack = stack
        self._ready: dict[str, Ready] = {}
        self._small: dict[str, small.Small | None] = {}
        self._reads: dict[str, Read | None] = {}
        self._looking: dict[str, Future[Looked | None]] = {}
        for resource in package.resources if package else ():
            found = plain_table(resource, package) if package else None
            ready = _ready(found) if found else None
            if ready:
                self._ready[resource.name] = ready
        self._look_at_large_files()

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The database of this validation, which spills."""
        from pipeline.table.relation import spilling

        return self._stack.enter_context(spilling())

    def clear(self, name: str) -> CleanTask | None:
        """The report on the table of that name, if it is clean."""
        ready = self._ready.get(name)
        if ready is None:
            return None
        started = time.perf_counter()
        stats = self._cleared_small(ready) if self._is_small_with_parents(ready) else self._cleared(ready)
        if stats is None or not _is_as_stated(ready.table, stats):
            return None
        seconds = round(time.perf_counter() - started, 3)
        kept = {key: value for key, value in stats.items() if value}
        task = CleanTask(name, ready.table.path, list(ready.table.names), {"seconds": seconds, **kept})
        self.tasks[name] = task
        return task

    def report(self, seconds: float) -> CleanReport | None:
        """The report on the package, if all of it is clean."""
        if self._package is None or not is_plain(self._package):
            return None
        names = [resource.name for resource in self._package.resources]
        if not set(names) <= set(self.tasks):
            return None
        return CleanReport([self.tasks[name] for name in names], seconds)

    def read_again(self, name: str, layout: Layout, screens: list[Screen], keyed: Sequence[int]) -> Read | None:
        """The table as it was read here, if it was read as it is to be read now."""
        found = self._reads.get(name)
        if found is None or _cut(found.layout) != _cut(layout) or not set(keyed) <= set(found.keyed):
            return None
        if [replace(each, field=None) for each in found.screens] != [replace(each, field=None) for each in screens]:
            return None
        return replace(found, screens=screens)

    def has_read(self, name: str) -> bool:
        """Whether DuckDB has read all of the table, which it does only where no line is long."""
        return self._reads.get(name) is not None

    def values(self, name: str, fields: Sequence[str]) -> list[tuple[Any, ...]] | None:
        """The values of these fields in each row of the table, as frictionless has them, if it was read in Python."""
        found = self._small.get(name)
        if found is None or not all(name in found.screens and found.screens[name].is_alike for name in fields):
            return None
        return found.values(fields)

    # -- small tables, in Python --

    def _is_small_with_parents(self, ready: Ready) -> bool:
        parents = [self._ready.get(name) for _, name, _ in ready.table.foreign_keys if name]
        return ready.is_small and all(parent is None or parent.is_small for parent in parents)

    def _cleared_small(self, ready: Ready) -> dict[str, object] | None:
        found = self._read_small(ready.table.name)
        if found is None or not small.is_keyed(found, lambda name: self._read_small(name or ready.table.name)):
            return None
        return {**found.stats, "fields": len(ready.table.fields), "rows": found.rows}

    def _read_small(self, name: str) -> small.Small | None:
        if name not in self._small:
            ready = self._ready.get(name)
            self._small[name] = small.read(ready.table, ready.layout, ready.screens) if ready else None
        return self._small[name]

    # -- large tables, in DuckDB --

    def _look_at_large_files(self) -> None:
        """In a thread, in order: most of it needs no Python lock, and it is done while DuckDB is loaded."""
        large = [ready for ready in self._ready.values() if not self._is_small_with_parents(ready)]
        if not large:
            return
        from concurrent.futures import ThreadPoolExecutor

        beside = ThreadPoolExecutor(1)
        self._stack.callback(beside.shutdown, wait=False, cancel_futures=True)
        for ready in large:
            self._looking[ready.table.name] = beside.submit(look, ready.layout, len(ready.screens))
        if any(small.begins_with_suspects(ready.layout, ready.screens) for ready in large):
            # frictionless will be wanted, and is loaded while DuckDB reads.
            Thread(target=_load_judge, daemon=True).start()

    def _cleared(self, ready: Ready) -> dict[str, object] | None:
        from pipeline.table import duckdb

        table = ready.table
        with suppress(Unscreened, duckdb.OutOfMemoryException):
            read = self._read(table.name)
            if read is None or read.suspects or not self._is_keyed(table, read):
                return None
            size = ready.layout.path.stat().st_size
            return {"sha256": read.sha256, "bytes": size, "fields": len(table.fields), "rows": read.count}
        return None

    def _read(self, name: str) -> Read | None:
        from pipeline.validate.scan import read_by_duckdb

        ready = self._ready.get(name)
        if name not in self._reads and ready is not None:
            self._reads[name] = None
            keyed = sorted(map(ready.table.names.index, self._keyed(ready.table)))
            self._reads[name] = read_by_duckdb(
                self.con, ready.layout, ready.screens, keyed, f"clear {name}", self._looking.get(name)
            )
        return self._reads.get(name)

    def _keyed(self, table: PlainTable) -> set[str]:
        """The fields that the table's keys, and those that point at it, need."""
        found = {*table.primary_key, *table.unique}
        found.update(*table.unique_keys, *(here for here, _, _ in table.foreign_keys))
        for other in self._ready.values():
            for _, name, there in other.table.foreign_keys:
                if name == table.name or (not name and other.table is table):
                    found.update(there)
        return found & set(table.names)

    def _is_keyed(self, table: PlainTable, read: Read) -> bool:
        """Whether every key is met."""
        from pipeline.validate import keys

        def columns(names: Sequence[str], of: PlainTable = table) -> list[str]:
            return [f"v{of.names.index(name)}" for name in names]

        whole = [(name,) for name in table.unique] + list(table.unique_keys)
        if table.primary_key:
            whole.append(table.primary_key)
            if keys.missing(self.con, read.scan, columns(table.primary_key), any_part=True, limit=1):
                return False
        if any(keys.repeated(self.con, read.scan, columns(names), whole=True, limit=1) for names in whole):
            return False
        return all(
            self._is_matched(read, columns(here), here, table, name, there) for here, name, there in table.foreign_keys
        )

    def _is_matched(
        self, read: Read, parts: list[str], here: Sequence[str], table: PlainTable, name: str, there: Sequence[str]
    ) -> bool:
        from pipeline.validate import keys

        ready, parent = self._ready.get(name or table.name), self._read(name or table.name)
        if parent is None or ready is None or parent.suspects or not set(there) <= set(ready.table.names):
            return False
        numbers = [ready.table.names.index(each) for each in there]
        kinds = [read.screens[table.names.index(each)].kind for each in here]
        if [parent.screens[number].kind for number in numbers] != kinds:
            return False
        return not keys.unmatched(self.con, read.scan, parts, parent.scan, [f"v{number}" for number in numbers], 1)


def _load_judge() -> None:
    from pipeline.validate.judge import prepare

    prepare()


def _ready(table: PlainTable) -> Ready | None:
    """The table, if its file is there, its labels are the names of the fields, and each field has tests."""
    try:
        screens = [screen(each) for each in table.fields]
        layout = sniffed(table.file, table.encoding, table.delimiter, table.quote)
    except (NotPlain, OSError, csv.Error):
        return None
    if layout is None or layout.labels != table.names or any(each.tests is None for each in screens):
        return None
    return Ready(table, layout, screens, is_small(table.file))


def _is_as_stated(table: PlainTable, stats: dict[str, object]) -> bool:
    return table.bytes in (None, stats["bytes"]) and table.sha256 in (None, stats["sha256"])


def _cut(layout: Layout) -> tuple[object, ...]:
    """What two layouts have in common that cut the same file alike."""
    python = layout.dialect
    cut = (python.delimiter, python.quotechar, python.doublequote, python.escapechar, python.skipinitialspace)
    return (layout.path.resolve(), layout.encoding, layout.delimiter, layout.quote, layout.labels, *cut)
