"""A table judged where DuckDB is not certain: its suspects, and the rows whose keys are repeated or point nowhere."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any

import frictionless
from frictionless import errors
from frictionless.resources import TableResource
from frictionless.table.row import Row, create_cell_handlers

from pipeline.core.files import sha256
from pipeline.table import duckdb
from pipeline.table.layout import Layout
from pipeline.validate import keys
from pipeline.validate.clean import Cleared
from pipeline.validate.foreign import ForeignKey, Parents, foreign_key_error, parts, without
from pipeline.validate.opened import expected_fields, open_table
from pipeline.validate.quicker import cached
from pipeline.validate.scan import Read, certain, complete, read, suspects
from pipeline.validate.screen import Unscreened, screen
from pipeline.validate.standard import standard, unique_key_error
from pipeline.validate.timelimit import pattern_limit, patterned

BATCH = 100
"""Rows that are judged within one limit of time."""

Known = list[bool] | None
"""Which cells of a row are known to be valid, and not missing."""

Suspect = tuple[int, list[Any], Known]
"""A row's number, and its cells."""


class Screened:
    """What SQL found in an open table: the rows to judge, and the keys that are repeated, missing or point nowhere."""

    def __init__(
        self,
        cleared: Cleared,
        resource: TableResource,
        foreign_keys: list[Any],
        parents: Parents,
        limit_errors: int,
    ) -> None:
        self.resource = resource
        self.rules = standard(resource.schema)
        self.fields = expected_fields(resource)
        self.patterned = patterned(self.fields)
        handlers = create_cell_handlers(self.fields)
        self.handlers = {name: each._replace(reader=cached(each.reader)) for name, each in handlers.items()}
        names = [each.name for each in self.fields]
        self.primary_key = tuple(resource.schema.primary_key)
        if not self.primary_key or not set(self.primary_key) <= set(names) or not resource.dialect.header_case:
            if self.primary_key and not resource.dialect.header_case:
                raise Unscreened
            self.primary_key = ()
        self.unique = [each.name for each in self.fields if each.constraints.get("unique")]
        groups = [parts for parts in map(parts, foreign_keys) if set(parts[0]) <= set(names)]
        wanted = {*self.primary_key, *self.unique}
        wanted.update(*(fields for fields, _, _ in groups), *self.rules.unique_keys)
        wanted.update(*(there for _, parent, there in groups if parent in ("", resource.name)))
        if not wanted <= set(names):
            raise Unscreened
        layout = open_table(resource)
        self.path = layout.path
        keyed = sorted(names.index(name) for name in wanted)
        self.table = _read(cleared, str(resource.name), layout, self.fields, keyed, "table")
        self.limit = limit_errors or self.table.count + 1
        self.at = {name: f"v{names.index(name)}" for name in wanted}
        # Whether a valid cell has a value is all that is asked of it, but by rules and by keys that are broken.
        asked = {each.field for each in self.rules.rules} | set(self.rules.grouped)
        self.unasked, self.unread = _filled(names, asked), _filled(names, asked | wanted)
        self._find_repeated()
        self.foreign = [self._find_unmatched(cleared, parents, *group) for group in groups]

    def _find_repeated(self) -> None:
        table, limit = self.table, self.limit
        self.unique_before = {
            name: _before(keys.repeated(table.con, table.scan, [self.at[name]], whole=True, limit=limit))
            for name in self.unique
        }
        self.primary_before: dict[int, int] = {}
        self.primary_missing: set[int] = set()
        if self.primary_key:
            parts = [self.at[name] for name in self.primary_key]
            self.primary_before = _before(keys.repeated(table.con, table.scan, parts, whole=False, limit=limit))
            self.primary_missing = set(keys.missing(table.con, table.scan, parts, whole=True, limit=limit))
            if self.rules.primary_key:
                self.primary_missing |= set(keys.missing(table.con, table.scan, parts, whole=False, limit=limit))
        self.unique_keys = [
            (
                fields,
                _before(
                    keys.repeated(table.con, table.scan, [self.at[name] for name in fields], whole=True, limit=limit)
                ),
            )
            for fields in self.rules.unique_keys
        ]

    def _find_unmatched(
        self, cleared: Cleared, parents: Parents, fields: tuple[str, ...], name: str, there: tuple[str, ...]
    ) -> ForeignKey:
        table = self.table
        here = [self.at[field] for field in fields]
        if name in ("", self.resource.name):
            parent, columns = table, [self.at[field] for field in there]
            kinds = self._kinds(there)
        else:
            parent, columns, kinds = _read_parent(cleared, parents.table(name), there)
        if kinds != self._kinds(fields):
            raise Unscreened
        rows = keys.unmatched(table.con, table.scan, here, parent.scan, columns, self.limit)
        return ForeignKey(fields, name, there, set(rows))

    def _kinds(self, fields: tuple[str, ...]) -> list[str]:
        return [self.table.screens[int(self.at[field][1:])].kind for field in fields]

    def rows(self) -> Iterator[list[frictionless.Error]]:
        """The errors of the rows that have any, in the order of the file."""
        suspects = self._suspects()
        while batch := list(islice(suspects, BATCH)):
            with pattern_limit(self.patterned):
                judged = [(number, self._judged(number, cells, known)) for number, cells, known in batch]
            for number, found in judged:
                self.number = number
                if found:
                    yield found

    def _suspects(self) -> Iterator[Suspect]:
        table = self.table
        marked = {row for before in self.unique_before.values() for row in before}
        marked.update(self.primary_before, self.primary_missing, *(each.rows for each in self.foreign))
        marked.update(*(before for _, before in self.unique_keys))
        self.marked = marked
        cursor = table.con.cursor()
        cursor.execute(suspects(table))
        odd = ((number, cells, None) for number, cells in table.rows.odd)
        yield from heapq.merge(_fetched(cursor), self._certain(marked), odd, key=itemgetter(0))

    def _certain(self, marked: set[int]) -> Iterator[Suspect]:
        """The rows of these numbers that are certain but for a key, from the file itself."""
        table = self.table
        query = f"SELECT row FROM {table.scan} WHERE certain AND row IN (SELECT unnest($1::BIGINT[]))"
        numbers = [row for (row,) in table.con.execute(query, [sorted(marked)]).fetchall()] if marked else []
        if not numbers:
            return
        cursor = table.con.cursor()
        cursor.execute(certain(table), [numbers])
        yield from _fetched(cursor)

    def _judged(self, number: int, cells: list[Any], known: Known) -> list[frictionless.Error]:
        """The row's errors in frictionless's order (`TableResource.__open_row_stream`).

        Cells that are `known` to be valid are not read again.
        """
        row = Row(list(cells), handlers=self.handlers, row_number=number)
        if known:
            dict.update(row, (self.unread if number in self.marked else self.unasked)(tuple(known)))
        for name, before in self.unique_before.items():
            if row[name] is not None and number in before:
                note = f"the same as in the row at position {before[number]}"
                row.errors.append(errors.UniqueError.from_row(row, note=note, field_name=name))
        if self.primary_key:
            values = [row[name] for name in self.primary_key]
            if set(values) == {None}:
                note = 'cells composing the primary keys are all "None"'
                row.errors.append(errors.PrimaryKeyError.from_row(row, note=note))
            elif number in self.primary_before:
                note = f"the same as in the row at position {self.primary_before[number]}"
                row.errors.append(errors.PrimaryKeyError.from_row(row, note=note))
        for key in self.foreign:
            for name in key.fields:
                row[name]  # errors come in the order in which the cells are read
            if number in key.rows:
                row.errors.append(foreign_key_error(row, key))
        found = list(row.errors) if self.rules.is_empty else self.rules.errors(row)
        for fields, repeated in self.unique_keys:
            if number in repeated:
                found.append(unique_key_error(row, fields, repeated[number]))
        return found

    def settle(self, partial: bool) -> None:
        """Fills in the counts and hashes that frictionless would have gathered from the stream."""
        stats = self.resource.stats
        stats.rows = self.number - 1 if partial else self.table.count
        if not partial:
            stats.bytes = self.path.stat().st_size
            stats.sha256 = self.table.sha256 or sha256(self.path)
            if str(self.resource.hash or "").startswith("md5:") or ":" not in str(self.resource.hash or ":"):
                with self.path.open("rb") as file:
                    stats.md5 = hashlib.file_digest(file, "md5").hexdigest()


