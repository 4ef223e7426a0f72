"""Where a table's rows come from, and the tables of a package that have been read, each once."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pipeline.package.rules import Field, Keys
from pipeline.report.verdict import Error
from pipeline.table.layout import Layout, Looked, look, parsed
from pipeline.table.rules_python import certain
from pipeline.validate import small_table
from pipeline.validate.small_table import Cells, SmallTable
from pipeline.validate.table import Reads, key_fields
from pipeline.validate.timelimit import Expired

if TYPE_CHECKING:
    from pipeline.table import duckdb
    from pipeline.validate.scanned_table import ScannedTable

SMALL = 1_500_000
"""Bytes below which Python reads a table sooner than DuckDB is loaded and asked about it."""


@dataclass(frozen=True)
class Source:
    """A table's rows and rules. `layout` is that of a file which DuckDB and Python's `csv` may read; `is_text` says
    that all cells are texts; `reads` is frictionless's reader of a cell, where frictionless has opened the table, and
    `refused` tells of the texts of a field which it does not accept. `files` are those that tasks of Spark may read."""

    name: str
    fields: tuple[Field, ...]
    keys: Keys
    cells: Cells
    size: int
    layout: Layout | None = None
    is_text: bool = True
    reads: Reads | None = None
    refused: Callable[[int, list[str]], list[str]] | None = None
    files: tuple[Layout, ...] = ()

    @property
    def is_small(self) -> bool:
        """Whether it is read sooner without DuckDB."""
        return self.size < SMALL

    @property
    def names(self) -> list[str]:
        """The names of the fields."""
        return [each.name for each in self.fields]


def of_layout(name: str, layout: Layout, fields: tuple[Field, ...], keys: Keys) -> Source:
    """The rows of a delimited file, as Python's `csv` reads them."""
    return Source(name, fields, keys, partial(parsed, layout), layout.path.stat().st_size, layout, files=(layout,))


class Tables:
    """The tables that have been read, by name; in Python, by DuckDB, or both."""

    def __init__(self, stack: ExitStack, pointed_at: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._stack = stack
        self._small: dict[str, SmallTable] = {}
        self._scanned: dict[str, ScannedTable] = {}
        self._tried: set[tuple[str, bool]] = set()
        self._looking: dict[str, Future[Looked | None]] = {}
        self._pointed_at: dict[str, list[Sequence[str]]] = defaultdict(list)
        for name, fields in pointed_at:
            self._pointed_at[name].append(fields)

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The database of this validation, which spills."""
        from pipeline.table.relation import spilling

        return self._stack.enter_context(spilling())

    def key_fields(self, source: Source) -> list[int]:
        """The positions of the fields that keys need."""
        return key_fields(source.fields, source.keys, self._pointed_at[source.name])

    def has_scanned(self, name: str) -> bool:
        """Whether DuckDB has read all of the table, which it does only where no line is long."""
        return name in self._scanned

    def look_beside(self, sources: Iterable[Source]) -> None:
        """Looks at the bytes of large files in a thread, in order: most of it needs no Python lock."""
        large = [each for each in sources if each.layout and not each.is_small]
        if large:
            beside = ThreadPoolExecutor(1)
            self._stack.callback(beside.shutdown, wait=False, cancel_futures=True)
            for each in large:
                assert each.layout is not None
                self._looking[each.name] = beside.submit(look, each.layout, len(each.fields))

    def small(self, source: Source) -> SmallTable | None:
        """The table as Python reads it; None where that takes long, or fails, and frictionless has not opened it."""
        found = self._small.get(source.name) or self._read_small(source)
        if found is not None:
            self._small[source.name] = found
        return found

    def _read_small(self, source: Source) -> SmallTable | None:
        tests = [certain(each) if source.is_text else None for each in source.fields]
        if source.reads is not None:
            return self._read_all(source, tests)
        if not all(source.fields[position].is_comparable for position in self.key_fields(source)):
            return None
        try:
            found = small_table.read(source.cells, source.fields, self.key_fields(source), tests)
        except (Expired, ValueError, csv.Error, OSError):
            return None
        return _with_stats(found, source)

    def _read_all(self, source: Source, tests: list[Any]) -> SmallTable:
        """The table, which frictionless has opened; where its stream breaks off, `failures` says why."""
        import frictionless

        failures: list[Error] = []

        def cells() -> Iterator[tuple[int, Sequence[Any]]]:
            try:
                yield from source.cells()
            except frictionless.FrictionlessException as exception:
                failures[:] = [Error.of(exception.error)]

        keyed = self.key_fields(source)
        for position, test in enumerate(tests):
            if test is None and source.is_text and source.refused:
                tests[position] = partial(_is_accepted, source.refused, position)
        try:
            found = small_table.read(cells, source.fields, keyed, tests)
        except Expired:  # a pattern that takes long: which rows are suspect is then told by the one that has the limit
            found = small_table.read(cells, source.fields, keyed, [None] * len(tests))
        found.failures = failures
        return _with_stats(found, source)

    def scanned(self, source: Source) -> ScannedTable | None:
        """The table as DuckDB holds it; None where DuckDB cannot."""
        attempt = (source.name, source.reads is not None)
        if source.name not in self._scanned and attempt not in self._tried:
            self._tried.add(attempt)
            found = self._scan(source)
            if found is not None:
                self._scanned[source.name] = found
        return self._scanned.get(source.name)

    def _scan(self, source: Source) -> ScannedTable | None:
        from pipeline.table import duckdb
        from pipeline.table.relation import UNREAD
        from pipeline.table.rows import by_duckdb, by_python
        from pipeline.validate.scanned_table import can_scan, scan

        fields, keyed, width = source.fields, self.key_fields(source), len(source.fields)
        if not source.is_text or not can_scan(fields, keyed):
            return None
        refused = source.refused or (lambda _position, texts: texts)
        try:
            if source.layout is not None:
                rows = by_duckdb(source.layout, width, self._looking.get(source.name))
                try:
                    found = scan(self.con, rows, fields, keyed, source.name, refused) if rows else None
                except UNREAD:
                    found = None
                if found is not None or source.reads is None:
                    return found
            rows = by_python(self.con, source.cells(), width, f"rows {source.name}")
            return scan(self.con, rows, fields, keyed, source.name, refused)
        except (duckdb.OutOfMemoryException, duckdb.IOException, ValueError, csv.Error, *UNREAD):
            return None


def _is_accepted(refused: Callable[[int, list[str]], list[str]], position: int, text: Any) -> bool:
    return isinstance(text, str) and not refused(position, [text])


def _with_stats(found: SmallTable, source: Source) -> SmallTable:
    if source.layout is not None and source.is_small:
        content = source.layout.path.read_bytes()
        found.stats = {
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    return found
