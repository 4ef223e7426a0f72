"""A table that Spark reads: each piece of its files is screened by the same SQL as on one machine.

A task scans its piece as `scanned_table` scans a file. What comes out is kept by Spark: the values of keys for every
row, the cells of suspects, and a line for each piece that says how many rows it has. Spark's own aggregates and joins
compare the keys; frictionless judges the suspects in tasks. The driver sees counts, and errors up to the limit.
"""

from __future__ import annotations

import csv
import json
import operator
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import reduce
from heapq import merge
from itertools import accumulate, islice
from operator import itemgetter
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
    from pyspark.sql import DataFrame, SparkSession

    from pipeline.table import duckdb
    from pipeline.validate.row import RowJudge
    from pipeline.validate.scanned_table import Refused, ScannedTable

SHIFT = 33
"""Bits of an `id` that hold the number of a row within its piece; those above hold the number of the piece."""

TYPES = {"text": "string", "integer": "long", "number": "double", "boolean": "boolean", "date": "date"}
"""Spark's type for each kind of value."""

BATCH = 20_000
"""Rows that a task hands to Spark at a time."""

WAVE = 2_000
"""Suspects that are judged before it is asked whether the limit is reached; each wave after is twice as large."""

TOGETHER = 100_000
"""Rows that the driver takes in one go."""

MANY = 10**9
"""Errors of a report without a limit."""

BROADCAST = 1_000_000
"""Rows of a table that each task has whole where a foreign key points at it."""


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
            is_regular = table.from_rows.looking is not None or not has_quotes
            if self.key_fields:
                yield from self._certain(number, table)
            yield from self._suspects(number, table)
            yield self._summary(number, {"count": table.count, "is_regular": is_regular, **self._told(table)})

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
                yield self._batch(found)
                found = []
        if found:
            yield self._batch(found)

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
        return {"suspects": table.suspects, "unknown": unknown if self.key_fields else 0, "keys": keys}

    def _summary(self, number: int, told: dict[str, Any]) -> pyarrow.RecordBatch:
        return self._batch([[number << SHIFT, None, [json.dumps(told)], None, *[None] * len(self.key_fields)]])

    def _batch(self, rows: list[list[Any]]) -> pyarrow.RecordBatch:
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
                row[1] = all([self._fill(row, at, position) for at, position in enumerate(self.screen.key_fields, 4)])
            if rows:
                yield self.screen._batch(rows)

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
                number = _number(row["id"], self.offsets)
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


def _number(id_: int, offsets: Sequence[int]) -> int:
    return offsets[id_ >> SHIFT] + (id_ & ((1 << SHIFT) - 1))


def _errors(told: Any) -> list[Error]:
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