def _before(found: list[keys.Repeated]) -> dict[int, int]:
    return {each.row: each.before for each in found}


def _read(
    cleared: Cleared,
    resource: str,
    layout: Layout,
    fields: list[frictionless.Field],
    keyed: list[int],
    name: str,
) -> Read:
    """The table as it was read before, or read now under this name; the keys of suspects are filled in."""
    screens = [screen(each) for each in fields]
    found = cleared.read_again(resource, layout, screens, keyed) or read(cleared.con, layout, screens, keyed, name)
    complete(found)
    return found


def _read_parent(cleared: Cleared, parent: TableResource, there: tuple[str, ...]) -> tuple[Read, list[str], list[str]]:
    with without(parent.schema.foreign_keys, parent):
        parent.open()
    with parent:
        fields = expected_fields(parent)
        names = [each.name for each in fields]
        if not set(there) <= set(names):
            raise Unscreened
        keyed = sorted({names.index(name) for name in there})
        read_parent = _read(cleared, str(parent.name), open_table(parent), fields, keyed, f"parent {parent.name}")
    numbers = [names.index(name) for name in there]
    return read_parent, [f"v{number}" for number in numbers], [read_parent.screens[number].kind for number in numbers]


def _filled(names: list[str], asked: set[str]) -> Callable[[tuple[bool, ...]], dict[str, Any]]:
    """What stands in a row for the values of the cells that are known to be valid, but for those that are `asked`."""

    @lru_cache(1000)
    def filled(known: tuple[bool, ...]) -> dict[str, Any]:
        return {name: True for name, is_known in zip(names, known, strict=True) if is_known and name not in asked}

    return filled


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[Suspect]:
    while batch := cursor.fetchmany(1000):
        yield from batch
