"""A table that Python reads: a small one, and one whose cells DuckDB cannot hold or compare."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from math import isnan
from typing import Any

from pipeline.package.rules import Field
from pipeline.report.verdict import Error
from pipeline.table.rules_python import Certain, reading
from pipeline.validate.table import Reads, SuspectRow
from pipeline.validate.timelimit import time_limit

BATCH = 5_000
"""Rows that are looked at together: each distinct text of a column is tested once."""

SECONDS = 2
"""How long patterns may match the texts of a batch before frictionless is asked, with its own limit."""

Cells = Callable[[], Iterable[tuple[int, Sequence[Any]]]]
"""What reads the rows below the header, with their numbers, each time it is called."""


@dataclass
class SmallTable:
    """The columns of the key fields are kept; the other cells are read again where they are asked for."""

    fields: Sequence[Field]
    cells: Cells
    numbers: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    columns: dict[int, list[Any]] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    failures: Sequence[Error] = ()
    _read: Reads | None = None
    _values: dict[int, list[Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    @property
    def suspects(self) -> int:
        """How many rows are not certainly valid."""
        return len(self.doubtful)

    def complete(self, read: Reads) -> bool:
        """From now on frictionless reads the values of keys, where a row is suspect or texts do not tell."""
        if self.doubtful or not all(self.fields[position].is_comparable for position in self.columns):
            self._read = read
            self._values = {}
        return True

    def missing(self, key: Sequence[int], *, every: bool, limit: int) -> list[int]:
        """The first rows in which every part of the key is missing, or else some are and others not."""
        found = []
        for number, values in zip(self.numbers, self._keys(key), strict=True):
            gaps = values.count(None)
            if gaps == len(values) if every else 0 < gaps < len(values):
                found.append(number)
        return found[:limit]

    def repeated(self, key: Sequence[int], *, whole: bool, limit: int) -> dict[int, int]:
        """The first rows whose key is that of an earlier row, which is the value."""
        seen: dict[Any, int] = {}
        found: dict[int, int] = {}
        for number, values in zip(self.numbers, self._keys(key), strict=True):
            if None in values and (whole or set(values) == {None}):
                continue
            if values in seen:
                found[number] = seen[values]
                if len(found) == limit:
                    break
            seen[values] = number
        return found

    def unmatched(
        self, key: Sequence[int], parent: SmallTable, there: Sequence[int | None], *, limit: int
    ) -> list[int]:
        """The first rows whose key no row of the parent has."""
        known = set(parent._keys(there))
        found = (
            number
            for number, values in zip(self.numbers, self._keys(key), strict=True)
            if set(values) != {None} and values not in known
        )
        return list(islice(found, limit))

    def rows(self, marked: set[int]) -> Iterator[SuspectRow]:
        """The suspects and the marked rows."""
        wanted = marked.union(self.doubtful)
        last = max(wanted, default=0)
        for number, cells in self.cells() if wanted else ():
            if number in wanted:
                yield number, cells, None
            if number >= last:
                return

    def rank(self, number: int) -> int:
        """How many rows there are up to the one of that number."""
        return bisect_right(self.numbers, number)

    def _keys(self, key: Sequence[int | None]) -> list[tuple[Any, ...]]:
        parts = [
            [None] * self.count if position is None else map(_comparable, self._value(position)) for position in key
        ]
        return list(zip(*parts, strict=True))

    def _value(self, position: int) -> list[Any]:
        if position not in self._values:
            read = self._read
            certain = reading(self.fields[position])
            cache: dict[Any, Any] = {}
            values = []
            for cell in self.columns[position]:
                known = isinstance(cell, str) and cell in cache
                value = cache[cell] if known else read(position, cell) if read else certain(cell)
                if isinstance(cell, str):
                    cache[cell] = value
                values.append(value)
            self._values[position] = values
        return self._values[position]


def _comparable(value: Any) -> Hashable:
    """The value as a set can hold it, equal to none where it is NaN: not even to itself in a table's key to itself."""
    if isinstance(value, list | tuple | set):
        return ("a list", *map(_comparable, value))
    if isinstance(value, dict):
        return ("an object", *sorted((str(name), repr(_comparable(each))) for name, each in value.items()))
    if value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and isnan(value):
        return object()
    return value if isinstance(value, Hashable) else repr(value)


def read(
    cells: Cells, fields: Sequence[Field], key_fields: Sequence[int], tests: Sequence[Certain | None]
) -> SmallTable:
    """The table, read once. A row is suspect where it has another width, an untested cell, a cell that does not pass,
    or no value at all; `tests` are those of the columns. May raise what reading does, and Expired."""
    table = SmallTable(fields, cells, columns={position: [] for position in key_fields})
    may_be_blank = not any(each.required for each in fields)
    missing = [set(each.missing) for each in fields]
    rows = iter(cells())
    while batch := list(islice(rows, BATCH)):
        table.numbers += [number for number, _ in batch]
        for position, column in table.columns.items():
            column += [row[position] if position < len(row) else None for _, row in batch]
        with time_limit(SECONDS):
            table.doubtful += _doubtful(batch, tests, missing, may_be_blank)
    return table


def _doubtful(
    batch: list[tuple[int, Sequence[Any]]],
    tests: Sequence[Certain | None],
    missing: Sequence[set[str]],
    may_be_blank: bool,
) -> list[int]:
    width = len(tests)
    whole = [row for _, row in batch if len(row) == width]
    bad = (
        [_bad(set(column), test) for column, test in zip(zip(*whole, strict=True), tests, strict=True)] if whole else []
    )
    if len(whole) == len(batch) and not any(bad) and not may_be_blank:
        return []
    found = []
    for number, row in batch:
        if (
            len(row) != width
            or any(cell in wrong for cell, wrong in zip(row, bad, strict=True) if wrong)
            or (may_be_blank and all(cell in gaps for cell, gaps in zip(row, missing, strict=True)))
        ):
            found.append(number)
    return found


def _bad(texts: set[Any], test: Certain | None) -> set[Any]:
    return texts if test is None else {text for text in texts if not test(text)}