@dataclass
class SparkTable:
    """A table as `Screen` gives it, which Spark keeps: `rows` are those with `certain`, without the summaries."""

    session: SparkSession
    screen: Screen
    rows_: DataFrame
    told: list[dict[str, Any]]
    hashes: Future[dict[str, Any]] | None
    first: int = 2
    failures: Sequence[Error] = ()
    filled: DataFrame | None = None
    kept: list[DataFrame] = field(default_factory=list)
    is_complete: bool = False

    def __post_init__(self) -> None:
        self.fields = self.screen.fields
        self.count = sum(each["count"] for each in self.told)
        self.suspects = sum(each["suspects"] for each in self.told)
        before = accumulate((each["count"] for each in self.told), initial=0)
        self.offsets = [offset + self.first - scanned_table.FIRST for offset in before]

    @property
    def stats(self) -> dict[str, Any]:
        """The size and the hash of the file, where it is one."""
        return self.hashes.result() if self.hashes else {}

    @property
    def unknown(self) -> int:
        """In how many rows the value of a key is not certain."""
        return sum(each["unknown"] for each in self.told)

    def number(self, id_: int) -> int:
        """The number of a row in the table."""
        return _number(id_, self.offsets)

    def complete(self, read: Reads) -> bool:
        """Reads the values of keys in suspect rows, in tasks; False where Spark cannot compare them."""
        if self.is_complete or not self.unknown:
            return True
        gaps = " OR ".join(f"v{position} IS NULL" for position in self.screen.key_fields)
        unknown = self.rows_.where(f"NOT certain AND ({gaps})")
        filled = unknown.mapInArrow(Fill(self.screen, read), self.screen.columns).persist()
        self.kept.append(filled)
        if filled.where("NOT certain").limit(1).count():
            return False
        self.filled = self.rows_.where(f"certain OR NOT ({gaps})").unionAll(filled)
        self.is_complete = True
        return True

    # -- keys --

    @property
    def _keyed(self) -> DataFrame:
        return self.rows_ if self.filled is None else self.filled

    def missing(self, key: Sequence[int], *, every: bool, limit: int) -> list[int]:
        """The first rows in which every part of the key is missing, or else some are and others not."""
        from pyspark.sql import functions as F

        if not self.unknown and not any(each["keys"][str(position)][3] for each in self.told for position in key):
            return []
        gaps = [F.col(f"v{position}").isNull() for position in key]
        all_gaps, some = _all(gaps), _any(gaps)
        found = self._keyed.where(all_gaps if every else some & ~all_gaps).select("id")
        return [self.number(id_) for (id_,) in _first(found, limit)]

    def repeated(self, key: Sequence[int], *, whole: bool, limit: int) -> dict[int, int]:
        """The first rows whose key is that of an earlier row, which is the value."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        if len(key) == 1 and self._ascends(key[0]):
            return {}
        names = [f"v{position}" for position in key]
        present = [F.col(name).isNotNull() for name in names]
        keyed = self._keyed.where(_all(present) if whole else _any(present)).select("id", *names)
        twice = keyed.groupBy(*names).agg(F.count("*").alias("times")).where("times > 1").drop("times").persist()
        self.kept.append(twice)
        if twice.isEmpty():
            return {}
        same = _all([keyed[name].eqNullSafe(twice[name]) for name in names])
        before = F.lag("id").over(Window.partitionBy(*names).orderBy("id")).alias("before")
        found = keyed.join(twice, same, "left_semi").select("id", before).where("before IS NOT NULL")
        return {self.number(id_): self.number(other) for id_, other in _first(found, limit)}

    def _ascends(self, position: int) -> bool:
        """Whether each value of a field is greater than the one before, so that none is repeated."""
        told = [each["keys"][str(position)] for each in self.told if each["count"]]
        ends = [(least, most) for _, least, most, _ in told if least is not None]
        return (
            not self.unknown
            and all(each[0] and not each[3] for each in told)
            and all(most < least for (_, most), (least, _) in zip(ends, ends[1:], strict=False))
        )

    def unmatched(
        self, key: Sequence[int], parent: SparkTable, there: Sequence[int | None], *, limit: int
    ) -> list[int]:
        """The first rows whose key no row of the parent has."""
        from pyspark.sql import functions as F

        here = [f"v{position}" for position in key]
        child = self._keyed.where(_any([F.col(name).isNotNull() for name in here])).select("id", *here)
        known = parent._keyed.select(*(F.col(f"v{at}").alias(f"p{number}") for number, at in enumerate(there)))
        if parent.count <= BROADCAST:
            known = F.broadcast(known.distinct())
        pairs = [(child[name], known[f"p{number}"]) for number, name in enumerate(here)]
        same = _all([a == b if len(pairs) == 1 else a.eqNullSafe(b) for a, b in pairs])
        found = child.join(known, same, "left_anti").select("id")
        return [self.number(id_) for (id_,) in _first(found, limit)]

    def can_match(self, key: Sequence[int], parent: Any, there: Sequence[int | None]) -> bool:
        """Whether the values of both sides are of kinds that Spark compares, and both are Spark's."""
        kinds = [self.fields[position].kind for position in key]
        return (
            isinstance(parent, SparkTable)
            and None not in there
            and kinds == [parent.fields[at].kind for at in there if at is not None]
        )

    # -- rows --

    def judged(self, judge: RowJudge, limit: int) -> Iterator[list[Error]]:
        """The errors of the rows that have any, in order; tasks judge the suspects, in waves that grow."""
        apart = ((number, judge.errors((number, cells, []))) for number, cells in self._marked(judge.marked))
        for _, errors in merge(self._suspects_judged(judge, limit), apart, key=itemgetter(0)):
            yield errors

    def _suspects_judged(self, judge: RowJudge, limit: int) -> Iterator[tuple[int, list[Error]]]:
        wave, start = WAVE, 0
        totals = list(accumulate((each["suspects"] for each in self.told), initial=0))
        while start < len(self.told):
            end = max(start + 1, bisect_right(totals, totals[start] + wave) - 1)
            if totals[end] > totals[start]:
                where = f"NOT certain AND id >= {start << SHIFT} AND id < {end << SHIFT}"
                task = Judge(judge, self.offsets)
                found = self.rows_.where(where).mapInArrow(task, "id long, errors string")
                for number, errors in _first(found, limit or MANY):
                    yield number, _errors(json.loads(errors))
            start, wave = end, wave * 2

    def _marked(self, marked: set[int]) -> Iterator[tuple[int, list[str]]]:
        """The rows of these numbers that are certain but for a key, from the file itself."""
        of_piece: dict[int, list[int]] = {}
        for number in sorted(marked):
            piece = bisect_right(self.offsets, number - scanned_table.FIRST) - 1
            of_piece.setdefault(piece, []).append(number - self.offsets[piece])
        if not of_piece:
            return
        screen = self.screen

        def fetch(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            for batch in batches:
                for number in batch["id"].to_pylist():
                    yield from screen.texts(wanted[number], of_piece[wanted[number]])

        wanted = list(of_piece)
        found = self.session.range(0, len(wanted), 1, len(wanted)).mapInArrow(fetch, "id long, cells array<string>")
        for id_, cells in found.orderBy("id").toLocalIterator():
            yield self.number(id_), cells

    def rank(self, number: int) -> int:
        """How many rows there are up to the one of that number."""
        return number - self.first + 1


def _first(found: DataFrame, limit: int) -> Iterator[Any]:
    """The first rows by `id`; of many, the driver has one partition at a time."""
    in_order = found.orderBy("id")
    return iter(in_order.limit(limit).collect()) if limit <= TOGETHER else islice(in_order.toLocalIterator(), limit)


def _all(conditions: Sequence[Any]) -> Any:
    return reduce(operator.and_, conditions)


def _any(conditions: Sequence[Any]) -> Any:
    return reduce(operator.or_, conditions)
