"""What tasks of Spark do with the pieces of a table: screen them as on one machine, read keys, judge suspects.

A task scans its piece as `scanned_table` scans a file. What comes out are the values of keys for every row, the cells
of suspects, and for each piece a summary: a row that is neither certain nor not, with JSON in its only cell.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import InvalidData, Kind, PipelineError, Problem
from pipeline.core.files import scratch
from pipeline.package.rules import Field
from pipeline.report.verdict import Error
from pipeline.spark.pieces import Piece
from pipeline.table.layout import Layout, parsed
from pipeline.table.relation import UNREAD, spilling
from pipeline.table.rows import by_duckdb, by_python
from pipeline.validate import scanned_table
from pipeline.validate.table import Reads

if TYPE_CHECKING:
    import pyarrow

    from pipeline.table import duckdb
    from pipeline.validate.row import RowJudge
    from pipeline.validate.scanned_table import Refused, ScannedTable

SHIFT = 33
"""Bits of an `id` that hold the number of a row within its piece; those above hold the number of the piece."""

TYPES = {"text": "string", "integer": "long", "number": "double", "boolean": "boolean", "date": "date"}
"""Spark's type for each kind of value."""

BATCH = 20_000
"""Rows that a task hands to Spark at a time."""


@dataclass(frozen=True)
class Screen:
    """What a task does with its piece: the rules, and the reader of texts for which no test is known."""

    pieces: Sequence[Piece]
    fields: Sequence[Field]
    key_fields: Sequence[int]
    refused: Refused

    @property
    def columns(self) -> str:
        """The columns of what comes out, as Spark's schema."""
        values = "".join(f", v{position} {TYPES[self.fields[position].kind]}" for position in self.key_fields)
        return f"id long, certain boolean, cells array<string>, unread array<int>{values}"

    def __call__(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """The rows of the pieces whose numbers come in; after those of a piece its summary, which is not certain."""
        for batch in batches:
            for number in batch["id"].to_pylist():
                try:
                    yield from self._scanned(number)
                except PipelineError as error:
                    yield self._summary(number, {"problem": asdict(error.problems[0])})
                except (ValueError, csv.Error, EOFError, OSError, *UNREAD) as error:
                    path = str(self.pieces[number].layout.path)
                    yield self._summary(number, {"unread": str(error), "path": path})

    def _scanned(self, number: int) -> Iterator[pyarrow.RecordBatch]:
        with scratch() as folder, spilling() as con:
            layout, has_quotes = self.pieces[number].read(folder, len(self.fields))
            table = self._scan(con, layout, self.key_fields)
            is_plain = table.from_rows.looking is not None
            if self.key_fields:
                yield from self._certain(number, table)
            yield from self._suspects(number, table)
            yield self._summary(number, {"is_plain": is_plain, "has_quotes": has_quotes, **self._told(table)})

    def texts(self, number: int, rows: list[int]) -> Iterator[pyarrow.RecordBatch]:
        """The cells of certain rows of a piece."""
        import pyarrow

        with scratch() as folder, spilling() as con:
            layout, _ = self.pieces[number].read(folder, len(self.fields))
            found = list(self._scan(con, layout, []).certain(set(rows)))
            ids = pyarrow.array([(number << SHIFT) + row for row, _, _ in found], pyarrow.int64())
            cells = pyarrow.array([cells for _, cells, _ in found], pyarrow.list_(pyarrow.string()))
            yield pyarrow.RecordBatch.from_pydict({"id": ids, "cells": cells})

    def _scan(self, con: duckdb.DuckDBPyConnection, layout: Layout, key_fields: Sequence[int]) -> ScannedTable:
        """The piece as DuckDB reads it, or Python's `csv` where the two might cut it differently."""
        con.execute("SET threads = 1")
        width, table = len(self.fields), None
        rows = by_duckdb(layout, width)
        if rows is not None:
            with suppress(*UNREAD):
                table = scanned_table.scan(con, rows, self.fields, key_fields, "piece", self.refused)
        if table is None:
            rows = by_python(con, parsed(layout), width, "rows piece")
            table = scanned_table.scan(con, rows, self.fields, key_fields, "piece", self.refused)
        assert table is not None
        return table

    def _certain(self, number: int, table: ScannedTable) -> Iterator[pyarrow.RecordBatch]:
        values = "".join(f", v{position}" for position in self.key_fields)
        query = CERTAIN.format(first=number << SHIFT, values=values, scan=table.scan)
        yield from table.con.sql(query).to_arrow_reader(BATCH)

    def _suspects(self, number: int, table: ScannedTable) -> Iterator[pyarrow.RecordBatch]:
        """The suspects with their cells, and the values of key cells that are certain by themselves."""
        values = ", ".join(["row", *(f"v{position}" for position in self.key_fields)])
        query = f"SELECT {values} FROM {table.scan} WHERE NOT certain ORDER BY row"
        known = {row: keys for row, *keys in table.con.execute(query).fetchall()} if self.key_fields else {}
        none = [None] * len(self.key_fields)
        found: list[list[Any]] = []
        for row, cells, unread in table.rows(set()):
            found.append([(number << SHIFT) + row, False, cells, unread, *known.get(row, none)])
            if len(found) == BATCH:
                yield self.batch(found)
                found = []
        if found:
            yield self.batch(found)

    def _told(self, table: ScannedTable) -> dict[str, Any]:
        """How many suspects there are, and of how many a key's value is not known; of each key field, whether it
        ascends, from where to where, and in how many rows it is missing."""
        gaps = " OR ".join(f"v{position} IS NULL" for position in self.key_fields) or "false"
        query = f"SELECT count(*) FROM {table.scan} WHERE NOT certain AND ({gaps})"
        unknown = table.con.execute(query).fetchall()[0][0] + len(table.from_rows.odd)
        keys = {}
        for position in self.key_fields:
            query = ASCENDS.format(key=f"v{position}", scan=table.scan)
            keys[str(position)] = [
                each if isinstance(each, bool | int | float | None) else str(each)
                for each in table.con.execute(query).fetchall()[0]
            ]
        return {
            "count": table.count,
            "suspects": table.suspects,
            "unknown": unknown if self.key_fields else 0,
            "keys": keys,
        }

    def _summary(self, number: int, told: dict[str, Any]) -> pyarrow.RecordBatch:
        return self.batch([[number << SHIFT, None, [json.dumps(told)], None, *[None] * len(self.key_fields)]])

    def batch(self, rows: list[list[Any]]) -> pyarrow.RecordBatch:
        import pyarrow

        kinds: dict[str, Any] = {
            "id": pyarrow.int64(),
            "certain": pyarrow.bool_(),
            "cells": pyarrow.list_(pyarrow.string()),
            "unread": pyarrow.list_(pyarrow.int32()),
        }
        of_kind = {"long": pyarrow.int64(), "double": pyarrow.float64(), "boolean": pyarrow.bool_()}
        of_kind |= {"date": pyarrow.date32(), "string": pyarrow.string()}
        kinds |= {f"v{position}": of_kind[TYPES[self.fields[position].kind]] for position in self.key_fields}
        columns = zip(*rows, strict=True)
        return pyarrow.RecordBatch.from_pydict(
            {name: pyarrow.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
        )


CERTAIN = """
SELECT {first} + row AS id, true AS certain, NULL::VARCHAR[] AS cells, NULL::INTEGER[] AS unread{values}
FROM {scan}
WHERE certain
ORDER BY row
"""

ASCENDS = """
SELECT count(key) <= 1 + count(*) FILTER (key > before), min(key), max(key), count(*) FILTER (key IS NULL)
FROM (SELECT {key} AS key, lag({key}) OVER () AS before FROM {scan})
"""


@dataclass
class Fill:
    """Reads the values of keys in suspect rows by frictionless, where they are not certain by themselves."""

    screen: Screen
    read: Reads

    def __call__(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """The suspects with their values; `certain` tells now whether Spark can hold them."""
        for batch in batches:
            rows = [list(row.values()) for row in batch.to_pylist()]
            for row in rows:
                row[1] = all(self._fill(row, at, position) for at, position in enumerate(self.screen.key_fields, 4))
            if rows:
                yield self.screen.batch(rows)

    def _fill(self, row: list[Any], at: int, position: int) -> bool:
        """Fills in one value; false where it cannot be held beside those of certain cells."""
        if row[at] is not None:
            return True
        cells, each = row[2], self.screen.fields[position]
        value = self.read(position, cells[position] if position < len(cells) else None)
        if not scanned_table.is_storable(value, each):
            return False
        row[at] = scanned_table.stored(value, each)
        return True


@dataclass
class Judge:
    """Judges suspects by frictionless, with their true numbers; a row's errors as JSON, or what broke off."""

    judge: RowJudge
    offsets: Sequence[int]

    def __call__(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """For each row with errors its number and them."""
        import pyarrow

        from pipeline.validate.judge import UNJUDGEABLE

        every = range(len(self.judge.readers.fields))
        for batch in batches:
            numbers, found = [], []
            for row in batch.to_pylist():
                number = number_of(row["id"], self.offsets)
                told: Any
                try:
                    with self.judge.readers.limit(every):
                        told = [_members(each) for each in self.judge.errors((number, row["cells"], row["unread"]))]
                except InvalidData as error:
                    told = {"problem": asdict(error.problems[0])}
                except UNJUDGEABLE as error:
                    told = {"unjudgeable": str(error)}
                if told:
                    numbers.append(number)
                    found.append(json.dumps(told))
            yield pyarrow.RecordBatch.from_pydict(
                {"id": pyarrow.array(numbers, pyarrow.int64()), "errors": pyarrow.array(found, pyarrow.string())}
            )


def number_of(id_: int, offsets: Sequence[int]) -> int:
    return offsets[id_ >> SHIFT] + (id_ & ((1 << SHIFT) - 1))


def errors_of(told: Any) -> list[Error]:
    """The errors of a row. Raises what broke off a task that judged it."""
    if isinstance(told, list):
        return [Error(**each) for each in told]
    if "problem" in told:
        raise InvalidData(problem(told["problem"]))
    raise ValueError(told["unjudgeable"])


def problem(told: dict[str, Any]) -> Problem:
    """A problem that came as data from a task."""
    return Problem(**{**told, "kind": Kind(told["kind"])})


def _members(error: Error) -> dict[str, Any]:
    return {name: value for name, value in asdict(error).items() if value is not None}
